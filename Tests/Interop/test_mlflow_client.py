"""The unmodified MLflow client against the server: experiments, runs, artifacts, logged and registered models."""

from __future__ import annotations

import io
import json
import math
import threading
import uuid
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
import requests
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag, ViewType
from mlflow.exceptions import MlflowException


@pytest.fixture
def client(server, monkeypatch: pytest.MonkeyPatch) -> MlflowClient:
    """A client of the shared server, also set as the address for `mlflow.…`."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    mlflow.set_tracking_uri(server.url)
    mlflow.set_registry_uri(server.url)
    yield MlflowClient(server.url)
    while mlflow.active_run():
        mlflow.end_run()


@pytest.fixture
def name() -> str:
    """A name that no other test uses."""
    return f"test-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def run(client: MlflowClient, name: str):
    """A run in an experiment of its own."""
    return client.create_run(client.create_experiment(name))


@pytest.fixture(scope="module")
def cancer() -> tuple[pd.DataFrame, pd.Series]:
    """The Wisconsin breast-cancer data of scikit-learn."""
    from sklearn.datasets import load_breast_cancer

    data = load_breast_cancer(as_frame=True)
    return data.data, data.target


def error_code(action) -> str:
    """The MLflow code of the error that `action` raises."""
    with pytest.raises(MlflowException) as raised:
        action()
    return raised.value.error_code


# Experiments


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


# Artifacts


@pytest.mark.parametrize(
    "path",
    ["../../etc/passwd", "%2e%2e/%2e%2e/etc/passwd", "/etc/passwd", "a/%252e%252e/b", "a%5cb", "a//b", "file:///etc"],
)
def test_paths_that_leave_the_store_are_refused(server, path: str):
    address = f"{server.url}/api/2.0/mlflow-artifacts/artifacts/{path}"
    for method in ["GET", "PUT", "DELETE"]:
        request = requests.Request(method, address, data=b"x" if method == "PUT" else None).prepare()
        request.url = address
        answer = requests.Session().send(request, timeout=30)
        assert answer.status_code == 400, (method, answer.text)
        assert answer.json()["error_code"] == "INVALID_PARAMETER_VALUE"


def test_download_headers_ranges_and_misses(server, name: str):
    address = f"{server.url}/api/2.0/mlflow-artifacts/artifacts/{name}/page ü.html"
    assert requests.put(address, data=b"0123456789", timeout=30).text == ""
    answer = requests.get(address, timeout=30)
    assert answer.content == b"0123456789"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    assert "filename*=UTF-8''page%20%C3%BC.html" in answer.headers["Content-Disposition"]
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    part = requests.get(address, headers={"Range": "bytes=2-4"}, timeout=30)
    assert (part.status_code, part.content) == (206, b"234")
    assert requests.get(address, headers={"Range": "bytes=99-"}, timeout=30).status_code == 416
    missing = requests.get(address + ".none", timeout=30)
    assert (missing.status_code, missing.json()["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
    folder = f"{server.url}/api/2.0/mlflow-artifacts/artifacts"
    listing = requests.get(folder, params={"path": name}, timeout=30).json()
    assert listing == {"files": [{"path": "page ü.html", "is_dir": False, "file_size": 10}]}
    assert requests.get(folder, params={"path": "../"}, timeout=30).status_code == 400
    assert requests.put(f"{address}/child", data=b"x", timeout=30).status_code == 400
    assert requests.delete(f"{folder}/{name}", timeout=30).status_code == 200
    assert requests.get(folder, params={"path": name}, timeout=30).json() == {}


def test_cut_uploads_leave_nothing(server, name: str):
    import socket

    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        head = f"PUT /api/2.0/mlflow-artifacts/artifacts/{name}/cut HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
        connection.sendall(head.encode() + b"Content-Length: 100\r\n\r\n" + b"half")
        connection.shutdown(socket.SHUT_WR)
        connection.recv(4096)
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(head.encode() + b"Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")
        connection.shutdown(socket.SHUT_WR)
        connection.recv(4096)
    folder = f"{server.url}/api/2.0/mlflow-artifacts/artifacts"
    assert requests.get(folder, params={"path": name}, timeout=30).json() == {}


def test_racing_uploads_leave_one_whole(server, name: str):
    address = f"{server.url}/api/2.0/mlflow-artifacts/artifacts/{name}/race"
    bodies = [bytes([index]) * 300_000 for index in range(8)]
    requests.put(address, data=bodies[0], timeout=30)
    seen = []

    def put(body: bytes):
        requests.put(address, data=body, timeout=30).raise_for_status()

    def get():
        seen.append(requests.get(address, timeout=30).content)

    threads = [threading.Thread(target=put, args=(body,)) for body in bodies]
    threads += [threading.Thread(target=get) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert requests.get(address, timeout=30).content in bodies
    assert all(content in bodies for content in seen)


# Requests as they should not be


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
            assert field in answer.json()["message"] or "run ID" in answer.json()["message"]
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


# Models


def test_log_register_and_load_sklearn(client: MlflowClient, name: str, cancer):
    from sklearn.linear_model import LogisticRegression

    features, target = cancer
    model = LogisticRegression(max_iter=200).fit(features, target)
    mlflow.set_experiment(name)
    with mlflow.start_run() as active:
        info = mlflow.sklearn.log_model(model, name="model", registered_model_name=name, input_example=features.head(3))
        mlflow.log_metric("auc", 0.99, model_id=info.model_id)
    logged = client.get_logged_model(info.model_id)
    assert logged.status == "READY" and logged.source_run_id == active.info.run_id
    assert [metric.key for metric in logged.metrics] == ["auc"]
    found = client.search_logged_models([active.info.experiment_id], filter_string="metrics.auc > 0.9")
    assert [model.model_id for model in found] == [info.model_id]
    client.set_registered_model_alias(name, "production", "1")
    version = client.get_model_version_by_alias(name, "production")
    assert (version.version, version.run_id, version.status) == ("1", active.info.run_id, "READY")
    expected = model.predict(features)
    for address in [f"models:/{name}@production", f"models:/{name}/1", info.model_uri, f"models:/{name}/latest"]:
        assert (mlflow.sklearn.load_model(address).predict(features) == expected).all(), address
    assert (mlflow.pyfunc.load_model(f"models:/{name}@production").predict(features) == expected).all()


def test_log_register_and_load_xgboost(client: MlflowClient, name: str, cancer):
    import xgboost

    features, target = cancer
    model = xgboost.XGBClassifier(n_estimators=5, max_depth=3).fit(features, target)
    mlflow.set_experiment(name)
    with mlflow.start_run():
        mlflow.xgboost.log_model(model, name="model", registered_model_name=name, model_format="json")
        mlflow.xgboost.log_model(model, name="model", registered_model_name=name, model_format="ubj")
    client.set_registered_model_alias(name, "production", "2")
    loaded = mlflow.xgboost.load_model(f"models:/{name}@production")
    assert (loaded.predict(features) == model.predict(features)).all()
    assert [version.version for version in client.search_model_versions(f"name = '{name}'")] == ["2", "1"]


def test_register_from_a_run(client: MlflowClient, run, name: str, cancer, tmp_path: Path):
    """Model folders that were uploaded as artifacts of a run, as Martlet's own training does, load by alias."""
    import xgboost

    features, target = cancer
    booster = xgboost.train({"max_depth": 2}, xgboost.DMatrix(features, target), 3)
    mlflow.xgboost.save_model(booster, str(tmp_path / "model"), model_format="json")
    client.log_artifacts(run.info.run_id, str(tmp_path / "model"), "model")
    version = mlflow.register_model(f"runs:/{run.info.run_id}/model", name)
    assert version.run_id == run.info.run_id
    client.set_registered_model_alias(name, "production", version.version)
    uri = client.get_model_version_download_uri(name, version.version)
    assert uri == f"{run.info.artifact_uri}/model"
    loaded = mlflow.pyfunc.load_model(f"models:/{name}@production")
    expected = booster.predict(xgboost.DMatrix(features))
    assert np.allclose(loaded.predict(features), expected)
    copied = client.copy_model_version(f"models:/{name}/1", name + "-copy")
    assert copied.version == "1" and copied.run_id == run.info.run_id
    assert np.allclose(mlflow.pyfunc.load_model(f"models:/{name}-copy/1").predict(features), expected)


