#!/usr/bin/python3
"""What it costs a training that Akka.Cluster holds its nodes together, and Akka.Remote carries their control words: samples a second under each rendezvous.

    dotnet build -c Release -p:AkkaCluster=true DistBp.sln
    /usr/bin/python3 tests/DistBp.Benchmarks/rendezvous_cost.py [--pairs 5] [--epochs 10] [--warm 4] [--job deploy/jobs/fashion-mlp.yaml] [--set KEY=VALUE]...

Three processes each time (a coordinator, two with a worker and a server), on this machine, started anew for every run; static and akka alternate. The figure
of a run is the median over its epochs after the first --warm ones; beside it the processor time that the three took for the whole job, which a machine with others on
it disturbs less. Needs Debian's dataset-fashion-mnist.
"""
import argparse
import json
import os
import pathlib
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DISTBP = ROOT / "src/DistBp.Cli/bin/Release/net10.0/distbp"
NODES = {"c0": "coordinator", "a": "worker,server", "b": "worker,server"}
PATIENCE_SECONDS = 60


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def akka_config(folder, name, port, akka_port, seed):
    text = (ROOT / "deploy/akka.hocon").read_text()
    text = text.replace("127.0.0.1:5600", f"127.0.0.1:{port}").replace("port = 5610", f"port = {akka_port}")
    text = re.sub(r":561[0-2]\"", f":{seed}\"", text)
    file = folder / f"{name}.hocon"
    file.write_text(text)
    return file


class Node:
    """A process, and what it says."""

    def __init__(self, folder, name, *arguments):
        self.said, self.heard = [], threading.Condition()
        state = folder / f"state-{name}"
        self.process = subprocess.Popen(
            [DISTBP, "node", "--name", name, "--roles", NODES[name], "--workers", "1", "--state", state, *arguments],
            cwd=folder, stderr=subprocess.PIPE, text=True)
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stderr:
            with self.heard:
                self.said.append(line)
                self.heard.notify_all()

    def wait_for(self, words):
        with self.heard:
            if not self.heard.wait_for(lambda: any(words in line for line in self.said), PATIENCE_SECONDS):
                raise SystemExit(f"no \"{words}\" within {PATIENCE_SECONDS} s: {''.join(self.said)}")

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def end(self):
        self.process.kill()
        self.process.wait()


def run(kind, job, settings, warm):
    """Samples a second, and processor seconds."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        ports = free_ports(2 * len(NODES))
        nodes = []
        try:
            for i, node in enumerate(NODES):
                if kind == "akka":
                    config = akka_config(folder, node, ports[i], ports[len(NODES) + i], ports[len(NODES)])
                    nodes.append(Node(folder, node, "--config", config))
                else:
                    nodes.append(Node(folder, node, "--listen", f"127.0.0.1:{ports[i]}", "--coordinator", f"127.0.0.1:{ports[0]}"))
                nodes[-1].wait_for("the coordinator now" if kind == "akka" and i == 0 else "listens on" if i == 0 else "joined the coordinator")
            before = sum(node.cpu_seconds() for node in nodes)
            subprocess.run(
                [DISTBP, "train", job, "--cluster", f"127.0.0.1:{ports[0]}", "--out", folder / "run", "--quiet", *settings], cwd=folder, check=True)
            cpu = sum(node.cpu_seconds() for node in nodes) - before
            events = [json.loads(line) for line in (folder / "run/events.jsonl").read_text().splitlines()]
        finally:
            for node in nodes:
                node.end()
    rates = [e["samplesPerSecond"] for e in events if e["event"] == "epoch"]
    return statistics.median(rates[warm:]), cpu


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--warm", type=int, default=4)
    parser.add_argument("--job", type=pathlib.Path, default=ROOT / "deploy/jobs/fashion-mlp.yaml")
    parser.add_argument("--set", action="append", default=[])
    given = parser.parse_args()
    # Who ends this ends the nodes too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    settings = [part for value in [f"epochs={given.epochs}", *given.set] for part in ("--set", value)]
    ratios, costs = [], []
    for pair in range(given.pairs):
        # Whoever is first by turns: a machine that grows slower, or faster, favours neither.
        order = ["static", "akka"] if pair % 2 == 0 else ["akka", "static"]
        figures = {kind: run(kind, given.job.resolve(), settings, given.warm) for kind in order}
        ((static, static_cpu), (akka, akka_cpu)) = (figures["static"], figures["akka"])
        ratios.append(akka / static)
        costs.append(akka_cpu / static_cpu)
        print(f"pair {pair + 1}: static {static:,.0f}, akka {akka:,.0f} samples/s: {ratios[-1]:.3f}; processor {static_cpu:.1f}, {akka_cpu:.1f} s: {costs[-1]:.3f}", flush=True)
    print(f"akka / static: samples/s median {statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f}), processor time median {statistics.median(costs):.3f}"
          f" ({min(costs):.3f} to {max(costs):.3f}), {len(ratios)} pairs")


if __name__ == "__main__":
    main()
