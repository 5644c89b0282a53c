#!/usr/bin/env python3
"""Measures Martlet's tracking beside a real `mlflow server`: `bench.py --martlet BINARY [--quick]`.

Both of MLflow's set-ups, the defaults and one worker, and Martlet answer the same requests on this machine, one after
another, over the loopback interface. Every answer must be 200, and all must find the same runs in the same order.
Standard library only; MLflow is installed, pinned, into an environment of its own.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import client
import report
import workload
from servers import LeanMLflow, Martlet, MLflow, Server
from shared import processes

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
CONNECTIONS = (1, 8)
WIDE_REQUESTS = 10


def environment() -> Path:
    """Makes MLflow's Python environment when it is missing or stale, and returns its Python."""
    folder, pins = ROOT / ".build" / "bench-tracking-venv", HERE / "requirements.txt"
    digest = hashlib.sha256(pins.read_bytes()).hexdigest()
    python, stamp = folder / "bin" / "python", folder / "pins.sha256"
    if not (stamp.exists() and stamp.read_text() == digest):
        print("==> Installing the pinned MLflow", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", str(pins)]
        subprocess.run([str(python), *install], check=True)
        stamp.write_text(digest)
    return python


def disk_sync_ms(folder: Path) -> float:
    """The median time in which the disk makes 4 KiB at the end of a file durable."""
    times = []
    with (folder / "sync").open("wb", buffering=0) as file:
        for _ in range(200):
            file.write(b"x" * 4096)
            started = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append((time.perf_counter() - started) * 1e3)
    return statistics.median(times)


class Measurement:
    """The steps of one server and their figures."""

    def __init__(self, server: Server, seconds: float, is_quick: bool) -> None:
        """Nothing is measured yet."""
        self.server, self.seconds, self.is_quick = server, seconds, is_quick
        self.steps: list[dict] = []
        self.result: dict = {"title": server.title, "steps": self.steps}

    def step(self, name: str, make: client.RequestMaker, connections: int, runs: int = 0, least: int = 3) -> None:
        """One step: some seconds of one kind of request."""
        figures = client.run(self.server.port, make, connections, self.seconds, self.server.cpu, least)
        figures |= {"step": name, "runs": runs}
        self.steps.append(figures)
        print(
            f"  {self.server.title:18} {name:22} {runs or '':>7} {connections} conn"
            f"  {figures['requests_per_second']:9,.1f}/s  p50 {figures['p50_ms']:8.2f}  p99 {figures['p99_ms']:8.2f} ms"
            f"  CPU {figures['cpu_ms']:8.3f} ms",
            flush=True,
        )

    def start(self) -> None:
        """Starts the server on an empty database and notes its memory when it is idle."""
        self.result["first_start_s"] = self.server.start()
        self.server.settle()
        self.result["idle_empty_mib"] = self.server.resident()

    def common(self, sizes: list[int]) -> workload.Scene:
        """What every server is asked for."""
        scene = workload.scene(self.server.port, max(CONNECTIONS))
        for name, make in workload.writes(scene).items():
            for connections in CONNECTIONS:
                self.step(name, make, connections)
                # The next step's points must be new: one that is there already costs less.
                scene.offset += self.steps[-1]["requests"] + 1
        stored = 0
        for size in sizes:
            rate = self.server.store(scene, stored, size)
            print(f"  {self.server.title:18} stored {size - stored:,} runs, {rate:,.0f} requests/s", flush=True)
            stored = size
            for name, make in workload.searches(scene).items():
                # Several connections that search are of interest in a whole run only: they take a minute of MLflow's.
                for connections in CONNECTIONS if size == report.MIDDLE and not self.is_quick else (1,):
                    self.step(name, make, connections, runs=size, least=max(1, 3 // connections))
            if size <= report.MIDDLE:
                self.result[f"found_{size}"] = workload.found_names(self.server.port, scene)
        self.result["peak_mib"] = self.server.peak_resident()
        return scene

    def own(self, scene: workload.Scene, starts: int) -> None:
        """What only Martlet is asked for: a long history, many names, starting over a full database."""
        port = self.server.port
        run, rate = workload.long_history(port, scene)
        print(f"  {self.server.title:18} logged a history of a million points, {rate:,.0f} points/s", flush=True)
        self.result["points_per_second"] = rate
        for name, request in workload.wide_reads(run, workload.many_names(port)).items():
            self.step(name, lambda _, __, request=request: request, 1, least=WIDE_REQUESTS)
        self.result["peak_mib"] = self.server.peak_resident()
        times, idle = [], []
        for _ in range(starts):
            self.server.stop()
            times.append(self.server.start() * 1e3)
            time.sleep(1)
            idle.append(self.server.resident())
        self.result |= {"starts_ms": times, "idle_mib": idle}


def measure(arguments: argparse.Namespace, folder: Path) -> dict:
    """All servers in turn; each is stopped before the next starts."""
    sizes = [report.SMALL, report.MIDDLE] if arguments.quick else [report.SMALL, report.MIDDLE, report.LARGE]
    seconds = 1.0 if arguments.quick else arguments.seconds
    python = arguments.mlflow_python or environment()
    martlet, lean = Martlet(folder, arguments.martlet.resolve()), LeanMLflow(folder, python)
    servers: list[Server] = [martlet, lean] if arguments.quick else [martlet, lean, MLflow(folder, python)]
    results: dict[str, dict] = {}
    for server in servers:
        measurement = Measurement(server, seconds, arguments.quick)
        try:
            measurement.start()
            scene = measurement.common([size for size in sizes if server is martlet or size <= report.MIDDLE])
            if server is martlet:
                measurement.own(scene, starts=3 if arguments.quick else 5)
        finally:
            server.stop()
        results[server.name] = measurement.result
    for size in (report.SMALL, report.MIDDLE):
        if len({result[f"found_{size}"] for result in results.values()}) != 1:
            raise SystemExit(f"with {size} runs stored the servers did not find the same runs")
    return {"seconds": seconds, "sizes": sizes, "quick": arguments.quick, "servers": results}


def versions(python: Path, binary: Path) -> dict[str, str]:
    """Versions of everything that takes part."""
    code = "import importlib.metadata as m, sqlite3, platform; print(m.version('mlflow'), platform.python_version())"
    found = subprocess.run([str(python), "-c", code], check=True, capture_output=True, text=True).stdout.split()
    martlet = subprocess.run([str(binary), "--version"], capture_output=True, text=True, check=False).stdout.strip()
    return {"MLflow": found[0], "Python": found[1], "martlet": martlet or "source build"}


def main() -> None:
    """Measures and reports."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--martlet", type=Path, default=ROOT / ".build" / "release" / "martlet")
    parser.add_argument("--mlflow-python", type=Path, help="Python of an environment that has MLflow already")
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--quick", action="store_true", help="one second a step, one MLflow, 20,000 runs at most")
    parser.add_argument("--output", type=Path, help="folder of the result files")
    arguments = parser.parse_args()
    if not 0.5 <= arguments.seconds <= 60:
        parser.error("--seconds must be 0.5 to 60")
    if not arguments.martlet.is_file():
        parser.error(f"there is no {arguments.martlet}; build it with make build")
    started = time.time()
    with tempfile.TemporaryDirectory(prefix="martlet-bench-") as name:
        folder = Path(name)
        sync = disk_sync_ms(folder)
        load = os.getloadavg()[0]
        measured = measure(arguments, folder)
    python = arguments.mlflow_python or environment()
    measured |= {
        "date": time.strftime("%Y-%m-%d"),
        "machine": processes.machine(),
        "versions": versions(python, arguments.martlet.resolve()),
        "disk_sync_ms": sync,
        "load_before": load,
        "took_s": time.time() - started,
    }
    # A quick run is for the eye; it does not replace the figures of a whole one.
    output = arguments.output or (None if arguments.quick else ROOT / "Benchmarks" / "results")
    print("\n" + report.write(measured, output))


if __name__ == "__main__":
    main()
