#!/usr/bin/env python3
"""Makes recurrent.json: what PyTorch computes for small recurrent networks. Needs torch (Debian: python3-torch). Run it in this folder.

Flat parameters are in the order of the network: of a recurrent layer weight_ih, weight_hh, bias_ih, bias_hh, then those of the reverse.
"""
import json

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

torch.manual_seed(20261122)
torch.set_num_threads(1)
ROWS, STEPS, FEATURES, OUTPUTS = 6, 7, 5, 3
KINDS = {"rnn": nn.RNN, "relu": lambda *a, **k: nn.RNN(*a, nonlinearity="relu", **k), "lstm": nn.LSTM, "gru": nn.GRU}


def numbers(tensors):
    return [float(f"{v:.9g}") for t in tensors for v in t.detach().double().flatten().tolist()]


def last(state):
    return state[0][-1] if isinstance(state, tuple) else state[-1]


class Recurrent(nn.Module):
    def __init__(self, features, kind, units, sequences=False, bidirectional=False, truncation=0):
        super().__init__()
        self.sequences, self.bidirectional, self.truncation, self.units = sequences, bidirectional, truncation, units
        self.forth = KINDS[kind](features, units, batch_first=True, bidirectional=bidirectional and not truncation)
        if truncation and bidirectional:
            self.back = KINDS[kind](features, units, batch_first=True)

    def forward(self, x, lengths):
        if self.truncation:
            cuts = list(range(0, x.shape[1], self.truncation))
            ends = [self.chunks(self.forth, [x[:, c:c + self.truncation] for c in cuts])]
            if self.bidirectional:
                ends.append(self.chunks(self.back, [x[:, c:c + self.truncation].flip(1) for c in reversed(cuts)]))
            return torch.cat(ends, 1)
        if lengths is not None:
            x = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        outputs, state = self.forth(x)
        if self.sequences:
            return pad_packed_sequence(outputs, batch_first=True, total_length=STEPS)[0] if lengths is not None else outputs
        state = state[0] if isinstance(state, tuple) else state
        return torch.cat(list(state), 1)

    def chunks(self, cell, parts):
        state = None
        for part in parts:
            if state is not None:
                state = tuple(s.detach() for s in state) if isinstance(state, tuple) else state.detach()
            state = cell(part, state)[1]
        return last(state)


class Model(nn.Module):
    def __init__(self, layers):
        super().__init__()
        self.layers, width, steps = nn.ModuleList(), FEATURES, True
        for layer in layers:
            kind, options = layer["kind"], {k: v for k, v in layer.items() if k != "kind"}
            if kind in KINDS:
                self.layers.append(Recurrent(width, kind, **options))
                width, steps = options["units"] * (2 if options.get("bidirectional") else 1), options.get("sequences", False)
            elif kind == "tanh":
                self.layers.append(nn.Tanh())
            else:
                distributed = options.get("timeDistributed", False)
                if steps and not distributed:
                    self.layers.append(nn.Flatten())
                self.layers.append(nn.Linear(width * (STEPS if steps and not distributed else 1), options["units"]))
                width = options["units"]

    def forward(self, x, lengths):
        for layer in self.layers:
            x = layer(x, lengths) if isinstance(layer, Recurrent) else layer(x)
        return x


def case(name, layers, lengths=None):
    layers = layers + [{"kind": "dense", "units": OUTPUTS}]
    model = Model(layers)
    x, t = torch.randn(ROWS, STEPS, FEATURES), torch.randn(ROWS, OUTPUTS)
    outputs = model(x, None if lengths is None else torch.tensor(lengths))
    parameters = numbers(model.parameters())
    nn.functional.mse_loss(outputs, t).backward()
    return {"name": name, "layers": layers, "lengths": lengths, "x": numbers([x]), "t": numbers([t]), "parameters": parameters,
            "outputs": numbers([outputs]), "gradient": numbers([p.grad for p in model.parameters()])}


def cases():
    lengths = [7, 3, 1, 6, 7, 4]
    for kind in KINDS:
        yield case(f"{kind} last", [{"kind": kind, "units": 6}])
        yield case(f"{kind} sequences", [{"kind": kind, "units": 6, "sequences": True}])
        yield case(f"{kind} both ways, lengths", [{"kind": kind, "units": 4, "bidirectional": True}], lengths)
        yield case(f"{kind} both ways, sequences, lengths",
                   [{"kind": kind, "units": 4, "bidirectional": True, "sequences": True}], lengths)
        yield case(f"{kind} truncated both ways", [{"kind": kind, "units": 4, "bidirectional": True, "truncation": 3}])
    yield case("stack", [{"kind": "lstm", "units": 5, "sequences": True, "bidirectional": True},
                         {"kind": "dense", "units": 4, "timeDistributed": True}, {"kind": "tanh"},
                         {"kind": "gru", "units": 5, "sequences": True}, {"kind": "rnn", "units": 3, "bidirectional": True}])
    yield case("stack, lengths", [{"kind": "gru", "units": 4, "sequences": True, "bidirectional": True},
                                  {"kind": "lstm", "units": 5}], lengths)


if __name__ == "__main__":
    golden = {"torch": torch.__version__, "rows": ROWS, "steps": STEPS, "features": FEATURES, "cases": list(cases())}
    with open("recurrent.json", "w", encoding="utf-8") as file:
        json.dump(golden, file, separators=(",", ":"))
        file.write("\n")
