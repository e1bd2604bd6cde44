#!/usr/bin/python3
"""Proves that the simulator can fail: takes one safeguard after the other out of a copy of the machines, and counts the seeds until one is caught; or names the
story that catches it where no seed does.

    python3 tests/DistBp.Protocol.Tests/mutate.py [SEEDS] [WORD]     (1000 by default; ends with 1 where a mutation survives them; WORD: those alone that have it in their names)
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
SERVER, WORKER, COORDINATOR, TALLY, STOP_POINT, CONTRIBUTIONS = (
    f"{PROTOCOL}{name}.cs" for name in ("ParameterServer", "Worker", "Coordinator", "Tally", "StopPoint", "Contributions")
)
ANY_TERM = "if (_assignment is not null && message.Generation.Term == _assignment.Generation.Term && message.Generation <= _assignment.Generation) return;"

TIMEOUT_SECONDS = 300

# What is taken out, and of which file; each text must be there once.
MUTATIONS = {
    "fencing of messages by generation": [
        (SERVER, "=> _assignment is null || generation != _assignment.Generation;", "=> _assignment is null;"),
        (WORKER, "=> _assignment is null || generation != _assignment.Generation;", "=> _assignment is null;"),
    ],
    "fencing of a deposed coordinator by term": [
        (SERVER, "if (message.Generation.Term < _standstill.Term || (_assignment is not null && message.Generation <= _assignment.Generation)) return;", ANY_TERM),
        (SERVER, "case Suspend or Proceed or RequestHalt or CaptureShard or RestoreBest or ShowExact when _standstill.Term > _assignment!.Generation.Term: break;", ""),
        (PROTOCOL + "Standstill.cs", "if (message.Term <= Term) return false;", ""),
        (WORKER, "if (_assignment is not null && message.Generation <= _assignment.Generation) return;", ANY_TERM),
    ],
    "acknowledgement of the backup": [
        (SERVER, "combined.Sums, norms), effects);", "combined.Sums, norms), effects);\n        BecomeExchangingNorms(norms, effects);"),
    ],
    "duplicate check of gradients": [
        (CONTRIBUTIONS, "if (at < _pushes.Count && Covers(", "if (at < 0 && Covers("),
        (CONTRIBUTIONS, "while (at < _pushes.Count && _pushes[at].Subtree.First < push.Subtree.End)", "while (at < 0)"),
    ],
    "look whether a copy that takes a shard's place is whole": [
        (PROTOCOL + "Holdings.cs", " && !Unfilled.Contains(new CopyPlace(owner, server))", ""),
    ],
    "wait of a copy for its last part": [
        (PROTOCOL + "CopyFills.cs", "if (arrived == shard.Count) _arrived.Remove(owner);", "if (arrived > 0) _arrived.Remove(owner);"),
    ],
    "bound of what waits for a copy that is being filled": [
        (PROTOCOL + "Replication.cs", "gradient.Step < _firstUpdate + ParameterServer.MaxStepsAhead", "gradient.Step < long.MaxValue"),
    ],
    "duplicate check of reports": [
        (TALLY, "if (step < Reported) return false;", ""),
    ],
    "best epoch's parameters of who takes over": [
        (STOP_POINT, "_captures.IsBestElsewhere = tally.RestoresBest;", "_captures.IsBestElsewhere = false;"),
    ],
    "duplicate check of stop points": [
        (COORDINATOR, "if (message.Version <= _from) return;", ""),
    ],
    "duplicate check of the word to proceed": [
        (SERVER, "if (message.From <= _proceededFrom) return;", ""),
        (WORKER, "if (message.From < _from) return;", ""),
    ],
}


def run(folder, seeds):
    """What a mutation is caught by, or None."""
    project = folder / "tests/DistBp.Protocol.Tests"
    build = subprocess.run(["dotnet", "build", "-c", "Release", "-p:RunAnalyzers=false", str(project)], capture_output=True, text=True)
    if build.returncode: sys.exit(build.stdout)
    command = ["dotnet", "test", "-c", "Release", "--no-build", str(project), "--filter", "SimulatorTests"]
    try:
        test = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, env={**os.environ, "DISTBP_SEEDS": str(seeds)})
    except subprocess.TimeoutExpired:
        return f"no end within {TIMEOUT_SECONDS} s"
    if not test.returncode: return None
    if failed := re.search(r"seeds failed: (\d+)", test.stdout): return f"seed {failed.group(1)}"
    if failed := re.search(r"Failed DistBp\.Protocol\.Tests\.Simulation\.Faults\.SimulatorTests\.(\w+)", test.stdout): return f"no seed, but by {failed.group(1)}"
    return sys.exit(test.stdout)


def main():
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    word = sys.argv[2] if len(sys.argv) > 2 else ""
    survived = 0
    with tempfile.TemporaryDirectory() as name:
        copy = pathlib.Path(name) / "tree"
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".git", "bin", "obj", "runs", "state"))
        for title, changes in [m for m in MUTATIONS.items() if word in m[0]]:
            originals = {}
            for file, old, new in changes:
                path = copy / file
                text = path.read_text(encoding="utf-8")
                if text.count(old) != 1: sys.exit(f"{file} has {text.count(old)} times: {old}")
                originals.setdefault(path, text)
                path.write_text(text.replace(old, new), encoding="utf-8")
            caught = run(copy, seeds)
            for path, text in originals.items(): path.write_text(text, encoding="utf-8")
            survived += caught is None
            print(f"without the {title}: " + (f"caught by {caught}" if caught else f"NOT CAUGHT by {seeds} seeds"), flush=True)
    sys.exit(1 if survived else 0)


main()
