"""Does the shipped file say in the browser what the trained network says in PyTorch?

    python3 parity.py --model ../public/models/starling-general-….gguf [--run runs/general] [--engine onnx] [--count 200]

Compares greedy answers token by token (as text and as token counts). PyTorch runs the network with its weights
rounded as the file's are; without --run, with those of the file. Run it where Node finds @wllama/wllama and playwright-core,
or, for the swarm's own engine (`--engine onnx`, in Node), onnxruntime-web and tsx.
"""

import argparse
import json
import statistics
import subprocess
import tempfile
from pathlib import Path

import torch

from export import imported
from inference import generate
from tokenizer import Tokenizer
from train import HERE, load_model
from world.stream import Stream


ENGINES = {"wllama": ["node", str(HERE / "parity.mjs")], "onnx": ["node", "--import", "tsx", str(HERE / "parity-onnx.mjs")]}


def chats(count: int) -> list[tuple]:
    """Held-out conversations of every kind, some of several turns: (earlier turns, question)."""
    stream = Stream("parity", split="test")
    chosen = []
    while len(chosen) < count:
        turns = stream.example().turns
        if len(chosen) % 5 == 0:
            turns = stream.example().turns + turns
        chosen.append((turns[:-1], turns[-1][0]))
    return chosen


def messages(earlier, question, system: bool) -> list[dict]:
    """A system message must change nothing: the model has no such role."""
    listed = [{"role": "system", "content": "You are a helpful assistant."}] if system else []
    listed += [{"role": role, "content": text} for turn in earlier for role, text in zip(("user", "assistant"), turn)]
    return [*listed, {"role": "user", "content": question}]


def rounded(model):
    for parameter in model.parameters():
        parameter.data = parameter.data.half().float()
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--engine", choices=ENGINES, default="wllama")
    parser.add_argument("--count", type=int, default=200)
    args = parser.parse_args()
    torch.set_num_threads(1)
    tokenizer = Tokenizer.load(HERE / "tokenizer.json")
    model = rounded(load_model(args.run)[0]) if args.run else imported(args.model)
    asked = chats(args.count)
    expected = generate(model, [tokenizer.prompt(*chat) for chat in asked])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "chats.json"
        path.write_text(json.dumps([{"messages": messages(*chat, i % 7 == 0)} for i, chat in enumerate(asked)]))
        done = subprocess.run([*ENGINES[args.engine], str(args.model.resolve()), str(path)], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    said = json.loads(done.stdout)
    equal = 0
    for chat, ids, answer in zip(asked, expected, said["answers"]):
        # The engine counts the end token as predicted.
        if tokenizer.decode(ids) == answer["text"] and answer["tokens"] in (None, len(ids), len(ids) + 1):
            equal += 1
        else:
            print("DIFFERS", json.dumps([chat[1], tokenizer.decode(ids), answer["text"], len(ids), answer["tokens"]]))
    speeds = [a["tokensPerSecond"] for a in said["answers"] if a["tokensPerSecond"]]
    print(f"{equal} of {len(asked)} equal; load {said['loadMs']:.0f} ms; median {statistics.median(speeds):.0f} tokens/s")
    raise SystemExit(equal != len(asked))


if __name__ == "__main__":
    main()
