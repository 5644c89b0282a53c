#!/usr/bin/env python3
"""Measures Martlet's /predict beside a FastAPI server of the usual shape: `bench.py --martlet BINARY`.

Both servers hold a model of the same size, run on one core and answer wrk on another, in turn within each repetition,
so that what else the machine does meets both. Only loopback; every run is bounded. Standard library and wrk.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import processes
import report
from servers import HERE, Martlet, Peer, Server, call

ROOT = HERE.parents[1]
DATA = ROOT / "examples" / "breast-cancer" / "breast_cancer.csv"
SERVER_CORE, CLIENT_CORE = 0, 1
CONNECTIONS = (1, 16)
STARTS = 3


def environment() -> Path:
    """Makes the peer's Python environment when it is missing or stale, and returns its Python."""
    folder, pins = ROOT / ".build" / "bench-venv", HERE / "requirements.txt"
    digest = hashlib.sha256(pins.read_bytes()).hexdigest()
    python, stamp = folder / "bin" / "python", folder / "pins.sha256"
    if not (stamp.exists() and stamp.read_text() == digest):
        print("==> Making the peer's Python environment", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", str(pins)]
        subprocess.run([str(python), *install], check=True)
        stamp.write_text(digest)
    return python


def versions(python: Path, binary: Path) -> dict[str, str]:
    """Versions of everything that takes part."""
    names = ["fastapi", "uvicorn", "scikit-learn", "xgboost-cpu", "numpy"]
    code = f"import importlib.metadata as m, json; print(json.dumps({{n: m.version(n) for n in {names}}}))"
    found = json.loads(subprocess.run([str(python), "-c", code], check=True, capture_output=True, text=True).stdout)
    found["Python"] = ".".join(map(str, sys.version_info[:3]))
    martlet = subprocess.run([str(binary), "--version"], capture_output=True, text=True, check=False)
    swift = subprocess.run(["swift", "--version"], capture_output=True, text=True, check=False).stdout
    wrk = subprocess.run(["wrk", "-v"], capture_output=True, text=True, check=False).stdout
    found["martlet"] = martlet.stdout.strip() or "source build"
    found["Swift"] = (re.search(r"Swift version (\S+)", swift) or [None, "unknown"])[1]
    found["wrk"] = (re.search(r"wrk (?:debian/)?(\S+)", wrk) or [None, "unknown"])[1]
    return found


def verify(server: Server, expected: list[float]) -> None:
    """Stops the benchmark when the server does not compute what the model says."""
    for body, probability in zip((server.folder / "requests.txt").read_text().splitlines(), expected, strict=True):
        status, answer = call(server.port, "POST", "/predict", body.encode())
        got = json.loads(answer).get("probability") if status == 200 else None
        if got is None or abs(got - probability) > 1e-4:
            raise SystemExit(f"{server.name}: expected probability {probability}, got {status} {answer[:300]!r}")


def load(server: Server, connections: int, seconds: int) -> dict[str, float]:
    """One run of wrk against a server."""
    command = ["taskset", "-c", str(CLIENT_CORE), "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s"]
    command += ["-s", str(HERE / "post.lua"), f"http://127.0.0.1:{server.port}"]
    variables = os.environ | {"REQUESTS": str(server.folder / "requests.txt")}
    busy, cpu, started = (
        processes.core_busy_seconds(SERVER_CORE),
        processes.cpu_seconds(server.process.pid),
        time.time(),
    )
    finished = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    cpu = processes.cpu_seconds(server.process.pid) - cpu
    others = processes.core_busy_seconds(SERVER_CORE) - busy - cpu
    found = re.search(r"^figures (\{.*\})$", finished.stdout, re.MULTILINE)
    if not found:
        raise SystemExit(f"wrk failed: {finished.stdout}{finished.stderr}")
    figures = json.loads(found.group(1))
    if figures["errors"] or not figures["requests"]:
        raise SystemExit(f"{server.name}: {figures['errors']} errors in {figures['requests']} requests")
    return {
        "requests": figures["requests"],
        "requests_per_second": figures["requests"] / (figures["microseconds"] / 1e6),
        "cpu_us": cpu * 1e6 / figures["requests"],
        "p50_us": figures["p50"],
        "p99_us": figures["p99"],
        "others": max(0.0, others / (time.time() - started)),
    }


def measure(servers: list[Server], repetitions: int, seconds: int) -> dict[str, dict]:
    """Alternates the servers over all numbers of connections; the one that is not measured is stopped."""
    results: dict[str, dict] = {}
    for server in servers:
        first = []
        for index in range(STARTS):
            server.start()
            first.append(server.first_prediction_ms)
            if index < STARTS - 1:
                server.stop()
        runs = {str(connections): [] for connections in CONNECTIONS}
        results[server.name] = {"first_prediction_ms": first, "runs": runs}
        verify(
            server,
            json.loads((server.folder / "expected.json").read_text())[
                "peer" if isinstance(server, Peer) else "martlet"
            ],
        )
        load(server, max(CONNECTIONS), 1)
        server.signal(signal.SIGSTOP)
    for repetition in range(repetitions):
        for connections in CONNECTIONS:
            for server in servers:
                server.signal(signal.SIGCONT)
                figures = load(server, connections, seconds)
                server.signal(signal.SIGSTOP)
                results[server.name]["runs"][str(connections)].append(figures)
                print(
                    f"  {repetition + 1}/{repetitions}  {server.name:8} {connections:2} connections"
                    f"  {figures['requests_per_second']:9,.0f} requests/s  {figures['cpu_us']:7.1f} µs CPU"
                    f"  p50 {figures['p50_us']:7,.0f} µs  p99 {figures['p99_us']:7,.0f} µs",
                    flush=True,
                )
    for server in servers:
        server.signal(signal.SIGCONT)
        results[server.name]["resident_mib"] = processes.resident_mebibytes(server.process.pid)
    return results


def main() -> None:
    """Trains, registers, measures and reports."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--martlet", type=Path, default=ROOT / ".build" / "release" / "martlet")
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=5)
    arguments = parser.parse_args()
    if not 1 <= arguments.repetitions <= 20 or not 1 <= arguments.seconds <= 60:
        parser.error("--repetitions must be 1 to 20 and --seconds 1 to 60")
    if (os.cpu_count() or 1) < 2:
        parser.error("needs two cores: one for the server, one for wrk")
    os.sched_setaffinity(0, {CLIENT_CORE})
    binary, python = arguments.martlet.resolve(), environment()
    with tempfile.TemporaryDirectory(prefix="martlet-bench-") as name:
        folder = Path(name)
        print("==> Training two models of the same size", flush=True)
        trained = subprocess.run(
            [str(python), str(HERE / "train_models.py"), str(DATA), name], check=True, capture_output=True, text=True
        )
        martlet, peer = Martlet(folder, SERVER_CORE, binary), Peer(folder, SERVER_CORE, python)
        servers: list[Server] = [peer, martlet]
        try:
            martlet.register()
            print("==> Measuring", flush=True)
            measured = {
                "date": time.strftime("%Y-%m-%d"),
                "machine": processes.machine(),
                "versions": versions(python, binary),
                "model": json.loads(trained.stdout),
                "repetitions": arguments.repetitions,
                "seconds": arguments.seconds,
                "servers": measure(servers, arguments.repetitions, arguments.seconds),
            }
        finally:
            for server in servers:
                server.stop()
    print("\n" + report.write(measured, ROOT / "Benchmarks" / "results"))


if __name__ == "__main__":
    main()
