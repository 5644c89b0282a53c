"""The unmodified MLflow client against the server: experiments, runs, search, and requests as they should not be."""

from __future__ import annotations

import json
import math
import threading
from pathlib import Path

import mlflow
import numpy as np
import pytest
import requests
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag, ViewType
from mlflow.exceptions import MlflowException
from mlflow_fixtures import error_code

pytest_plugins = ["mlflow_fixtures"]


def test_set_experiment_and_log_everything(client: MlflowClient, name: str, tmp_path: Path):
    mlflow.set_experiment(name)
    with mlflow.start_run(run_name="first", tags={"team": "red"}) as active:
        mlflow.log_param("depth", 4)
        mlflow.log_params({"eta": 0.1, "rounds": 20})
        for step in range(5):
            mlflow.log_metric("loss", 1 / (step + 1), step=step)
        mlflow.log_metrics({"auc": 0.9, "accuracy": 0.8}, step=4)
        mlflow.set_tag("stage", "try")
        mlflow.set_tags({"a": "1", "b": "2"})
        mlflow.log_text("hello", "notes/hello.txt")
        mlflow.log_dict({"x": [1, 2]}, "config.json")
        (tmp_path / "local.bin").write_bytes(bytes(range(256)) * 1000)
        mlflow.log_artifact(str(tmp_path / "local.bin"), "files")
        mlflow.log_table({"a": [1, 2], "b": ["x", "y"]}, "table.json")
    stored = mlflow.get_run(active.info.run_id)
    assert stored.info.status == "FINISHED"
    assert stored.info.run_name == "first"
    assert stored.info.end_time >= stored.info.start_time
    assert stored.data.params == {"depth": "4", "eta": "0.1", "rounds": "20"}
    assert stored.data.metrics == {"loss": 0.2, "auc": 0.9, "accuracy": 0.8}
    assert stored.data.tags["team"] == "red" and stored.data.tags["b"] == "2"
    history = client.get_metric_history(active.info.run_id, "loss")
    assert [(point.step, point.value) for point in history] == [(s, 1 / (s + 1)) for s in range(5)]
    listing = {file.path: file.is_dir for file in client.list_artifacts(active.info.run_id)}
    assert listing == {"config.json": False, "files": True, "notes": True, "table.json": False}
    assert [file.path for file in client.list_artifacts(active.info.run_id, "notes")] == ["notes/hello.txt"]
    assert mlflow.artifacts.load_text(f"{stored.info.artifact_uri}/notes/hello.txt") == "hello"
    assert mlflow.artifacts.load_dict(f"{stored.info.artifact_uri}/config.json") == {"x": [1, 2]}
    copy = mlflow.artifacts.download_artifacts(run_id=active.info.run_id, dst_path=str(tmp_path / "copy"))
    assert (Path(copy) / "files/local.bin").read_bytes() == (tmp_path / "local.bin").read_bytes()
    assert list(mlflow.load_table("table.json", run_ids=[active.info.run_id])["b"]) == ["x", "y"]


def test_experiment_life(client: MlflowClient, name: str):
    experiment_id = client.create_experiment(name, tags={"owner": "ann"})
    experiment = client.get_experiment(experiment_id)
    assert experiment.artifact_location == f"mlflow-artifacts:/{experiment_id}"
    assert experiment.tags == {"owner": "ann"}
    assert error_code(lambda: client.create_experiment(name)) == "RESOURCE_ALREADY_EXISTS"
    client.rename_experiment(experiment_id, name + " renamed")
    assert client.get_experiment_by_name(name) is None
    client.set_experiment_tag(experiment_id, "k", "v")
    client.delete_experiment_tag(experiment_id, "owner")
    assert client.get_experiment(experiment_id).tags == {"k": "v"}
    run = client.create_run(experiment_id)
    client.delete_experiment(experiment_id)
    assert client.get_experiment(experiment_id).lifecycle_stage == "deleted"
    assert client.get_run(run.info.run_id).info.lifecycle_stage == "deleted"
    assert error_code(lambda: client.create_run(experiment_id)) == "INVALID_PARAMETER_VALUE"
    client.restore_experiment(experiment_id)
    assert client.get_run(run.info.run_id).info.lifecycle_stage == "active"
    found = client.search_experiments(filter_string=f"name LIKE '{name}%' AND tags.k = 'v'")
    assert [experiment.experiment_id for experiment in found] == [experiment_id]
    assert error_code(lambda: client.get_experiment("999999")) == "RESOURCE_DOES_NOT_EXIST"


# Runs