# Registry


def test_registered_model_life(client: MlflowClient, name: str):
    client.create_registered_model(name, tags={"team": "red"}, description="first")
    assert error_code(lambda: client.create_registered_model(name)) == "RESOURCE_ALREADY_EXISTS"
    client.update_registered_model(name, "second")
    client.set_registered_model_tag(name, "k", "v")
    client.delete_registered_model_tag(name, "team")
    model = client.get_registered_model(name)
    assert (model.description, model.tags) == ("second", {"k": "v"})
    assert [found.name for found in client.search_registered_models(f"name = '{name}'")] == [name]
    assert [found.name for found in client.search_registered_models(f"name LIKE '{name}%' AND tags.k = 'v'")] == [name]
    client.rename_registered_model(name, name + "-new")
    assert error_code(lambda: client.get_registered_model(name)) == "RESOURCE_DOES_NOT_EXIST"
    client.delete_registered_model(name + "-new")
    assert error_code(lambda: client.get_registered_model(name + "-new")) == "RESOURCE_DOES_NOT_EXIST"


def test_version_life(client: MlflowClient, run, name: str):
    client.create_registered_model(name)
    source = f"runs:/{run.info.run_id}/model"
    for number in range(1, 4):
        version = client.create_model_version(name, source, run.info.run_id, tags={"n": str(number)})
        assert version.version == str(number)
    client.update_model_version(name, "1", "described")
    client.set_model_version_tag(name, "1", "k", "v")
    client.delete_model_version_tag(name, "1", "n")
    version = client.get_model_version(name, "1")
    assert (version.description, version.tags, version.current_stage) == ("described", {"k": "v"}, "None")
    client.transition_model_version_stage(name, "2", "production")
    client.transition_model_version_stage(name, "3", "Production", archive_existing_versions=True)
    stages = {item.version: item.current_stage for item in client.search_model_versions(f"name='{name}'")}
    assert stages == {"1": "None", "2": "Archived", "3": "Production"}
    assert [item.version for item in client.get_latest_versions(name, ["Production"])] == ["3"]
    client.set_registered_model_alias(name, "Champion", "3")
    assert client.get_registered_model(name).aliases == {"Champion": "3"}
    client.delete_model_version(name, "3")
    assert client.get_registered_model(name).aliases == {}
    assert error_code(lambda: client.get_model_version(name, "3")) == "RESOURCE_DOES_NOT_EXIST"
    assert client.create_model_version(name, source, run.info.run_id).version == "4"


