"""Runs a load generator against a server and reads what both cost."""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import processes
from servers import HERE, Server
from workloads import Workload

SERVER_CORE, CLIENT_CORE = 0, 1


def run(server: Server, workload: Workload, connections: int, seconds: int) -> dict[str, float]:
    """Loads a server for some seconds; stops the benchmark when a request fails."""
    pid = server.process.pid
    busy, cpu, started = processes.core_busy_seconds(SERVER_CORE), processes.cpu_seconds(pid), time.time()
    generator = h2load if workload.is_grpc else wrk
    figures = generator(server, workload, connections, seconds)
    cpu = processes.cpu_seconds(pid) - cpu
    others = processes.core_busy_seconds(SERVER_CORE) - busy - cpu
    if figures["errors"] or not figures["requests"]:
        raise SystemExit(f"{workload.name}: {figures['errors']} errors in {figures['requests']} requests")
    requests = figures["requests"]
    return {
        "requests": requests,
        "requests_per_second": requests / (figures["microseconds"] / 1e6),
        "cpu_us": cpu * 1e6 / requests,
        "rows_per_cpu_second": workload.rows * requests / max(cpu, 1e-6),
        "p50_us": figures["p50"],
        "p99_us": figures["p99"],
        "others": max(0.0, others / (time.time() - started)),
    }


def wrk(server: Server, workload: Workload, connections: int, seconds: int) -> dict[str, float]:
    """One run of wrk over HTTP/1.1 with connections that stay open."""
    command = ["taskset", "-c", str(CLIENT_CORE), "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s"]
    command += ["-s", str(HERE / "post.lua"), f"http://127.0.0.1:{server.port}"]
    variables = {
        "BODIES": str(workload.bodies),
        "TARGET": workload.target,
        "CONTENT_TYPE": workload.content_type,
        "JSON_LENGTH": workload.json_length,
    }
    finished = subprocess.run(command, env=os.environ | variables, capture_output=True, text=True, check=False)
    found = re.search(r"^figures (\{.*\})$", finished.stdout, re.MULTILINE)
    if not found:
        raise SystemExit(f"wrk failed: {finished.stdout}{finished.stderr}")
    return json.loads(found.group(1))


def h2load(server: Server, workload: Workload, connections: int, seconds: int) -> dict[str, float]:
    """One run of h2load over HTTP/2 without TLS: one stream at a time on each connection, as unary calls are made."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "requests.log"
        command = ["taskset", "-c", str(CLIENT_CORE), "h2load", "-t1", f"-c{connections}", "-m1", f"-D{seconds}"]
        command += [
            "-d",
            str(workload.bodies / "0"),
            "-H",
            f"content-type: {workload.content_type}",
            "-H",
            "te: trailers",
        ]
        command += ["--log-file", str(log), f"http://127.0.0.1:{server.grpc_port}{workload.target}"]
        finished = subprocess.run(command, capture_output=True, text=True, check=False)
        found = re.search(r"(\d+) succeeded, (\d+) failed, (\d+) errored", finished.stdout)
        if not found or not log.exists():
            raise SystemExit(f"h2load failed: {finished.stdout}{finished.stderr}")
        latencies = sorted(int(line.split("\t")[2]) for line in log.read_text().splitlines() if line.count("\t") == 2)
    percentiles = statistics.quantiles(latencies, n=100) if len(latencies) > 1 else [0.0] * 99
    return {
        "requests": int(found.group(1)),
        "microseconds": seconds * 1_000_000,
        "p50": percentiles[49],
        "p99": percentiles[98],
        "errors": int(found.group(2)) + int(found.group(3)),
    }
