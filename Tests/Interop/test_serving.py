"""Serving through its protocols: plain HTTP, the MLflow client as publisher, and the unmodified Triton client."""

from __future__ import annotations

import uuid

import mlflow
import numpy as np
import pandas as pd
import pytest
import requests
from martlet_process import Martlet, wait_until
from mlflow import MlflowClient
from sklearn.datasets import load_breast_cancer

MANIFEST = """
version: 1
deployments:
  {name}:
    model: {name}
    alias: production
    rollout:
      steps: [50, 100]
      bake: 1s
      minimum_samples: 20
      timeout: 120s
      checks:
        error_rate: {{max: 0.01}}
        quality: {{max_drop: 0.05}}
"""


class Deployed:
    """A model of the breast-cancer data, registered by the MLflow client and followed by a deployment."""

    def __init__(self, server: Martlet) -> None:
        """Registers the first version and waits until it is served."""
        self.server = server
        self.name = f"serving-{uuid.uuid4().hex[:8]}"
        self.rows, self.target = load_breast_cancer(return_X_y=True, as_frame=True)
        mlflow.set_tracking_uri(server.url)
        mlflow.set_registry_uri(server.url)
        self.client = MlflowClient(server.url)
        self.model = self.publish(self.target)
        manifest = MANIFEST.format(name=self.name)
        answer = server.post("/api/martlet/v1/apply", {"manifest": manifest, "directory": "."})
        assert answer.status_code == 200, answer.text
        wait_until(self.is_ready, what="the first version")

    def publish(self, target: pd.Series):
        """Trains on `target`, registers the model and points the alias at it."""
        import xgboost

        model = xgboost.XGBRegressor(objective="binary:logistic", n_estimators=20, max_depth=4)
        model.fit(self.rows, target)
        with mlflow.start_run(run_name=self.name):
            signature = mlflow.models.infer_signature(self.rows, model.predict(self.rows))
            info = mlflow.xgboost.log_model(
                model, name="model", registered_model_name=self.name, signature=signature, model_format="json"
            )
        self.client.set_registered_model_alias(self.name, "production", str(info.registered_model_version))
        return model

    def is_ready(self) -> bool:
        """Whether a version is served."""
        return self.server.get(f"/v2/models/{self.name}/ready").status_code == 200

    def state(self) -> dict:
        """The deployment as Martlet's API shows it."""
        return self.server.get(f"/api/martlet/v1/deployments/{self.name}").json()

    def predict(self, row: int, request_id: str | None = None) -> requests.Response:
        """Asks for one row of the data."""
        body = {"features": self.rows.iloc[row].tolist(), "deployment": self.name}
        headers = {"X-Request-Id": request_id} if request_id else {}
        return self.server.post("/predict", body, headers=headers)


@pytest.fixture(scope="module")
def deployed(server) -> Deployed:
    """One deployment that the tests of this file share and do not change."""
    return Deployed(server)


@pytest.fixture(scope="module")
def expected(deployed) -> np.ndarray:
    """What XGBoost itself predicts for every row."""
    return deployed.model.predict(deployed.rows)


def test_predict_agrees_with_xgboost(deployed, expected):
    """The first rows by position and by name, as XGBoost predicts them."""
    for row in range(20):
        answer = deployed.predict(row)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        value = body["prediction"] if "probability" not in body else body["probability"]
        assert value == pytest.approx(float(expected[row]), abs=1e-6)
        assert body["model_version"] == "1"
        assert body["drift_detected"] is False
        assert body["request_id"] == answer.headers["x-request-id"]
    named = deployed.server.post("/predict", {"deployment": deployed.name, "features": deployed.rows.iloc[0].to_dict()})
    assert named.status_code == 200, named.text


def test_v1(deployed, expected):
    """KServe V1: status, rows as lists and as objects."""
    path = f"/v1/models/{deployed.name}"
    assert deployed.server.get(path).json() == {"name": deployed.name, "ready": True}
    assert deployed.name in deployed.server.get("/v1/models").json()["models"]
    rows = deployed.rows.head(10)
    for instances in (rows.values.tolist(), rows.to_dict(orient="records")):
        answer = deployed.server.post(f"{path}:predict", {"instances": instances})
        assert answer.status_code == 200, answer.text
        assert answer.json()["predictions"] == pytest.approx(expected[:10].tolist(), abs=1e-6)


