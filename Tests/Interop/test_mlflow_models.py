"""The unmodified MLflow client against the server: models that are logged, registered, given aliases and loaded."""

from __future__ import annotations

from pathlib import Path

import mlflow
import numpy as np
import pytest
import requests
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow_fixtures import error_code

pytest_plugins = ["mlflow_fixtures"]

# Given, so that the client need not import the model in a process of its own to find out.
REQUIREMENTS = {"pip_requirements": ["mlflow"]}


def test_log_register_and_load_sklearn(client: MlflowClient, name: str, cancer):
    from sklearn.linear_model import LogisticRegression

    features, target = cancer
    model = LogisticRegression(max_iter=200).fit(features, target)
    mlflow.set_experiment(name)
    with mlflow.start_run() as active:
        info = mlflow.sklearn.log_model(
            model, name="model", registered_model_name=name, input_example=features.head(3), **REQUIREMENTS
        )
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
        mlflow.xgboost.log_model(model, name="model", registered_model_name=name, model_format="json", **REQUIREMENTS)
        mlflow.xgboost.log_model(model, name="model", registered_model_name=name, model_format="ubj", **REQUIREMENTS)
    client.set_registered_model_alias(name, "production", "2")
    loaded = mlflow.xgboost.load_model(f"models:/{name}@production")
    assert (loaded.predict(features) == model.predict(features)).all()
    assert [version.version for version in client.search_model_versions(f"name = '{name}'")] == ["2", "1"]


def test_register_from_a_run(client: MlflowClient, run, name: str, cancer, tmp_path: Path):
    """Model folders that were uploaded as artifacts of a run, as Martlet's own training does, load by alias."""
    import xgboost

    features, target = cancer
    booster = xgboost.train({"max_depth": 2}, xgboost.DMatrix(features, target), 3)
    mlflow.xgboost.save_model(booster, str(tmp_path / "model"), model_format="json", **REQUIREMENTS)
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
