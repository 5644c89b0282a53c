"""Real MLflow servers, databases and folders with something in them, to move in from."""

from __future__ import annotations

import hashlib
import math
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import mlflow
import requests
from martlet_process import command, environment, free_port, wait_until
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, LoggedModelOutput, Metric, Param, RunTag

SERVER_SECONDS = 180


class Source:
    """A real MLflow store with everything in it that an import has to bring along."""

    def __init__(self, kind: str, folder: Path) -> None:
        """Prepares a store of one kind below `folder`."""
        self.kind = kind
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None
        self.uri = {
            "sqlite": f"sqlite:///{folder}/mlflow.db",
            "mlruns": f"file://{folder}/mlruns",
            "server": f"http://127.0.0.1:{free_port()}",
        }[kind]

    @property
    def address(self) -> str:
        """What `--from` is given."""
        return str(self.folder / "mlruns") if self.kind == "mlruns" else self.uri

    def start(self) -> Source:
        """Starts the server, if it is one."""
        if self.kind == "server":
            arguments = ["server", "--host", "127.0.0.1", "--port", self.uri.rsplit(":", 1)[1], "--workers", "1"]
            arguments += ["--backend-store-uri", f"sqlite:///{self.folder}/server.db"]
            arguments += ["--artifacts-destination", str(self.folder / "served")]
            with (self.folder / "mlflow.log").open("wb") as log:
                self.process = subprocess.Popen(
                    [sys.executable, "-m", "mlflow", *arguments],
                    cwd=self.folder,
                    env=environment() | {"MLFLOW_DISABLE_TELEMETRY": "true"},
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            wait_until(self._answers, SERVER_SECONDS, "mlflow server")
        return self

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.uri}/health", timeout=5).ok
        except requests.RequestException:
            return False

    def stop(self) -> None:
        """Ends the server."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(timeout=10)

    @property
    def client(self) -> MlflowClient:
        """A client of the store."""
        return MlflowClient(self.uri, self.uri)


def points(key: str, values: list[float], start: int = 1_700_000_000_000) -> list[Metric]:
    """Points of a metric, a millisecond apart."""
    return [Metric(key, value, start + step, step) for step, value in enumerate(values)]


def populate(client: MlflowClient, uri: str, folder: Path) -> None:
    """Fills a store."""
    first = client.create_experiment("first / experiment", tags={"team": "röd"})
    client.create_experiment("empty")
    dataset = Dataset("d1", "abc123", "local", '{"uri": "x"}', '{"mlflow_colspec": []}', '{"num_rows": 2}')
    run = client.create_run(first, run_name="whole", tags={"multi": "line one\nline two", "user": "x"})
    run_id = run.info.run_id
    values = [1 / (step + 1) for step in range(1500)]
    client.log_batch(run_id, metrics=points("loss", values[:900]), params=[Param("depth", "4"), Param("empty", "")])
    client.log_batch(run_id, metrics=points("loss", values)[900:], tags=[RunTag("späte", "änderung")])
    odd = [math.nan, math.inf, -math.inf, -0.0, 1e-300]
    client.log_batch(run_id, metrics=points("odd/value of it", odd))
    client.log_inputs(run_id, [DatasetInput(dataset, [InputTag("mlflow.data.context", "training")])])
    client.log_text(run_id, "hello", "notes/deep/hello.txt")
    big = folder / "big.bin"
    big.write_bytes(os.urandom(3_000_000))
    client.log_artifact(run_id, str(big))
    client.log_text(run_id, "x", "with space & ü.txt")
    model = client.create_logged_model(first, name="net", source_run_id=run_id, params={"a": "1"}, tags={"t": "v"})
    weights = folder / "MLmodel"
    weights.write_text("flavors: {}\n")
    client.log_model_artifact(model.model_id, str(weights))
    client.finalize_logged_model(model.model_id, "READY")
    client.log_metric(
        run_id, "judged", 0.5, step=3, model_id=model.model_id, dataset_name="d1", dataset_digest="abc123"
    )
    client.log_outputs(run_id, [LoggedModelOutput(model.model_id, 7)])
    client.set_terminated(run_id)
    child = client.create_run(first, tags={"mlflow.parentRunId": run_id})
    client.log_metric(child.info.run_id, "loss", 2.0)
    client.set_terminated(child.info.run_id, "FAILED")
    client.delete_run(client.create_run(first, run_name="thrown away").info.run_id)
    client.log_param(client.create_run("0", run_name="in default").info.run_id, "p", "1")
    gone = client.create_experiment("gone")
    client.log_metric(client.create_run(gone).info.run_id, "m", 1)
    client.delete_experiment(gone)
    register(client, uri, run_id, model.model_id)


def register(client: MlflowClient, uri: str, run_id: str, model_id: str) -> None:
    """Registers models, versions and a prompt."""
    client.create_registered_model("reg", tags={"k": "v"}, description="words")
    client.create_model_version("reg", f"models:/{model_id}", run_id, model_id=model_id)
    client.create_model_version("reg", f"runs:/{run_id}/notes", run_id, description="second", tags={"vk": "vv"})
    client.create_model_version("reg", f"runs:/{run_id}/notes", run_id)
    client.delete_model_version("reg", "2")
    client.create_model_version("reg", f"runs:/{run_id}/notes", run_id, tags={"vk": "vv"})
    client.delete_model_version("reg", "4")
    client.create_model_version("reg", f"runs:/{run_id}/notes/deep", run_id, description="fifth", tags={"vk": "vv"})
    client.set_registered_model_alias("reg", "prod", "5")
    client.set_registered_model_alias("reg", "old", "1")
    client.transition_model_version_stage("reg", "3", "Staging")
    client.create_registered_model("bare")
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    try:
        mlflow.genai.register_prompt("greeting", "Hello {{ name }}", commit_message="first")
    finally:
        mlflow.set_tracking_uri(None)
        mlflow.set_registry_uri(None)


def run_import(folder: Path, address: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Imports into `folder/data`."""
    arguments = ("import", "mlflow", "--from", address, "--data", str(folder / "data"), *arguments)
    return command(*arguments, cwd=folder, timeout=300, **variables)


def large_database(path: Path, runs: int, points_per_run: int) -> None:
    """A database of MLflow's own schema with many runs, filled by SQL."""
    MlflowClient(f"sqlite:///{path}", f"sqlite:///{path}").create_experiment("large")
    with sqlite3.connect(path) as database:
        for index in range(runs):
            run_id = hashlib.md5(str(index).encode()).hexdigest()
            database.execute(
                "INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, "
                "start_time, end_time, source_version, lifecycle_stage, artifact_uri, experiment_id)"
                " VALUES (?, ?, 'LOCAL', '', '', 'u', 'FINISHED', ?, ?, '', 'active', ?, 1)",
                (run_id, f"run {index}", 1000 + index, 2000 + index, f"{path.parent}/mlruns/1/{run_id}/artifacts"),
            )
            database.executemany("INSERT INTO params VALUES ('p', ?, ?)", [(str(index), run_id)])
            rows = [("loss", 1 / (step + 1), 1000 + step, run_id, step, 0) for step in range(points_per_run)]
            database.executemany(
                "INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES (?, ?, ?, ?, ?, ?)", rows
            )
            key, value, timestamp, _, step, is_nan = rows[-1]
            database.execute(
                "INSERT INTO latest_metrics (key, value, timestamp, step, is_nan, run_uuid) VALUES (?, ?, ?, ?, ?, ?)",
                (key, value, timestamp, step, is_nan, run_id),
            )
    database.close()
