#!/usr/bin/env python3
"""Makes pytorch.json: what PyTorch computes for small multi-layer perceptrons. Needs torch (Debian: python3-torch). Run it in this folder.

Flat parameters are in the order of the network: layer by layer, weight [units, inputs] before bias.
"""
import json

import torch
from torch import nn

torch.manual_seed(20261121)
torch.set_num_threads(1)
INPUTS, HIDDEN, ROWS, STEPS = 6, 7, 9, 20
ACTIVATIONS = {
    "sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "relu": nn.ReLU, "leakyRelu": nn.LeakyReLU, "gelu": nn.GELU,
    "softmax": lambda: nn.Softmax(dim=-1),
}
LOSSES = {
    "softmaxCrossEntropy": (4, nn.CrossEntropyLoss()), "binaryCrossEntropy": (1, nn.BCEWithLogitsLoss()),
    "binaryCrossEntropy3": (3, nn.BCEWithLogitsLoss()), "meanSquaredError": (2, nn.MSELoss()), "huber": (2, nn.HuberLoss(delta=0.5)),
}


def numbers(tensors):
    return [float(f"{v:.9g}") for t in tensors for v in t.detach().double().flatten().tolist()]


def network(activation, outputs):
    return nn.Sequential(nn.Linear(INPUTS, HIDDEN), ACTIVATIONS[activation](), nn.Linear(HIDDEN, HIDDEN),
                         ACTIVATIONS[activation](), nn.Linear(HIDDEN, outputs))


def targets(loss, outputs, rows):
    if loss == "softmaxCrossEntropy":
        return torch.randint(outputs, (rows,))
    if loss.startswith("binary"):
        return torch.randint(2, (rows, outputs)).float()
    return torch.randn(rows, outputs)


def gradient_case(activation, loss):
    outputs, criterion = LOSSES[loss]
    model = network(activation, outputs)
    for p in model.parameters():
        p.data.mul_(1.5)
    x, t = torch.randn(ROWS, INPUTS), targets(loss, outputs, ROWS)
    value = criterion(model(x), t)
    parameters = numbers(model.parameters())
    value.backward()
    return {"activation": activation, "loss": loss, "outputs": outputs, "rows": ROWS, "x": numbers([x]), "t": numbers([t]),
            "parameters": parameters, "lossValue": float(value), "gradient": numbers([p.grad for p in model.parameters()])}


OPTIMIZERS = {
    "sgd": (torch.optim.SGD, {"lr": 0.1}), "sgd momentum": (torch.optim.SGD, {"lr": 0.05, "momentum": 0.9}),
    "sgd nesterov": (torch.optim.SGD, {"lr": 0.05, "momentum": 0.9, "nesterov": True}),
    "sgd weightDecay": (torch.optim.SGD, {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.05}),
    "adagrad": (torch.optim.Adagrad, {"lr": 0.05}),
    "adagrad weightDecay": (torch.optim.Adagrad, {"lr": 0.05, "weight_decay": 0.05, "initial_accumulator_value": 0.1}),
    "rmsprop": (torch.optim.RMSprop, {"lr": 0.005}),
    "rmsprop momentum": (torch.optim.RMSprop, {"lr": 0.005, "momentum": 0.9, "weight_decay": 0.05}),
    "adam": (torch.optim.Adam, {"lr": 0.01}), "adam weightDecay": (torch.optim.Adam, {"lr": 0.01, "weight_decay": 0.05}),
    "adamw": (torch.optim.AdamW, {"lr": 0.01, "weight_decay": 0.1}),
    "sgd clip": (torch.optim.SGD, {"lr": 0.5, "momentum": 0.9}), "adam clip": (torch.optim.Adam, {"lr": 0.01}),
}


def optimizer_case(name):
    kind, options = OPTIMIZERS[name]
    model = network("tanh", 4)
    x, t = torch.randn(STEPS, ROWS, INPUTS), torch.randint(4, (STEPS, ROWS))
    parameters = numbers(model.parameters())
    optimizer = kind(model.parameters(), **options)
    norms = []
    for step in range(STEPS):
        optimizer.zero_grad()
        nn.CrossEntropyLoss()(model(x[step]), t[step]).backward()
        if name.endswith("clip"):
            norms.append(float(nn.utils.clip_grad_norm_(model.parameters(), 0.2)))
        optimizer.step()
    return {"name": name, "rows": ROWS, "steps": STEPS, "x": numbers([x]), "t": numbers([t]), "parameters": parameters,
            "norms": norms, "after": numbers(model.parameters())}


if __name__ == "__main__":
    golden = {"torch": torch.__version__, "inputs": INPUTS, "hidden": HIDDEN,
              "gradients": [gradient_case(a, l) for a in ACTIVATIONS for l in LOSSES],
              "optimizers": [optimizer_case(name) for name in OPTIMIZERS]}
    with open("pytorch.json", "w", encoding="utf-8") as file:
        json.dump(golden, file, separators=(",", ":"))
        file.write("\n")
