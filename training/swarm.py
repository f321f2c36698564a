"""Does a swarm of one of each member beat its best member, and majority vote?

    python3 swarm.py --runs general=runs/general facts=… numbers=… words=… --judging runs/judging.json --answers runs/answers.json

The answers are the greedy ones that evaluate.py saved. Every answer is judged by the members that did not write it, with the calibrated
likelihood that ships; the flat mean of the scores decides. Intervals are bootstraps over questions.
"""

import argparse
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from evaluate import members, shipped
from judge import Judged, features, probability
from questions import Question, held_out
from tokenizer import Tokenizer
from train import HERE
from world.marking import right


def judged_scores(models, tokenizer, questions, said, judging) -> dict:
    """scores[author][verifier]: the probability that the verifier gives to the author's answer, per question."""
    scores: dict = {author: {} for author in models}
    for verifier, model in models.items():
        chosen = judging[verifier]
        records = [Judged(q, text, False, author) for author in models for q, text in zip(questions, said[author])]
        values = features(model, tokenizer, records, (chosen["normalisation"],))[chosen["normalisation"]]
        for author, part in zip(models, np.split(probability(values, chosen["slope"], chosen["intercept"]), len(models))):
            scores[author][verifier] = part
    return scores


def swarm_choice(scores: dict, kinds: list[str], own: bool) -> np.ndarray:
    """For each question the index of the author whose answer has the highest mean score."""
    means = [np.mean([scores[author][v] for v in kinds if own or v != author], axis=0) for author in kinds]
    return np.argmax(means, axis=0)


def majority(texts: list[str], correct: list[bool]) -> float:
    """The chance of a right answer when the most frequent text wins and ties fall by lot."""
    counts = Counter(texts)
    top = [text for text, n in counts.items() if n == max(counts.values())]
    return sum(correct[texts.index(text)] for text in top) / len(top)


def bootstrap(values, statistic, rounds: int = 2000) -> tuple[float, float]:
    rng = np.random.default_rng(1)
    count = len(values[0])
    draws = [statistic(*(v[at] for v in values)) for at in rng.integers(0, count, (rounds, count))]
    return tuple(np.percentile(draws, [2.5, 97.5]))


def ratio(a: np.ndarray, b: np.ndarray) -> float:
    return float((1 - a).sum() / max(1e-9, (1 - b).sum()))


@dataclass(frozen=True)
class Outcome:
    """Right or wrong (or the chance of right) for each question, by who decided; and the two ratios with their intervals."""

    questions: list[Question]
    said: dict[str, list[str]]
    results: dict[str, np.ndarray]
    ratios: dict[str, tuple[float, float, float]]


def outcome(models: dict, tokenizer: Tokenizer, judging: dict, saved: dict) -> Outcome:
    kinds = list(models)
    every = held_out("test", saved["perTask"], saved["seed"], talk=True)
    kept = [i for i, question in enumerate(every) if question.field != "talk"]
    questions = [every[i] for i in kept]
    said = {kind: [saved["said"][kind][i] for i in kept] for kind in kinds}
    correct = {kind: np.array([float(right(q.expected, t)) for q, t in zip(questions, said[kind])]) for kind in kinds}
    scores = judged_scores(models, tokenizer, questions, said, judging)
    table = np.stack([correct[kind] for kind in kinds])
    rows = np.arange(len(questions))
    results = dict(correct)
    results["majority"] = np.array([majority([said[k][i] for k in kinds], [bool(correct[k][i]) for k in kinds]) for i in rows])
    results["swarm"] = table[swarm_choice(scores, kinds, own=False), rows]
    results["swarm, authors judge too"] = table[swarm_choice(scores, kinds, own=True), rows]
    results["oracle"] = table.max(0)
    best = max(kinds, key=lambda k: correct[k].mean())
    pairs = {f"best member ({best})": correct[best], "majority": results["majority"]}
    ratios = {name: (ratio(results["swarm"], other), *bootstrap([results["swarm"], other], ratio)) for name, other in pairs.items()}
    return Outcome(questions, said, results, ratios)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", nargs="+", default=shipped(), help="default: the files that ship")
    parser.add_argument("--judging", type=Path, required=True)
    parser.add_argument("--answers", type=Path, required=True)
    parser.add_argument("--show", type=int, default=0, help="questions to print where the generalist is wrong and the swarm right")
    args = parser.parse_args()
    torch.set_num_threads(1)
    tokenizer = Tokenizer.load(HERE / "tokenizer.json")
    models = members(args.runs)
    found = outcome(models, tokenizer, json.loads(args.judging.read_text()), json.loads(args.answers.read_text()))
    print(f"{len(found.questions)} held-out questions")
    for name, values in found.results.items():
        low, high = bootstrap([values], lambda v: float(v.mean()))
        print(f"{name:26} {values.mean():.4f} [{low:.4f} {high:.4f}]")
    for name, (value, low, high) in found.ratios.items():
        print(f"errors of the swarm per error of {name}: {value:.3f} [{low:.3f} {high:.3f}]")
    shown = np.flatnonzero((found.results["general"] == 0) & (found.results["swarm"] == 1))
    for i in shown[: args.show]:
        print(json.dumps({"question": found.questions[i].text, **{kind: found.said[kind][i] for kind in models}}))


if __name__ == "__main__":
    main()
