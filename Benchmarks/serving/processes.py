"""Reads from /proc what a server process and its children cost, and what kind of machine this is."""

from __future__ import annotations

import os
import re
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def stat_fields(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat after the command's name, or None when the process is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return None


def family(pid: int) -> list[int]:
    """A process and all its descendants."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := stat_fields(int(entry.name))):
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found, queue = [], [pid]
    while queue:
        current = queue.pop()
        found.append(current)
        queue += children.get(current, [])
    return found


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and its descendants, those that have ended included."""
    ticks = 0
    for member in family(pid):
        if fields := stat_fields(member):
            ticks += sum(int(value) for value in fields[11:15])
    return ticks / TICKS_PER_SECOND


def resident_mebibytes(pid: int) -> float:
    """Resident memory of a process and its descendants."""
    pages = 0
    for member in family(pid):
        try:
            pages += int(Path(f"/proc/{member}/statm").read_text().split()[1])
        except OSError:
            continue
    return pages * PAGE_BYTES / 2**20


def core_busy_seconds(core: int) -> float:
    """Time that a core has been busy since the machine started."""
    line = re.search(rf"^cpu{core} (.*)$", Path("/proc/stat").read_text(), re.MULTILINE)
    values = [int(value) for value in line.group(1).split()] if line else [0] * 8
    return (sum(values[:8]) - values[3] - values[4]) / TICKS_PER_SECOND


def machine() -> dict[str, object]:
    """What the figures were measured on."""
    model = re.search(r"^model name\s*:\s*(.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    memory = re.search(r"^MemTotal:\s*(\d+) kB", Path("/proc/meminfo").read_text(), re.MULTILINE)
    system = re.search(r'^PRETTY_NAME="(.*)"$', Path("/etc/os-release").read_text(), re.MULTILINE)
    return {
        "processor": model.group(1) if model else "unknown",
        "cores": os.cpu_count(),
        "memory_gib": round(int(memory.group(1)) / 2**20) if memory else None,
        "kernel": os.uname().release,
        "system": system.group(1) if system else "unknown",
    }
