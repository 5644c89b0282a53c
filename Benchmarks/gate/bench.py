#!/usr/bin/env python3
"""Measures what the gate costs: alone, and as processor time of a server with and without accounts.

The gate alone is `GateBenchmark` (1,000 accounts, 10,000 tokens). End to end, two servers are loaded in turn with the
same request, one of a server without accounts and one that shows a token, and their processor time is compared.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "Benchmarks" / "results"
sys.path.insert(0, str(ROOT / "Benchmarks" / "serving"))
from processes import cpu_seconds  # noqa: E402

# The limit that the gate must keep, in nanoseconds per request.
LIMIT = 2000
PATH = "/api/2.0/mlflow/experiments/get?experiment_id=0"
TOKEN = re.compile(r"mlt_[A-Za-z0-9_-]{43}")
ROUNDS = 5


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A running server, and the header that its callers send."""

    def __init__(self, binary: Path, folder: Path, auth: str) -> None:
        """Starts it and waits until it is ready."""
        self.port = free_port()
        self.log = folder / "server.log"
        command = [
            binary,
            "up",
            "--port",
            str(self.port),
            "--grpc-port",
            "0",
            "--data",
            folder / "data",
            "--auth",
            auth,
        ]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=subprocess.STDOUT)
        for _ in range(600):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=2):
                    break
            except OSError:
                time.sleep(0.1)
        found = TOKEN.search(self.log.read_text(errors="replace"))
        self.header = f"Authorization: Bearer {found.group()}" if found and auth == "required" else None

    def load(self, seconds: int) -> tuple[float, float]:
        """Requests a second, and microseconds of the processor for each."""
        command = ["wrk", "-t1", "-c16", f"-d{seconds}s", f"http://127.0.0.1:{self.port}{PATH}"]
        if self.header:
            command[1:1] = ["-H", self.header]
        before = cpu_seconds(self.process.pid)
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        used = cpu_seconds(self.process.pid) - before
        if "Non-2xx" in output:
            raise RuntimeError(f"requests were refused:\n{output}")
        requests = int(re.search(r"(\d+) requests in", output).group(1))
        return requests / seconds, used / requests * 1e6

    def stop(self) -> None:
        """Ends it."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)


def end_to_end(binary: Path, seconds: int) -> dict[str, dict[str, float]]:
    """Loads both servers in turn, several times; the medians of what they took."""
    figures: dict[str, list[tuple[float, float]]] = {"off": [], "required": []}
    with tempfile.TemporaryDirectory() as folder:
        servers = {}
        for auth in figures:
            place = Path(folder) / auth
            place.mkdir()
            servers[auth] = Server(binary, place, auth)
        try:
            for _ in range(ROUNDS):
                for auth, server in servers.items():
                    figures[auth].append(server.load(seconds))
        finally:
            for server in servers.values():
                server.stop()
    return {
        auth: {
            "requests_per_second": sorted(rate for rate, _ in found)[ROUNDS // 2],
            "cpu_microseconds": sorted(cpu for _, cpu in found)[ROUNDS // 2],
        }
        for auth, found in figures.items()
    }


def processor() -> str:
    """What the machine calls its processor."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def report(alone: dict[str, float], ends: dict[str, dict[str, float]]) -> str:
    """The results as a page."""
    off, required = ends["off"], ends["required"]
    more = required["cpu_microseconds"] - off["cpu_microseconds"]
    rows = [
        ("a token (one of 10,000)", "token"),
        ("a name and a password, checked before", "basic_cached"),
        ("nobody, on loopback without accounts", "loopback"),
    ]
    lines = [
        "# The gate",
        "",
        f"`make bench-gate` on {processor()}, {time.strftime('%Y-%m-%d')}.",
        "",
        "Who calls, for which workspace, what they may do and how often: nanoseconds per request of one thread, with",
        "1,000 accounts, 10,000 tokens and a rate limit on the workspace; every request shows another token than the",
        f"one before. The limit is {LIMIT} ns.",
        "",
        "| a request shows | ns |",
        "| --- | --: |",
        *[f"| {name} | {alone[key]:.0f} |" for name, key in rows],
        "",
        f"The first request with a password takes {alone['basic_first'] / 1e6:.0f} ms, by design: it is scrypt.",
        "",
        f"End to end (`GET {PATH}`, 16 connections, medians of {ROUNDS} turns each):",
        "",
        "| server | requests/s | CPU µs per request |",
        "| --- | --: | --: |",
        f"| `--auth off` | {off['requests_per_second']:.0f} | {off['cpu_microseconds']:.1f} |",
        f"| `--auth required`, token | {required['requests_per_second']:.0f} | {required['cpu_microseconds']:.1f} |",
        "",
        f"Accounts cost {more:+.1f} µs of the processor for each request, "
        f"{100 * more / off['cpu_microseconds']:+.1f} %; that holds the longer request, which carries the token.",
        "",
    ]
    return "\n".join(lines)


def main() -> int:
    """Measures, writes the results and says whether the limit was kept."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--martlet", type=Path, required=True)
    parser.add_argument("--gate", type=Path, required=True)
    parser.add_argument("--seconds", type=int, default=5, help="for each turn of the load")
    arguments = parser.parse_args()
    alone = json.loads(subprocess.run([arguments.gate], check=True, capture_output=True, text=True).stdout)
    ends = end_to_end(arguments.martlet.resolve(), arguments.seconds)
    page = report(alone, ends)
    (RESULTS / "gate.md").write_text(page)
    print(page)
    kept = all(alone[key] < LIMIT for key in ("token", "basic_cached", "loopback"))
    print("The gate keeps its limit." if kept else f"The gate costs more than {LIMIT} ns.")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
