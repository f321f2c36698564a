"""Greedy and sampled generation, and likelihood scoring, in batches and in float32."""

import torch
from torch.nn import functional as F

from model import Starling
from tokenizer import BEGIN_ID, END_ID, Tokenizer


@torch.no_grad()
def generate(model: Starling, prompts: list[list[int]], longest: int = 192, temperature: float = 0.0, seed: int = 0) -> list[list[int]]:
    """Answers' token ids without the end token. Prompts of one length share a batch, so nothing needs padding."""
    source = torch.Generator().manual_seed(seed)
    by_length: dict[int, list[int]] = {}
    for i, prompt in enumerate(prompts):
        by_length.setdefault(len(prompt), []).append(i)
    answers: list[list[int]] = [[] for _ in prompts]
    for length, members in by_length.items():
        for at in range(0, len(members), 256):
            chosen = members[at : at + 256]
            for i, answer in zip(chosen, batch(model, torch.tensor([prompts[i] for i in chosen]), longest, temperature, source)):
                answers[i] = answer
    return answers


def batch(model, tokens, longest, temperature, source) -> list[list[int]]:
    head = model.shape.width // model.shape.heads
    empty = torch.zeros(len(tokens), model.shape.heads, 0, head)
    caches = [[empty, empty] for _ in range(model.shape.layers)]
    said = [[] for _ in tokens]
    alive = torch.ones(len(tokens), dtype=torch.bool)
    past = 0
    for _ in range(longest):
        scores = model.logits(model(tokens, past, caches)[:, -1])
        past += tokens.shape[1]
        if temperature == 0:
            following = scores.argmax(-1)
        else:
            following = torch.multinomial(torch.softmax(scores / temperature, -1), 1, generator=source)[:, 0]
        alive &= following != END_ID
        if not alive.any():
            break
        for i in alive.nonzero()[:, 0].tolist():
            said[i].append(int(following[i]))
        tokens = following[:, None]
    return said


@torch.no_grad()
def likelihoods(model: Starling, tokenizer: Tokenizer, pairs: list[tuple[list[int], str]]) -> list[tuple[float, int, float]]:
    """For (prompt ids, answer): log-probability of the answer and its end, how many tokens that is, and the lowest one."""
    rows = [(prompt, [*tokenizer.encode(answer), END_ID]) for prompt, answer in pairs]
    order = sorted(range(len(rows)), key=lambda i: len(rows[i][0]) + len(rows[i][1]))
    results: list[tuple[float, int, float]] = [(0.0, 0, 0.0)] * len(rows)
    for at in range(0, len(order), 64):
        chosen = order[at : at + 64]
        longest = max(len(rows[i][0]) + len(rows[i][1]) for i in chosen)
        tokens = torch.full((len(chosen), longest), BEGIN_ID)
        for j, i in enumerate(chosen):
            row = rows[i][0] + rows[i][1]
            tokens[j, : len(row)] = torch.tensor(row)
        scores = F.log_softmax(model.logits(model(tokens[:, :-1])), -1)
        picked = scores.gather(-1, tokens[:, 1:, None])[..., 0]
        for j, i in enumerate(chosen):
            prompt, answer = rows[i]
            said = picked[j, len(prompt) - 1 : len(prompt) + len(answer) - 1]
            results[i] = (float(said.sum()), len(answer), float(said.min()))
    return results


@torch.no_grad()
def ratings(model: Starling, tokenizer: Tokenizer, prompts: list[list[int]]) -> list[float]:
    """The expectation over the digits 0 to 9 of the first token after each prompt."""
    digits = torch.tensor([tokenizer.encode(str(digit))[0] for digit in range(10)])
    values = torch.arange(10).float()
    found = []
    for prompt in prompts:
        scores = model.logits(model(torch.tensor([prompt]))[0, -1])[digits]
        found.append(float(torch.softmax(scores, -1) @ values))
    return found
