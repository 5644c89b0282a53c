"""Starts the two servers that are compared, each pinned to the server's core, and times their first prediction."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
START_SECONDS = 60
MANIFEST = """\
version: 1
deployments:
  bench:
    model: bench
    alias: production
"""


def free_port() -> int:
    """A loopback port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def call(port: int, method: str, path: str, body: bytes = b"", content_type: str = "application/json") -> tuple:
    """One request; returns status and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, body or None, {"Content-Type": content_type} if body else {})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


class Server:
    """A server process on a core; `command` may use the port."""

    name = ""

    def __init__(self, folder: Path, core: int) -> None:
        """Prepares a server whose files and log lie in `folder`."""
        self.folder, self.core, self.port = folder, core, free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self.first_prediction_ms = 0.0
        self.body = (folder / "requests.txt").read_text().splitlines()[0].encode()

    def command(self) -> list[str]:
        """The command line of the server."""
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        """Variables beside the caller's."""
        return {}

    def start(self) -> None:
        """Starts the process and waits for the first prediction, whose time from the start is kept."""
        log = (self.folder / f"{self.name}.log").open("ab")
        started = time.perf_counter()
        self.process = subprocess.Popen(
            ["taskset", "-c", str(self.core), *self.command()],
            env=os.environ | {"OMP_NUM_THREADS": "1"} | self.environment(),
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        for status, answer in self.attempts(started):
            if status == 200 and "probability" in json.loads(answer):
                self.first_prediction_ms = (time.perf_counter() - started) * 1e3
                return
        raise SystemExit(f"{self.name}: no prediction within {START_SECONDS} s; see {log.name}")

    def attempts(self, started: float) -> Iterator[tuple[int, bytes]]:
        """Asks for a prediction again and again until the time is up or the process has ended."""
        while time.perf_counter() - started < START_SECONDS:
            if self.process is None or self.process.poll() is not None:
                raise SystemExit(f"{self.name} ended by itself; see {self.folder / self.name}.log")
            with contextlib.suppress(OSError, http.client.HTTPException):
                yield call(self.port, "POST", "/predict", self.body)
            time.sleep(0.002)

    def signal(self, number: int) -> None:
        """Sends a signal to the server and all it started."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, number)

    def stop(self) -> None:
        """Ends the server."""
        if self.process is None:
            return
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.signal(signal.SIGKILL)
            self.process.wait(10)


class Peer(Server):
    """FastAPI, scikit-learn and uvicorn in one process."""

    name = "fastapi"

    def __init__(self, folder: Path, core: int, python: Path) -> None:
        """Prepares the peer, which the Python of its own environment runs."""
        super().__init__(folder, core)
        self.python = python

    def command(self) -> list[str]:
        """Uvicorn as its documentation starts it, with its faster loop and parser."""
        options = ["--host", "127.0.0.1", "--port", str(self.port), "--app-dir", str(HERE)]
        return [str(self.python), "-m", "uvicorn", "fastapi_server:app", *options]

    def environment(self) -> dict[str, str]:
        """Where its model lies."""
        return {"PEER_MODEL": str(self.folder / "peer.joblib")}


class Martlet(Server):
    """Martlet as a user starts it: ledger, metrics and deployment rules on."""

    name = "martlet"

    def __init__(self, folder: Path, core: int, binary: Path) -> None:
        """Prepares Martlet with a data folder of its own."""
        super().__init__(folder, core)
        self.binary = binary

    def command(self) -> list[str]:
        """`martlet up` on its own data."""
        return [str(self.binary), "up", "--port", str(self.port), "--data", str(self.folder / "martlet-data")]

    def require(self, method: str, path: str, body: object) -> dict:
        """One call that must succeed."""
        if isinstance(body, bytes):
            status, answer = call(self.port, method, path, body, "application/octet-stream")
        else:
            status, answer = call(self.port, method, path, json.dumps(body).encode())
        if status != 200:
            raise SystemExit(f"martlet: {method} {path} answered {status}: {answer.decode(errors='replace')[:500]}")
        return json.loads(answer) if answer else {}

    def register(self) -> None:
        """Registers the model through the MLflow API and deploys it, as a user would; then ends the server."""
        self.body, body = b"{}", self.body
        self.process = subprocess.Popen(
            self.command(),
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            stdout=(self.folder / "register.log").open("wb"),
            stderr=subprocess.STDOUT,
        )
        for status, _ in self.attempts(time.perf_counter()):
            if status:
                break
        api = "/api/2.0/mlflow"
        experiment = self.require("POST", f"{api}/experiments/create", {"name": "bench"})["experiment_id"]
        run = self.require("POST", f"{api}/runs/create", {"experiment_id": experiment, "start_time": 1})["run"]["info"]
        root = run["artifact_uri"].removeprefix("mlflow-artifacts:/").lstrip("/")
        for file in sorted((self.folder / "model").iterdir()):
            path = f"/api/2.0/mlflow-artifacts/artifacts/{root}/model/{file.name}"
            self.require("PUT", path, file.read_bytes())
        self.require("POST", f"{api}/registered-models/create", {"name": "bench"})
        source = f"{run['artifact_uri']}/model"
        version = {"name": "bench", "source": source, "run_id": run["run_id"]}
        self.require("POST", f"{api}/model-versions/create", version)
        alias = {"name": "bench", "alias": "production", "version": "1"}
        self.require("POST", f"{api}/registered-models/alias", alias)
        self.require("POST", "/api/martlet/v1/apply", {"manifest": MANIFEST, "directory": "."})
        self.body = body
        if not any(status == 200 for status, _ in self.attempts(time.perf_counter())):
            raise SystemExit(f"martlet: the deployment does not answer; see {self.folder / 'register.log'}")
        self.stop()
