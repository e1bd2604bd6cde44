#!/usr/bin/python3
"""Compares DistBp with PyTorch on this machine: both ALTERNATE in one run, and the medians' ratios are printed as Markdown tables.

    dotnet build -c Release DistBp.sln
    /usr/bin/python3 tests/DistBp.Benchmarks/compare.py [--rounds 3] [--model mlp|cnn|lstm|gru] [--peer PEER.py] [--only train|matmul|processes]

Needs Debian's python3-torch, libopenblas0-pthread (else PyTorch multiplies with the reference BLAS) and dataset-fashion-mnist. Close other programs: two workers want two cores. The peer is a script that takes
--model, --batch, --world and --epochs and prints {"sps": …} in its last line. A median of few rounds hides one disturbed round, not a busy machine: the load is
printed too.
"""
import argparse
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SHAPES = ["32x512x784", "64x512x784", "256x512x784", "512x784x256", "1024x1024x1024", "2048x2048x2048"]


class Model:
    """What is trained: the job, its epochs (the best one counts: in the first, methods are still being compiled), and by batch the least ratio
    to the peer that is expected of 1 and of 2 workers (empty: not measured)."""

    def __init__(self, title, job, epochs, bars):
        self.title, self.job, self.epochs, self.bars = title, ROOT / "deploy/jobs" / job, epochs, bars

    @property
    def cases(self):
        return [(workers, batch) for workers in (1, 2) for batch, bars in self.bars.items() if bars[workers - 1]]


MODELS = {
    "mlp": Model("mlp 784-512-256-10", "fashion-mlp.yaml", 4, {64: ("1.7", "9"), 256: ("1.2", "3.8"), 1024: ("1.12", "2.1")}),
    "cnn": Model("cnn 32-64 3x3, dense 128", "fashion-cnn.yaml", 2, {256: ("2.0", "2.2")}),
    "lstm": Model("lstm 28x28, 128 units", "fashion-lstm.yaml", 2, {64: ("1.5", ""), 256: ("1.5", "2.2")}),
    "gru": Model("gru 28x28, 128 units", "fashion-gru.yaml", 2, {64: ("1.5", ""), 256: ("1.5", "2.0")}),
}


# How processes pass tensors: shared memory, and settings of the job.
PROCESSES = {
    "shared memory": ("on", []),
    "gRPC": ("off", []),
    "gRPC, bf16": ("off", ["wire.gradients=bf16", "wire.parameters=bf16"]),
}
PROCESS_BARS = {("shared memory", 64): "6", ("shared memory", 256): "3", ("shared memory", 1024): "2", ("gRPC", 256): "1.6", ("gRPC", 1024): "1.6",
                ("gRPC, bf16", 256): "2.2"}


def cpu(field):
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        return next((line.split(":")[1].strip() for line in lines if line.startswith(field)), platform.machine())


def peer_environment():
    fastest = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    if "avx512f" in cpu("flags"):
        fastest["OPENBLAS_CORETYPE"] = "SKYLAKEX"
    return os.environ | fastest


def run(command, env=None):
    done = subprocess.run([str(word) for word in command], env=env, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stderr}")
    return done.stdout


def train_distbp(options, batch, workers, slices=None, how=None):
    """how: None for one process, else a way of PROCESSES."""
    model = MODELS[options.model]
    with tempfile.TemporaryDirectory() as folder:
        settings = [f"batch={batch}", f"epochs={model.epochs}", "data.test=null"] + ([f"slices={slices}"] if slices else [])
        actors = ["--workers", workers]
        if how:
            shared, more = PROCESSES[how]
            pathlib.Path(folder, "cluster.hocon").write_text(f"distbp {{ wire {{ shared-memory = {shared} }} }}")
            actors, settings = ["--processes", workers, "--config", f"{folder}/cluster.hocon"], settings + more
        run([options.distbp, "train", model.job, *actors, "--quiet", "--out", f"{folder}/run"]
            + [word for setting in settings for word in ("--set", setting)])
        return json.loads(pathlib.Path(folder, "run/result.json").read_text())["samplesPerSecond"]


def train_peer(options, batch, workers):
    out = run([sys.executable, options.peer, "--model", options.model, "--batch", batch, "--world", workers,
               "--epochs", MODELS[options.model].epochs], peer_environment())
    return json.loads(out.strip().splitlines()[-1])["sps"]


def collect(rounds, measurements):
    """{key: [one figure a round]}: all of a round one after the other, so that a disturbance hits neighbours alike."""
    figures = {key: [] for key in measurements}
    for number in range(rounds):
        for key, measure in measurements.items():
            figures[key].append(measure())
            print(f"round {number + 1}: {' '.join(map(str, key))}: {figures[key][-1]:,.0f}", file=sys.stderr)
    return figures


def table(head, rows):
    print(f"\n| {' | '.join(head)} |\n|{'---|' * len(head)}")
    for row in rows:
        print(f"| {' | '.join(row)} |")


