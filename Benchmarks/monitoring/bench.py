#!/usr/bin/env python3
"""Measures drift detection beside alibi-detect, SciPy, NumPy and Evidently.

`bench.py --martlet BINARY --detectors MonitoringBenchmark [--quick]`. Every case runs in a process of its own on the
same CSV files, and everybody must find the same statistics. Standard library only; the peers are installed,
pinned, into an environment of their own.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import quiet
import report

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.append(str(HERE.parent / "serving"))

import processes  # noqa: E402

CPU_WHEELS = "download.pytorch.org"


def pip(python: Path, pins: Path) -> bool:
    """Installs pinned packages; PyTorch's build for processors where its index can be reached."""
    command = [
        str(python),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--requirement",
        str(pins),
    ]
    try:
        socket.getaddrinfo(CPU_WHEELS, 443)
        command += ["--extra-index-url", f"https://{CPU_WHEELS}/whl/cpu"]
    except OSError:
        pass
    return subprocess.run(command, check=False).returncode == 0


def environment() -> tuple[Path, bool]:
    """Makes the peers' environment when it is missing or stale: its Python, and whether alibi-detect is there."""
    folder = ROOT / ".build" / "bench-monitoring-venv"
    common, alibi = HERE / "requirements.txt", HERE / "requirements-alibi.txt"
    digest = hashlib.sha256(common.read_bytes() + alibi.read_bytes()).hexdigest()
    python, stamp = folder / "bin" / "python", folder / "pins.sha256"
    if not (stamp.exists() and stamp.read_text().split()[0] == digest):
        print("==> Installing the pinned peers (alibi-detect brings PyTorch: some minutes)", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        if not pip(python, common):
            raise SystemExit("the peers could not be installed")
        stamp.write_text(f"{digest} {'alibi' if pip(python, alibi) else 'without'}")
    return python, stamp.read_text().split()[1] == "alibi"


def peer(python: Path, case: str, folder: Path, rounds: int) -> dict:
    """One case of `peers.py`."""
    command = [str(python), str(HERE / "peers.py"), case, str(folder), str(rounds)]
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wall = time.perf_counter() - started
    if done.returncode != 0:
        raise SystemExit(f"{case} failed:\n{done.stderr[-2000:]}")
    return (json.loads(done.stdout.splitlines()[-1]) if done.stdout.strip() else {}) | {"wall_s": wall}


def detector(binary: Path, kind: str, files: tuple[Path, Path], rounds: int, launches: int) -> dict:
    """Martlet's detector in the benchmark's program: the median over some processes."""
    runs = []
    for _ in range(launches):
        command = [str(binary), kind, *map(str, files), str(rounds)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
        runs.append(json.loads(done.stdout))
    keys = ("prepare_ms", "first_ms", "p50_ms", "min_ms", "beyond_data_mib", "data_mib")
    return runs[0] | {key: statistics.median(run[key] for run in runs) for key in keys}


def command(binary: Path, arguments: list[str], launches: int) -> dict:
    """A command from process start: median wall time, processor time and greatest memory."""
    walls, cpus, peak, parts = [], [], 0.0, {}
    for _ in range(launches):
        started = time.perf_counter()
        process = subprocess.Popen(
            [str(binary), *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        note = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        walls.append((time.perf_counter() - started) * 1e3)
        process.stderr.close()
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise SystemExit(f"martlet {' '.join(arguments)} failed:\n{note[-2000:]}")
        cpus.append((usage.ru_utime + usage.ru_stime) * 1e3)
        peak = max(peak, usage.ru_maxrss / 1024)
        lines = [line for line in note.splitlines() if line.startswith("{")]
        parts = json.loads(lines[-1]) if lines else {}
    return {
        "p50_ms": statistics.median(walls),
        "min_ms": min(walls),
        "cpu_ms": statistics.median(cpus),
        "peak_mib": peak,
        "parts": parts,
        "rounds": launches,
    }


def agreeing(name: str, ours: list[float], theirs: list[float], tolerance: float) -> None:
    """Stops the benchmark when two results differ."""
    pairs = list(zip(ours, theirs, strict=True))
    if not pairs or not all(math.isclose(left, right, rel_tol=tolerance, abs_tol=1e-9) for left, right in pairs):
        raise SystemExit(f"{name}: Martlet found {ours[:5]}, the peer {theirs[:5]}")


def measure(arguments: argparse.Namespace, python: Path, has_alibi: bool, folder: Path) -> dict[str, dict]:
    """All cases, ours and the peers' in turn."""
    launches, quick = (3, True) if arguments.quick else (9, False)
    peer(python, "make", folder, 0)
    cases: dict[str, dict] = {}

    def note(name: str, work: Callable[[], dict]) -> dict:
        # A quick run does not wait for a quiet machine.
        result = cases[name] = work() if quick else quiet.measured(work)
        extra = f"  import {result['import_s']:5.2f} s" if "import_s" in result else ""
        extra += f"  others {result['others']:.0%}" if "others" in result else ""
        print(f"  {name:22} p50 {result['p50_ms']:10.2f} ms{extra}", flush=True)
        return result

    for size, rows, rounds in (("small", (1000, 100), 20), ("large", (3000, 1000), 3)):
        files = (folder / f"ref_{rows[0]}.csv", folder / f"cur_{rows[0]}_{rows[1]}.csv")
        ours = note(
            f"martlet_mmd_{size}",
            lambda files=files, rounds=rounds: detector(arguments.detectors, "mmd", files, 5 * rounds, launches),
        )
        names = ["numpy"] if size == "large" and quick else ["numpy", "alibi"]
        for library in names if has_alibi else ["numpy"]:
            theirs = note(
                f"{library}_mmd_{size}",
                lambda name=f"{library}_mmd_{size}", rounds=rounds: peer(python, name, folder, rounds),
            )
            agreeing(f"mmd {size}", [ours["statistic"]], [theirs["statistic"]], 1e-3)
    files = (folder / "ref_10000.csv", folder / "cur_10000_10000.csv")
    ours = note("martlet_ks", lambda: detector(arguments.detectors, "ks", files, 30, launches))
    for library in ["scipy", "alibi"] if has_alibi else ["scipy"]:
        theirs = note(f"{library}_ks", lambda library=library: peer(python, f"{library}_ks", folder, 10))
        agreeing("ks", ours["statistics"], theirs["statistics"], 1e-6)
    page = folder / "martlet.html"
    line = ["monitor", "compare", *map(str, files), "--html", str(page), "--timing"]
    ours = note("martlet_report", lambda: command(arguments.martlet, line, 2 * launches + 1))
    ours["html_mib"] = page.stat().st_size / 2**20
    note("evidently_report", lambda: peer(python, "evidently_report", folder, 1 if quick else 3))
    scores = folder / "martlet.json"
    command(arguments.martlet, ["monitor", "compare", *map(str, files), "--json", str(scores)], 1)
    columns = json.loads(scores.read_text())["drift_by_columns"]
    found = [columns[f"f{index}"]["drift_score"] for index in range(30)]
    agreeing("report", found, cases["evidently_report"]["statistics"], 1e-6)
    return cases


def versions(python: Path, binary: Path) -> dict[str, str]:
    """Versions of everything that takes part."""
    code = (
        "import importlib.metadata as m, platform, json\n"
        "found = {'Python': platform.python_version()}\n"
        "for name in ('alibi-detect', 'torch', 'evidently', 'scipy', 'numpy', 'pandas'):\n"
        "    try: found[name] = m.version(name)\n"
        "    except m.PackageNotFoundError: pass\n"
        "print(json.dumps(found))"
    )
    found = json.loads(subprocess.run([str(python), "-c", code], check=True, capture_output=True, text=True).stdout)
    martlet = subprocess.run([str(binary), "--version"], capture_output=True, text=True, check=False).stdout.strip()
    return found | {"martlet": martlet or "source build"}


def main() -> None:
    """Measures and reports."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    release = ROOT / ".build" / "release"
    parser.add_argument("--martlet", type=Path, default=release / "martlet")
    parser.add_argument("--detectors", type=Path, default=release / "MonitoringBenchmark")
    parser.add_argument("--python", type=Path, help="Python of an environment that has the peers already")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, writes nothing")
    parser.add_argument("--output", type=Path, help="folder of the result files")
    arguments = parser.parse_args()
    for binary in (arguments.martlet, arguments.detectors):
        if not binary.is_file():
            parser.error(f"there is no {binary}; make bench-monitoring builds it")
    if arguments.python:
        code = "import alibi_detect"
        python = arguments.python
        has_alibi = subprocess.run([str(python), "-c", code], capture_output=True, check=False).returncode == 0
    else:
        python, has_alibi = environment()
    if not has_alibi:
        print("==> alibi-detect could not be installed: measuring beside SciPy, NumPy and Evidently only", flush=True)
    started, load = time.time(), os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="martlet-bench-") as name:
        cases = measure(arguments, python, has_alibi, Path(name))
    measured = {
        "cases": cases,
        "date": time.strftime("%Y-%m-%d"),
        "machine": processes.machine(),
        "versions": versions(python, arguments.martlet.resolve()),
        "load_before": load,
        "took_s": time.time() - started,
    }
    # A quick run is for the eye; it does not replace the figures of a whole one.
    output = arguments.output or (None if arguments.quick else ROOT / "Benchmarks" / "results")
    print("\n" + report.write(measured, output))


if __name__ == "__main__":
    main()
