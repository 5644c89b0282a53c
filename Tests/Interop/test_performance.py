"""Performance of a deployment: predictions and labels go to a real server, scikit-learn says what must come out."""

from __future__ import annotations

import math
import uuid

import mlflow
import numpy as np
import pytest
from martlet_process import Martlet, wait_until
from mlflow import MlflowClient
from sklearn import metrics
from sklearn.datasets import load_breast_cancer, load_diabetes

MANIFEST = """
version: 1
deployments:
  {name}: {{model: {name}, alias: production}}
monitors:
  {name}-quality:
    deployment: {name}
    performance:
      bucket: 1d
      interval: 1s
      minimum: 20
      reference_rows: 120
      segments: ["{segment}"]
      thresholds: {thresholds}
"""


class Judged:
    """A deployment with a monitor of its performance, and what was predicted by it."""

    def __init__(self, server: Martlet, model, rows, thresholds: str) -> None:
        """Registers the model, declares deployment and monitor, and waits until it serves."""
        self.server = server
        self.rows = rows
        self.name = f"performance-{uuid.uuid4().hex[:8]}"
        mlflow.set_tracking_uri(server.url)
        mlflow.set_registry_uri(server.url)
        with mlflow.start_run(run_name=self.name):
            signature = mlflow.models.infer_signature(rows, model.predict(rows))
            info = mlflow.xgboost.log_model(
                model, name="model", registered_model_name=self.name, signature=signature, model_format="json"
            )
        MlflowClient(server.url).set_registered_model_alias(self.name, "production", str(info.registered_model_version))
        manifest = MANIFEST.format(name=self.name, segment=rows.columns[0], thresholds=thresholds)
        answer = server.post("/api/martlet/v1/apply", {"manifest": manifest, "directory": "."})
        assert answer.status_code == 200, answer.text
        wait_until(lambda: server.get(f"/v2/models/{self.name}/ready").status_code == 200, what="the first version")

    def send(self, positions: range, labels: list | None) -> None:
        """Predicts rows, each under an id of its own, and tells what came true."""
        for position in positions:
            identifier = f"{self.name}-{position}"
            body = {"features": self.rows.iloc[position].tolist(), "deployment": self.name}
            answer = self.server.post("/predict", body, headers={"X-Request-Id": identifier})
            assert answer.status_code == 200, answer.text
            if labels is not None:
                feedback = {"request_id": identifier, "label": labels[position]}
                told = self.server.post("/feedback", feedback)
                assert told.status_code in (200, 201), told.text

    def predictions(self) -> list[dict]:
        """Every prediction that the ledger holds, newest first."""
        found, token = [], None
        while True:
            query = f"?limit=100{f'&page_token={token}' if token else ''}"
            page = self.server.get(f"/api/martlet/v1/deployments/{self.name}/predictions{query}").json()
            found += page["items"]
            token = page.get("next_page_token")
            if not token:
                return found

    def report(self) -> dict:
        """What the monitor says of performance."""
        answer = self.server.get(f"/api/martlet/v1/monitors/{self.name}-quality/performance")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def summary(self, labelled: int, rows: int) -> dict:
        """The first version's summary, once it has seen so many rows and labels."""
        found: list[dict] = []

        def is_there() -> bool:
            versions = self.report()["versions"]
            found[:] = [version["summary"] for version in versions]
            return bool(found) and found[0]["labelled"] == labelled and found[0]["rows"] == rows

        wait_until(is_there, what=f"{labelled} labelled of {rows} judged rows")
        return found[0]


@pytest.fixture(scope="module")
def classifier(server) -> Judged:
    """A classifier of the breast-cancer data, trained on few rows so that it errs."""
    import xgboost

    rows, target = load_breast_cancer(return_X_y=True, as_frame=True)
    model = xgboost.XGBRegressor(objective="binary:logistic", n_estimators=10, max_depth=2)
    model.fit(rows.iloc[::10, :6], target.iloc[::10])
    judged = Judged(server, model, rows.iloc[:, :6], "{accuracy: {min: 0.999}}")
    judged.send(range(0, 260), target.tolist())
    judged.send(range(260, 320), None)
    return judged


