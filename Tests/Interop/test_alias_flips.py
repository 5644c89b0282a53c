"""The alias is the deployment: the official client moves it under load, and no request fails."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator

import mlflow
import numpy as np
import pandas as pd
import pytest
import requests
import xgboost
from martlet_process import Martlet, command
from mlflow import MlflowClient
from mlflow.models import infer_signature

# Loads the machine with hundreds of requests a second, and measures times below a second.
pytestmark = pytest.mark.alone

NAME = "flipped"
FLIPS = 100
RATE = 500
CONNECTIONS = 8
ROWS = np.array([[0.5, 1.5], [2.5, -1.0]], dtype="float64")


class Load:
    """About `RATE` predictions a second over kept connections, until it is stopped."""

    def __init__(self, port: int) -> None:
        """Prepares the requests; entering the context begins to send them."""
        body = json.dumps({"deployment": NAME, "features": {"a": 0.5, "b": 1.5}}).encode()
        head = f"POST /predict HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        self.request = head.encode() + f"Content-Length: {len(body)}\r\n\r\n".encode() + body
        self.port = port
        self.versions: list[int] = []
        self.failures: list[str] = []
        self.latest = 0
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=lambda: asyncio.run(self.run()))

    def __enter__(self) -> Load:
        """Begins to send."""
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Ends once every request is answered."""
        self.stopped.set()
        self.thread.join(30)
        assert not self.thread.is_alive()

    async def run(self) -> None:
        """Sends on all connections."""
        await asyncio.gather(*(self.connection(number) for number in range(CONNECTIONS)))

    async def connection(self, number: int) -> None:
        """Sends one request after the other, at its share of the rate."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        pause = CONNECTIONS / RATE
        due = time.monotonic() + pause * number / CONNECTIONS
        try:
            while not self.stopped.is_set():
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                due = max(due + pause, time.monotonic() - 1)
                writer.write(self.request)
                await self.answer(reader)
        except (OSError, asyncio.IncompleteReadError, ValueError, KeyError) as error:
            self.failures.append(repr(error))
        finally:
            writer.close()

    async def answer(self, reader: asyncio.StreamReader) -> None:
        """Takes note of one answer: it names the one version that gave it."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(line for line in head.split("\r\n") if line.lower().startswith("content-length:"))
        body = json.loads(await reader.readexactly(int(length.split(":")[1])))
        if " 200 " not in head.split("\r\n")[0]:
            self.failures.append(f"{head} {body}")
            return
        version = body["model_version"]
        self.versions.append(int(version))
        self.latest = int(version)


def within(seconds: float, condition: Callable[[], bool], what: str) -> float:
    """Waits for `condition` and returns how long that took, which must not be longer than `seconds`."""
    start = time.monotonic()
    while not condition():
        assert time.monotonic() - start < seconds, what
        time.sleep(0.002)
    return time.monotonic() - start


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Martlet]:
    """A server with two versions of a model, and a deployment that follows its alias at once."""
    martlet = Martlet(tmp_path_factory.mktemp("flips")).start()
    mlflow.set_tracking_uri(martlet.url)
    mlflow.set_experiment(NAME)
    for target in ([0.0, 1.0], [1.0, 0.0]):
        model = xgboost.XGBRegressor(n_estimators=2, max_depth=1).fit(ROWS, np.array(target))
        model.get_booster().feature_names = ["a", "b"]
        signature = infer_signature(pd.DataFrame(ROWS, columns=["a", "b"]), np.array(target))
        with mlflow.start_run():
            mlflow.xgboost.log_model(
                model,
                name="model",
                registered_model_name=NAME,
                signature=signature,
                model_format="json",
                # Named, as finding them out takes the client many seconds.
                pip_requirements=["xgboost"],
            )
    move(martlet, 1)
    entry = {"model": f"models:/{NAME}@production", "rollout": {"strategy": "all_at_once", "rollback_window": "10m"}}
    answer = requests.put(address(martlet), json=entry, timeout=30)
    assert answer.status_code == 200, answer.text
    within(10, lambda: status(martlet)["stable_version"] == 1, "version 1 serves")
    yield martlet
    martlet.kill()


def address(martlet: Martlet) -> str:
    """Where the deployment is in Martlet's own API."""
    return f"{martlet.url}/api/martlet/v1/deployments/{NAME}"


def status(martlet: Martlet) -> dict:
    """What the server says of the deployment."""
    return requests.get(address(martlet), timeout=10).json()


def move(martlet: Martlet, version: int) -> None:
    """Moves the alias as any user of the official client does."""
    MlflowClient(martlet.url, registry_uri=martlet.url).set_registered_model_alias(NAME, "production", str(version))


def test_a_hundred_flips_under_load_lose_no_request(server: Martlet) -> None:
    """Every answer names one version that the alias named; each move is in force within a second."""
    slowest = 0.0
    with Load(server.port) as load:
        within(10, lambda: load.latest == 1, "the load runs")
        for flip in range(FLIPS):
            version = 2 - flip % 2
            move(server, version)
            slowest = max(slowest, within(1.0, lambda v=version: load.latest == v, f"flip {flip} is in force"))
    assert load.failures == []
    assert set(load.versions) == {1, 2}
    assert len(load.versions) > FLIPS * 5
    assert status(server)["rejected"] == []
    print(f"{len(load.versions)} answers, slowest move {slowest * 1000:.0f} ms")


def by_command(server: Martlet) -> None:
    """Rolls back by the command line."""
    done = command("deployment", "rollback", NAME, "--server", server.url, cwd=server.folder)
    assert done.returncode == 0, done.stderr


def by_api(server: Martlet) -> None:
    """Rolls back by the API."""
    assert requests.post(f"{address(server)}/rollback", timeout=10).status_code == 200


def by_alias(server: Martlet) -> None:
    """Rolls back as any user of the official client can."""
    move(server, 1)


@pytest.mark.parametrize("roll_back", [by_command, by_api, by_alias])
def test_rollback_takes_less_than_a_second(server: Martlet, roll_back: Callable[[Martlet], None]) -> None:
    """The version before answers within a second, the alias follows, and no request fails."""
    move(server, 1)
    with Load(server.port) as load:
        within(5, lambda: load.latest == 1, "version 1 serves")
        move(server, 2)
        within(1.0, lambda: load.latest == 2, "version 2 serves")
        start = time.monotonic()
        roll_back(server)
        within(1.0 - (time.monotonic() - start), lambda: load.latest == 1, "version 1 serves again")
    assert load.failures == []
    client = MlflowClient(server.url, registry_uri=server.url)
    within(5, lambda: int(client.get_model_version_by_alias(NAME, "production").version) == 1, "the alias is back")
    rejected = [entry["version"] for entry in status(server)["rejected"]]
    assert rejected == ([] if roll_back is by_alias else [2])
    for version in rejected:
        assert requests.post(f"{address(server)}/pardon", json={"version": version}, timeout=10).status_code == 200
