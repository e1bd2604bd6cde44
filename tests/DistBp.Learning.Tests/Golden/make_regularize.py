#!/usr/bin/env python3
"""Makes regularize.json: what PyTorch computes for layer normalization and residual connections. Needs torch
(Debian: python3-torch). Run it in this folder.

Flat parameters are in the order of the network: layer by layer, the weight before the bias. The loss is the mean squared error.
"""
import json

import torch
from torch import nn

torch.manual_seed(4)
torch.set_num_threads(1)
ROWS, OUTPUTS = 9, 3


def numbers(tensors):
    return [float(f"{v:.9g}") for t in tensors for v in t.detach().double().flatten().tolist()]


class Residual(nn.Module):
    def __init__(self, *layers):
        super().__init__()
        self.inner = nn.Sequential(*layers)

    def forward(self, x):
        return x + self.inner(x)


MODELS = {
    "vector": ((7,), lambda: nn.Sequential(nn.Linear(7, 21), nn.LayerNorm(21), nn.Tanh(), nn.Linear(21, OUTPUTS))),
    "sequence": ((4, 5), lambda: nn.Sequential(nn.LayerNorm(5), nn.Flatten(), nn.Linear(20, OUTPUTS))),
    "picture": ((2, 3, 5), lambda: nn.Sequential(nn.LayerNorm([2, 3, 5]), nn.Flatten(), nn.Linear(30, OUTPUTS))),
    "residual": ((6,), lambda: nn.Sequential(
        nn.Linear(6, 8), nn.Tanh(), Residual(nn.Linear(8, 8), nn.GELU(), nn.Linear(8, 8)), nn.Linear(8, OUTPUTS))),
    "nested": ((6,), lambda: nn.Sequential(
        Residual(nn.Linear(6, 6), nn.Tanh(), Residual(nn.LayerNorm(6), nn.Linear(6, 6)), nn.Linear(6, 6)), nn.Linear(6, OUTPUTS))),
}


def case(name):
    shape, build = MODELS[name]
    model = build()
    for p in model.parameters():
        p.data.add_(0.3 * torch.randn_like(p))
    x, t = torch.randn(ROWS, *shape), torch.randn(ROWS, OUTPUTS)
    y = model(x)
    value = nn.functional.mse_loss(y, t)
    parameters = numbers(model.parameters())
    value.backward()
    return {"name": name, "rows": ROWS, "x": numbers([x]), "t": numbers([t]), "y": numbers([y]), "parameters": parameters,
            "lossValue": float(value), "gradient": numbers([p.grad for p in model.parameters()])}


if __name__ == "__main__":
    with open("regularize.json", "w", encoding="utf-8") as file:
        json.dump({"torch": torch.__version__, "cases": [case(name) for name in MODELS]}, file, separators=(",", ":"))
        file.write("\n")
