"""Export a checkpoint as GGUF under the digest of its bytes.

    python3 export.py --run runs/general --kind general --to ../public/models [--q8]
"""

import argparse
import hashlib
from pathlib import Path

import numpy as np
import torch

import gguf
from model import NORM_EPSILON, ROPE_BASE, Shape, Starling
from tokenizer import BEGIN_ID, END_ID, SPECIAL, Tokenizer
from train import HERE, load_model

# The system message is read and dropped. Without that branch llama.cpp takes it that the template has no system role
# and puts the message in front of the question, which this model has never seen.
CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{% if message['role'] == 'user' %}{{ '<|user|>' + message['content'] + '<|end|>' }}"
    "{% elif message['role'] == 'assistant' %}{{ '<|assistant|>' + message['content'] + '<|end|>' }}"
    "{% elif message['role'] == 'system' %}{% set ignored = message['content'] | trim %}{% endif %}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)
NORMAL, CONTROL = 1, 3


def metadata(model: Starling, tokenizer: Tokenizer, kind: str, file_type: int) -> dict:
    shape = model.shape
    return {
        "general.architecture": "llama",
        "general.name": f"Starling {kind}",
        "general.license": "mit",
        "general.file_type": file_type,
        "general.alignment": gguf.ALIGNMENT,
        "llama.vocab_size": shape.vocabulary,
        "llama.context_length": shape.context,
        "llama.embedding_length": shape.width,
        "llama.block_count": shape.layers,
        "llama.feed_forward_length": shape.hidden,
        "llama.attention.head_count": shape.heads,
        "llama.attention.head_count_kv": shape.heads,
        "llama.attention.layer_norm_rms_epsilon": NORM_EPSILON,
        "llama.rope.dimension_count": shape.width // shape.heads,
        "llama.rope.freq_base": ROPE_BASE,
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "smollm",
        "tokenizer.ggml.tokens": tokenizer.tokens,
        "tokenizer.ggml.token_type": [CONTROL if i < len(SPECIAL) else NORMAL for i in range(len(tokenizer.tokens))],
        "tokenizer.ggml.merges": [" ".join(pair) for pair in tokenizer.merges],
        "tokenizer.ggml.bos_token_id": BEGIN_ID,
        "tokenizer.ggml.eos_token_id": END_ID,
        "tokenizer.ggml.padding_token_id": BEGIN_ID,
        "tokenizer.ggml.add_bos_token": False,
        "tokenizer.ggml.add_eos_token": False,
        "tokenizer.ggml.add_space_prefix": False,
        "tokenizer.chat_template": CHAT_TEMPLATE,
    }


def parameters(model: Starling):
    """In the order of `weights`."""
    yield model.embedding
    for block in model.blocks:
        yield from (block.query, block.key, block.value, block.output, block.gate, block.up, block.down)


def weights(model: Starling, kind: int) -> list:
    """What was trained, by its name in the file."""
    parts = ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")
    names = ["token_embd.weight", *(f"blk.{i}.{part}.weight" for i in range(model.shape.layers) for part in parts)]
    return [(name, value.detach().float().numpy(), kind) for name, value in zip(names, parameters(model))]


def tensors(model: Starling, kind: int) -> list:
    # The norms carry no gain in training, so the file's gains are ones.
    gain = np.ones(model.shape.width, np.float32)
    norms = [f"blk.{i}.{part}_norm.weight" for i in range(model.shape.layers) for part in ("attn", "ffn")]
    return [*weights(model, kind), *((name, gain, gguf.F32) for name in (*norms, "output_norm.weight"))]


def imported(path: Path) -> Starling:
    """The network in a file that `main` wrote."""
    metadata, found = gguf.read(path)
    key = "llama.{}".format
    model = Starling(
        Shape(
            vocabulary=metadata[key("vocab_size")],
            width=metadata[key("embedding_length")],
            layers=metadata[key("block_count")],
            heads=metadata[key("attention.head_count")],
            hidden=metadata[key("feed_forward_length")],
            context=metadata[key("context_length")],
        )
    )
    with torch.no_grad():
        for (name, _, _), parameter in zip(weights(model, gguf.F16), parameters(model)):
            parameter.copy_(torch.from_numpy(found[name]))
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--kind", required=True)
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--q8", action="store_true")
    args = parser.parse_args()
    model, _ = load_model(args.run)
    tokenizer = Tokenizer.load(HERE / "tokenizer.json")
    draft = args.to / "export.new"
    kind, file_type = (gguf.Q8_0, 7) if args.q8 else (gguf.F16, 1)
    gguf.write(draft, metadata(model, tokenizer, args.kind, file_type), tensors(model, kind))
    digest = hashlib.sha256(draft.read_bytes()).hexdigest()
    for old in args.to.glob(f"starling-{args.kind}-*.gguf"):
        old.unlink()
    final = args.to / f"starling-{args.kind}-{digest[:12]}.gguf"
    draft.rename(final)
    print(f"{final.name} {final.stat().st_size} bytes, {model.parameter_count()} parameters")


if __name__ == "__main__":
    main()
