"""What else runs tasks, measured beside: each does nothing, many times, as its own documentation runs it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

PREFECT = """
import sys, time
from prefect import flow, task

@task
def nothing(after=None):
    return 1

@flow
def chain(count: int):
    last = None
    for _ in range(count):
        last = nothing(last)

count = int(sys.argv[1])
chain(1)
begin = time.monotonic()
chain(count)
print((time.monotonic() - begin) / count * 1000)
"""

DAGSTER = """
import sys, time
from dagster import DagsterInstance, job, op

@op
def nothing(after):
    return 1

@op
def first():
    return 1

count = int(sys.argv[1])

@job
def chain():
    last = first()
    for _ in range(count - 1):
        last = nothing(last)

if __name__ == "__main__":
    instance = DagsterInstance.get()
    begin = time.monotonic()
    assert chain.execute_in_process(instance=instance).success
    print((time.monotonic() - begin) / count * 1000)
"""


def measure(quick: bool) -> dict[str, dict]:
    """Milliseconds a task of each peer that is there."""
    found: dict[str, dict] = {}
    count = 20 if quick else 100
    if shutil.which("make"):
        found["GNU make, a chain of /bin/true"] = {"tasks": count, "milliseconds_per_task": make(count)}
    python = os.environ.get("PEER_PYTHON")
    for name, package, program in [
        ("Prefect, a chain of tasks in one process", "prefect", PREFECT),
        ("Dagster, a chain of ops in one process", "dagster", DAGSTER),
    ]:
        if python and has(python, package):
            figure = script(python, program, count)
            if figure is not None:
                found[f"{name} ({version(python, package)})"] = {"tasks": count, "milliseconds_per_task": figure}
    return found


def make(count: int) -> float:
    """GNU make over a chain of targets, each a process."""
    with tempfile.TemporaryDirectory() as directory:
        lines = [f"t{count - 1}:"]
        for index in range(count):
            needs = f" t{index - 1}" if index else ""
            lines += [f".PHONY: t{index}", f"t{index}:{needs}", "\t@/bin/true"]
        Path(directory, "Makefile").write_text("\n".join(lines) + "\n")
        begin = time.monotonic()
        subprocess.run(["make", "-s", f"t{count - 1}"], cwd=directory, check=True)
        return (time.monotonic() - begin) / count * 1000


def has(python: str, package: str) -> bool:
    """Whether the Python has a package."""
    return subprocess.run([python, "-c", f"import {package}"], capture_output=True).returncode == 0


def version(python: str, package: str) -> str:
    """The package's version."""
    text = f"import importlib.metadata as m; print(m.version('{package}'))"
    return subprocess.run([python, "-c", text], capture_output=True, text=True, check=True).stdout.strip()


def script(python: str, program: str, count: int) -> float | None:
    """What a program prints last; nothing when it fails."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "peer.py")
        path.write_text(program)
        quiet = {
            "PREFECT_HOME": directory,
            "PREFECT_LOGGING_LEVEL": "ERROR",
            "DAGSTER_HOME": directory,
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "DO_NOT_TRACK": "1",
        }
        done = subprocess.run(
            [python, str(path), str(count)],
            cwd=directory,
            env={**os.environ, **quiet},
            capture_output=True,
            text=True,
            timeout=900,
        )
        if done.returncode != 0:
            return None
        return float(done.stdout.strip().splitlines()[-1])
