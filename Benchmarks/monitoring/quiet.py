"""Measures while the machine has nothing else to do, or says how much else it had to do."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from pathlib import Path

# The share of all cores' time that other work may take, how long to wait for less, and how often to measure again.
BEARABLE = 0.1
PATIENCE_S = 90
ATTEMPTS = 3


def machine_seconds() -> tuple[float, float]:
    """Time of all cores since the machine started: busy, and altogether."""
    values = [int(value) for value in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return (sum(values) - values[3] - values[4]) / 100, sum(values) / 100


def own_seconds() -> float:
    """Processor time of this process and of its children that have ended."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def wait() -> None:
    """Waits until three seconds pass with hardly any work, but not longer than the patience."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        before = machine_seconds()
        time.sleep(3)
        after = machine_seconds()
        if after[0] - before[0] <= BEARABLE * (after[1] - before[1]):
            return


def measured(work: Callable[[], dict]) -> dict:
    """Does the work when the machine is quiet, again when it was disturbed, and keeps the least disturbed time.

    The result gets `others`: the share of all cores' time that went elsewhere meanwhile.
    """
    kept: dict = {}
    for _ in range(ATTEMPTS):
        wait()
        machine, own = machine_seconds(), own_seconds()
        result = work()
        now = machine_seconds()
        elsewhere = max(0.0, now[0] - machine[0] - (own_seconds() - own))
        result["others"] = elsewhere / max(now[1] - machine[1], 1e-3)
        if not kept or result["others"] < kept["others"]:
            kept = result
        if kept["others"] <= BEARABLE:
            break
    return kept
