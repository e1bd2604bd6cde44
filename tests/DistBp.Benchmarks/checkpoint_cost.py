#!/usr/bin/python3
"""What a checkpoint every so many steps costs: runs with checkpoints alternate with runs without any, medians are compared.

    dotnet build -c Release DistBp.sln
    /usr/bin/python3 tests/DistBp.Benchmarks/checkpoint_cost.py [--every 100] [--rounds 9] [--epochs 6] [--out DIR] [--mirror DIR] [--set KEY=VALUE]...

The time is that from the end of the first epoch to the end of the last one, by the clock, so that everything that a checkpoint costs the training is in
it: the stop, the copy between two steps, the cores and the disk that its writing takes beside. Evaluation is left out (data.test=null). --out is on the
disk that is meant; the default is the folder for temporary files. Needs Debian's dataset-fashion-mnist.
"""
import argparse
import datetime
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DISTBP = ROOT / "src/DistBp.Cli/bin/Release/net10.0/distbp"
JOB = ROOT / "deploy/jobs/fashion-mlp.yaml"
NEVER = 1_000_000


def run(options, every):
    """(seconds, steps, seconds of writing a checkpoint, each)."""
    with tempfile.TemporaryDirectory(dir=options.out) as folder:
        settings = [f"epochs={options.epochs}", "data.test=null", f"checkpoint.everySteps={every}", *options.set]
        if options.mirror:
            settings.append(f"checkpoint.mirror={options.mirror}/{pathlib.Path(folder).name}")
        words = [word for setting in settings for word in ("--set", setting)]
        done = subprocess.run([DISTBP, "train", JOB, "--quiet", "--out", f"{folder}/run", *words], capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(done.stderr)
        events = [json.loads(line) for line in pathlib.Path(folder, "run/events.jsonl").read_text().splitlines()]
        epochs = [e for e in events if e["event"] == "epoch"]
        written = [e["seconds"] for e in events if e["event"] == "checkpoint"]
        first, last = (datetime.datetime.fromisoformat(e["time"]) for e in (epochs[0], epochs[-1]))
        return (last - first).total_seconds(), epochs[-1]["step"] - epochs[0]["step"], written


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--out")
    parser.add_argument("--mirror")
    parser.add_argument("--set", action="append", default=[])
    options = parser.parse_args()
    run(options, NEVER)
    ratios, steps_with, steps_without, writing = [], [], [], []
    for number in range(options.rounds):
        # Who goes first changes, so that what the one leaves to the other (a warm cache, a busy disk) evens out.
        order = (options.every, NEVER) if number % 2 == 0 else (NEVER, options.every)
        taken = {every: run(options, every) for every in order}
        step = {every: seconds / steps for every, (seconds, steps, _) in taken.items()}
        ratios.append(step[options.every] / step[NEVER] - 1)
        steps_with.append(step[options.every])
        steps_without.append(step[NEVER])
        writing += taken[options.every][2]
        print(f"round {number + 1}: a step takes {step[options.every] * 1000:.3f} ms with checkpoints, {step[NEVER] * 1000:.3f} ms without: {ratios[-1]:+.2%}", flush=True)
    of_medians = statistics.median(steps_with) / statistics.median(steps_without) - 1
    print(f"\na checkpoint every {options.every} steps costs {statistics.median(ratios):+.2%} of a step's time (median of {options.rounds} rounds; "
          f"{of_medians:+.2%} by the medians of both; bound: 2%)")
    print(f"writing one takes {statistics.median(writing) * 1000:.1f} ms beside the training (median of {len(writing)}, the slowest {max(writing) * 1000:.1f} ms)")


if __name__ == "__main__":
    main()
