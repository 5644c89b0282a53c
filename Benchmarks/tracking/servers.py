"""Starts and stops the servers that are compared."""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import socket
import sqlite3
import subprocess
import time
from pathlib import Path

import workload
from client import HTTPConnection, RequestFailedError, get
from shared import processes

START_SECONDS = 120
STOP_SECONDS = 20
SETTLE_SECONDS = 60


def free_port() -> int:
    """A loopback port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A server process with its data in a folder of its own."""

    name = ""
    title = ""

    def __init__(self, folder: Path) -> None:
        """Prepares the folder; nothing runs yet."""
        self.folder = folder / self.name
        self.folder.mkdir()
        self.port = 0
        self.process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        """The command line; it may use the port."""
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        """Variables beside the caller's."""
        return {}

    def start(self) -> float:
        """Starts the process and returns the seconds until `/health` first answers 200."""
        self.port = free_port()
        with (self.folder / "server.log").open("ab") as log:
            started = time.perf_counter()
            self.process = subprocess.Popen(
                self.command(),
                env=os.environ | self.environment(),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        while time.perf_counter() - started < START_SECONDS:
            if self.process.poll() is not None:
                raise SystemExit(f"{self.title} ended by itself: {self.log()}")
            with contextlib.suppress(OSError, RequestFailedError):
                HTTPConnection(self.port).send(get("/health"))
                return time.perf_counter() - started
            time.sleep(0.002)
        raise SystemExit(f"{self.title} did not answer within {START_SECONDS} s: {self.log()}")

    def log(self) -> str:
        """The end of what the server wrote."""
        return (self.folder / "server.log").read_text(errors="replace")[-1500:]

    def settle(self) -> None:
        """Waits until the process and its helpers are idle."""
        quiet, deadline = 0, time.perf_counter() + SETTLE_SECONDS
        while quiet < 2 and time.perf_counter() < deadline:
            used = self.cpu()
            time.sleep(1)
            quiet = quiet + 1 if self.cpu() - used < 0.1 else 0

    def pid(self) -> int:
        """The process."""
        if self.process is None:
            raise SystemExit(f"{self.title} does not run")
        return self.process.pid

    def cpu(self) -> float:
        """Seconds of processor time so far, children included."""
        return processes.cpu_seconds(self.pid())

    def resident(self) -> float:
        """Resident memory in MiB, children included."""
        return processes.resident_mebibytes(self.pid())

    def peak_resident(self) -> float:
        """The greatest resident memory so far in MiB, each process's own added up."""
        total = 0.0
        for member in processes.family(self.pid()):
            with contextlib.suppress(OSError):
                lines = Path(f"/proc/{member}/status").read_text().splitlines()
                total += sum(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
        return total / 1024

    def stop(self) -> None:
        """Ends the process and what it started."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait(STOP_SECONDS)
        self.process = None


class Martlet(Server):
    """Our server with its defaults: SQLite, `synchronous=FULL`."""

    name, title = "martlet", "Martlet"

    def __init__(self, folder: Path, binary: Path) -> None:
        """Takes the binary."""
        super().__init__(folder)
        self.binary = binary

    def command(self) -> list[str]:
        """`martlet up` on the port."""
        return [str(self.binary), "up", "--port", str(self.port), "--data", str(self.folder / "data")]

    def store(self, scene: workload.Scene, first: int, last: int) -> float:
        """Stores runs over HTTP."""
        return workload.store(self.port, scene, first, last)


class MLflow(Server):
    """`mlflow server` as its defaults make it: four workers and a job runner, SQLite."""

    name, title = "mlflow-default", "MLflow, defaults"

    def __init__(self, folder: Path, python: Path) -> None:
        """Takes the Python of the environment that MLflow is installed in."""
        super().__init__(folder)
        self.python = python

    def command(self) -> list[str]:
        """`mlflow server` on the port."""
        command = [str(self.python), "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(self.port)]
        command += ["--backend-store-uri", f"sqlite:///{self.database()}"]
        return [*command, "--artifacts-destination", str(self.folder / "artifacts")]

    def environment(self) -> dict[str, str]:
        """No telemetry: the benchmark uses the loopback interface only."""
        return {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}

    def database(self) -> Path:
        """The SQLite file."""
        return self.folder / "mlflow.db"

    def store(self, scene: workload.Scene, first: int, last: int) -> float:
        """Stores the same runs as rows of MLflow's own tables: over HTTP 20,000 runs would take minutes."""
        started = time.perf_counter()
        experiment = int(scene.searched)
        database = sqlite3.connect(self.database(), timeout=60)
        with contextlib.closing(database), database:
            for number in range(first, last):
                self._insert(database, experiment, number)
        return 2 * (last - first) / (time.perf_counter() - started)

    @staticmethod
    def _insert(database: sqlite3.Connection, experiment: int, number: int) -> None:
        creation, metrics, params = workload.stored_run(number)
        run = hashlib.md5(f"{experiment}/{number}".encode(), usedforsecurity=False).hexdigest()
        uri = f"mlflow-artifacts:/{experiment}/{run}/artifacts"
        database.execute(
            "INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time,"
            " source_version, lifecycle_stage, artifact_uri, experiment_id)"
            " VALUES (?, ?, 'UNKNOWN', '', '', '', 'RUNNING', ?, '', 'active', ?, ?)",
            (run, creation["run_name"], creation["start_time"], uri, experiment),
        )
        tags = [(tag["key"], tag["value"], run) for tag in creation["tags"]]
        tags.append(("mlflow.runName", creation["run_name"], run))
        database.executemany("INSERT INTO tags (key, value, run_uuid) VALUES (?, ?, ?)", tags)
        rows = [(param["key"], param["value"], run) for param in params]
        database.executemany("INSERT INTO params (key, value, run_uuid) VALUES (?, ?, ?)", rows)
        points = [(metric["key"], metric["value"], metric["timestamp"], metric["step"], run) for metric in metrics]
        for table in ("metrics", "latest_metrics"):
            database.executemany(
                f"INSERT INTO {table} (key, value, timestamp, step, run_uuid, is_nan) VALUES (?, ?, ?, ?, ?, 0)", points
            )


class LeanMLflow(MLflow):
    """`mlflow server` with one worker and without its job runner: the least it takes."""

    name, title = "mlflow-lean", "MLflow, one worker"

    def command(self) -> list[str]:
        """With `--workers 1`."""
        return [*super().command(), "--workers", "1"]

    def environment(self) -> dict[str, str]:
        """Without the job runner."""
        return super().environment() | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
