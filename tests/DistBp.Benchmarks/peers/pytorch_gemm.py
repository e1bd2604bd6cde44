"""Peer: single-precision matrix products by PyTorch (OpenBLAS) on one thread. Prints {"MxNxK": GFLOP/s}, the best of several runs.

Settings as in pytorch_train.py. Usage: /usr/bin/python3 pytorch_gemm.py 256x512x784 ...
"""
import json
import sys
import time

import torch


def measure(m, n, k):
    a, b, c = torch.randn(m, k), torch.randn(k, n), torch.empty(m, n)
    calls, best = max(3, int(1e9 / (m * n * k))), float("inf")
    for _ in range(10):
        begin = time.perf_counter()
        for _ in range(calls):
            torch.mm(a, b, out=c)
        best = min(best, (time.perf_counter() - begin) / calls)
    return 2 * m * n * k / best / 1e9


torch.set_num_threads(1)
print(json.dumps({shape: measure(*map(int, shape.split("x"))) for shape in sys.argv[1:]}))
