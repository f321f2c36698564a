"""The held-out questions, and what answers to them are worth, for whoever answers them elsewhere. Needs no PyTorch.

    python3 marks.py questions [--per-task 20] > questions.json
    python3 marks.py table answers.json

`npm run eval:node` answers them in between, with the engine that tabs have. A file of answers is what evaluate.py saves; where it
has `scores` by author and judge, the swarm of all members is marked too.
"""

import argparse
import json
import math
from collections import defaultdict
from pathlib import Path

from questions import Question, held_out
from world.marking import refused, right


def interval(hits: int, total: int) -> tuple[float, float]:
    """Wilson's 95 % interval for a share."""
    if not total:
        return 0.0, 1.0
    z, share = 1.96, hits / total
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total)) / (1 + z * z / total)
    return middle - half, middle + half


def table(questions: list[Question], said: dict[str, list[str]]) -> None:
    groups = defaultdict(list)
    for i, question in enumerate(questions):
        groups[question.task].append(i)
        groups[f"= {question.field}"].append(i)
        if question.field != "refusal":
            groups["= all inside the world"].append(i)
    print(f"{'task':24}{'n':>6}", *(f"{kind:>24}" for kind in said))
    for name in sorted(groups, key=lambda g: (g.startswith("="), g)):
        rows = groups[name]
        cells = []
        for texts in said.values():
            hits = sum(right(questions[i].expected, texts[i]) for i in rows)
            low, high = interval(hits, len(rows))
            cells.append(f"{hits / len(rows):10.3f} [{low:.3f} {high:.3f}]")
        print(f"{name:24}{len(rows):>6}", *(f"{cell:>24}" for cell in cells))
    inside = [i for i, q in enumerate(questions) if q.field not in ("refusal", "talk")]
    for kind, texts in said.items():
        wrongly = sum(refused(texts[i]) for i in inside)
        print(f"{kind}: refuses {wrongly} of {len(inside)} inside the world ({wrongly / len(inside):.3%})")


def swarm_choice(scores: dict[str, dict[str, list[float]]], at: int) -> str:
    """The author of the answer that all others together find best, as swarm.py has it."""
    means = {author: sum(by[judge][at] for judge in by if judge != author) / (len(by) - 1) for author, by in scores.items()}
    return max(means, key=means.get)


def swarm_line(questions: list[Question], said: dict[str, list[str]], scores: dict[str, dict[str, list[float]]]) -> str:
    asked = [i for i, question in enumerate(questions) if question.field != "talk"]
    chosen = [said[swarm_choice(scores, i)][i] for i in asked]
    hits = sum(right(questions[i].expected, text) for i, text in zip(asked, chosen))
    low, high = interval(hits, len(asked))
    return f"swarm {hits / len(asked):.4f} [{low:.4f} {high:.4f}] of {len(asked)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    ask = commands.add_parser("questions")
    ask.add_argument("--per-task", type=int, default=20)
    ask.add_argument("--seed", default="evaluation")
    commands.add_parser("table").add_argument("answers", type=Path)
    args = parser.parse_args()
    if args.command == "questions":
        asked = [{"earlier": q.earlier, "text": q.text} for q in held_out("test", args.per_task, args.seed, talk=True)]
        print(json.dumps({"seed": args.seed, "perTask": args.per_task, "questions": asked}))
        return
    saved = json.loads(args.answers.read_text())
    questions = held_out("test", saved["perTask"], saved["seed"], talk=True)
    table(questions, saved["said"])
    if saved.get("scores"):
        print(swarm_line(questions, saved["said"], saved["scores"]))


if __name__ == "__main__":
    main()
