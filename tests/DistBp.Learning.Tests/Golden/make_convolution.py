#!/usr/bin/env python3
"""Makes convolution.json: what PyTorch computes for small convolutional networks. Needs torch (Debian: python3-torch). Run it in this folder.

Flat parameters are in the order of the network: layer by layer, weight [filters, channels / groups, height, width] before bias.
"""
import json

import torch
from torch import nn

torch.manual_seed(20261122)
torch.set_num_threads(1)
ROWS, CLASSES = 4, 3


def numbers(tensors):
    return [float(f"{v:.9g}") for t in tensors for v in t.detach().double().flatten().tolist()]


def conv(channels, filters, kernel, stride=(1, 1), padding=(0, 0), dilation=(1, 1), groups=1):
    layer = nn.Conv2d(channels, filters, kernel, stride, padding, dilation, groups)
    return layer, {"kind": "conv2d", "filters": filters, "kernel": kernel, "stride": stride, "dilation": dilation, "groups": groups,
                   "same": padding == "same", "padding": [0, 0] if padding == "same" else padding}


def pool(kind, size, stride, padding=(0, 0)):
    layer = {"max": nn.MaxPool2d, "average": nn.AvgPool2d}[kind](size, stride, padding)
    return layer, {"kind": kind, "kernel": size, "stride": stride, "padding": padding}


def plain(name):
    layer = {"relu": nn.ReLU, "tanh": nn.Tanh, "gelu": nn.GELU, "leakyRelu": nn.LeakyReLU, "sigmoid": nn.Sigmoid,
             "global": lambda: nn.AdaptiveAvgPool2d(1), "flatten": nn.Flatten}[name]()
    return layer, {"kind": name}


CASES = {
    "pictures of one channel": ([1, 10, 10], lambda: [
        conv(1, 5, (3, 3), padding="same"), plain("relu"), pool("max", (2, 2), (2, 2)), conv(5, 6, (3, 3)), plain("tanh"),
        pool("max", (3, 3), (2, 2), (1, 1)), plain("flatten")]),
    "strides, dilation, groups": ([4, 11, 9], lambda: [
        conv(4, 6, (3, 2), (2, 1), (1, 2), (1, 2), 2), plain("gelu"), conv(6, 4, (2, 2), (2, 2)), plain("leakyRelu"),
        pool("average", (2, 2), (1, 1), (1, 1)), plain("flatten")]),
    "same with dilation": ([3, 8, 7], lambda: [
        conv(3, 4, (3, 3), padding="same", dilation=(2, 2)), plain("leakyRelu"), pool("average", (3, 3), (2, 2)), conv(4, 9, (1, 1)),
        plain("sigmoid"), plain("global"), plain("flatten")]),
    "even kernels": ([2, 9, 8], lambda: [
        conv(2, 6, (4, 2), padding="same"), plain("tanh"), conv(6, 6, (2, 3), (3, 2), (1, 1), (1, 1), 6), plain("gelu"),
        pool("max", (2, 3), (1, 2), (1, 0)), plain("flatten")]),
    "convolution after convolution": ([2, 6, 6], lambda: [
        conv(2, 4, (3, 3), padding="same"), plain("gelu"), conv(4, 5, (3, 3), padding="same"), plain("sigmoid"), conv(5, 3, (2, 2), (2, 2)),
        plain("flatten")]),
}


def case(name):
    shape, make = CASES[name]
    layers, described = map(list, zip(*make()))
    x, t = torch.randn(ROWS, *shape), torch.randint(CLASSES, (ROWS,))
    features = nn.Sequential(*layers)(x).shape[1]
    model = nn.Sequential(*layers, nn.Linear(features, CLASSES))
    outputs = model(x)
    value = nn.CrossEntropyLoss()(outputs, t)
    value.backward()
    return {"name": name, "shape": shape, "layers": described, "classes": CLASSES, "rows": ROWS, "x": numbers([x]), "t": numbers([t]),
            "parameters": numbers(model.parameters()), "outputs": numbers([outputs]), "lossValue": float(value),
            "gradient": numbers([p.grad for p in model.parameters()])}


if __name__ == "__main__":
    with open("convolution.json", "w", encoding="utf-8") as file:
        json.dump({"torch": torch.__version__, "cases": [case(name) for name in CASES]}, file, separators=(",", ":"))
        file.write("\n")
