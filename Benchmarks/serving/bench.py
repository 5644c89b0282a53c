#!/usr/bin/env python3
"""Measures every mark of serving beside FastAPI with scikit-learn and nginx: `bench.py --martlet BINARY`.

The servers run on one core and answer the load generator on another, in turn within each repetition, so that what else
the machine does meets all of them. Martlet runs as a user starts it: metrics, ledger and drift on. Only loopback; every
run is bounded. Standard library, wrk and h2load; the peers' packages are in requirements.txt.
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

import checks
import loads
import processes
import report
import scenarios
import workloads
from loads import CLIENT_CORE, SERVER_CORE
from servers import COLD_MANIFEST, HERE, Martlet, Nginx, Peer, Server

ROOT = HERE.parents[1]
DATA = ROOT / "examples" / "breast-cancer" / "breast_cancer.csv"
STARTS = 3
PLAN = [
    (16, ["fastapi", "/predict", "V1", "V2 JSON", "V2 binary", "V2 gRPC", "nginx"]),
    (1, ["fastapi", "nginx", "/predict", "V1", "V2 JSON", "nginx"]),
    (1, ["fastapi batch", "V1 batch", "V2 binary batch"]),
]


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
    names = ["fastapi", "uvicorn", "scikit-learn", "xgboost-cpu", "numpy", "grpcio"]
    code = f"import importlib.metadata as m, json; print(json.dumps({{n: m.version(n) for n in {names}}}))"
    found = json.loads(subprocess.run([str(python), "-c", code], check=True, capture_output=True, text=True).stdout)
    found["Python"] = ".".join(map(str, sys.version_info[:3]))
    martlet = subprocess.run([str(binary), "--version"], capture_output=True, text=True, check=False)
    swift = subprocess.run(["swift", "--version"], capture_output=True, text=True, check=False).stdout
    wrk = subprocess.run(["wrk", "-v"], capture_output=True, text=True, check=False).stdout
    h2load = subprocess.run(["h2load", "--version"], capture_output=True, text=True, check=False).stdout
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin") or "nginx"
    nginx = subprocess.run([program, "-v"], capture_output=True, text=True, check=False).stderr
    found["martlet"] = martlet.stdout.strip() or "source build"
    found["Swift"] = (re.search(r"Swift version (\S+)", swift) or [None, "unknown"])[1]
    found["wrk"] = (re.search(r"wrk (?:debian/)?(\S+)", wrk) or [None, "unknown"])[1]
    found["h2load"] = (re.search(r"nghttp2/(\S+)", h2load) or [None, "unknown"])[1]
    found["nginx"] = (re.search(r"nginx/(\S+)", nginx) or [None, "unknown"])[1]
    return found


def begin(servers: dict[str, Server]) -> dict[str, dict]:
    """Starts every server some times, keeps the times, and leaves all of them stopped but ready."""
    found = {}
    for name, server in servers.items():
        first = []
        for index in range(STARTS):
            server.start()
            first.append(server.first_prediction_ms)
            if index < STARTS - 1:
                server.stop()
        found[name] = {"first_prediction_ms": first}
        server.signal(signal.SIGSTOP)
    return found


def measure(
    servers: dict[str, Server], work: dict[str, workloads.Workload], repetitions: int, seconds: int
) -> list[dict]:
    """Runs the plan; in every repetition each kind of work meets the same conditions as its peers."""
    runs = []
    for repetition in range(repetitions):
        for connections, names in PLAN:
            for name in names:
                server = servers[work[name].server]
                server.signal(signal.SIGCONT)
                figures = loads.run(server, work[name], connections, seconds)
                server.signal(signal.SIGSTOP)
                runs.append({"work": name, "connections": connections, "repetition": repetition} | figures)
                print(
                    f"  {repetition + 1}/{repetitions}  {name:16} {connections:2} connections"
                    f"  {figures['requests_per_second']:9,.0f} requests/s  {figures['cpu_us']:9,.1f} µs CPU"
                    f"  p50 {figures['p50_us']:8,.0f} µs  p99 {figures['p99_us']:8,.0f} µs",
                    flush=True,
                )
    return runs


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
        print("==> Training the models", flush=True)
        trained = subprocess.run(
            [str(python), str(HERE / "train_models.py"), str(DATA), name], check=True, capture_output=True, text=True
        )
        work = workloads.prepare(folder)
        martlet = Martlet(folder, SERVER_CORE, binary)
        peers: list[Server] = [Peer(folder, SERVER_CORE, python), Nginx(folder, SERVER_CORE), martlet]
        servers = {server.name: server for server in peers}
        try:
            martlet.register()
            measured = {
                "date": time.strftime("%Y-%m-%d"),
                "machine": processes.machine(),
                "versions": versions(python, binary),
                "model": json.loads(trained.stdout),
                "repetitions": arguments.repetitions,
                "seconds": arguments.seconds,
                "servers": begin(servers),
            }
            print("==> Checking the answers", flush=True)
            for server in peers:
                server.signal(signal.SIGCONT)
                checks.verify(server, work, python)
                loads.run(server, work["/predict" if server is martlet else server.name], 16, 1)
                server.signal(signal.SIGSTOP)
            print("==> Measuring", flush=True)
            measured["runs"] = measure(servers, work, arguments.repetitions, arguments.seconds)
            for server in peers:
                server.signal(signal.SIGCONT)
                measured["servers"][server.name]["resident_mib"] = processes.resident_mebibytes(server.process.pid)
            measured["one_row_alone"] = scenarios.one_row_alone(martlet)
            for server in peers:
                server.stop()
            print("==> Loading a model that had left memory", flush=True)
            cold = another(folder, binary, "cold", [])
            peers.append(cold)
            cold.register("large", "large", COLD_MANIFEST)
            cold.start()
            measured["cold_load"] = scenarios.cold_load(cold)
            cold.stop()
            print("==> A thousand models", flush=True)
            many = another(folder, binary, "many", ["--model-memory", f"{scenarios.MEMORY_MIB}MiB"])
            peers.append(many)
            measured["many_models"] = scenarios.many_models(many)
        finally:
            for server in peers:
                server.stop()
    print("\n" + report.write(measured, ROOT / "Benchmarks" / "results"))


def another(folder: Path, binary: Path, name: str, options: list[str]) -> Martlet:
    """A further Martlet with data of its own beside the same models and bodies."""
    place = folder / name
    place.mkdir()
    for shared in ("bodies", "large", "small"):
        (place / shared).symlink_to(folder / shared)
    return Martlet(place, SERVER_CORE, binary, options)


if __name__ == "__main__":
    main()
