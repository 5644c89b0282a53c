#!/usr/bin/env python3
"""Measures rollbacks, alias moves and the ledger of a running server.

`bench.py --martlet BINARY --ledger LoopBenchmark [--quick]`. The server runs on this machine, traffic is 200 requests
a second over one connection, and the bad versions are wrong for three requests in ten. Standard library only.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import report

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE.parent / "serving"), str(HERE.parent / "monitoring")]

import processes  # noqa: E402
import quiet  # noqa: E402

RATE = 200
PATIENCE_S = 60
GOOD, BAD = 1.0, 5.0
RIGHT, WRONG = 0.0, 0.3

MANIFEST = """
version: 1
deployments:
  bench:
    model: bench
    rollout:
{rollout}
    ledger: {{sampling: {sampling}}}
"""
# Beside the checks everything is a default but the first step, which most would choose for a model in production.
LABELLED = """
      steps: [10, 50, 100]
      bake: 60s
      checks:
        error_rate: {max: 0.01}
        quality: {max_drop: 0.05, minimum_labels: 100}
"""
UNLABELLED = """
      steps: [10, 50, 100]
      bake: 60s
      checks:
        error_rate: {max: 0.01}
        disagreement: {max: 0.2}
        prediction: {}
"""
AT_ONCE = "      strategy: all_at_once\n"


def booster(wrong: float) -> bytes:
    """A model of one tree over two columns: 5 where the first column is below `wrong`, 1 elsewhere."""
    tree = {
        "base_weights": [1, BAD, GOOD], "categories": [], "categories_nodes": [], "categories_segments": [],
        "categories_sizes": [], "default_left": [0, 0, 0], "id": 0, "left_children": [1, -1, -1],
        "loss_changes": [1, 0, 0], "parents": [2147483647, 0, 0], "right_children": [2, -1, -1],
        "split_conditions": [wrong, BAD, GOOD], "split_indices": [0, 0, 0], "split_type": [0, 0, 0],
        "sum_hessian": [2, 1, 1],
        "tree_param": {"num_deleted": "0", "num_feature": "2", "num_nodes": "3", "size_leaf_vector": "1"},
    }  # fmt: skip
    parameters = {"num_parallel_tree": "1", "num_trees": "1"}
    trees = {"gbtree_model_param": parameters, "iteration_indptr": [0, 1], "tree_info": [0], "trees": [tree]}
    shape = {"base_score": "0E0", "boost_from_average": "1", "num_class": "0", "num_feature": "2", "num_target": "1"}
    learner = {
        "attributes": {},
        "feature_names": [],
        "feature_types": [],
        "gradient_booster": {"model": trees, "name": "gbtree"},
        "learner_model_param": shape,
        "objective": {"name": "reg:squarederror", "reg_loss_param": {"scale_pos_weight": "1"}},
    }
    return json.dumps({"learner": learner, "version": [2, 1, 0]}).encode()


class Server:
    """A server with a registry of its own, for one measurement."""

    def __init__(self, binary: Path, folder: Path) -> None:
        """Starts it and waits until it is ready."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        command = [str(binary), "up", "--port", str(self.port), "--data", str(folder / "data")]
        variables = {key: value for key, value in os.environ.items() if not key.startswith(("MARTLET_", "MLFLOW_"))}
        self.process = subprocess.Popen(
            command, cwd=folder, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            try:
                if self.call("GET", "/readyz")[0] == 200:
                    break
            except OSError:
                time.sleep(0.05)
        experiment = self.tell("/api/2.0/mlflow/experiments/create", {"name": "bench"})["experiment_id"]
        self.experiment = experiment
        self.tell("/api/2.0/mlflow/registered-models/create", {"name": "bench"})

    def __enter__(self) -> Server:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Ends the process."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=40)
        except subprocess.TimeoutExpired:
            self.process.kill()

    def call(self, verb: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        """One request over a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(verb, path, body, {"content-type": "application/json"} if body else {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def tell(self, path: str, body: dict) -> dict:
        """POSTs JSON and stops the benchmark when it is refused."""
        status, text = self.call("POST", path, json.dumps(body).encode())
        if status >= 300:
            raise SystemExit(f"{path} answered {status}: {text.decode()[:500]}")
        return json.loads(text) if text else {}

    def register(self, wrong: float) -> int:
        """Registers a version that is wrong for this share of the requests."""
        run = self.tell("/api/2.0/mlflow/runs/create", {"experiment_id": self.experiment, "start_time": 1})
        run_id = run["run"]["info"]["run_id"]
        root = f"/api/2.0/mlflow-artifacts/artifacts/{self.experiment}/{run_id}/artifacts/model"
        for name, content in (("model.json", booster(wrong)), ("MLmodel", b"flavors: {xgboost: {data: model.json}}\n")):
            if self.call("PUT", f"{root}/{name}", content)[0] != 200:
                raise SystemExit(f"{name} could not be stored")
        body = {"name": "bench", "source": f"runs:/{run_id}/model", "run_id": run_id}
        return int(self.tell("/api/2.0/mlflow/model-versions/create", body)["model_version"]["version"])

    def move(self, version: int) -> None:
        """Points the alias at a version."""
        body = {"name": "bench", "alias": "production", "version": str(version)}
        self.tell("/api/2.0/mlflow/registered-models/alias", body)

    def apply(self, rollout: str, sampling: float = 1) -> None:
        """Declares the deployment."""
        text = MANIFEST.format(rollout=rollout.strip("\n"), sampling=sampling)
        self.tell("/api/martlet/v1/apply", {"manifest": text})

    def deployment(self) -> dict:
        """How the deployment stands."""
        return json.loads(self.call("GET", "/api/martlet/v1/deployments/bench")[1])

    def until(self, condition, what: str) -> None:
        """Waits until the deployment stands as wanted."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            if condition(self.deployment()):
                return
            time.sleep(0.02)
        raise SystemExit(f"{what}: not within {PATIENCE_S} s: {json.dumps(self.deployment())[:2000]}")


class Traffic(threading.Thread):
    """Asks at a constant rate over one connection, labels if wanted, and notes when each version answered."""

    def __init__(self, server: Server, labelled: bool) -> None:
        """Prepares the thread."""
        super().__init__(daemon=True)
        self.server, self.labelled = server, labelled
        self.first: dict[int, float] = {}
        self.last: dict[int, float] = {}
        self.count = self.failed = 0
        self.done = threading.Event()

    def run(self) -> None:
        """Asks until told to stop."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        feedback = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        headers = {"content-type": "application/json"}
        chance, began = random.Random(7), time.monotonic()
        while not self.done.is_set():
            pause = began + self.count / RATE - time.monotonic()
            if pause > 0:
                time.sleep(pause)
            asked = {"features": [chance.random(), chance.random()]}
            connection.request("POST", "/predict", json.dumps(asked).encode(), headers)
            answer = connection.getresponse()
            body = answer.read()
            self.count += 1
            if answer.status != 200:
                self.failed += 1
                continue
            said = json.loads(body)
            now, version = time.monotonic(), int(said["model_version"])
            self.first.setdefault(version, now)
            self.last[version] = now
            if self.labelled:
                label = json.dumps({"request_id": said["request_id"], "label": GOOD}).encode()
                feedback.request("POST", "/feedback", label, headers)
                feedback.getresponse().read()

    def stop(self) -> None:
        """Ends the thread."""
        self.done.set()
        self.join(timeout=30)


def rollbacks(binary: Path, labelled: bool, rounds: int) -> dict:
    """From the move of the alias to a bad version until all its traffic went back, several times."""
    with tempfile.TemporaryDirectory(prefix="martlet-bench-") as folder, Server(binary, Path(folder)) as server:
        good = server.register(RIGHT)
        bad = [server.register(WRONG) for _ in range(rounds)]
        server.move(good)
        server.apply(LABELLED if labelled else UNLABELLED)
        server.until(lambda now: now["stable_version"] == good, "the first version")
        traffic = Traffic(server, labelled)
        traffic.start()
        time.sleep(2)
        total, answering = [], []
        for version in bad:
            moved = time.monotonic()
            server.move(version)

            def is_back(now: dict, version: int = version) -> bool:
                rollout = now.get("rollout", {})
                return rollout.get("candidate_version") == version and rollout.get("state") == "rolled_back"

            server.until(is_back, "the rollback")
            total.append(time.monotonic() - moved)
            time.sleep(0.5)
            answering.append(traffic.last[version] - traffic.first[version] if version in traffic.first else 0.0)
        traffic.stop()
    return {
        "rounds": rounds,
        "median_s": statistics.median(total),
        "longest_s": max(total),
        "answering_median_s": statistics.median(answering),
        "requests": traffic.count,
        "failed": traffic.failed,
    }


def moves(binary: Path, rounds: int) -> dict:
    """From the request that moves the alias to the first answer of the new version, under traffic."""
    with tempfile.TemporaryDirectory(prefix="martlet-bench-") as folder, Server(binary, Path(folder)) as server:
        versions = [server.register(RIGHT) for _ in range(rounds + 1)]
        server.move(versions[0])
        server.apply(AT_ONCE)
        server.until(lambda now: now["stable_version"] == versions[0], "the first version")
        traffic = Traffic(server, labelled=False)
        traffic.start()
        time.sleep(1)
        times = []
        for version in versions[1:]:
            moved = time.monotonic()
            server.move(version)
            while version not in traffic.first and time.monotonic() - moved < PATIENCE_S:
                time.sleep(0.001)
            times.append(traffic.first[version] - moved)
            time.sleep(0.5)
        traffic.stop()
    return {
        "rounds": rounds,
        "median_ms": statistics.median(times) * 1e3,
        "longest_ms": max(times) * 1e3,
        "requests": traffic.count,
        "failed": traffic.failed,
    }


def processor_time(binary: Path, seconds: float, rounds: int) -> dict:
    """The server's processor time per request with and without the ledger, in turn, as fast as one caller asks."""
    costs: dict[float, list[float]] = {1: [], 0: []}
    with tempfile.TemporaryDirectory(prefix="martlet-bench-") as folder, Server(binary, Path(folder)) as server:
        server.move(server.register(RIGHT))
        for _ in range(rounds):
            for sampling in costs:
                server.apply(AT_ONCE, sampling)
                server.until(lambda now: now["ready"], "the deployment")
                connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
                time.sleep(1)
                before, count, end = processes.cpu_seconds(server.process.pid), 0, time.monotonic() + seconds
                while time.monotonic() < end:
                    connection.request(
                        "POST", "/predict", b'{"features": [0.1, 0.2]}', {"content-type": "application/json"}
                    )
                    connection.getresponse().read()
                    count += 1
                time.sleep(1)
                costs[sampling].append((processes.cpu_seconds(server.process.pid) - before) / count * 1e6)
                connection.close()
    with_ledger, without = min(costs[1]), min(costs[0])
    return {"with_us": with_ledger, "without_us": without, "cost_us": max(0.0, with_ledger - without), "rounds": rounds}


def table(binary: Path, rows: int) -> dict:
    """The ledger's table in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="martlet-bench-") as folder:
        command = [str(binary), "--rows", str(rows), "--directory", folder]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Measures and reports."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    release = ROOT / ".build" / "release"
    parser.add_argument("--martlet", type=Path, default=release / "martlet")
    parser.add_argument("--ledger", type=Path, default=release / "LoopBenchmark")
    parser.add_argument("--quick", action="store_true", help="fewer rounds and rows, writes nothing")
    parser.add_argument("--output", type=Path, help="folder of the result files")
    arguments = parser.parse_args()
    for binary in (arguments.martlet, arguments.ledger):
        if not binary.is_file():
            parser.error(f"there is no {binary}; make bench-loop builds it")
    quick, martlet = arguments.quick, arguments.martlet.resolve()
    started, load = time.time(), os.getloadavg()[0]
    work = {
        "rollback_labelled": lambda: rollbacks(martlet, True, 2 if quick else 9),
        "rollback_unlabelled": lambda: rollbacks(martlet, False, 2 if quick else 9),
        "alias": lambda: moves(martlet, 5 if quick else 50),
        "processor_time": lambda: processor_time(martlet, 2 if quick else 10, 1 if quick else 3),
        "table": lambda: table(arguments.ledger.resolve(), 200_000 if quick else 10_000_000),
    }
    cases: dict[str, dict] = {}
    for name, measure in work.items():
        # A quick run does not wait for a quiet machine.
        cases[name] = measure() if quick else quiet.measured(measure)
        print(f"  {name:20} {json.dumps(cases[name])}", flush=True)
    version = subprocess.run([str(martlet), "--version"], capture_output=True, text=True, check=False).stdout.strip()
    measured = {
        "cases": cases,
        "date": time.strftime("%Y-%m-%d"),
        "machine": processes.machine(),
        "version": version or "source build",
        "load_before": load,
        "took_s": time.time() - started,
    }
    # A quick run is for the eye; it does not replace the figures of a whole one.
    output = arguments.output or (None if quick else ROOT / "Benchmarks" / "results")
    print("\n" + report.write(measured, output))


if __name__ == "__main__":
    main()
