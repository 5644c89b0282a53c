"""Kill -9 again and again while eight writers work: nothing acknowledged is lost, nothing is half there (L1)."""

from __future__ import annotations

import hashlib
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator

import pytest
import requests
from databases import DATABASES, database_arguments
from martlet_process import Martlet
from test_restart import create_run, history

pytest_plugins = ["postgres_fixtures"]

MLFLOW = "/api/2.0/mlflow"
ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"
KILLS = 20
BATCH_KEYS = [f"batch-{index}" for index in range(10)]


@pytest.fixture(params=DATABASES)
def durable(request: pytest.FixtureRequest, new_server: Callable[..., Martlet]) -> Iterator[Martlet]:
    """A server of the test's own over each database."""
    with database_arguments(request) as arguments:
        server = new_server(*arguments)
        yield server
        server.kill()


def content(number: int) -> bytes:
    """What the artifact of a number holds: some hundred kilobytes that no cut or mixture of others equals."""
    return hashlib.shake_128(str(number).encode()).digest(50_000 + number * 7919 % 400_000)


class Writer(threading.Thread):
    """Sends one numbered write after another through all kills, and keeps which were acknowledged and which tried."""

    def __init__(self, write: Callable[[requests.Session, int], requests.Response], first: int = 0) -> None:
        """Prepares a writer whose numbers start at `first`."""
        super().__init__(daemon=True)
        self.write = write
        self.next = first
        self.tried: list[int] = []
        self.acknowledged: list[int] = []
        self.refused: list[str] = []
        self.finished = threading.Event()

    def run(self) -> None:
        """Writes until told to stop; after a broken connection with the next number."""
        session = requests.Session()
        while not self.finished.is_set():
            number, self.next = self.next, self.next + 1
            self.tried.append(number)
            try:
                answer = self.write(session, number)
            except requests.RequestException:
                session.close()
                session = requests.Session()
                time.sleep(0.01)
                continue
            if answer.status_code == 200:
                self.acknowledged.append(number)
            else:
                self.refused.append(answer.text)


class Load:
    """Eight writers of one run: single metrics, batches, artifacts, params with tags, and versions of a model."""

    def __init__(self, server: Martlet) -> None:
        """Starts the writers."""
        self.server = server
        self.run_id = create_run(server, "kills")
        info = server.get(f"{MLFLOW}/runs/get", params={"run_id": self.run_id}).json()["run"]["info"]
        self.folder = info["artifact_uri"].removeprefix("mlflow-artifacts:/")
        assert server.post(f"{MLFLOW}/registered-models/create", {"name": "killed"}).status_code == 200
        self.metrics = [Writer(self.metric(f"metric-{index}")) for index in range(3)]
        # Each starts so far from the others that their numbers never meet.
        self.batches = [Writer(self.batch, first=index * 1_000_000) for index in range(2)]
        self.artifacts = Writer(self.artifact)
        self.tags = Writer(self.tag)
        self.versions = Writer(self.version)
        self.writers = [*self.metrics, *self.batches, self.artifacts, self.tags, self.versions]
        assert len(self.writers) == 8
        for writer in self.writers:
            writer.start()

    def post(self, session: requests.Session, path: str, body: dict) -> requests.Response:
        """POSTs for a writer."""
        return session.post(f"{self.server.url}{MLFLOW}/{path}", json=body, timeout=20)

    def metric(self, key: str) -> Callable[[requests.Session, int], requests.Response]:
        """A write of one point of a metric."""
        return lambda session, number: self.post(
            session,
            "runs/log-metric",
            {"run_id": self.run_id, "key": key, "value": number, "timestamp": number, "step": number},
        )

    def batch(self, session: requests.Session, number: int) -> requests.Response:
        """A write of ten metrics, a param and a tag, which are stored together or not at all."""
        metrics = [{"key": key, "value": number, "timestamp": 1, "step": number} for key in BATCH_KEYS]
        text = [{"key": f"batch {number}", "value": str(number)}]
        return self.post(
            session, "runs/log-batch", {"run_id": self.run_id, "metrics": metrics, "params": text, "tags": text}
        )

    def artifact(self, session: requests.Session, number: int) -> requests.Response:
        """An upload in pieces."""
        body, whole = content(number), f"{self.server.url}{ARTIFACTS}/{self.folder}/{number}"
        return session.put(whole, data=(body[at : at + 16_384] for at in range(0, len(body), 16_384)), timeout=20)

    def tag(self, session: requests.Session, number: int) -> requests.Response:
        """A tag that counts up."""
        return self.post(session, "runs/set-tag", {"run_id": self.run_id, "key": "counter", "value": str(number)})

    def version(self, session: requests.Session, number: int) -> requests.Response:
        """A version of a model."""
        body = {"name": "killed", "source": f"runs:/{self.run_id}/m", "run_id": self.run_id, "description": str(number)}
        return self.post(session, "model-versions/create", body)

    def stop(self) -> None:
        """Ends the writers."""
        for writer in self.writers:
            writer.finished.set()
        for writer in self.writers:
            writer.join(30)

    def points(self, key: str) -> list[int]:
        """The numbers stored of a metric."""
        return [int(value) for value in history(self.server, self.run_id, key)]


