"""How well members judge answers by likelihood, and the calibration that ships with them.

    python3 judge.py [--runs general=runs/general facts=runs/facts …] [--per-task 20] [--save runs/judging.json]

Without `--runs` it measures the files that ship (`npm run eval:judge`).

Fits on the calibration split, reports on the test split: AUC per verifier and author, for the members' own answers,
for corruptions, and for echoes, loops and refusals; and the expected calibration error.
"""

import argparse
import json
import math
import random
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from evaluate import answers, members, shipped
from inference import likelihoods, ratings
from questions import Question, held_out
from tokenizer import ASSISTANT_ID, END_ID, USER_ID, Tokenizer
from train import HERE
from world.marking import right
from world.task import REFUSAL

WORD = re.compile(r"\w+")
NORMALISATIONS = ("sum", "mean", "pmi", "weakest")


@dataclass(frozen=True)
class Judged:
    """An answer to judge. `source` is a member's kind, or corruption, reference, echo, loop or refusal."""

    question: Question
    text: str
    right: bool
    source: str


def corrupted(rng: random.Random, question: Question, others: list[str]) -> str:
    """The right answer with one word changed to what another answer of the same task has in that place."""
    spots = list(WORD.finditer(question.expected))
    for _ in range(8):
        other = WORD.findall(rng.choice(others))
        differing = [i for i, spot in enumerate(spots) if i < len(other) and spot[0] != other[i]]
        if len(other) == len(spots) and differing:
            i = rng.choice(differing)
            return question.expected[: spots[i].start()] + other[i] + question.expected[spots[i].end() :]
    digits = [i for i, c in enumerate(question.expected) if c.isdigit()]
    if digits:
        i = rng.choice(digits)
        changed = rng.choice([d for d in "0123456789" if d != question.expected[i]])
        return question.expected[:i] + changed + question.expected[i + 1 :]
    return rng.choice(others)


def collect(models: dict, tokenizer: Tokenizer, split: str, per_task: int, seed: str) -> list[Judged]:
    """Greedy and sampled answers of every member, and made-up bad ones, each text once per question and source."""
    questions = held_out(split, per_task, seed)
    rng = random.Random(seed)
    by_task: dict[str, list[str]] = {}
    for question in questions:
        by_task.setdefault(question.task, []).append(question.expected)
    found: dict[tuple, Judged] = {}

    def add(question: Question, text: str, source: str) -> None:
        if text:
            found.setdefault((question, text, source), Judged(question, text, right(question.expected, text), source))

    for number, (kind, model) in enumerate(models.items()):
        for temperature in (0.0, 1.0):
            for question, text in zip(questions, answers(model, tokenizer, questions, temperature, number + 1)):
                add(question, text, kind)
    for question in questions:
        add(question, question.expected, "reference")
        add(question, corrupted(rng, question, by_task[question.task]), "corruption")
        add(question, question.text, "echo")
        start = " ".join(question.expected.split()[:3])
        add(question, " ".join([start] * 5), "loop")
        add(question, REFUSAL, "refusal")
    return list(found.values())


def features(model, tokenizer: Tokenizer, records: list[Judged], normalisations=NORMALISATIONS) -> dict[str, np.ndarray]:
    """The log-likelihood of every answer: plain, per token, less what it has without its question, and its least likely token's."""
    pairs = {(r.question, r.text): None for r in records}
    prompts = [(tokenizer.prompt(question.earlier, question.text), text) for question, text in pairs]
    scored = dict(zip(pairs, likelihoods(model, tokenizer, prompts)))
    given = [scored[r.question, r.text] for r in records]
    total = np.array([score for score, _, _ in given])
    values = {"sum": total, "mean": total / np.array([n for _, n, _ in given]), "weakest": np.array([low for _, _, low in given])}
    if "pmi" in normalisations:
        texts = list({r.text: None for r in records})
        empty = [USER_ID, END_ID, ASSISTANT_ID]
        alone = dict(zip(texts, likelihoods(model, tokenizer, [(empty, text) for text in texts])))
        values["pmi"] = total - np.array([alone[r.text][0] for r in records])
    return values


def rated(model, tokenizer: Tokenizer, records: list[Judged]) -> np.ndarray:
    """The other instrument: the model is asked for a digit. Nothing in its training taught it to give one."""
    prompts = [
        tokenizer.prompt((), f"Rate this answer from 0 to 9. Question: {r.question.text} Answer: {r.text}") for r in records
    ]
    return np.array(ratings(model, tokenizer, prompts))