def test_invocations_with_mlflows_bodies(deployed, expected):
    """The bodies that MLflow's own client writes."""
    rows = deployed.rows.head(10)
    url = f"{deployed.server.url}/invocations?deployment={deployed.name}"
    split = {"dataframe_split": rows.to_dict(orient="split")}
    shuffled = {"dataframe_split": rows[rows.columns[::-1]].to_dict(orient="split")}
    records = {"dataframe_records": rows.to_dict(orient="records")}
    columns = {"inputs": rows.to_dict(orient="list")}
    for body in (split, shuffled, records, columns):
        answer = requests.post(url, json=body, timeout=30)
        assert answer.status_code == 200, answer.text
        assert answer.json()["predictions"] == pytest.approx(expected[:10].tolist(), abs=1e-6)
    table = requests.post(url, data=rows.to_csv(index=False), headers={"Content-Type": "text/csv"}, timeout=30)
    assert table.json()["predictions"] == pytest.approx(expected[:10].tolist(), abs=1e-6)


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("datatype", ["FP32", "FP64"])
def test_triton_client(deployed, expected, binary: bool, datatype: str):
    """The unmodified Triton client, JSON and binary, both ways."""
    import tritonclient.http as triton

    client = triton.InferenceServerClient(deployed.server.url.removeprefix("http://"))
    assert client.is_server_live()
    assert client.is_model_ready(deployed.name)
    metadata = client.get_model_metadata(deployed.name)
    assert metadata["inputs"][0]["shape"] == [-1, 30]
    index = client.get_model_repository_index()
    assert {"name": deployed.name, "version": "1", "state": "READY", "reason": ""} in index
    rows = deployed.rows.head(10).values.astype("float32" if datatype == "FP32" else "float64")
    tensor = triton.InferInput(metadata["inputs"][0]["name"], list(rows.shape), datatype)
    tensor.set_data_from_numpy(rows, binary_data=binary)
    wish = triton.InferRequestedOutput("predict", binary_data=binary)
    for outputs in (None, [wish]):
        result = client.infer(deployed.name, [tensor], request_id=f"t-{uuid.uuid4().hex}", outputs=outputs)
        assert result.as_numpy("predict") == pytest.approx(expected[:10], abs=1e-5)
    assert result.get_response()["id"].startswith("t-")
    with pytest.raises(triton.InferenceServerException, match="no deployment"):
        client.infer("nobody", [tensor])
    client.close()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b"", 400, id="empty"),
        pytest.param(b"[]", 400, id="array"),
        pytest.param(b'{"features": [1, 2]}', 400, id="narrow"),
        pytest.param(b'{"features": [1, 2', 400, id="truncated"),
        pytest.param(b'{"features": "x"}', 400, id="text"),
        pytest.param(b"\xff\xfe", 400, id="not-utf8"),
        pytest.param(b"[" * 100_000, 400, id="deep"),
        pytest.param(b'{"features": [' + b"1," * 3_000_000 + b"1]}", 400, id="wide"),
        pytest.param(b" " * (17 * 1024 * 1024), 413, id="large"),
    ],
)
def test_bad_bodies_are_answered_and_harm_nobody(deployed, body: bytes, status: int):
    """No crash, no stack, and the next request is served."""
    headers = {"Content-Type": "application/json"}
    answer = requests.post(f"{deployed.server.url}/predict", data=body, headers=headers, timeout=60)
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]["message"]
    assert deployed.predict(0).status_code == 200


def test_pickle_and_climbing_names_are_refused(deployed):
    """Media types that are code, and names that are paths."""
    headers = {"Content-Type": "application/python-pickle"}
    for path in ("/predict", f"/v1/models/{deployed.name}:predict", f"/v2/models/{deployed.name}/infer"):
        assert (
            requests.post(deployed.server.url + path, data=b"\x80\x04", headers=headers, timeout=30).status_code == 415
        )
    for path in ("/v2/models/..%2f..", "/v2/models/..%2f../infer", "/v1/models/..%2f..:predict"):
        method = "GET" if path.endswith("..%2f..") else "POST"
        answer = requests.request(method, deployed.server.url + path, json={}, timeout=30)
        assert answer.status_code == 404, path
        assert "error" in answer.json()


def test_labels_find_their_predictions(deployed):
    """A label at once, again, another one that corrects it, and one that waits for its prediction."""
    request_id = f"label-{uuid.uuid4().hex}"
    assert deployed.predict(0, request_id).json()["request_id"] == request_id
    label = {"request_id": request_id, "label": 0}
    assert deployed.server.post("/feedback", label).json()["stored"] is True
    assert deployed.server.post("/feedback", label).json()["stored"] is False
    assert deployed.server.post("/feedback", label | {"label": 1}).json()["outcome"] == "corrected"
    assert deployed.server.post("/feedback", label).json()["previous"] == "1.0"
    assert deployed.server.post("/feedback", {"request_id": "nothing", "label": 0}).status_code == 202
    path = f"/api/martlet/v1/deployments/{deployed.name}/predictions?limit=1000"
    found = [item for item in deployed.server.get(path).json()["items"] if item["request_id"] == request_id]
    assert len(found) == 1
    assert float(found[0]["label"]) == 0
    assert found[0]["features"][0] == pytest.approx(deployed.rows.iloc[0, 0])


def test_ledger_survives_a_restart_and_a_rollback_takes_effect_at_once(own_server):
    """Alias moved by the MLflow client, a wrong model rolled back on labels, and all of it still known afterwards."""
    from mlflow.pyfunc.scoring_server.client import ScoringServerClient

    deployed = Deployed(own_server)
    first = ScoringServerClient("127.0.0.1", own_server.port).invoke(deployed.rows.head(3)).get_predictions()
    assert np.ravel(first) == pytest.approx(deployed.model.predict(deployed.rows.head(3)), abs=1e-6)
    shuffled = deployed.target.sample(frac=1, random_state=7).reset_index(drop=True)
    deployed.publish(shuffled)
    wait_until(lambda: deployed.state()["candidate_version"] == 2, what="the rollout of version 2")
    for row in range(200):
        request_id = f"r-{row}"
        assert deployed.predict(row, request_id).status_code == 200
        label = {"request_id": request_id, "label": int(deployed.target.iloc[row])}
        assert own_server.post("/feedback", label).status_code == 200
    wait_until(lambda: deployed.state()["rejected"], what="the roll-back")
    state = deployed.state()
    assert state["stable_version"] == 1
    assert state["rollout"]["reason"]["code"] == "quality"
    assert str(deployed.client.get_model_version_by_alias(deployed.name, "production").version) == "1"
    own_server.restart()
    assert deployed.predict(0).json()["model_version"] == "1"
    state = deployed.state()
    assert state["rejected"][0]["version"] == 2
    path = f"/api/martlet/v1/deployments/{deployed.name}/predictions?limit=1000"
    items = own_server.get(path).json()["items"]
    assert {f"r-{row}" for row in range(200)} <= {item["request_id"] for item in items}
