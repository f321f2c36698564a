"""The Starling network: a small llama-architecture transformer.

Weights are kept in float32. Training runs in bfloat16 through fused kernels; answering and scoring run in float32
through plain PyTorch. Two choices keep the exported file a plain llama: norms carry no gain (they are exported as
ones), and RoPE turns interleaved pairs, which is how llama.cpp lays them out, so nothing is permuted at export.
"""

from dataclasses import asdict, dataclass

import torch
from torch import nn
from torch.nn import functional as F

from kernels import Attention, CrossEntropy, Gated, Norm

NORM_EPSILON = 1e-5
ROPE_BASE = 10000.0


@dataclass(frozen=True)
class Shape:
    vocabulary: int
    width: int = 192
    layers: int = 4
    heads: int = 6
    hidden: int = 512
    context: int = 1024

    def as_dict(self) -> dict:
        return asdict(self)


def normalise(x: torch.Tensor) -> torch.Tensor:
    return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + NORM_EPSILON)


def turned(x: torch.Tensor, cosine: torch.Tensor, sine: torch.Tensor) -> torch.Tensor:
    """RoPE on the pairs of the last dimension."""
    a, b = x[..., 0::2], x[..., 1::2]
    return torch.stack([a * cosine - b * sine, b * cosine + a * sine], -1).flatten(-2)


class Block(nn.Module):
    def __init__(self, shape: Shape):
        super().__init__()
        width, hidden = shape.width, shape.hidden
        self.heads = shape.heads
        self.query = nn.Parameter(torch.randn(width, width) * width**-0.5)
        self.key = nn.Parameter(torch.randn(width, width) * width**-0.5)
        self.value = nn.Parameter(torch.randn(width, width) * width**-0.5)
        self.output = nn.Parameter(torch.zeros(width, width))
        self.gate = nn.Parameter(torch.randn(hidden, width) * width**-0.5)
        self.up = nn.Parameter(torch.randn(hidden, width) * width**-0.5)
        self.down = nn.Parameter(torch.zeros(width, hidden))

    def train_step(self, x, cosine, sine):
        half = x.dtype
        qkv = F.linear(Norm.apply(x, NORM_EPSILON), torch.cat([self.query, self.key, self.value]).to(half))
        x = x + F.linear(Attention.apply(qkv, cosine, sine, self.heads), self.output.to(half))
        both = F.linear(Norm.apply(x, NORM_EPSILON), torch.cat([self.gate, self.up]).to(half))
        return x + F.linear(Gated.apply(both), self.down.to(half))

    def forward(self, x, cosine, sine, mask, cache=None):
        """`cache` is a mutable [keys, values] of the positions before these."""
        batch, length, width = x.shape
        n = normalise(x)
        q, k, v = (F.linear(n, w).view(batch, length, self.heads, -1).transpose(1, 2) for w in (self.query, self.key, self.value))
        q, k = turned(q, cosine, sine), turned(k, cosine, sine)
        if cache is not None:
            k, v = torch.cat([cache[0], k], 2), torch.cat([cache[1], v], 2)
            cache[:] = [k, v]
        weights = torch.softmax(q @ k.transpose(-1, -2) * (width // self.heads) ** -0.5 + mask, -1)
        x = x + F.linear((weights @ v).transpose(1, 2).reshape(batch, length, width), self.output)
        n = normalise(x)
        return x + F.linear(F.silu(F.linear(n, self.gate)) * F.linear(n, self.up), self.down)


class Starling(nn.Module):
    def __init__(self, shape: Shape):
        super().__init__()
        self.shape = shape
        self.embedding = nn.Parameter(torch.randn(shape.vocabulary, shape.width) * 0.05)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        head = shape.width // shape.heads
        frequency = ROPE_BASE ** (-torch.arange(0, head, 2).float() / head)
        angle = torch.outer(torch.arange(shape.context).float(), frequency)
        self.register_buffer("cosine", angle.cos(), persistent=False)
        self.register_buffer("sine", angle.sin(), persistent=False)
        # The fused attention wants a value for every lane, sines with the sign of their place in the pair.
        self.register_buffer("lane_cosine", angle.cos().repeat_interleave(2, -1), persistent=False)
        self.register_buffer("lane_sine", torch.stack([-angle.sin(), angle.sin()], -1).flatten(-2), persistent=False)

    def forward(self, tokens, past=0, caches=None):
        """The last hidden states (batch, length, width); `logits` turns the rows one needs into scores."""
        length = tokens.shape[1]
        cosine, sine = self.cosine[past : past + length], self.sine[past : past + length]
        mask = torch.full((length, past + length), float("-inf")).triu(past + 1)
        x = F.embedding(tokens, self.embedding)
        for index, block in enumerate(self.blocks):
            x = block(x, cosine, sine, mask, caches[index] if caches else None)
        return normalise(x)

    def logits(self, hidden):
        return F.linear(hidden, self.embedding)

    def loss(self, tokens, positions, targets):
        """Training's path: bfloat16 and fused kernels. Positions index the flattened hidden states."""
        length = tokens.shape[1]
        cosine, sine = self.lane_cosine[:length], self.lane_sine[:length]
        x = F.embedding(tokens, self.embedding).to(torch.bfloat16)
        for block in self.blocks:
            x = block.train_step(x, cosine, sine)
        hidden = Norm.apply(x.flatten(0, 1)[positions], NORM_EPSILON)
        return CrossEntropy.apply(F.linear(hidden, self.embedding.to(torch.bfloat16)), targets)

    def parameter_count(self) -> int:
        return sum(p.numel() for p in self.parameters())
