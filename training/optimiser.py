"""Muon for the matrices (orthogonalised momentum), AdamW for the embedding."""

import torch


def orthogonalised(stack: torch.Tensor, steps: int = 5) -> torch.Tensor:
    """Newton-Schulz iteration on a stack of equally shaped matrices; bfloat16 is accurate enough here."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x = stack.to(torch.bfloat16)
    tall = x.shape[-2] > x.shape[-1]
    if tall:
        x = x.mT.contiguous()
    x = x / (x.float().flatten(1).norm(dim=1).view(-1, 1, 1) + 1e-7).to(x.dtype)
    for _ in range(steps):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return (x.mT.contiguous() if tall else x).float()


class Muon(torch.optim.Optimizer):
    def __init__(self, params, lr: float, momentum: float = 0.95, decay: float = 0.01):
        super().__init__(params, dict(lr=lr, momentum=momentum, decay=decay))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            shapes: dict = {}
            for p in group["params"]:
                state = self.state[p]
                buffer = state.setdefault("momentum", torch.zeros_like(p))
                buffer.lerp_(p.grad, 1 - group["momentum"])
                shapes.setdefault(p.shape, []).append((p, torch.lerp(p.grad, buffer, group["momentum"])))
            for shape, members in shapes.items():
                updates = orthogonalised(torch.stack([update for _, update in members]))
                rate = group["lr"] * max(1.0, shape[0] / shape[1]) ** 0.5
                for (p, _), update in zip(members, updates):
                    p.mul_(1 - group["lr"] * group["decay"]).add_(update, alpha=-rate)


def optimisers(model):
    matrices = list(model.blocks.parameters())
    return [
        Muon(matrices, lr=0.02),
        torch.optim.AdamW([model.embedding], lr=4e-3, betas=(0.9, 0.98), weight_decay=0.01),
    ]
