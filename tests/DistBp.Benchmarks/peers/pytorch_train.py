"""Peer: PyTorch trains one of MODELS with Adam on Fashion-MNIST, alone or with DDP over Gloo. Prints one JSON line.

Needs Debian's python3-torch and dataset-fashion-mnist; run with /usr/bin/python3, one thread a worker. compare.py sets what makes it
fastest: OPENBLAS_NUM_THREADS=1, OMP_NUM_THREADS=1, and on AVX-512 machines OPENBLAS_CORETYPE=SKYLAKEX.
`sps` is samples per second of the best epoch with everything that belongs to a step: the choice of the rows, forward, backward,
all-reduce and the optimizer.
"""
import argparse
import gzip
import json
import os
import time

import torch
from torch import distributed, multiprocessing, nn

PORT = "29517"


def read_idx(path, header):
    return torch.frombuffer(bytearray(gzip.open(path).read()[header:]), dtype=torch.uint8)


def load(folder):
    pixels = read_idx(f"{folder}/train-images-idx3-ubyte.gz", 16).view(-1, 784).float() / 255
    return pixels, read_idx(f"{folder}/train-labels-idx1-ubyte.gz", 8).long()


def mlp():
    return nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 256), nn.ReLU(), nn.Linear(256, 10))


def cnn():
    return nn.Sequential(
        nn.Unflatten(1, (1, 28, 28)), nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(),
        nn.MaxPool2d(2), nn.Flatten(), nn.Linear(64 * 7 * 7, 128), nn.ReLU(), nn.Linear(128, 10))


class Recurrent(nn.Module):
    """28 rows of 28 pixels as a sequence; the last hidden state is classified."""

    def __init__(self, cell):
        super().__init__()
        self.cell, self.out = cell(28, 128, batch_first=True), nn.Linear(128, 10)

    def forward(self, x):
        return self.out(self.cell(x.view(-1, 28, 28))[0][:, -1])


MODELS = {"mlp": mlp, "cnn": cnn, "lstm": lambda: Recurrent(nn.LSTM), "gru": lambda: Recurrent(nn.GRU)}


def train(rank, options):
    torch.set_num_threads(1)
    torch.manual_seed(1)
    model = MODELS[options.model]()
    if options.world > 1:
        os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=PORT, GLOO_SOCKET_IFNAME="lo")
        distributed.init_process_group("gloo", rank=rank, world_size=options.world)
        model = nn.parallel.DistributedDataParallel(model)
    adam, loss = torch.optim.Adam(model.parameters(), lr=1e-3), nn.CrossEntropyLoss()
    x, y = load(options.data)
    steps, share, best = len(x) // options.batch, options.batch // options.world, 0.0
    for epoch in range(options.epochs):
        order = torch.randperm(len(x), generator=torch.Generator().manual_seed(epoch))
        begin = time.perf_counter()
        for step in range(steps):
            first = step * options.batch + rank * share
            rows = order[first:first + share]
            adam.zero_grad(set_to_none=True)
            loss(model(x[rows]), y[rows]).backward()
            adam.step()
        best = max(best, steps * options.batch / (time.perf_counter() - begin))
    if rank == 0:
        print(json.dumps({"model": options.model, "batch": options.batch, "world": options.world, "sps": round(best)}), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", choices=list(MODELS), default="mlp")
    parser.add_argument("--batch", type=int, default=256, help="the global mini-batch")
    parser.add_argument("--world", type=int, default=1, help="workers")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--data", default="/usr/share/datasets/fashion-mnist")
    options = parser.parse_args()
    if options.world == 1:
        train(0, options)
    else:
        multiprocessing.start_processes(train, (options,), nprocs=options.world, start_method="fork")


if __name__ == "__main__":
    main()