def auc(scores: np.ndarray, truth: np.ndarray) -> float:
    """The chance that a right answer scores above a wrong one; ties count half."""
    if truth.all() or not truth.any():
        return math.nan
    order = np.concatenate([scores[truth], scores[~truth]])
    _, inverse, counts = np.unique(order, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    n = int(truth.sum())
    return float((ranks[:n].sum() - n * (n + 1) / 2) / (n * (len(truth) - n)))


def fit(scores: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """Logistic regression by Newton's method; a little ridge keeps it finite when classes separate."""
    x = np.stack([scores, np.ones_like(scores)], 1)
    w = np.zeros(2)
    for _ in range(60):
        p = 1 / (1 + np.exp(-np.clip(x @ w, -30, 30)))
        hessian = (x * (p * (1 - p))[:, None]).T @ x + 1e-4 * np.eye(2)
        w -= np.linalg.solve(hessian, x.T @ (p - truth) + 1e-4 * w)
    return float(w[0]), float(w[1])


def probability(scores: np.ndarray, slope: float, intercept: float) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(slope * scores + intercept, -30, 30)))


def calibration_error(p: np.ndarray, truth: np.ndarray, bins: int = 10) -> float:
    place = np.minimum((p * bins).astype(int), bins - 1)
    return float(sum(abs(p[place == b].mean() - truth[place == b].mean()) * (place == b).mean() for b in range(bins) if (place == b).any()))


def is_natural(record: Judged, kinds: list[str]) -> bool:
    """Answers as a session brings them, and such with one thing wrong; what nobody would say is measured apart."""
    return record.source in kinds or record.source == "corruption"


def natural_of(records: list[Judged], kinds: list[str]) -> list[Judged]:
    return [record for record in records if is_natural(record, kinds)]


def report(kind: str, choice: dict, scores: dict, records: list[Judged], kinds: list[str]) -> dict:
    chosen = scores[choice["normalisation"]]
    truth = np.array([r.right for r in records])
    source = np.array([r.source for r in records])
    own = np.isin(source, kinds)
    measured = {"own": auc(chosen[own], truth[own])}
    for author in kinds:
        measured[f"by {author}"] = auc(chosen[source == author], truth[source == author])
    for name in ("corruption", "echo", "loop", "refusal"):
        at = np.isin(source, ("reference", name))
        measured[name] = auc(chosen[at], truth[at])
    p = probability(chosen, choice["slope"], choice["intercept"])
    natural = own | (source == "corruption")
    measured["calibration error"] = calibration_error(p[natural], truth[natural])
    print(f"{kind:10}", choice["normalisation"], " ".join(f"{name} {value:.3f}" for name, value in measured.items()))
    return measured


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", nargs="+", default=shipped(), help="default: the files that ship")
    parser.add_argument("--per-task", type=int, default=12)
    parser.add_argument("--rated", type=int, default=400, help="answers to try the rating instrument on")
    parser.add_argument("--save", type=Path, help="where to keep the calibration, for swarm.py and catalogue.py")
    args = parser.parse_args()
    torch.set_num_threads(1)
    tokenizer = Tokenizer.load(HERE / "tokenizer.json")
    models = members(args.runs)
    kinds = list(models)
    fitted_on = collect(models, tokenizer, "calibrate", args.per_task, "calibration")
    tested_on = collect(models, tokenizer, "test", args.per_task, "judging")
    print(f"{len(fitted_on)} answers to fit on, {len(tested_on)} to test on")
    chosen = {}
    for kind, model in models.items():
        scores = features(model, tokenizer, fitted_on)
        truth = np.array([r.right for r in fitted_on])
        natural = np.array([is_natural(r, kinds) for r in fitted_on])
        quality = {n: auc(scores[n][natural], truth[natural]) for n in NORMALISATIONS}
        best = max(quality, key=quality.get)
        print(f"{kind:10}", "on the fitting split:", " ".join(f"{n} {value:.3f}" for n, value in quality.items()))
        slope, intercept = fit(scores[best][natural], truth[natural])
        chosen[kind] = {"normalisation": best, "slope": slope, "intercept": intercept}
        chosen[kind]["measured"] = report(kind, chosen[kind], features(model, tokenizer, tested_on, (best,)), tested_on, kinds)
        sample = random.Random(kind).sample(natural_of(tested_on, kinds), min(args.rated, len(natural_of(tested_on, kinds))))
        digits = auc(rated(model, tokenizer, sample), np.array([r.right for r in sample]))
        print(f"{kind:10}", f"rating by one digit, on {len(sample)} of these answers: {digits:.3f}")
    if args.save:
        args.save.write_text(json.dumps(chosen, indent=2) + "\n")


if __name__ == "__main__":
    main()
