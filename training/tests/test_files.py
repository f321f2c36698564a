import hashlib
import json
import struct
import tempfile
import unittest
from pathlib import Path

import numpy as np
import torch

import gguf
from catalogue import parameters
from export import imported, metadata, tensors
from inference import generate
from model import Shape, Starling
from tokenizer import Tokenizer
from train import HERE, load_model, save

MODELS = HERE.parent / "public" / "models"


def small() -> Starling:
    torch.manual_seed(3)
    model = Starling(Shape(vocabulary=768, width=64, layers=2, heads=2, hidden=96))
    for block in model.blocks:
        torch.nn.init.normal_(block.output, std=0.1)
        torch.nn.init.normal_(block.down, std=0.1)
    return model


def written(model: Starling, folder: str) -> Path:
    path = Path(folder) / "model.gguf"
    tokenizer = Tokenizer.load(HERE / "tokenizer.json")
    gguf.write(path, metadata(model, tokenizer, "general", 1), tensors(model, gguf.F16))
    return path


class Files(unittest.TestCase):
    def test_layout(self):
        model = small()
        with tempfile.TemporaryDirectory() as folder:
            path = written(model, folder)
            data = path.read_bytes()
            magic, version, count, _ = struct.unpack_from("<4sIQQ", data)
            self.assertEqual((magic, version), (b"GGUF", 3))
            self.assertEqual(count, 2 + 9 * model.shape.layers)
            self.assertEqual(len(data) % gguf.ALIGNMENT, 0)
            self.assertEqual(parameters(path), model.parameter_count())
            # The embedding is the first tensor, so it lies at the start of the aligned data.
            size = sum(len(gguf.padded(gguf.encoded(array, kind))) for _, array, kind in tensors(model, gguf.F16))
            first = np.frombuffer(data, np.float16, 64, len(data) - size)
            self.assertTrue((first == model.embedding[0].detach().half().numpy()).all())

    def test_what_is_read_back_says_the_same(self):
        model = small()
        with tempfile.TemporaryDirectory() as folder:
            again = imported(written(model, folder))
        self.assertEqual(again.shape, model.shape)
        for before, after in zip(model.parameters(), again.parameters()):
            self.assertTrue(torch.equal(before.half().float(), after))

    def test_metadata_that_llama_cpp_would_miss_silently(self):
        tokenizer = Tokenizer.load(HERE / "tokenizer.json")
        listed = metadata(small(), tokenizer, "general", 1)
        self.assertEqual(len(listed["tokenizer.ggml.token_type"]), len(listed["tokenizer.ggml.tokens"]))
        self.assertEqual(listed["tokenizer.ggml.pre"], "smollm")
        self.assertEqual(listed["llama.context_length"], 1024)
        self.assertIn("tokenizer.chat_template", listed)

    def test_eight_bits_lose_little(self):
        array = np.random.default_rng(1).normal(size=(8, 64)).astype(np.float32)
        back = gguf.dequantised(gguf.quantised(array), array.shape)
        self.assertLess(np.abs(array - back).max(), np.abs(array).max() / 200)

    def test_cached_generation_equals_recomputing(self):
        model = small()
        prompt = [2, 40, 50, 60, 1, 3]
        said = generate(model, [prompt], longest=12)[0]
        tokens = list(prompt)
        for expected in said:
            with torch.no_grad():
                following = int(model.logits(model(torch.tensor([tokens]))[:, -1]).argmax())
            self.assertEqual(following, expected)
            tokens.append(following)

    def test_a_checkpoint_comes_back_whole(self):
        model = small()
        with tempfile.TemporaryDirectory() as folder:
            save(Path(folder), model, [], {"pool": 5})
            back, saved = load_model(Path(folder))
        self.assertEqual(saved["progress"], {"pool": 5})
        for a, b in zip(model.parameters(), back.parameters()):
            self.assertTrue((a == b).all())

    def test_the_catalogue_names_what_ships_and_nothing_else(self):
        catalogue = json.loads((MODELS / "catalogue.json").read_text())
        listed = {m["file"]: m for m in catalogue["members"]}
        self.assertEqual(set(listed), {path.name for path in MODELS.glob("*.gguf")})
        for name, member in listed.items():
            data = (MODELS / name).read_bytes()
            self.assertEqual(member["sha256"], hashlib.sha256(data).hexdigest())
            self.assertEqual(member["sizeBytes"], len(data))
            self.assertLessEqual(len(data), 4_000_000)
        self.assertLessEqual(sum(m["sizeBytes"] for m in catalogue["members"]), 16_000_000)


if __name__ == "__main__":
    unittest.main()
