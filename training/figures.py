"""All figures that were asked of the family, beside what the files that ship reach. Fails where one is missed.

    python3 figures.py

Takes some minutes: it answers 1,139 held-out questions with each member, judges the answers with each other, and lets the
swarm decide. Speed, loading and sameness with PyTorch are parity.py's part, which needs a browser.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import torch

from evaluate import members, shipped
from questions import held_out
from swarm import outcome
from tokenizer import Tokenizer
from train import HERE
from world.marking import refused, right

SPECIALISTS = ("facts", "numbers", "words")


def run(script: str, *arguments: str) -> None:
    subprocess.run([sys.executable, str(HERE / script), *arguments], check=True)


def shares(saved: dict) -> dict[str, dict[str, float]]:
    """Of right answers by member: in each field, inside the world, and how often a member refuses inside it."""
    questions = held_out("test", saved["perTask"], saved["seed"], talk=True)
    found: dict[str, dict[str, float]] = {}
    for kind, said in saved["said"].items():
        pairs = list(zip(questions, said))
        inside = [(q, text) for q, text in pairs if q.field != "refusal"]
        by_field = {field: [(q, text) for q, text in pairs if q.field == field] for field in {q.field for q in questions}}
        found[kind] = {name: sum(right(q.expected, text) for q, text in part) / len(part) for name, part in {**by_field, "inside": inside}.items()}
        found[kind]["refused inside"] = sum(refused(text) for _, text in inside) / len(inside)
    return found


def main() -> None:
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        answers, judging = Path(folder) / "answers.json", Path(folder) / "judging.json"
        run("evaluate.py", "--save", str(answers))
        run("judge.py", "--per-task", "8", "--save", str(judging))
        saved, judged = json.loads(answers.read_text()), json.loads(judging.read_text())
    measured = {kind: choice["measured"] for kind, choice in judged.items()}
    swarm = outcome(members(shipped()), Tokenizer.load(HERE / "tokenizer.json"), judged, saved)
    share = shares(saved)
    best, majority = swarm.ratios.values()
    rows = [("generalist inside the world", share["general"]["inside"], ">=", 0.93)]
    rows += [(f"{kind} in its field", share[kind][kind], ">=", 0.97) for kind in SPECIALISTS]
    rows += [
        ("refusals outside, the least", min(s["refusal"] for s in share.values()), ">=", 0.90),
        ("refusals inside, the most", max(s["refused inside"] for s in share.values()), "<=", 0.02),
        ("AUC against corruptions, the least", min(m["corruption"] for m in measured.values()), ">=", 0.97),
        ("AUC against own mistakes, the least", min(m["own"] for m in measured.values()), ">=", 0.92),
        ("calibration error, the most", max(m["calibration error"] for m in measured.values()), "<=", 0.05),
        ("the swarm's errors per best member's", best[0], "<=", 0.5),
        ("the swarm's errors per majority's", majority[0], "<=", 0.85),
    ]
    print(f"\n{len(swarm.questions)} held-out questions")
    missed = 0
    for name, value, sign, asked in rows:
        kept = value >= asked if sign == ">=" else value <= asked
        missed += not kept
        print(f"{name:40} {value:.3f}  asked {sign} {asked}{'' if kept else '  MISSED'}")
    print(f"95 % intervals of the last two: [{best[1]:.2f} {best[2]:.2f}], [{majority[1]:.2f} {majority[2]:.2f}]")
    raise SystemExit(missed > 0)


if __name__ == "__main__":
    main()