def check(acknowledged: list[int], stored: list[int], tried: list[int], what: str) -> None:
    """Everything acknowledged is stored, once, and nothing that was never sent."""
    assert len(stored) == len(set(stored)), f"{what}: stored twice"
    assert set(acknowledged) <= set(stored), f"{what}: acknowledged and gone"
    assert set(stored) <= set(tried), f"{what}: stored but never sent"


def verify(load: Load) -> None:
    """Compares what the server shows with what was acknowledged."""
    for index, writer in enumerate(load.metrics):
        check(writer.acknowledged, load.points(f"metric-{index}"), writer.tried, f"metric {index}")
    data = load.server.get(f"{MLFLOW}/runs/get", params={"run_id": load.run_id}).json()["run"]["data"]
    params = {int(param["value"]) for param in data["params"]}
    tags = {int(tag["value"]) for tag in data["tags"] if tag["key"].startswith("batch ")}
    acknowledged = [number for writer in load.batches for number in writer.acknowledged]
    tried = [number for writer in load.batches for number in writer.tried]
    check(acknowledged, sorted(params), tried, "batches")
    assert tags == params, "a batch is torn: tags and params differ"
    for key in BATCH_KEYS:
        assert set(load.points(key)) == params, f"a batch is torn: {key} and params differ"
    counter = next((int(tag["value"]) for tag in data["tags"] if tag["key"] == "counter"), -1)
    assert counter >= max(load.tags.acknowledged, default=-1), "a tag has an older value"
    for number, size in stored_artifacts(load):
        body = load.server.get(f"{ARTIFACTS}/{load.folder}/{number}").content
        assert body == content(number) and size == len(body), f"artifact {number} is torn"
    found = [number for number, _ in stored_artifacts(load)]
    check(load.artifacts.acknowledged, found, load.artifacts.tried, "artifacts")
    check(load.versions.acknowledged, stored_versions(load), load.versions.tried, "versions")


def stored_artifacts(load: Load) -> Iterator[tuple[int, int]]:
    """Number and size of each artifact that is visible; anything else in the folder fails."""
    listing = load.server.get(ARTIFACTS, params={"path": load.folder}).json().get("files", [])
    for entry in listing:
        yield int(entry["path"]), entry["file_size"]


def stored_versions(load: Load) -> list[int]:
    """The numbers of the versions that are stored."""
    query = {"filter": "name = 'killed'", "max_results": 200_000}
    found = load.server.get(f"{MLFLOW}/model-versions/search", params=query).json().get("model_versions", [])
    assert sorted(int(each["version"]) for each in found) == list(range(1, len(found) + 1)), "a version is missing"
    return [int(each["description"]) for each in found]


def test_twenty_kills_lose_and_tear_nothing(durable: Martlet) -> None:
    chance = random.Random(7)
    load = Load(durable)
    try:
        for _ in range(KILLS):
            time.sleep(chance.uniform(0.05, 0.6))
            durable.kill()
            durable.start()
    finally:
        load.stop()
    verify(load)
    for writer in load.writers:
        assert not writer.refused, writer.refused[0]
        assert len(writer.acknowledged) > KILLS, "a writer hardly wrote; the test says nothing"
    assert durable.stop() == 0, durable.log
    for path in (path for path in durable.data.rglob("*") if is_database(path)):
        with sqlite3.connect(path) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def is_database(path) -> bool:
    """Whether a file is one of SQLite."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(15) == b"SQLite format 3"


def test_kills_while_a_server_starts(durable: Martlet) -> None:
    """A start that is cut short at any moment leaves data that the next start takes."""
    run_id = create_run(durable, "started")
    assert durable.stop() == 0
    chance = random.Random(8)
    for _ in range(8):
        threading.Timer(chance.uniform(0.005, 0.15), durable.kill).start()
        try:
            durable.start()
            time.sleep(0.2)
        except AssertionError:
            # Ended before it was ready, as meant.
            pass
        durable.kill()
    durable.start()
    assert durable.get(f"{MLFLOW}/runs/get", params={"run_id": run_id}).status_code == 200


def test_an_upload_in_progress_is_finished_on_sigterm(own_server: Martlet) -> None:
    started, answers = threading.Event(), []

    def slowly() -> Iterator[bytes]:
        for number in range(20):
            yield b"x" * 10_000
            time.sleep(0.05)
            if number == 5:
                started.set()

    def upload() -> None:
        answers.append(requests.put(f"{own_server.url}{ARTIFACTS}/slow", data=slowly(), timeout=30).status_code)

    uploader = threading.Thread(target=upload)
    uploader.start()
    assert started.wait(10)
    assert own_server.stop() == 0, own_server.log
    uploader.join(10)
    assert answers == [200]
    own_server.start()
    assert own_server.get(f"{ARTIFACTS}/slow").content == b"x" * 200_000
