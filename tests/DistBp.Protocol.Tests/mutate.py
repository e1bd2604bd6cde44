#!/usr/bin/python3
"""Proves that the simulator can fail: takes one safeguard after the other out of a copy of the machines, and counts the seeds until one is caught.

    python3 tests/DistBp.Protocol.Tests/mutate.py [SEEDS]        (1000 by default; ends with 1 where a mutation survives them)
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PROTOCOL = "src/DistBp.Protocol/"

# What is taken out, and of which file; each text must be there once.
MUTATIONS = {
    "fencing of messages by generation": [
        (PROTOCOL + "ParameterServer.cs", "=> _assignment is null || generation != _assignment.Generation;", "=> _assignment is null;"),
        (PROTOCOL + "Worker.cs", "=> _assignment is null || generation != _assignment.Generation;", "=> _assignment is null;"),
    ],
    "acknowledgement of the backup": [
        (PROTOCOL + "ParameterServer.cs", "effects.Send(Address.Server(backup), replicate);", "effects.Send(Address.Server(backup), replicate);\n        BecomeExchangingNorms(norms, effects);"),
    ],
    "duplicate check of gradients": [
        (PROTOCOL + "Contributions.cs", "if (at < _pushes.Count && Covers(", "if (at < 0 && Covers("),
        (PROTOCOL + "Contributions.cs", "while (at < _pushes.Count && _pushes[at].Subtree.First < push.Subtree.End)", "while (at < 0)"),
    ],
    "look whether a copy that takes a shard's place is whole": [
        (PROTOCOL + "Holdings.cs", " && !Unfilled.Contains(new CopyPlace(owner, server))", ""),
    ],
    "wait of a copy for its last part": [
        (PROTOCOL + "CopyFills.cs", "if (arrived == shard.Count) _arrived.Remove(owner);", "if (arrived > 0) _arrived.Remove(owner);"),
    ],
    "bound of what waits for a copy that is being filled": [
        (PROTOCOL + "ParameterServer.cs", "message.Step < _firstUpdate + MaxStepsAhead", "message.Step < long.MaxValue"),
    ],
    "duplicate check of reports": [
        (PROTOCOL + "Coordinator.cs", "        if (message.Step < _reported) return;\n        _committed", "        _committed"),
    ],
}


def run(folder, seeds):
    """The first seed that failed, or None."""
    project = folder / "tests/DistBp.Protocol.Tests"
    build = subprocess.run(["dotnet", "build", "-c", "Release", "-p:EnforceCodeStyleInBuild=false", str(project)], capture_output=True, text=True)
    if build.returncode: sys.exit(build.stdout)
    # In steps, so that a mutation that is caught at once costs little.
    first = 1
    while first <= seeds:
        last = min(seeds, first + 99)
        test = subprocess.run(
            ["dotnet", "test", "-c", "Release", "--no-build", str(project), "--filter", "Seeds"], capture_output=True, text=True,
            env={**os.environ, "DISTBP_SEEDS": f"{first}..{last}"})
        if test.returncode:
            failed = re.search(r"seeds failed: (\d+)", test.stdout)
            return int(failed.group(1)) if failed else first
        first = last + 1
    return None


def main():
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    survived = 0
    with tempfile.TemporaryDirectory() as name:
        copy = pathlib.Path(name) / "tree"
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".git", "bin", "obj", "runs", "state"))
        for title, changes in MUTATIONS.items():
            originals = {}
            for file, old, new in changes:
                path = copy / file
                text = path.read_text(encoding="utf-8")
                if text.count(old) != 1: sys.exit(f"{file} has {text.count(old)} times: {old}")
                originals.setdefault(path, text)
                path.write_text(text.replace(old, new), encoding="utf-8")
            failed = run(copy, seeds)
            for path, text in originals.items(): path.write_text(text, encoding="utf-8")
            survived += failed is None
            print(f"without the {title}: " + (f"caught by seed {failed}" if failed else f"NOT CAUGHT by {seeds} seeds"), flush=True)
    sys.exit(1 if survived else 0)


main()
