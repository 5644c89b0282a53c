"""From a model that MLflow's client logged to a webhook that is told of its drift and of the end of it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import uuid
from collections.abc import Callable, Iterator

import mlflow
import numpy as np
import pandas as pd
import pytest
import xgboost
from martlet_process import Martlet, command, wait_until
from mlflow import MlflowClient
from sklearn.datasets import load_breast_cancer
from test_webhooks import INTRANET, Receiver

MANIFEST = """
version: 1
deployments:
  {name}:
    model: {name}
    alias: production
monitors:
  {name}-drift:
    deployment: {name}
    window: 100
    minimum: 60
    stride: 20
    interval: 100ms
    hysteresis: 1
    severity: critical
    detectors:
      ks: {{p_value: 0.001}}
"""
FEATURES = ["mean radius", "mean texture", "mean smoothness", "mean symmetry"]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Takes the webhook's calls."""
    receiver = Receiver()
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()


def publish(server: Martlet, name: str) -> pd.DataFrame:
    """Logs a model with training rows as its input example, serves and watches it; returns its data."""
    data, target = load_breast_cancer(return_X_y=True, as_frame=True)
    rows = data[FEATURES]
    model = xgboost.XGBRegressor(objective="binary:logistic", n_estimators=5, max_depth=2).fit(rows, target)
    mlflow.set_tracking_uri(server.url)
    with mlflow.start_run():
        info = mlflow.xgboost.log_model(
            model, name="model", registered_model_name=name, input_example=rows.head(300), model_format="json"
        )
    version = str(info.registered_model_version)
    MlflowClient(server.url).set_registered_model_alias(name, "production", version)
    answer = server.post("/api/martlet/v1/apply", {"manifest": MANIFEST.format(name=name), "directory": "."})
    assert answer.status_code == 200, answer.text
    wait_until(lambda: server.get(f"/v2/models/{name}/ready").status_code == 200, what="the first version")
    return rows


def serve(server: Martlet, name: str, rows: pd.DataFrame) -> dict:
    """Asks for rows one by one; returns the last answer."""
    answer = None
    for row in rows.to_numpy().tolist():
        answer = server.post("/predict", {"features": row, "deployment": name})
        assert answer.status_code == 200, answer.text
    assert answer is not None
    return answer.json()


def state(server: Martlet, name: str) -> str:
    """The monitor's state."""
    return server.get(f"/api/martlet/v1/monitors/{name}-drift").json()["state"]


def test_drift_and_its_end_are_told(new_server: Callable[..., Martlet], receiver: Receiver) -> None:
    """Every change of the verdict is told once, signed, with what drifted; the answers say so meanwhile."""
    server = new_server(*INTRANET)
    name = f"watched-{uuid.uuid4().hex[:8]}"
    rows = publish(server, name)
    events = [part for event in ("drift", "recovered", "ok") for part in ("--event", f"monitor.{event}")]
    made = command(
        *["webhook", "create", "alarms", receiver.url, *events, "--secret-from-env", "HOOK", "--json"],
        *["--server", server.url],
        cwd=server.folder,
        HOOK="very secret",
    )
    assert made.returncode == 0, made.stderr
    hook = json.loads(made.stdout)
    assert hook["events"] == ["monitor.drift", "monitor.recovered", "monitor.ok"]
    # MLflow's client does not know these events, and is not shown them.
    assert list(MlflowClient(server.url).list_webhooks()) == []

    training = rows.head(300).sample(frac=1, random_state=1)
    assert serve(server, name, training.head(120))["drift_detected"] is False
    wait_until(lambda: state(server, name) == "ok", 30, "a verdict on the rows of training")
    shifted = training.head(120).copy()
    shifted["mean radius"] = shifted["mean radius"] * 1.5 + np.float64(3)
    serve(server, name, shifted)
    wait_until(lambda: state(server, name) == "drift", 30, "drift")
    assert serve(server, name, shifted.head(1))["drift_detected"] is True
    serve(server, name, training.tail(150))
    wait_until(lambda: state(server, name) in ("recovered", "ok"), 30, "the end of drift")
    serve(server, name, training.head(60))

    wait_until(lambda: {"drift", "recovered"} <= {told(call)["action"] for call in receiver.calls}, 30, "both events")
    drift = next(told(call) for call in receiver.calls if told(call)["action"] == "drift")
    assert drift["entity"] == "monitor"
    assert drift["data"]["monitor"] == f"{name}-drift"
    assert drift["data"]["deployment"] == name
    assert drift["data"]["severity"] == "critical"
    assert drift["data"]["to"] == "drift"
    assert "mean radius" in drift["data"]["drifted_features"]
    assert drift["data"]["reference_version"] == "1"
    for call in receiver.calls:
        assert call["headers"]["X-MLflow-Signature"] == signature(call, "very secret")
    deliveries = [call["headers"]["X-MLflow-Delivery-Id"] for call in receiver.calls]
    assert len(set(deliveries)) == len(deliveries)
    assert [told(call)["action"] for call in receiver.calls].count("drift") == 1
    gone = command("webhook", "delete", hook["webhook_id"], "--server", server.url, cwd=server.folder)
    assert gone.returncode == 0, gone.stderr


def told(call: dict) -> dict:
    """The body of a call."""
    return json.loads(call["body"])


def signature(call: dict, secret: str) -> str:
    """What the call's signature must be."""
    headers = call["headers"]
    text = f"{headers['X-MLflow-Delivery-Id']}.{headers['X-MLflow-Timestamp']}.".encode() + call["body"]
    return "v1," + base64.b64encode(hmac.new(secret.encode(), text, hashlib.sha256).digest()).decode()
