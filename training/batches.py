"""Pools of conversations cut into batches of similar length. A pool depends on its seed and number alone."""

import random

import torch
from torch.nn import functional as F

from tokenizer import ASSISTANT_ID, BEGIN_ID, END_ID, USER_ID, Tokenizer
from world.stream import Stream

POOL = 8192
# Batches come in few shapes, because the matrix library compiles a kernel for every new one.
LENGTHS = (12, 16, 20, 24, 28, 32, 36, 40, 48, 56, 64, 80, 96, 128, 160, 192, 256, 384, 512, 768, 1024)
TARGET_STEP = 256
IGNORED = -100
LONG_CHATS = 8  # of each pool, so that the context of 1,024 tokens is used in training


def encoded(tokenizer: Tokenizer, turns, longest: int) -> tuple[list[int], list[int]]:
    """Ids, and for each id whether the model must predict it: answers and their end, never questions."""
    ids: list[int] = []
    wanted: list[int] = []
    for question, answer in turns:
        asked = [USER_ID, *tokenizer.encode(question), END_ID, ASSISTANT_ID]
        said = [*tokenizer.encode(answer), END_ID]
        if len(ids) + len(asked) + len(said) > longest:
            break
        ids += asked + said
        wanted += [0] * len(asked) + [1] * len(said)
    return ids, wanted


def pool(tokenizer: Tokenizer, seed: str, number: int, mix: str, batch_tokens: int, context: int = 1024):
    """Yields (tokens, positions, targets): `positions` index the flattened hidden states that have a target."""
    stream = Stream(f"{seed}/{mix}/{number}", mix)
    rows = [encoded(tokenizer, stream.conversation(3), context) for _ in range(POOL)]
    for _ in range(LONG_CHATS):
        rows.append(encoded(tokenizer, [turn for _ in range(40) for turn in stream.example().turns], context))
    random.Random(f"{seed}/{number}").shuffle(rows)
    waiting: dict[int, list] = {}
    groups = []
    for row in rows:
        length = min(n for n in LENGTHS if n >= len(row[0]))
        group = waiting.setdefault(length, [])
        group.append(row)
        if len(group) == max(1, batch_tokens // length):
            groups.append((length, waiting.pop(length)))
    groups += waiting.items()
    random.Random(f"{seed}/{number}").shuffle(groups)
    for length, group in groups:
        full = max(1, batch_tokens // length)
        height = min(h for h in (full, full // 2, full // 4) if h >= len(group))
        tokens = torch.full((height, length + 1), BEGIN_ID)
        mask = torch.zeros((height, length + 1), dtype=torch.bool)
        for i, (ids, wanted) in enumerate(group):
            tokens[i, : len(ids)] = torch.tensor(ids)
            mask[i, : len(ids)] = torch.tensor(wanted, dtype=torch.bool)
        flat = mask[:, 1:].nonzero()
        positions, targets = flat[:, 0] * length + flat[:, 1], tokens[:, 1:][mask[:, 1:]]
        spare = -len(targets) % TARGET_STEP
        yield tokens[:, :-1], F.pad(positions, (0, spare)), F.pad(targets, (0, spare), value=IGNORED)
