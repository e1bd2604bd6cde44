#!/usr/bin/python3
"""Two nodes behind slow links: a step's time against the model max(compute, bytes / bandwidth) + hops x delay, and what fewer bytes give.

    dotnet build -c Release DistBp.sln
    /usr/bin/python3 tests/DistBp.Benchmarks/slow_link.py [--delay-ms 5] [--mbit 100] [--steps 160] [--netem] [--set KEY=VALUE]...

Each node is reached through a relay in this process that holds back every byte by the delay and lets so many through a second, in each
direction; the nodes listen on loopback beside it. With --netem the kernel does that, to nodes in network namespaces of their own: it takes
root, iproute2 and a kernel that has netem (many of containers and small machines have none: then it is told).
Needs Debian's dataset-fashion-mnist.
"""
import argparse
import asyncio
import json
import os
import pathlib
import secrets
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DISTBP = ROOT / "src/DistBp.Cli/bin/Release/net10.0/distbp"
JOB = ROOT / "deploy/jobs/fashion-mlp.yaml"
PARAMETERS, BATCH = 535_818, 256
NODES = ["a", "b"]
PIECE = 16 << 10
AHEAD_SECONDS = 0.02
# Pushed, norms exchanged, committed: a step crosses the link so often.
HOPS = 3
LOCAL_STEPS = 16
WAYS = {
    "f32": [],
    "bf16 gradients and parameters": ["wire.gradients=bf16", "wire.parameters=bf16"],
    "int8 gradients, bf16 parameters": ["wire.gradients=int8", "wire.parameters=bf16"],
    "localSgd, 16 steps": [f"consistency.localSgd.steps={LOCAL_STEPS}"],
    "localSgd, 16 steps, int8": [f"consistency.localSgd.steps={LOCAL_STEPS}", "wire.gradients=int8"],
}


class Relay:
    """To one node: all its connections share the bandwidth, each direction for itself."""

    def __init__(self, target, delay, bytes_per_second):
        self.target, self.delay, self.rate = target, delay, bytes_per_second
        self.free_at = {"in": 0.0, "out": 0.0}
        self.carried = {"in": 0, "out": 0}

    async def start(self):
        self.server = await asyncio.start_server(self.connect, "127.0.0.1", 0, limit=PIECE)
        return self.server.sockets[0].getsockname()[1]

    async def connect(self, reader, writer):
        try:
            to_reader, to_writer = await asyncio.open_connection("127.0.0.1", self.target, limit=PIECE)
        except OSError:
            writer.close()
            return
        for end in (writer, to_writer):
            end.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.gather(self.carry("in", reader, to_writer), self.carry("out", to_reader, writer))

    async def carry(self, way, reader, writer):
        """Reads at the pace of the link, and delivers each piece when its time has come: several are under way."""
        pieces = asyncio.Queue()
        delivering = asyncio.create_task(self.deliver(pieces, writer))
        try:
            while data := await reader.read(PIECE):
                now = time.monotonic()
                self.free_at[way] = max(now, self.free_at[way]) + len(data) / self.rate
                self.carried[way] += len(data)
                pieces.put_nowait((self.free_at[way] + self.delay, data))
                # What is more than the link holds waits in the sender's socket. Not after each piece: a sleep is longer than it was asked for.
                ahead = self.free_at[way] - time.monotonic()
                if ahead > AHEAD_SECONDS:
                    await asyncio.sleep(ahead)
        except ConnectionError:
            pass
        pieces.put_nowait(None)
        await delivering

    async def deliver(self, pieces, writer):
        try:
            while piece := await pieces.get():
                due, data = piece
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                writer.write(data)
                await writer.drain()
            writer.write_eof()
        except (ConnectionError, OSError):
            pass


class Namespaces:
    """One for each node, at a bridge that the coordinator stands at; what leaves a node is slow."""

    BRIDGE = "distbp-br"

    def __init__(self, names, delay_ms, mbit):
        self.names, self.shape = names, ["netem", "delay", f"{delay_ms}ms", "rate", f"{mbit}mbit", "limit", "100000"]

    def __enter__(self):
        run("ip", "link", "add", self.BRIDGE, "type", "bridge")
        try:
            run("ip", "addr", "add", "10.88.0.1/24", "dev", self.BRIDGE)
            run("ip", "link", "set", self.BRIDGE, "up")
            for i, name in enumerate(self.names):
                run("ip", "netns", "add", f"distbp-{name}")
                run("ip", "link", "add", f"distbp-{name}", "type", "veth", "peer", "name", "eth0", "netns", f"distbp-{name}")
                run("ip", "link", "set", f"distbp-{name}", "master", self.BRIDGE, "up")
                run(*self.inside(name), "ip", "addr", "add", f"10.88.0.{i + 2}/24", "dev", "eth0")
                run(*self.inside(name), "ip", "link", "set", "eth0", "up")
                run(*self.inside(name), "ip", "link", "set", "lo", "up")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for name in self.names:
            subprocess.run(["ip", "netns", "del", f"distbp-{name}"], stderr=subprocess.DEVNULL)
        subprocess.run(["ip", "link", "del", self.BRIDGE], stderr=subprocess.DEVNULL)

    def slow_down(self, slow):
        for name in self.names:
            subprocess.run([*self.inside(name), "tc", "qdisc", "del", "dev", "eth0", "root"], stderr=subprocess.DEVNULL)
            if slow:
                run(*self.inside(name), "tc", "qdisc", "add", "dev", "eth0", "root", *self.shape)

    def inside(self, name):
        return ["ip", "netns", "exec", f"distbp-{name}"]

    def address(self, name):
        return f"10.88.0.{self.names.index(name) + 2}:5600"


