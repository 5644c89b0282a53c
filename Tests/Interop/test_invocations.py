"""MLflow's scoring protocol: its client, its media types, CSV, pings."""

from __future__ import annotations

import numpy as np
import pytest
import requests
from mlflow.pyfunc.scoring_server.client import ScoringServerClient
from test_serving import Deployed


@pytest.fixture(scope="module")
def deployed(server) -> Deployed:
    """One deployment of this file's own."""
    return Deployed(server)


@pytest.fixture
def url(deployed) -> str:
    """The deployment's own path."""
    return f"{deployed.server.url}/deployments/{deployed.name}/invocations"


def test_mlflow_scoring_client(deployed, monkeypatch):
    """The client posts to `/invocations`; the deployment is told as SageMaker tells it."""
    client = ScoringServerClient("127.0.0.1", deployed.server.port)
    client.ping()
    assert client.get_version()
    original = requests.Session.request

    def named(self, method, url, **options):
        options["headers"] = {**(options.get("headers") or {}), "X-Amzn-SageMaker-Target-Model": deployed.name}
        return original(self, method, url, **options)

    monkeypatch.setattr(requests.Session, "request", named)
    found = client.invoke(deployed.rows.head(5)).get_predictions()
    assert np.ravel(found) == pytest.approx(deployed.model.predict(deployed.rows.head(5)), abs=1e-6)


def test_every_form(deployed, url):
    """split, records, instances, inputs and CSV."""
    rows = deployed.rows.head(5)
    expected = deployed.model.predict(rows).tolist()
    bodies = [
        {"dataframe_split": rows.to_dict(orient="split")},
        {"dataframe_split": rows[rows.columns[::-1]].to_dict(orient="split")},
        {"dataframe_records": rows.to_dict(orient="records")},
        {"instances": rows.values.tolist()},
        {"inputs": rows.to_dict(orient="list")},
        {"dataframe_records": rows.assign(extra="dropped").to_dict(orient="records")},
    ]
    for body in bodies:
        answer = requests.post(url, json=body, timeout=30)
        assert answer.status_code == 200, answer.text
        assert answer.json()["predictions"] == pytest.approx(expected, abs=1e-6)
    csv = requests.post(
        url, data=rows.to_csv(index=False), headers={"Content-Type": "text/csv; charset=utf-8"}, timeout=30
    )
    assert csv.json()["predictions"] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("media", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("application/json;charset=UTF-8", 200),
        ("application/json; charset=latin-1", 415),
        ("application/json; version=1", 415),
        ("application/x-pickle", 415),
        ("text/plain", 415),
        (None, 415),
    ],
)
def test_media_types(deployed, url, media, status):
    """JSON and CSV in UTF-8, nothing else."""
    body = b'{"instances": []}'
    answer = requests.post(url, data=body, headers={"Content-Type": media} if media else {}, timeout=30)
    assert answer.status_code == status
    if status == 415:
        assert answer.headers["Content-Type"].startswith("text/plain")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"instances": [[1]]}',
        b'{"instances": [], "inputs": []}',
        b'{"dataframe_split": {"data": []}',
        b'{"dataframe_split": {"columns": ["nothing"], "data": [[1]]}}',
    ],
)
def test_bad_bodies(url, body):
    """MLflow's error shape, status 400."""
    answer = requests.post(url, data=body, headers={"Content-Type": "application/json"}, timeout=30)
    assert answer.status_code == 400
    assert {"error_code", "message"} <= set(answer.json())
    assert "Traceback" not in answer.text


def test_ping(deployed):
    """The body MLflow's own server sends."""
    answer = deployed.server.get("/ping")
    assert answer.status_code == 200
    assert answer.text == "\n"
    assert answer.headers["Content-Type"] == "application/json"
