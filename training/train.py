"""Train a base, or branch a member from it.

    python3 train.py --out runs/base --tokens 20
    python3 train.py --out runs/facts --from runs/base --mix facts --tokens 20 --decay

The budget is in millions of tokens, so a slow or busy machine makes the same model. `--decay` lowers the learning rate
to zero over the budget; a base is trained at a constant rate, so that branches can go on from it. Run again with the
same arguments to resume.
"""

import argparse
import json
import os
import time
from pathlib import Path

import torch

from batches import pool
from model import Shape, Starling
from optimiser import optimisers
from tokenizer import Tokenizer

HERE = Path(__file__).parent
WARM_UP_STEPS = 100


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--from", dest="parent", type=Path)
    parser.add_argument("--mix", default="general")
    parser.add_argument("--seed", default="starling-1")
    parser.add_argument("--tokens", type=float, required=True, help="millions to train on")
    parser.add_argument("--decay", action="store_true")
    parser.add_argument("--peak", type=float, default=1.0, help="factor on the learning rates")
    parser.add_argument("--batch-tokens", type=int, default=4096)
    return parser.parse_args()


def save(path: Path, model, optimisers_, progress: dict) -> None:
    """Written beside and renamed, so that a kill never leaves half a checkpoint."""
    draft = path / "checkpoint.new"
    torch.save({"shape": model.shape.as_dict(), "weights": model.state_dict(), "optimisers": [o.state_dict() for o in optimisers_], "progress": progress}, draft)
    os.replace(draft, path / "checkpoint.pt")


def load_model(path: Path) -> tuple[Starling, dict]:
    saved = torch.load(path / "checkpoint.pt", map_location="cpu")
    model = Starling(Shape(**saved["shape"]))
    model.load_state_dict(saved["weights"])
    return model, saved


def main() -> None:
    args = arguments()
    torch.set_num_threads(1)
    torch.manual_seed(1)
    args.out.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer.load(HERE / "tokenizer.json")
    progress = {"pool": 0, "step": 0, "seconds": 0.0, "tokens": 0}
    if (args.out / "checkpoint.pt").exists():
        model, saved = load_model(args.out)
        progress = saved["progress"]
    elif args.parent:
        model, saved = load_model(args.parent)
    else:
        model, saved = Starling(Shape(vocabulary=len(tokenizer.tokens))), None
    chosen = optimisers(model)
    for optimiser, state in zip(chosen, saved["optimisers"] if saved else ()):
        optimiser.load_state_dict(state)
    base_rates = [0.02, 4e-3]
    budget = args.tokens * 1e6
    log = open(args.out / "log.jsonl", "a")
    before, start = progress["seconds"], time.process_time()
    losses: list[float] = []
    while progress["tokens"] < budget:
        for tokens, positions, targets in pool(tokenizer, args.seed, progress["pool"], args.mix, args.batch_tokens):
            if progress["tokens"] >= budget:
                break
            rate = args.peak * (max(0.0, 1 - progress["tokens"] / budget) if args.decay else 1.0)
            if not args.parent:
                rate *= min(1.0, (progress["step"] + 1) / WARM_UP_STEPS)
            for optimiser, base in zip(chosen, base_rates):
                optimiser.param_groups[0]["lr"] = base * rate
            loss = model.loss(tokens, positions, targets)
            for p in model.parameters():
                p.grad = None
            loss.backward()
            for optimiser in chosen:
                optimiser.step()
            losses.append(loss.item())
            progress["step"] += 1
            progress["tokens"] += tokens.numel()
            progress["seconds"] = before + time.process_time() - start
        progress["pool"] += 1
        log.write(json.dumps({**progress, "loss": sum(losses) / len(losses), "rate": rate}) + "\n")
        log.flush()
        losses.clear()
        save(args.out, model, chosen, progress)


if __name__ == "__main__":
    main()
