#!/usr/bin/python3
"""How long the published command takes from its start to the first epoch of the digits job, and how much memory the job needs.

    /usr/bin/python3 tests/DistBp.Benchmarks/start.py [--rounds 7]

Publishes DistBp with and without ReadyToRun and alternates between the two. The event log tells of the first epoch's end, 23 steps after
the start: so the time is an upper bound of that to the first step. Memory is the most that the system ever had resident for the process.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

PROJECT = pathlib.Path(__file__).resolve().parent.parent.parent / "src/DistBp.Cli/DistBp.Cli.csproj"


def publish(folder, ready_to_run):
    command = ["dotnet", "publish", PROJECT, "-c", "Release", "--use-current-runtime", "--self-contained", "false",
               f"-p:PublishReadyToRun={ready_to_run}", "-o", folder, "--artifacts-path", f"{folder}.build"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"dotnet publish failed:\n{done.stdout}")
    return pathlib.Path(folder, "distbp")


def measure(command):
    """(seconds to the first epoch, seconds to the end, MiB)."""
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        process = subprocess.Popen([command, "train", "--quiet", "--events", "-", "--out", f"{folder}/run"], stdout=subprocess.PIPE)
        first = None
        for line in process.stdout:
            if first is None and json.loads(line)["event"] in ("step", "epoch"):
                first = time.perf_counter() - begin
        _, status, usage = os.wait4(process.pid, 0)
        if status != 0:
            sys.exit(f"{command} train ended with status {status}")
        return first, time.perf_counter() - begin, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        commands = {name: publish(f"{folder}/{name}", flag) for name, flag in (("JIT", "false"), ("ReadyToRun", "true"))}
        figures = {name: [] for name in commands}
        for _ in range(rounds):
            for name, command in commands.items():
                figures[name].append(measure(command))
    print("| published | start to the first epoch's end, s | whole job, s | peak memory, MiB |\n|---|---|---|---|")
    for name, values in figures.items():
        first, whole, memory = (statistics.median(column) for column in zip(*values))
        print(f"| {name} | **{first:.2f}** (≤ 0.5) | {whole:.2f} | **{memory:.0f}** (≤ 114: 120 MB) |")


if __name__ == "__main__":
    main()
