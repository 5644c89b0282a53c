"""What was acknowledged is there after a restart, however the server ended."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
import uuid

import requests
from martlet_process import Martlet, wait_until

MLFLOW = "/api/2.0/mlflow"


def create_run(server: Martlet, name: str) -> str:
    """Creates an experiment with one run and returns the run's id."""
    experiment = server.post(f"{MLFLOW}/experiments/create", {"name": name}).json()["experiment_id"]
    created = server.post(f"{MLFLOW}/runs/create", {"experiment_id": experiment, "start_time": 1})
    assert created.status_code == 200, created.text
    return created.json()["run"]["info"]["run_id"]


def history(server: Martlet, run: str, key: str) -> list[float]:
    """All values of a metric, page by page."""
    values: list[float] = []
    token = None
    while True:
        parameters = {"run_id": run, "metric_key": key, "max_results": 1000} | ({"page_token": token} if token else {})
        page = server.get(f"{MLFLOW}/metrics/get-history", params=parameters).json()
        values += [entry["value"] for entry in page.get("metrics", [])]
        token = page.get("next_page_token")
        if not token:
            return values


class Writer(threading.Thread):
    """Logs steps of a metric and keeps the numbers that the server acknowledged."""

    def __init__(self, server: Martlet, run: str, key: str) -> None:
        """Prepares a writer of one metric of a run."""
        super().__init__(daemon=True)
        self.server, self.run_id, self.key = server, run, key
        self.acknowledged: list[int] = []
        self.refused: list[int] = []
        self.finished = threading.Event()

    def run(self) -> None:
        """Writes until told to stop or until the connection breaks."""
        session = requests.Session()
        step = 0
        while not self.finished.is_set():
            body = {"run_id": self.run_id, "key": self.key, "value": step, "timestamp": step, "step": step}
            try:
                answer = session.post(f"{self.server.url}{MLFLOW}/runs/log-metric", json=body, timeout=20)
            except requests.RequestException:
                return
            (self.acknowledged if answer.status_code == 200 else self.refused).append(step)
            step += 1


def start_writers(server: Martlet, run: str, prefix: str = "m", count: int = 4) -> list[Writer]:
    """Starts writers of one metric each and waits until all have written something."""
    writers = [Writer(server, run, f"{prefix}-{index}") for index in range(count)]
    for writer in writers:
        writer.start()
    wait_until(lambda: all(len(writer.acknowledged) > 5 for writer in writers), 20, "the first writes")
    return writers


def assert_nothing_lost(server: Martlet, run: str, writers: list[Writer]) -> None:
    """Every acknowledged step is in the metric's history, once."""
    for writer in writers:
        stored = [int(value) for value in history(server, run, writer.key)]
        assert len(stored) == len(set(stored)), "a step was stored twice"
        assert set(writer.acknowledged) <= set(stored), "an acknowledged step is gone"
        assert len(set(stored) - set(writer.acknowledged)) <= 1, "more than the write in flight appeared"


def test_kill_loses_nothing_that_was_acknowledged(own_server: Martlet) -> None:
    run = create_run(own_server, f"kill-{uuid.uuid4().hex}")
    written: list[Writer] = []
    for round_number in range(3):
        writers = start_writers(own_server, run, prefix=f"round-{round_number}")
        time.sleep(random.uniform(0.1, 0.5))
        own_server.kill()
        for writer in writers:
            writer.join(30)
        own_server.start()
        written += writers
        assert_nothing_lost(own_server, run, written)


def test_sigterm_drains_and_loses_nothing(own_server: Martlet) -> None:
    run = create_run(own_server, f"drain-{uuid.uuid4().hex}")
    writers = start_writers(own_server, run)
    assert own_server.process is not None
    os.kill(own_server.process.pid, signal.SIGTERM)
    assert own_server.process.wait(timeout=40) == 0, own_server.log
    for writer in writers:
        writer.join(30)
    assert all(not writer.refused for writer in writers), "a request in flight was refused instead of drained"
    own_server.start()
    assert_nothing_lost(own_server, run, writers)


def test_artifacts_models_and_aliases_survive_kill(own_server: Martlet) -> None:
    run = create_run(own_server, f"artifact-{uuid.uuid4().hex}")
    info = own_server.get(f"{MLFLOW}/runs/get", params={"run_id": run}).json()["run"]["info"]
    prefix = info["artifact_uri"].removeprefix("mlflow-artifacts:/").lstrip("/")
    content = random.Random(7).randbytes(300_000)
    path = f"/api/2.0/mlflow-artifacts/artifacts/{prefix}/weights.bin"
    headers = {"Content-Type": "application/octet-stream"}
    assert requests.put(f"{own_server.url}{path}", data=content, headers=headers, timeout=30).status_code == 200
    assert own_server.post(f"{MLFLOW}/registered-models/create", {"name": "kept"}).status_code == 200
    version = own_server.post(
        f"{MLFLOW}/model-versions/create", {"name": "kept", "source": info["artifact_uri"], "run_id": run}
    )
    assert version.status_code == 200, version.text
    alias = {"name": "kept", "alias": "champion", "version": "1"}
    assert own_server.post(f"{MLFLOW}/registered-models/alias", alias).status_code == 200
    own_server.kill()
    own_server.start()
    assert own_server.get(path).content == content
    found = own_server.get(f"{MLFLOW}/registered-models/alias", params={"name": "kept", "alias": "champion"})
    assert found.json()["model_version"]["version"] == "1"


def test_restart_takes_the_same_data_again(own_server: Martlet) -> None:
    run = create_run(own_server, f"restart-{uuid.uuid4().hex}")
    for _ in range(3):
        own_server.restart()
        assert own_server.get(f"{MLFLOW}/runs/get", params={"run_id": run}).status_code == 200
