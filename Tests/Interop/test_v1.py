"""KServe V1 by hand, and both protocols through the clients of KServe and MLServer."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from test_serving import Deployed

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def deployed(server) -> Deployed:
    """One deployment of this file's own."""
    return Deployed(server)


def call(script: str, deployed: Deployed, rows: object) -> dict:
    """Runs a client in a process of its own; the last line that it prints is its report."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(HERE / script), deployed.server.url, deployed.name],
        input=json.dumps(rows),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_kserve_client(deployed):
    """Health, predictions by V1 and V2, JSON and binary, explanations, and an error that the client can read."""
    rows = deployed.rows.head(5)
    found = call("kserve_calls.py", deployed, rows.values.tolist())
    expected = deployed.model.predict(rows).tolist()
    assert found["v1_live"] and found["v1_ready"] and found["v2_live"] and found["v2_ready"] and found["v2_model_ready"]
    for kind in ("v1", "v2_json", "v2_binary"):
        assert found[kind] == pytest.approx(expected, abs=1e-6), kind
    assert found["v1_explain"] == 1
    assert found["id"]
    assert "30 features" in found["error"]


def test_mlserver_codecs(deployed):
    """Pandas, NumPy and text requests as MLServer's codecs write them; answers that they decode."""
    rows = deployed.rows.head(5)
    found = call("mlserver_calls.py", deployed, {"columns": list(rows.columns), "data": rows.values.tolist()})
    expected = deployed.model.predict(rows).tolist()
    for kind in ("pandas", "shuffled", "numpy", "named"):
        assert found[kind] == pytest.approx(expected, abs=1e-6), kind
    assert found["missing"] == 5
    assert (found["pandas_content_type"], found["numpy_content_type"]) == ("pd", "np")
    assert found["unknown_output"] == 400
    assert found["texts"] == 400


def test_liveness_beside_the_console(deployed):
    """`GET /` is the console for browsers and KServe's liveness for everybody else."""
    assert deployed.server.get("/").json() == {"status": "alive"}
    page = deployed.server.get("/", headers={"Accept": "text/html,application/xhtml+xml"})
    assert page.headers["Content-Type"].startswith("text/html")


def test_versions_in_the_path(deployed):
    """TensorFlow's older form names the version."""
    body = {"instances": deployed.rows.head(1).values.tolist()}
    path = f"/v1/models/{deployed.name}/versions"
    assert deployed.server.post(f"{path}/1:predict", body).status_code == 200
    assert deployed.server.get(f"{path}/1").json()["ready"] is True
    for version in ("9", "x", "0", "-1"):
        assert deployed.server.post(f"{path}/{version}:predict", body).status_code == 404


def test_what_kserve_answers_with_500(deployed):
    """`{}` is the client's fault, and no rows are no fault at all."""
    path = f"/v1/models/{deployed.name}:predict"
    assert deployed.server.post(path, {"instances": []}).json() == {"predictions": []}
    for body in ({}, {"instances": None}, {"instances": [[1, 2]]}, {"instances": [[1], [2, 3]]}, {"instances": "x"}):
        answer = deployed.server.post(path, body)
        assert answer.status_code == 400, body
        assert set(answer.json()) == {"error"}
    row = deployed.rows.iloc[0]
    extra = deployed.server.post(path, {"instances": [row.to_dict() | {"shoe": 44}]})
    assert extra.status_code == 400 and "shoe" in extra.json()["error"]
    short = deployed.server.post(path, {"instances": [row.iloc[1:].to_dict()]})
    assert short.status_code == 400 and row.index[0] in short.json()["error"]


def test_cloud_events(deployed):
    """Binary and structured mode, as the CloudEvents library writes and reads them."""
    from cloudevents.http import CloudEvent, from_http, to_binary, to_structured

    url = f"{deployed.server.url}/v1/models/{deployed.name}:predict"
    data = {"instances": deployed.rows.head(2).values.tolist()}
    expected = deployed.model.predict(deployed.rows.head(2)).tolist()
    event = CloudEvent({"type": "test", "source": "/tests"}, data)
    for write in (to_binary, to_structured):
        headers, body = write(event)
        if write is to_binary:
            headers["content-type"] = "application/json"
        answer = requests.post(url, data=body, headers=headers, timeout=30)
        assert answer.status_code == 200, answer.text
        back = from_http(dict(answer.headers), answer.content)
        assert back["type"] == "io.kserve.inference.response"
        assert back["source"] == f"io.kserve.inference.{deployed.name}"
        assert back["id"] != event["id"]
        assert back.data["predictions"] == pytest.approx(expected, abs=1e-6)


def test_unknown_things(deployed):
    """Names, verbs and methods that there are not."""
    server = deployed.server
    assert server.post("/v1/models/nobody:predict", {"instances": []}).status_code == 404
    assert server.post(f"/v1/models/{deployed.name}:dance", {"instances": []}).status_code == 501
    assert server.post(f"/v1/models/{deployed.name}", {"instances": []}).status_code == 404
    wrong = requests.put(f"{server.url}/v1/models/{deployed.name}", timeout=30)
    assert wrong.status_code == 405 and "POST" in wrong.headers["Allow"]


def test_large_and_deep_bodies(deployed):
    """100 MB are refused before they are read; depth is bounded."""
    url = f"{deployed.server.url}/v1/models/{deployed.name}:predict"
    headers = {"Content-Type": "application/json"}
    large = requests.post(url, data=b"x" * (100 * 1024 * 1024), headers=headers, timeout=60)
    assert large.status_code == 413
    for body in (b"[" * 100_000, b'{"instances":' * 50_000, b'{"a":' + b"[" * 1000 + b"]" * 1000 + b"}"):
        assert requests.post(url, data=body, headers=headers, timeout=60).status_code == 400
    assert deployed.predict(0).status_code == 200