def test_aliases(client: MlflowClient, run, name: str):
    client.create_registered_model(name)
    client.create_model_version(name, f"runs:/{run.info.run_id}/model", run.info.run_id)
    for bad in ["latest", "LATEST", "v1", "V12", "a/b", "a b", "", "x" * 256]:
        assert error_code(lambda bad=bad: client.set_registered_model_alias(name, bad, "1")) == (
            "INVALID_PARAMETER_VALUE"
        ), bad
    assert error_code(lambda: client.set_registered_model_alias(name, "ok", "9")) == "RESOURCE_DOES_NOT_EXIST"
    client.set_registered_model_alias(name, "x" * 255, "1")
    client.delete_registered_model_alias(name, "never-set")
    with pytest.raises(MlflowException, match="alias none not found"):
        client.get_model_version_by_alias(name, "none")


@pytest.mark.parametrize(
    "source",
    [
        "file:///etc",
        "/etc/passwd",
        "etc/passwd",
        "http://169.254.169.254/latest",
        "http:///#/../../etc",
        "runs:/{run}/../../etc",
        "runs:/{run}/%2e%2e/%2e%2e/etc",
        "runs:/other/model",
        "mlflow-artifacts:/../etc",
        "mlflow-artifacts:/0/other/artifacts/model",
        "mlflow-artifacts://elsewhere/0/x",
        "models:/m-" + "0" * 32,
        "models:/none/1",
        "s3://bucket/../x",
    ],
)
def test_sources_that_are_refused(server, client: MlflowClient, run, name: str, source: str):
    client.create_registered_model(name)
    answer = requests.post(
        f"{server.url}/api/2.0/mlflow/model-versions/create",
        json={"name": name, "source": source.format(run=run.info.run_id), "run_id": run.info.run_id},
        timeout=30,
    )
    assert answer.status_code in (400, 404), answer.text
    assert "/etc/passwd" not in answer.text or source == "/etc/passwd" or source == "etc/passwd"
    assert client.search_model_versions(f"name = '{name}'") == []


@pytest.mark.parametrize("version", ["-1", "abc", str(2**63), "0", "1.5", ""])
def test_versions_that_are_none(server, client: MlflowClient, name: str, version: str):
    client.create_registered_model(name)
    answer = requests.get(
        f"{server.url}/api/2.0/mlflow/model-versions/get", params={"name": name, "version": version}, timeout=30
    )
    assert 400 <= answer.status_code < 500


def test_prompts(client: MlflowClient, name: str):
    mlflow.genai.register_prompt(name=name, template="Hello {{who}}")
    assert mlflow.genai.load_prompt(f"prompts:/{name}/1").template == "Hello {{who}}"
    assert client.search_registered_models(f"name = '{name}'") == []


def test_what_is_not_there_says_so(server):
    answer = requests.post(f"{server.url}/api/3.0/mlflow/datasets/create", json={"name": "d"}, timeout=30)
    assert (answer.status_code, answer.json()["error_code"]) == (501, "NOT_IMPLEMENTED")


def test_large_files_are_streamed(server, name: str):
    """64 MB go through without the server holding them."""
    address = f"{server.url}/api/2.0/mlflow-artifacts/artifacts/{name}/large.bin"
    block = bytes(range(256)) * 4096
    requests.put(address, data=(block for _ in range(64)), timeout=120).raise_for_status()
    with requests.get(address, stream=True, timeout=120) as answer:
        total = sum(len(chunk) for chunk in answer.iter_content(1 << 20))
    assert total == 64 * len(block)
    assert io.BytesIO(requests.get(address, headers={"Range": "bytes=-256"}, timeout=30).content).read() == block[-256:]
