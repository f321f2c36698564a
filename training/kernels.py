"""The fused operations of kernels.c and attention.c as autograd functions, built with gcc at first use."""

import ctypes
import hashlib
import subprocess
from functools import cache
from pathlib import Path

import torch

HERE = Path(__file__).parent
FLAGS = ["-O3", "-march=native", "-mprefer-vector-width=512", "-ffast-math", "-shared", "-fPIC", "-lm"]


@cache
def library() -> ctypes.CDLL:
    source = (HERE / "kernels.c").read_bytes() + (HERE / "attention.c").read_bytes()
    built = HERE / "runs" / f"kernels-{hashlib.sha256(source).hexdigest()[:12]}.so"
    if not built.exists():
        built.parent.mkdir(exist_ok=True)
        subprocess.run(["gcc", str(HERE / "attention.c"), *FLAGS, "-o", str(built)], check=True)
    loaded = ctypes.CDLL(str(built))
    loaded.cross_entropy.restype = ctypes.c_double
    return loaded


def at(tensor: torch.Tensor) -> ctypes.c_void_p:
    assert tensor.is_contiguous()
    return ctypes.c_void_p(tensor.data_ptr())


def long(value: int) -> ctypes.c_long:
    return ctypes.c_long(value)


class Norm(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, epsilon):
        x = x.contiguous()
        rows = x.numel() // x.shape[-1]
        y, scale = torch.empty_like(x), torch.empty(rows)
        library().norm_forward(at(x), at(y), at(scale), long(rows), x.shape[-1], ctypes.c_float(epsilon))
        ctx.save_for_backward(y, scale)
        return y

    @staticmethod
    def backward(ctx, grad):
        y, scale = ctx.saved_tensors
        grad = grad.contiguous()
        out = torch.empty_like(y)
        library().norm_backward(at(grad), at(y), at(scale), at(out), long(len(scale)), y.shape[-1])
        return out, None


class Gated(torch.autograd.Function):
    @staticmethod
    def forward(ctx, both):
        hidden = both.shape[-1] // 2
        out = torch.empty(*both.shape[:-1], hidden, dtype=both.dtype)
        library().gated_forward(at(both), at(out), long(out.numel() // hidden), hidden)
        ctx.save_for_backward(both)
        return out

    @staticmethod
    def backward(ctx, grad):
        (both,) = ctx.saved_tensors
        grad = grad.contiguous()
        out = torch.empty_like(both)
        library().gated_backward(at(both), at(grad), at(out), long(grad.numel() // grad.shape[-1]), grad.shape[-1])
        return out


class Attention(torch.autograd.Function):
    @staticmethod
    def forward(ctx, qkv, cosine, sine, heads):
        batch, length, triple = qkv.shape
        out = torch.empty(batch, length, triple // 3, dtype=qkv.dtype)
        logsum = torch.empty(batch, heads, length)
        library().attention_forward(at(qkv), at(cosine), at(sine), at(out), at(logsum), batch, length, heads)
        ctx.save_for_backward(qkv, cosine, sine, out, logsum)
        return out

    @staticmethod
    def backward(ctx, grad):
        qkv, cosine, sine, out, logsum = ctx.saved_tensors
        batch, length, _ = qkv.shape
        grad = grad.contiguous()
        result = torch.empty_like(qkv)
        library().attention_backward(at(qkv), at(cosine), at(sine), at(out), at(grad), at(logsum), at(result), batch, length, logsum.shape[1])
        return result, None, None, None


class CrossEntropy(torch.autograd.Function):
    """Mean over the rows whose target is not negative."""

    @staticmethod
    def forward(ctx, scores, targets):
        grad = torch.empty_like(scores)
        total = library().cross_entropy(at(scores), at(targets), at(grad), long(len(scores)), scores.shape[1])
        count = max(1, int((targets >= 0).sum()))
        ctx.save_for_backward(grad)
        ctx.count = count
        return torch.tensor(total / count)

    @staticmethod
    def backward(ctx, grad):
        (scores,) = ctx.saved_tensors
        return scores * (float(grad) / ctx.count), None