def run(*words):
    done = subprocess.run(words, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(words)}: {done.stderr.strip()} (--netem needs root, iproute2 and a kernel with sch_netem; without it relays do the same)")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def measure(options, settings, slow, namespaces):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "cluster.hocon").write_text("distbp { wire { shared-memory = off }, failure-detector { acceptable-pause = 20s } }")
        coordinator, processes = f"{'10.88.0.1' if namespaces else '127.0.0.1'}:{free_port()}", []
        environment = {**os.environ, "DISTBP_SECRET": secrets.token_hex(16)}

        async def start(*words, inside=()):
            processes.append(await asyncio.create_subprocess_exec(
                *inside, str(DISTBP), *map(str, words), cwd=folder, env=environment, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL))

        try:
            await start("node", "--name", "c", "--roles", "coordinator", "--listen", coordinator, "--state", folder / "c")
            await asyncio.sleep(1.5)
            if namespaces:
                namespaces.slow_down(slow)
                for name in namespaces.names:
                    await start("node", "--name", name, "--roles", "worker,server", "--workers", 1, "--listen", namespaces.address(name),
                                "--coordinator", coordinator, "--state", folder / name, inside=namespaces.inside(name))
            for name in () if namespaces else NODES:
                port = free_port()
                relay = Relay(port, options.delay_ms / 1000 if slow else 0, options.mbit * 1e6 / 8 if slow else 1e12)
                outside = await relay.start()
                await start("node", "--name", name, "--roles", "worker,server", "--workers", 1, "--listen", f"127.0.0.1:{port}", "--advertise",
                            f"127.0.0.1:{outside if slow else port}", "--coordinator", coordinator, "--state", folder / name)
            await asyncio.sleep(2)
            words = ["train", JOB, "--cluster", coordinator, "--quiet", "--out", folder / "run"]
            for setting in [f"batch={BATCH}", "epochs=1", "data.test=null", f"data.validation={1 - options.steps * BATCH / 60000:.6f}",
                            "checkpoint.everySteps=100000", "statistics.everySteps=0", *settings]:
                words += ["--set", setting]
            train = await asyncio.create_subprocess_exec(str(DISTBP), *map(str, words), cwd=folder, env=environment, stderr=asyncio.subprocess.PIPE)
            _, errors = await train.communicate()
            if train.returncode != 0:
                return None, next((l for l in errors.decode().splitlines() if l.startswith("distbp:")), "no error was told")
            result = json.loads((folder / "run/result.json").read_text())
            return result, None
        finally:
            for process in processes:
                process.terminate()
            await asyncio.gather(*(process.wait() for process in processes))


async def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--delay-ms", type=float, default=5, help="one way; a round trip takes twice as long")
    parser.add_argument("--mbit", type=float, default=100, help="bandwidth, megabits a second in each direction")
    parser.add_argument("--steps", type=int, default=160)
    parser.add_argument("--netem", action="store_true", help="network namespaces and the kernel's netem in place of relays")
    parser.add_argument("--set", action="append", default=[])
    options = parser.parse_args()
    if options.netem:
        with Namespaces(NODES, options.delay_ms, options.mbit) as namespaces:
            await compare(options, namespaces)
    else:
        await compare(options, None)


async def compare(options, namespaces):
    fast, problem = await measure(options, options.set, False, namespaces)
    if problem:
        sys.exit(problem)
    compute = BATCH / fast["samplesPerSecond"]
    print(f"2 nodes, mlp of {PARAMETERS:,} parameters, batch {BATCH}; {options.mbit:g} Mbit/s, {2 * options.delay_ms:g} ms round trip; "
          f"without the link a step takes {compute * 1000:.1f} ms\n")
    print("| | bytes a step and node | model, ms | measured, ms | times f32 |\n|---|---|---|---|---|")
    first = None
    for name, settings in WAYS.items():
        result, problem = await measure(options, [*options.set, *settings], True, namespaces)
        if problem:
            print(f"| {name} | {problem} | | | |")
            continue
        step = BATCH / result["samplesPerSecond"]
        first = first or step
        sent = result["bytesSentPerStep"]
        # What a node sends leaves by the relays of its peers, and what it gets comes by its own.
        sending, hops = sent / (options.mbit * 1e6 / 8), HOPS * options.delay_ms / 1000
        # What a round has moved is known at its end: nothing hides behind computation, but the hops are those of one step.
        model = compute + sending + hops / LOCAL_STEPS if "localSgd" in name else max(compute, sending) + hops
        print(f"| {name} | {sent:,} | {model * 1000:.0f} | {step * 1000:.0f} | {first / step:.1f} |", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
