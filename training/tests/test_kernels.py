import unittest

import torch
from torch.nn import functional as F

from model import Shape, Starling


class Kernels(unittest.TestCase):
    def test_the_fused_training_path_agrees_with_the_plain_one(self):
        torch.manual_seed(5)
        model = Starling(Shape(vocabulary=96, width=64, layers=2, heads=2, hidden=96))
        for block in model.blocks:
            torch.nn.init.normal_(block.output, std=0.1)
            torch.nn.init.normal_(block.down, std=0.1)
        for length in (5, 16, 37):
            tokens = torch.randint(0, 96, (3, length))
            positions = torch.randint(0, 3 * length, (20,))
            targets = torch.randint(0, 96, (20,))
            targets[-3:] = -100
            plain = F.cross_entropy(model.logits(model(tokens).flatten(0, 1)[positions]), targets)
            expected = torch.autograd.grad(plain, list(model.parameters()))
            fused = model.loss(tokens, positions, targets)
            got = torch.autograd.grad(fused, list(model.parameters()))
            self.assertLess(abs(float(plain - fused)), 0.02)
            for a, b in zip(expected, got):
                self.assertGreater(float(F.cosine_similarity(a.flatten(), b.flatten(), 0)), 0.999)
                self.assertLess(abs(float(a.norm() / b.norm()) - 1), 0.02)


if __name__ == "__main__":
    unittest.main()