def test_names_and_tags_stay_in_step(client: MlflowClient, run):
    run_id = run.info.run_id
    assert run.data.tags["mlflow.runName"] == run.info.run_name
    client.set_tag(run_id, "mlflow.runName", "by tag")
    assert client.get_run(run_id).info.run_name == "by tag"
    client.update_run(run_id, name="by name")
    assert client.get_run(run_id).data.tags["mlflow.runName"] == "by name"
    client.delete_tag(run_id, "mlflow.runName")
    assert error_code(lambda: client.delete_tag(run_id, "none")) == "RESOURCE_DOES_NOT_EXIST"


def test_params_are_written_once(client: MlflowClient, run):
    run_id = run.info.run_id
    client.log_param(run_id, "p", 1)
    client.log_param(run_id, "p", 1)
    with pytest.raises(MlflowException, match="Changing param values is not allowed"):
        client.log_param(run_id, "p", 2)
    assert client.get_run(run_id).data.params == {"p": "1"}


def test_batch_is_all_or_nothing(client: MlflowClient, run):
    run_id = run.info.run_id
    client.log_param(run_id, "p", 1)
    with pytest.raises(MlflowException):
        client.log_batch(run_id, [Metric("m", 1, 1, 0)], [Param("q", "1"), Param("p", "2")], [RunTag("t", "1")])
    stored = client.get_run(run_id)
    assert (stored.data.metrics, stored.data.params, "t" in stored.data.tags) == ({}, {"p": "1"}, False)


def test_latest_metric_is_the_greatest_by_step_time_and_value(client: MlflowClient, run):
    run_id = run.info.run_id
    for value, time, step in [(1.0, 5, 2), (9.0, 9, 1), (2.0, 5, 2), (3.0, 4, 2)]:
        client.log_metric(run_id, "m", value, timestamp=time, step=step)
    client.log_metric(run_id, "nan", math.nan)
    client.log_metric(run_id, "big", math.inf)
    metrics = client.get_run(run_id).data.metrics
    assert metrics["m"] == 2.0
    assert math.isnan(metrics["nan"])
    assert metrics["big"] == np.finfo(float).max
    history = client.get_metric_history(run_id, "m")
    assert [(point.timestamp, point.step, point.value) for point in history] == [
        (4, 2, 3.0),
        (5, 2, 1.0),
        (5, 2, 2.0),
        (9, 1, 9.0),
    ]


def test_search_runs(client: MlflowClient, name: str):
    experiment_id = client.create_experiment(name)
    for index in range(12):
        run = client.create_run(experiment_id, start_time=1000 + index, run_name=f"r{index}")
        client.log_metric(run.info.run_id, "auc", index / 10)
        client.log_param(run.info.run_id, "kind", "even" if index % 2 == 0 else "odd")
        client.set_tag(run.info.run_id, "a tag", str(index))
    found = mlflow.search_runs(
        [experiment_id], "metrics.auc >= 0.3 AND params.kind = 'even'", order_by=["metrics.auc ASC"]
    )
    assert list(found["tags.mlflow.runName"]) == ["r4", "r6", "r8", "r10"]
    assert len(client.search_runs([experiment_id], "tags.`a tag` ILIKE '1%'")) == 3
    assert len(client.search_runs([experiment_id], "attributes.run_name LIKE 'R%'")) == 0
    assert len(client.search_runs([experiment_id], "start_time > 1009")) == 2
    assert len(client.search_runs([experiment_id], "params.none IS NULL AND params.kind IS NOT NULL")) == 12
    names, token = [], None
    while True:
        page = client.search_runs([experiment_id], max_results=5, page_token=token)
        names += [run.info.run_name for run in page]
        token = page.token
        if not token:
            break
        client.create_run(experiment_id, start_time=9999, run_name="meanwhile")
    assert names == [f"r{index}" for index in reversed(range(12))]
    for bad in ["metrics.auc >", "'; DROP TABLE runs;--", "auc.x = 'y'", "metrics.auc = 'text'", "params.kind = 1"]:
        assert error_code(lambda bad=bad: client.search_runs([experiment_id], bad)) == "INVALID_PARAMETER_VALUE"
    assert (
        error_code(lambda: client.search_runs([experiment_id], max_results=5, page_token="x" * 200))
        == "INVALID_PARAMETER_VALUE"
    )


def test_deleted_runs(client: MlflowClient, run):
    run_id, experiment_id = run.info.run_id, run.info.experiment_id
    client.delete_run(run_id)
    assert error_code(lambda: client.log_metric(run_id, "m", 1)) == "INVALID_PARAMETER_VALUE"
    assert client.search_runs([experiment_id]) == []
    assert len(client.search_runs([experiment_id], run_view_type=ViewType.DELETED_ONLY)) == 1
    client.restore_run(run_id)
    assert len(client.search_runs([experiment_id])) == 1


