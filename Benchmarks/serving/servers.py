"""Starts the two servers that are compared, each pinned to the server's core, and times their first prediction."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
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
monitors:
  bench-drift:
    deployment: bench
    window: 120
    minimum: 100
    interval: 1s
    detectors:
      mmd: {p_value: 0.01, permutations: 200}
      ks: {p_value: 0.001, correction: bonferroni}
"""
COLD_MANIFEST = """\
version: 1
deployments:
  cold:
    model: large
    alias: production
    serving: {idle: 500ms}
"""
NGINX = """\
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr crit;
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path {folder}/nginx-body;
  proxy_temp_path {folder}/nginx-proxy;
  fastcgi_temp_path {folder}/nginx-fastcgi;
  uwsgi_temp_path {folder}/nginx-uwsgi;
  scgi_temp_path {folder}/nginx-scgi;
  keepalive_requests 1000000000;
  server {{
    listen 127.0.0.1:{port};
    location / {{ default_type application/json; return 200 '{answer}'; }}
  }}
}}
"""


def free_port() -> int:
    """A loopback port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def call(
    port: int,
    method: str,
    path: str,
    body: bytes = b"",
    content_type: str = "application/json",
    headers: dict[str, str] | None = None,
) -> tuple[int, dict[str, str], bytes]:
    """One request; returns status, fields and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    fields = headers or ({"Content-Type": content_type} if body else {})
    try:
        connection.request(method, path, body or None, fields)
        response = connection.getresponse()
        return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
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
        self.grpc_port = free_port()
        self.body = (folder / "bodies" / "features" / "0").read_bytes()

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
            if status == 200 and b"probability" in answer:
                self.first_prediction_ms = (time.perf_counter() - started) * 1e3
                return
        raise SystemExit(f"{self.name}: no prediction within {START_SECONDS} s; see {log.name}")

    def attempts(self, started: float) -> Iterator[tuple[int, bytes]]:
        """Asks for a prediction again and again until the time is up or the process has ended."""
        while time.perf_counter() - started < START_SECONDS:
            if self.process is None or self.process.poll() is not None:
                raise SystemExit(f"{self.name} ended by itself; see {self.folder / self.name}.log")
            with contextlib.suppress(OSError, http.client.HTTPException):
                status, _, answer = call(self.port, "POST", "/predict", self.body)
                yield status, answer
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


class Nginx(Server):
    """nginx that gives every request the same answer: what the system and a lean loop cost."""

    name = "nginx"

    def command(self) -> list[str]:
        """One worker without access log."""
        answer = json.dumps({"prediction": 1, "probability": 0.5, "padding": "x" * 160})
        place = self.folder / "nginx.conf"
        place.write_text(NGINX.format(folder=self.folder, port=self.port, answer=answer))
        program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin") or "nginx"
        return [program, "-p", str(self.folder), "-c", str(place)]


class Martlet(Server):
    """Martlet as a user starts it: ledger, metrics and deployment rules on."""

    name = "martlet"
    experiment = ""

    def __init__(self, folder: Path, core: int, binary: Path, options: list[str] | None = None) -> None:
        """Prepares Martlet with a data folder of its own."""
        super().__init__(folder, core)
        self.binary, self.options = binary, options or []

    def command(self) -> list[str]:
        """`martlet up` on its own data."""
        ports = ["--port", str(self.port), "--grpc-port", str(self.grpc_port)]
        return [str(self.binary), "up", *ports, "--data", str(self.folder / "martlet-data"), *self.options]

    def require(self, method: str, path: str, body: object) -> dict:
        """One call that must succeed."""
        if isinstance(body, bytes):
            status, _, answer = call(self.port, method, path, body, "application/octet-stream")
        else:
            status, _, answer = call(self.port, method, path, json.dumps(body).encode())
        if status != 200:
            raise SystemExit(f"martlet: {method} {path} answered {status}: {answer.decode(errors='replace')[:500]}")
        return json.loads(answer) if answer else {}

    def open_for_registration(self) -> None:
        """Starts the server and waits until it answers at all."""
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
                return

    def log_model(self, model: Path) -> tuple[str, str]:
        """Logs a model directory in a new run through the MLflow API; returns the run's id and the model's source."""
        api = "/api/2.0/mlflow"
        if not self.experiment:
            self.experiment = self.require("POST", f"{api}/experiments/create", {"name": "bench"})["experiment_id"]
        run = self.require("POST", f"{api}/runs/create", {"experiment_id": self.experiment, "start_time": 1})["run"]
        root = run["info"]["artifact_uri"].removeprefix("mlflow-artifacts:/").lstrip("/")
        for file in sorted(model.iterdir()):
            path = f"/api/2.0/mlflow-artifacts/artifacts/{root}/model/{file.name}"
            self.require("PUT", path, file.read_bytes())
        return run["info"]["run_id"], f"{run['info']['artifact_uri']}/model"

    def register_version(self, name: str, run: str, source: str) -> None:
        """Registers a model's first version and gives it the alias `production`."""
        api = "/api/2.0/mlflow"
        self.require("POST", f"{api}/registered-models/create", {"name": name})
        self.require("POST", f"{api}/model-versions/create", {"name": name, "source": source, "run_id": run})
        alias = {"name": name, "alias": "production", "version": "1"}
        self.require("POST", f"{api}/registered-models/alias", alias)

    def register(self, name: str = "bench", folder: str = "model", manifest: str = MANIFEST) -> None:
        """Registers and deploys a model as a user would; then ends the server."""
        self.open_for_registration()
        self.register_version(name, *self.log_model(self.folder / folder))
        self.require("POST", "/api/martlet/v1/apply", {"manifest": manifest, "directory": "."})
        if not any(status == 200 for status, _ in self.attempts(time.perf_counter())):
            raise SystemExit(f"martlet: the deployment does not answer; see {self.folder / 'register.log'}")
        self.stop()