def test_classification_equals_scikit_learn(classifier: Judged) -> None:
    """Accuracy, precision, recall, F1, area, losses and confusion are those of scikit-learn on the same rows."""
    summary = classifier.summary(labelled=260, rows=320)
    rows = [row for row in classifier.predictions() if "label" in row]
    assert len(rows) == 260
    # Nobody gave the model class names: its answer is the probability of class 1, which labels of 0 and 1 reveal.
    truth = np.array([int(float(row["label"])) for row in rows])
    score = np.array([row["score"] for row in rows])
    said = (score >= 0.5).astype(int)
    ours = {name: metric["value"] for name, metric in summary["performance"]["metrics"].items()}
    assert summary["performance"]["confusion_matrix"] == metrics.confusion_matrix(truth, said).tolist()
    for name, value in {
        "accuracy": metrics.accuracy_score(truth, said),
        "precision": metrics.precision_score(truth, said),
        "recall": metrics.recall_score(truth, said),
        "f1": metrics.f1_score(truth, said),
        "f1_macro": metrics.f1_score(truth, said, average="macro"),
        "mcc": metrics.matthews_corrcoef(truth, said),
        "roc_auc": metrics.roc_auc_score(truth, score),
        "average_precision": metrics.average_precision_score(truth, score),
        "log_loss": metrics.log_loss(truth, score),
        "brier": metrics.brier_score_loss(truth, score),
    }.items():
        assert math.isclose(ours[name], value, rel_tol=1e-9), name


def test_estimates_alerts_and_gauges(classifier: Judged) -> None:
    """Unlabelled rows are estimated, a bound that somebody set alerts, and gauges show both kinds."""
    summary = classifier.summary(labelled=260, rows=320)
    assert summary["reference"] | {"reason": None} == {
        "origin": "predictions",
        "rows": 120,
        "estimates": True,
        "reason": None,
    }
    report = classifier.report()
    bucket = report["buckets"][0]
    estimated, realised = bucket["estimated"]["accuracy"], bucket["realised"]["accuracy"]
    assert estimated["count"] >= 20 and abs(estimated["value"] - realised["value"]) < 0.15
    assert estimated["lower_confidence_boundary"] <= estimated["value"] <= estimated["upper_confidence_boundary"]
    assert report["verdict"]["alerting"] is True
    assert {alert["metric"] for alert in report["verdict"]["alerts"]} >= {"accuracy"}
    assert summary["segments"][0]["values"] and "drifted" in summary["drift"]["prediction"]
    text = classifier.server.get("/metrics").text
    lines = [line for line in text.splitlines() if line.startswith("martlet_performance{") and classifier.name in line]
    assert any('kind="realised"' in line and 'metric="accuracy"' in line for line in lines)
    assert any('kind="estimated"' in line and 'metric="roc_auc"' in line for line in lines)


def test_regression_equals_scikit_learn(server: Martlet) -> None:
    """Errors of a regression are those of scikit-learn, and are estimated for rows without labels."""
    import xgboost

    rows, target = load_diabetes(return_X_y=True, as_frame=True)
    model = xgboost.XGBRegressor(n_estimators=20, max_depth=2)
    model.fit(rows.iloc[::3], target.iloc[::3])
    judged = Judged(server, model, rows, "{}")
    judged.send(range(0, 150), target.tolist())
    judged.send(range(150, 180), None)
    summary = judged.summary(labelled=150, rows=180)
    found = [row for row in judged.predictions() if "label" in row]
    truth = np.array([float(row["label"]) for row in found])
    said = np.array([float(row["prediction"]) for row in found])
    ours = {name: metric["value"] for name, metric in summary["performance"]["metrics"].items()}
    for name, value in {
        "mae": metrics.mean_absolute_error(truth, said),
        "mse": metrics.mean_squared_error(truth, said),
        "mape": metrics.mean_absolute_percentage_error(truth, said),
        "r2": metrics.r2_score(truth, said),
        "max_error": metrics.max_error(truth, said),
        "median_absolute_error": metrics.median_absolute_error(truth, said),
    }.items():
        assert math.isclose(ours[name], value, rel_tol=1e-9), name
    assert judged.report()["buckets"][0]["estimated"]["mae"]["value"] > 0


def test_unknown_monitors_and_bad_queries(classifier: Judged) -> None:
    """What there is not is not found, and what cannot be read is named."""
    path = "/api/martlet/v1/monitors"
    assert classifier.server.get(f"{path}/nobody/performance").status_code == 404
    answer = classifier.server.get(f"{path}/{classifier.name}-quality/performance?version=x")
    assert answer.status_code == 400 and "version" in answer.json()["error"]["message"]
    assert classifier.server.get(f"{path}/{classifier.name}-quality/performance?version=99").json()["buckets"] == []