def test_racing_writers_lose_nothing(client: MlflowClient, run):
    run_id = run.info.run_id

    def write(writer: int):
        mine = MlflowClient(client.tracking_uri)
        for start in range(0, 100, 50):
            mine.log_batch(run_id, [Metric(f"w{writer}", step, 1, step) for step in range(start, start + 50)])

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for writer in range(8):
        assert len(client.get_metric_history(run_id, f"w{writer}")) == 100


def test_racing_creates_have_one_winner(server, name: str):
    answers = []

    def create():
        answer = requests.post(f"{server.url}/api/2.0/mlflow/experiments/create", json={"name": name}, timeout=30)
        answers.append((answer.status_code, answer.json().get("error_code")))

    threads = [threading.Thread(target=create) for _ in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers, key=str) == sorted([(200, None)] + [(400, "RESOURCE_ALREADY_EXISTS")] * 23, key=str)


def test_datasets_and_autolog(client: MlflowClient, name: str, cancer):
    from sklearn.linear_model import LogisticRegression

    features, target = cancer
    mlflow.set_experiment(name)
    dataset = mlflow.data.from_pandas(features.head(20), name="wisconsin")
    with mlflow.start_run() as active:
        mlflow.log_input(dataset, context="training")
    inputs = client.get_run(active.info.run_id).inputs.dataset_inputs
    assert [(item.dataset.name, item.tags[0].value) for item in inputs] == [("wisconsin", "training")]
    experiment_id = active.info.experiment_id
    assert len(client.search_runs([experiment_id], "dataset.name = 'wisconsin'")) == 1
    mlflow.sklearn.autolog()
    try:
        with mlflow.start_run() as active:
            LogisticRegression(max_iter=50).fit(features.to_numpy()[:, :3], target)
    finally:
        mlflow.sklearn.autolog(disable=True)
    logged = client.get_run(active.info.run_id)
    assert logged.data.params["max_iter"] == "50"
    assert "training_accuracy_score" in logged.data.metrics
    assert len(logged.outputs.model_outputs) == 1


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"42", b'{"name":', b'{"name":"x"} trailing', b"\xff\xfe"])
def test_malformed_bodies(server, body: bytes):
    answer = requests.post(
        f"{server.url}/api/2.0/mlflow/experiments/create",
        data=body,
        headers={"Content-Type": "application/json"},
        timeout=30,
    )
    assert answer.status_code == 400, answer.text
    assert answer.json()["message"]


def test_wrong_types_name_the_field(server, run):
    good = {"run_id": run.info.run_id, "key": "m", "value": 1, "timestamp": 1, "step": 0}
    wrong = {
        "run_id": [1, {}, True],
        "key": [1, [], {}, "", "a" * 251, "../up"],
        "value": ["text", [], {}, True],
        "timestamp": [1.5, 2**63, -1, "x", True, 1e300],
        "step": [1.5, 2**63, "x", []],
    }
    for field, values in wrong.items():
        for value in values:
            answer = requests.post(
                f"{server.url}/api/2.0/mlflow/runs/log-metric", json=good | {field: value}, timeout=30
            )
            assert answer.status_code == 400, (field, value, answer.text)
            assert answer.json()["error_code"] == "INVALID_PARAMETER_VALUE"
            # MLflow calls the key of a metric its name.
            assert any(word in answer.json()["message"] for word in (field, "run ID", "name"))
    assert requests.post(f"{server.url}/api/2.0/mlflow/runs/log-metric", json=good, timeout=30).status_code == 200


def test_both_spellings_of_names(server, run):
    answer = requests.post(
        f"{server.url}/ajax-api/2.0/mlflow/runs/set-tag",
        json={"runId": run.info.run_id, "key": "camel", "value": "yes"},
        timeout=30,
    )
    assert answer.status_code == 200, answer.text
    twice = {"runId": run.info.run_id, "run_id": run.info.run_id, "key": "k", "value": "v"}
    assert requests.post(f"{server.url}/api/2.0/mlflow/runs/set-tag", json=twice, timeout=30).status_code == 400


def test_forms_cannot_post(server, name: str):
    answer = requests.post(
        f"{server.url}/api/2.0/mlflow/experiments/create",
        data=json.dumps({"name": name}),
        headers={"Content-Type": "text/plain"},
        timeout=30,
    )
    assert answer.status_code == 400


def test_what_is_not_there_says_so(server):
    answer = requests.post(f"{server.url}/api/3.0/mlflow/issues", json={"name": "i"}, timeout=30)
    assert (answer.status_code, answer.json()["error_code"]) == (501, "NOT_IMPLEMENTED")
