"""Greedy answers of the members on held-out questions, per task, with 95 % intervals.

    python3 evaluate.py --runs general=runs/general facts=runs/facts [--per-task 20] [--show 3] [--save runs/answers.json]
"""

import argparse
import json
from collections import defaultdict
from pathlib import Path

import torch

from export import imported
from inference import generate
from marks import table
from questions import Question, held_out
from tokenizer import Tokenizer
from train import HERE, load_model
from world.marking import right


MODELS = HERE.parent / "public" / "models"


def shipped() -> list[str]:
    """The files that ship, as `--runs` takes them."""
    listed = json.loads((MODELS / "catalogue.json").read_text())["members"]
    return [f"{member['kind']}={MODELS / member['file']}" for member in listed]


def members(listed: list[str]) -> dict:
    """`kind=path` for each: a run's folder, or a GGUF file."""
    pairs = [item.split("=") for item in listed]
    return {kind: imported(Path(path)) if path.endswith(".gguf") else load_model(Path(path))[0] for kind, path in pairs}


def answers(model, tokenizer: Tokenizer, questions: list[Question], temperature: float = 0.0, seed: int = 0) -> list[str]:
    prompts = [tokenizer.prompt(q.earlier, q.text) for q in questions]
    return [tokenizer.decode(ids) for ids in generate(model, prompts, temperature=temperature, seed=seed)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", nargs="+", default=shipped(), help="default: the files that ship")
    parser.add_argument("--per-task", type=int, default=20)
    parser.add_argument("--seed", default="evaluation")
    parser.add_argument("--show", type=int, default=0, help="wrong answers to print for each task and member")
    parser.add_argument("--save", type=Path, help="where to keep the answers, for swarm.py")
    args = parser.parse_args()
    torch.set_num_threads(1)
    tokenizer = Tokenizer.load(HERE / "tokenizer.json")
    questions = held_out("test", args.per_task, args.seed, talk=True)
    said = {kind: answers(model, tokenizer, questions) for kind, model in members(args.runs).items()}
    if args.save:
        args.save.write_text(json.dumps({"seed": args.seed, "perTask": args.per_task, "said": said}) + "\n")
    table(questions, said)
    for kind, texts in said.items():
        shown: dict[str, int] = defaultdict(int)
        for question, text in zip(questions, texts):
            if not right(question.expected, text) and shown[question.task] < args.show:
                shown[question.task] += 1
                print(f"{kind} {question.task}: {question.text!r} expected {question.expected!r} said {text!r}")


if __name__ == "__main__":
    main()
