"""Monitors over a real server: verdicts in answers and metrics, reports, snapshots, and what a restart keeps."""

from __future__ import annotations

import time

import mlflow
import pytest
import requests
from martlet_process import Martlet, command, wait_until
from test_serving import Deployed

MONITOR = """
version: 1
deployments:
  {name}: {{model: {name}, alias: production}}
monitors:
  {name}-drift:
    deployment: {name}
    window: 60
    minimum: 40
    stride: 20
    interval: 200ms
    hysteresis: 2
    severity: critical
    detectors:
      - {{detector: ks, p_value: 0.001}}
      - {{detector: mmd, p_value: 0.01}}
      - {{detector: chisquare, columns: prediction, p_value: 0.0001}}
      - {{detector: ddm}}
"""


class Watched(Deployed):
    """A deployment whose model carries its training rows, and a monitor over it."""

    def __init__(self, server: Martlet) -> None:
        """Deploys, then declares the monitor."""
        super().__init__(server)
        self.monitor = f"{self.name}-drift"
        answer = server.post("/api/martlet/v1/apply", {"manifest": MONITOR.format(name=self.name), "directory": "."})
        assert answer.status_code == 200, answer.text

    def publish(self, target):
        """Registers a model that has the training rows as its input example."""
        import xgboost

        model = xgboost.XGBRegressor(objective="binary:logistic", n_estimators=20, max_depth=4)
        model.fit(self.rows, target)
        with mlflow.start_run(run_name=self.name):
            info = mlflow.xgboost.log_model(
                model,
                name="model",
                registered_model_name=self.name,
                signature=mlflow.models.infer_signature(self.rows, model.predict(self.rows)),
                input_example=self.rows,
                model_format="json",
            )
        self.client.set_registered_model_alias(self.name, "production", str(info.registered_model_version))
        return model

    def serve(self, count: int, shift: float = 0.0, seed: int = 0) -> None:
        """Sends rows of the data, every one moved by `shift` standard deviations."""
        rows = self.rows.sample(count, random_state=seed) + shift * self.rows.std()
        body = {"instances": rows.values.tolist(), "deployment": self.name}
        answer = self.server.post(f"/v1/models/{self.name}:predict", {"instances": body["instances"]})
        assert answer.status_code == 200, answer.text

    def shown(self) -> dict:
        """The monitor as the API shows it."""
        return self.server.get(f"/api/martlet/v1/monitors/{self.monitor}").json()

    def entered(self, state: str) -> int:
        """How often the monitor has entered a state."""
        return sum(event["to"] == state for event in self.shown()["events"])

    def reach(self, state: str, shift: float) -> dict:
        """Sends traffic until the monitor is in a state, or has passed through it between two looks."""
        seed = 0
        before = self.entered(state)

        def arrived() -> bool:
            nonlocal seed
            seed += 1
            self.serve(20, shift, seed)
            time.sleep(0.1)
            return self.shown()["state"] == state or self.entered(state) > before

        wait_until(arrived, 60, f"the state {state}")
        return self.shown()


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory):
    """One watched deployment on a server of this file's own."""
    server = Martlet(tmp_path_factory.mktemp("monitoring"))
    server.start()
    try:
        yield Watched(server)
    finally:
        server.stop()


def test_a_monitor_goes_from_ok_to_drift_and_recovers(watched: Watched) -> None:
    """The states, the verdict in answers of two protocols, the metrics, and the end of drift."""
    calm = watched.reach("ok", 0.0)
    assert calm["severity"] == "critical"
    assert {d["detector"] for d in calm["evaluation"]["detectors"]} == {"ks", "mmd", "chisquare", "ddm"}
    assert calm["reason"] is None

    drifting = watched.reach("drift", 3.0)
    assert len(drifting["drifted_features"]) > 10
    answer = watched.predict(0).json()
    assert answer["drift_detected"] is True
    found = answer["drift"]
    assert found["monitor"] == watched.monitor
    assert found["window"] == 60
    # The window that was on its way when drift was seen may be judged in between.
    wait_until(
        lambda: watched.predict(0).json()["drift"]["score"] == pytest.approx(watched.shown()["score"]),
        30,
        "the score of the monitor in an answer",
    )
    assert found["since"] == drifting["since_at"]
    parameters = watched.server.post(
        f"/v2/models/{watched.name}/infer",
        {
            "inputs": [
                {
                    "name": "input",
                    "datatype": "FP32",
                    "shape": [1, 30],
                    "data": [watched.rows.iloc[0].tolist()],
                }
            ]
        },
    ).json()["parameters"]
    assert parameters["drift_detected"] is True
    assert parameters["drift_monitor"] == watched.monitor
    assert all(not isinstance(value, dict | list) for value in parameters.values())

    metrics = watched.server.get("/metrics").text
    labels = f'deployment="{watched.name}"'
    for name in ("martlet_drift_score", "martlet_drift_events_total", "martlet_feature_missing_ratio"):
        assert any(line.startswith(name) and labels in line for line in metrics.splitlines()), name

    events = watched.shown()["events"]
    assert [event["to"] for event in events][:2] == ["drift", "warning"]
    assert events[0]["severity"] == "critical"
    watched.reach("recovered", 0.0)
    watched.reach("ok", 0.0)