def compare_training(options):
    model, measurements = MODELS[options.model], {}
    for workers, batch in model.cases:
        measurements["DistBp", workers, batch] = lambda w=workers, b=batch: train_distbp(options, b, w)
        measurements["PyTorch", workers, batch] = lambda w=workers, b=batch: train_peer(options, b, w)
    for slices in (2, 8) if options.model == "mlp" else ():
        measurements["slices", slices] = lambda s=slices: train_distbp(options, 256, 2, s)
    figures = collect(options.rounds, measurements)
    median = {key: statistics.median(values) for key, values in figures.items()}
    spread = {key: f"{median[key]:,.0f} ({min(values):,.0f}–{max(values):,.0f})" for key, values in figures.items()}

    def row(name, bar, ours, theirs):
        return [name, spread[ours], spread[theirs], f"**{median[ours] / median[theirs]:.2f}**", f"≥ {bar}" if bar else ""]

    peers = {1: "1 worker / PyTorch, 1 thread", 2: "2 workers in one process / PyTorch DDP, 2 workers"}
    rows = [row(f"{peers[w]}, batch {b}", model.bars[b][w - 1], ("DistBp", w, b), ("PyTorch", w, b)) for w, b in model.cases]
    rows += [row(f"DistBp, 2 workers / 1 worker, batch {b}", "1.9" if options.model == "mlp" and b > 64 else "", ("DistBp", 2, b), ("DistBp", 1, b))
             for w, b in model.cases if w == 2]
    if options.model == "mlp":
        rows.append(row("DistBp, slices 8 / slices 2, 2 workers, batch 256", "0.92", ("slices", 8), ("slices", 2)))
    table([f"{model.title}, Adam", "samples/s: median (least–most)", "against", "ratio", "bar"], rows)


def compare_processes(options):
    measurements = {}
    for how, batch in PROCESS_BARS:
        measurements[how, batch] = lambda h=how, b=batch: train_distbp(options, b, 2, how=h)
    for batch in sorted({batch for _, batch in PROCESS_BARS}):
        measurements["PyTorch", batch] = lambda b=batch: train_peer(options, b, 2)
    figures = collect(options.rounds, measurements)
    median = {key: statistics.median(values) for key, values in figures.items()}
    spread = {key: f"{median[key]:,.0f} ({min(values):,.0f}–{max(values):,.0f})" for key, values in figures.items()}
    rows = [[f"2 processes, {how}, batch {batch}", spread[how, batch], spread["PyTorch", batch],
             f"**{median[how, batch] / median['PyTorch', batch]:.2f}**", f"≥ {bar}"] for (how, batch), bar in PROCESS_BARS.items()]
    table([f"{MODELS[options.model].title}, Adam", "samples/s: median (least–most)", "PyTorch DDP + Gloo, 2 processes", "ratio", "bar"], rows)


def compare_products(options):
    peaks, figures = {}, {shape: ([], []) for shape in SHAPES}
    for number in range(options.rounds):
        ours = json.loads(run([options.distbp, "benchmark", "matmul", "--json"]))["products"]
        ours = {rate["shape"]: rate for rate in ours if rate["kernel"] == "product"}
        theirs = json.loads(run([sys.executable, HERE / "peers/pytorch_gemm.py", *SHAPES], peer_environment()))
        for shape in SHAPES:
            figures[shape][0].append(ours[shape]["rate"])
            figures[shape][1].append(theirs[shape])
            peaks.setdefault(shape, []).append(ours[shape]["ratio"])
        print(f"round {number + 1}: matmul", file=sys.stderr)
    rows = []
    for shape, (ours, theirs) in figures.items():
        distbp, openblas = statistics.median(ours), statistics.median(theirs)
        bar = 0.8 if shape.startswith(("32x", "64x")) else 0.9
        rows.append([shape, f"{distbp:.0f}", f"{openblas:.0f}", f"**{distbp / openblas:.2f}**", f"**{statistics.median(peaks[shape]):.2f}** (≥ {bar})"])
    table(["matmul m x n x k, one core", "DistBp, GFLOP/s", "OpenBLAS", "ratio", "of the FMA peak (bar)"], rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--model", choices=list(MODELS), default="mlp", help="what is trained")
    parser.add_argument("--peer", default=HERE / "peers/pytorch_train.py", type=pathlib.Path)
    parser.add_argument("--distbp", default=ROOT / "src/DistBp.Cli/bin/Release/net10.0/distbp", type=pathlib.Path)
    parser.add_argument("--only", choices=["train", "matmul", "processes"])
    options = parser.parse_args()
    before = os.getloadavg()[0]
    print(f"{cpu('model name')}, {os.cpu_count()} cores; medians of {options.rounds} alternating rounds; "
          f"`compare.py {' '.join(sys.argv[1:])}`".replace(" `compare.py `", " `compare.py`"))
    if options.only in (None, "matmul"):
        compare_products(options)
    if options.only in (None, "train"):
        compare_training(options)
    if options.only == "processes" or (options.only is None and options.model == "mlp"):
        compare_processes(options)
    print(f"\nOther work on the machine before the run: load {before:.1f}.")


if __name__ == "__main__":
    main()
