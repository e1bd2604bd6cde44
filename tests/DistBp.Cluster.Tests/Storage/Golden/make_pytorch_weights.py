#!/usr/bin/env python3
"""Makes pytorch.safetensors and pytorch.json: a small network of PyTorch with the names of its state_dict, in F32, F16, BF16 and F64, and
what it answers to a few inputs. Needs torch (Debian: python3-torch); the file is written by hand, as the format's description has it.
Run it in this folder.
"""
import json
import struct

import torch
from torch import nn

torch.manual_seed(7)
TYPES = {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.float64: "F64"}


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Linear(5, 8), nn.LayerNorm(8), nn.Tanh(), nn.Linear(8, 6), nn.Tanh())
        self.classifier = nn.Linear(6, 3)

    def forward(self, x):
        return self.classifier(self.features(x))


def raw(tensor):
    tensor = tensor.contiguous()
    return (tensor.view(torch.int16) if tensor.dtype == torch.bfloat16 else tensor).numpy().tobytes()


def write(path, tensors):
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for name, tensor in tensors.items():
        content = raw(tensor)
        header[name] = {"dtype": TYPES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


if __name__ == "__main__":
    model = Model()
    for p in model.parameters():
        p.data.add_(0.2 * torch.randn_like(p))
    state = dict(model.state_dict())
    state["features.3.weight"] = state["features.3.weight"].double()
    state["features.0.bias"] = state["features.0.bias"].half()
    state["classifier.weight"] = state["classifier.weight"].bfloat16()
    # F64 comes first, so that every tensor lies at a multiple of its size.
    write("pytorch.safetensors", dict(sorted(state.items(), key=lambda t: -t[1].element_size())))
    model.load_state_dict({name: tensor.float() for name, tensor in state.items()})
    x = torch.randn(4, 5)
    y = model(x)
    with open("pytorch.json", "w", encoding="utf-8") as file:
        json.dump({"x": x.flatten().tolist(), "y": y.flatten().tolist()}, file)
        file.write("\n")
