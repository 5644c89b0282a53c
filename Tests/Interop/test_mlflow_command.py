"""The `mlflow` command line against the server: experiments, runs, artifacts and models."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path

import mlflow
import pandas as pd
import pytest
from click.testing import CliRunner, Result
from mlflow import MlflowClient
from mlflow.cli import cli

pytest_plugins = ["mlflow_fixtures"]


@pytest.fixture
def command(client: MlflowClient, monkeypatch: pytest.MonkeyPatch):
    """Runs an `mlflow` command in this process, as importing the client anew takes seconds, and returns its result."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", client.tracking_uri)

    def run(*arguments: str, status: int = 0) -> Result:
        result = CliRunner().invoke(cli, [str(argument) for argument in arguments])
        assert result.exit_code == status, (arguments, result.output, result.exception)
        return result

    return run


def test_experiments(client: MlflowClient, command, name: str, tmp_path: Path):
    created = command("experiments", "create", "--experiment-name", name).output
    experiment_id = client.get_experiment_by_name(name).experiment_id
    assert f"Created experiment '{name}' with id {experiment_id}" in created
    command("experiments", "create", "--experiment-name", name, status=1)
    assert name in command("experiments", "search", "--view", "all").output
    shown = command("experiments", "get", "--experiment-id", experiment_id, "--output", "json").output
    assert json.loads(shown)["name"] == name
    command("experiments", "rename", "--experiment-id", experiment_id, "--new-name", f"{name}-new")
    assert client.get_experiment(experiment_id).name == f"{name}-new"
    command("experiments", "delete", "--experiment-id", experiment_id)
    assert client.get_experiment(experiment_id).lifecycle_stage == "deleted"
    assert name in command("experiments", "search", "--view", "deleted_only").output
    command("experiments", "restore", "--experiment-id", experiment_id)
    assert client.get_experiment(experiment_id).lifecycle_stage == "active"
    run = client.create_run(experiment_id, run_name="in the table")
    client.log_metric(run.info.run_id, "loss", 0.25)
    command("experiments", "csv", "--experiment-id", experiment_id, "--filename", tmp_path / "runs.csv")
    (row,) = csv.DictReader(io.StringIO((tmp_path / "runs.csv").read_text()))
    assert row["run_id"] == run.info.run_id and row["metrics.loss"] == "0.25"


def test_runs(client: MlflowClient, command, name: str):
    experiment_id = client.create_experiment(name)
    created = command("runs", "create", "--experiment-id", experiment_id, "--run-name", "typed", "--tags", "team=red")
    (run,) = client.search_runs([experiment_id])
    assert f'"run_id": "{run.info.run_id}"' in created.output
    assert (run.info.run_name, run.info.status, run.data.tags["team"]) == ("typed", "FINISHED", "red")
    listed = command("runs", "list", "--experiment-id", experiment_id).output
    assert "typed" in listed and run.info.run_id in listed
    client.log_param(run.info.run_id, "p", 5)
    described = json.loads(command("runs", "describe", "--run-id", run.info.run_id).output)
    assert described["data"]["params"] == {"p": "5"} and described["info"]["run_name"] == "typed"
    command("runs", "delete", "--run-id", run.info.run_id)
    assert "typed" not in command("runs", "list", "--experiment-id", experiment_id).output
    assert "typed" in command("runs", "list", "--experiment-id", experiment_id, "--view", "deleted_only").output
    command("runs", "restore", "--run-id", run.info.run_id)
    assert client.get_run(run.info.run_id).info.lifecycle_stage == "active"
    command("runs", "describe", "--run-id", "0" * 32, status=1)


def test_artifacts(client: MlflowClient, command, run, tmp_path: Path):
    run_id = run.info.run_id
    (tmp_path / "tree/deep").mkdir(parents=True)
    (tmp_path / "tree/one.txt").write_text("one")
    (tmp_path / "tree/deep/two.bin").write_bytes(os.urandom(1000))
    command("artifacts", "log-artifact", "--local-file", tmp_path / "tree/one.txt", "--run-id", run_id)
    command("artifacts", "log-artifacts", "--local-dir", tmp_path / "tree", "--run-id", run_id, "--artifact-path", "t")
    listed = json.loads(command("artifacts", "list", "--run-id", run_id, "--artifact-path", "t").output)
    assert [(entry["path"], entry["is_dir"]) for entry in listed] == [("t/deep", True), ("t/one.txt", False)]
    target = tmp_path / "copy"
    command("artifacts", "download", "--run-id", run_id, "--artifact-path", "t", "--dst-path", target)
    assert (target / "t/deep/two.bin").read_bytes() == (tmp_path / "tree/deep/two.bin").read_bytes()
    uri = f"runs:/{run_id}/one.txt"
    command("artifacts", "download", "--artifact-uri", uri, "--dst-path", tmp_path / "single")
    assert (tmp_path / "single/one.txt").read_text() == "one"
    command("artifacts", "download", "--run-id", run_id, "--artifact-path", "none", status=1)


def test_a_model_predicts_from_the_command_line(client: MlflowClient, command, name: str, tmp_path: Path):
    from sklearn.linear_model import LinearRegression

    features = pd.DataFrame({"x": [1.0, 2.0, 3.0]})
    model = LinearRegression().fit(features, [2.0, 4.0, 6.0])
    mlflow.set_experiment(name)
    info = mlflow.sklearn.log_model(
        model, name="model", registered_model_name=name, pip_requirements=["mlflow"], input_example=features
    )
    features.to_csv(tmp_path / "input.csv", index=False)
    for address in [info.model_uri, f"models:/{name}/1"]:
        output = tmp_path / "output.json"
        command(
            *["models", "predict", "--model-uri", address, "--env-manager", "local", "--content-type", "csv"],
            *["--input-path", tmp_path / "input.csv", "--output-path", output],
        )
        assert json.loads(output.read_text())["predictions"] == pytest.approx([2.0, 4.0, 6.0])