def test_report_evaluation_and_snapshots(watched: Watched, tmp_path) -> None:
    """The report in both forms and by the command line; snapshots with sketches of the version."""
    base = f"{watched.server.url}/api/martlet/v1/monitors/{watched.monitor}"
    report = requests.get(f"{base}/report", timeout=30).json()
    assert report["current"]["number_of_rows"] == 60
    assert set(watched.rows.columns) <= set(report["drift_by_columns"])
    page = requests.get(f"{base}/report", headers={"Accept": "text/html"}, timeout=30)
    assert page.headers["content-type"].startswith("text/html")
    assert "mean radius" in page.text
    assert "<script src" not in page.text
    assert requests.get(f"{base}/report?format=pdf", timeout=30).status_code == 400

    evaluation = requests.post(f"{base}/evaluate", timeout=30).json()
    assert evaluation["verdict"] in ("drift", "no drift")
    snapshots = requests.get(f"{base}/snapshots", timeout=30).json()["items"]
    assert {"transition"} <= {item["cause"] for item in snapshots}
    content = requests.get(f"{base}/snapshots/{snapshots[0]['snapshot']}", timeout=30).json()
    sketch = content["sketches"][0]
    radius = next(feature for feature in sketch["features"] if feature["name"] == "mean radius")
    assert radius["count"] == sketch["rows"]
    assert radius["min"] <= radius["quantiles"]["p50"] <= radius["max"]

    output = tmp_path / "report.html"
    arguments = ("--server", watched.server.url)
    done = command("monitor", "report", watched.monitor, "--html", str(output), *arguments, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "mean radius" in output.read_text()
    done = command("monitor", "evaluate", watched.monitor, *arguments, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "mmd" in done.stdout


def test_infinities_and_missing_values_are_seen(watched: Watched) -> None:
    """A column that is suddenly missing is drift, though its remaining values are as ever."""
    rows = watched.rows.sample(60, random_state=3)
    for start in (0, 20, 40):
        body = [[None, *row[1:]] for row in rows.values[start : start + 20].tolist()]
        answer = watched.server.post("/predict", {"instances": body, "deployment": watched.name})
        if answer.status_code == 400:
            answer = watched.server.post(f"/v1/models/{watched.name}:predict", {"instances": body})
        assert answer.status_code == 200, answer.text
    base = f"{watched.server.url}/api/martlet/v1/monitors/{watched.monitor}"
    evaluation = requests.post(f"{base}/evaluate", timeout=30).json()
    kinds = {(event["column_name"], event["kind"]) for event in evaluation["data_events"]}
    assert kinds & {("mean radius", "all_missing"), ("mean radius", "missing_rise")}
    assert evaluation["drift"] is True


def test_a_restart_keeps_what_was_seen(watched: Watched) -> None:
    """Verdict, window and sketches after a stop and a start."""
    before = watched.shown()
    watched.server.restart()
    wait_until(watched.is_ready, 60, "the deployment")
    after = watched.shown()
    assert after["state"] == before["state"]
    assert after["rows"] == before["rows"]
    assert [s["rows"] for s in after["sketches"]] == [s["rows"] for s in before["sketches"]]


def test_bad_declarations_name_their_key(watched: Watched) -> None:
    """Unknown keys, detectors and windows are refused."""
    for text, message in (
        ("{deployment: x, windw: 3}", "windw"),
        ("{deployment: x, detectors: [{detector: magic}]}", "magic"),
        ("{deployment: x, window: {time: 90d}}", "window.time"),
        ("{deployment: x, schedule: '61 * * * *'}", "schedule"),
    ):
        answer = watched.server.post(
            "/api/martlet/v1/apply",
            {"manifest": f"version: 1\nmonitors:\n  bad: {text}\n", "directory": "."},
        )
        assert answer.status_code == 400, answer.text
        assert message in answer.text
