#!/usr/bin/env python3
"""Measures pipelines: what a task costs, how soon it starts, and schedules.

`bench.py --martlet BINARY --engine PipelineBenchmark [--quick]`. The engine runs over a database file as durable as a
server's (every commit is on disk before anything is shown). Peers that are installed are measured beside it: Prefect,
Dagster and Airflow in the Python that PEER_PYTHON names, and GNU make. Standard library only.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import peers
import report

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "serving"), str(HERE.parent / "monitoring")]


def figures(engine: str, *words: str) -> dict:
    """One measurement of the engine, in a directory of its own."""
    with tempfile.TemporaryDirectory(prefix="martlet-bench-") as directory:
        done = subprocess.run(
            [engine, *words],
            env={**os.environ, "BENCH_DIRECTORY": directory},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            timeout=1800,
        )
    return json.loads(done.stdout.strip().splitlines()[-1])


def median(engine: str, key: str, rounds: int, *words: str) -> dict:
    """The middle of some rounds, by one of their figures."""
    found = sorted((figures(engine, *words) for _ in range(rounds)), key=lambda one: one[key])
    return found[len(found) // 2]


def machine() -> dict:
    """What was measured on."""
    processor = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        "unknown processor",
    )
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    system = next(
        (
            line.split("=", 1)[1].strip('"')
            for line in Path("/etc/os-release").read_text().splitlines()
            if line.startswith("PRETTY_NAME")
        ),
        "Linux",
    )
    return {
        "processor": processor,
        "cores": os.cpu_count(),
        "memory_gib": round(pages / 2**30),
        "system": system,
        "kernel": os.uname().release.split("-")[0],
    }


def main() -> None:
    """Measures, writes the figures and the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--martlet", required=True)
    parser.add_argument("--engine", required=True)
    parser.add_argument("--quick", action="store_true", help="fewer rounds and tasks; nothing is written")
    options = parser.parse_args()
    tasks, rounds = ("500", 1) if options.quick else ("10000", 3)
    load = os.getloadavg()[0]
    begin = time.monotonic()
    version = subprocess.run([options.martlet, "version"], stdout=subprocess.PIPE, text=True, check=True)
    cases = {
        shape: median(options.engine, "milliseconds_per_task", rounds, "graph", tasks, shape, parallel)
        for shape, parallel in [("layers", "16"), ("wide", "16"), ("chain", "4"), ("fanout", "16")]
    }
    cases["small"] = figures(options.engine, "graph", "100", "layers", "16")
    cases["start"] = figures(options.engine, "start", "20" if options.quick else "500")
    cases["commands"] = figures(options.engine, "chain", "20" if options.quick else "500")
    cases["schedules"] = figures(options.engine, "schedules")
    cases["peers"] = peers.measure(options.quick)
    measured = {
        "date": datetime.date.today().isoformat(),
        "machine": machine(),
        "version": version.stdout.strip(),
        "load_before": load,
        "took_s": time.monotonic() - begin,
        "cases": cases,
    }
    print(report.markdown(measured))
    if not options.quick:
        report.write(measured)


if __name__ == "__main__":
    main()
