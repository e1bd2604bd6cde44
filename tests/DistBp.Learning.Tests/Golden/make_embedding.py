"""Writes embedding.json: gradients of a network over an embedding, and its table after steps of SparseAdam, by PyTorch in double."""
import json
import pathlib

import torch
from torch import nn

ROWS, STEPS, VOCABULARY, SIZE, CLASSES, UPDATES, RATE = 6, 4, 11, 3, 3, 4, 0.05


def rounded(tensor):
    return [float(f"{v:.9g}") for v in tensor.detach().flatten().tolist()]


if __name__ == "__main__":
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(3)
    table, last = nn.Embedding(VOCABULARY, SIZE, sparse=True), nn.Linear(STEPS * SIZE, CLASSES)
    with torch.no_grad():
        for p in [table.weight, *last.parameters()]:
            p.copy_((torch.randn_like(p) * 0.5).float().double())
    parameters = {"embed.weight": rounded(table.weight), "last.weight": rounded(last.weight), "last.bias": rounded(last.bias)}
    # Of the eleven rows each mini-batch touches some, one of them many times; row 10 none.
    tokens = [torch.randint(0, 10, (ROWS, STEPS)) * (torch.rand(ROWS, STEPS) > 0.3) for _ in range(UPDATES)]
    targets = [torch.randint(0, CLASSES, (ROWS,)) for _ in range(UPDATES)]
    sparse, dense = torch.optim.SparseAdam([table.weight], lr=RATE), torch.optim.Adam(last.parameters(), lr=RATE)
    losses, first = [], None
    for x, t in zip(tokens, targets):
        loss = nn.functional.cross_entropy(last(table(x).flatten(1)), t)
        table.weight.grad = None
        last.zero_grad()
        loss.backward()
        losses.append(loss.item())
        if first is None:
            grad = table.weight.grad.coalesce()
            first = {"rows": grad.indices().flatten().tolist(), "values": rounded(grad.values()), "last.weight": rounded(last.weight.grad)}
        sparse.step()
        dense.step()
    golden = {
        "rows": ROWS, "steps": STEPS, "vocabulary": VOCABULARY, "size": SIZE, "classes": CLASSES, "rate": RATE, "parameters": parameters,
        "x": [[float(v) for v in x.flatten()] for x in tokens], "t": [[float(v) for v in t] for t in targets], "losses": losses,
        "touchedRows": first["rows"], "rowGradients": first["values"], "lastGradient": first["last.weight"],
        "after": {"embed.weight": rounded(table.weight), "last.weight": rounded(last.weight), "last.bias": rounded(last.bias)},
    }
    pathlib.Path(__file__).with_name("embedding.json").write_text(json.dumps(golden) + "\n")
