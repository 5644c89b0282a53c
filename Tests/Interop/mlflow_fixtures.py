"""Fixtures of the tests that drive the server through the MLflow client."""

from __future__ import annotations

import uuid

import mlflow
import pandas as pd
import pytest
from mlflow import MlflowClient
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
