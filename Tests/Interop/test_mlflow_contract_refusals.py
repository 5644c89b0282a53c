"""What the tracking contract refuses: entities that are not there, and methods that are not here."""

from __future__ import annotations

import pytest
import requests
from martlet_process import Martlet

NONE = "0" * 32
# Method, path and fields of a request about what does not exist, and the text of the answer.
MISSING = [
    ("GET", "experiments/get", {"experiment_id": "987654"}, "No Experiment with id=987654 exists"),
    ("GET", "experiments/get-by-name", {"experiment_name": "none"}, "Could not find experiment with name 'none'"),
    ("POST", "experiments/delete", {"experiment_id": "987654"}, "No Experiment with id=987654 exists"),
    ("POST", "experiments/restore", {"experiment_id": "0"}, "No Experiment with id=0 exists"),
    ("POST", "experiments/update", {"experiment_id": "-7", "new_name": "x"}, "No Experiment with id=-7 exists"),
    (
        "POST",
        "experiments/set-experiment-tag",
        {"experiment_id": "987654", "key": "k", "value": "v"},
        "No Experiment with id=987654 exists",
    ),
    (
        "POST",
        "experiments/delete-experiment-tag",
        {"experiment_id": "0", "key": "no such"},
        "No tag with name: no such in experiment with id 0",
    ),
    ("POST", "runs/create", {"experiment_id": "987654"}, "No Experiment with id=987654 exists"),
    ("GET", "runs/get", {"run_id": NONE}, f"Run with id={NONE} not found"),
    ("POST", "runs/update", {"run_id": NONE}, f"Run with id={NONE} not found"),
    ("POST", "runs/delete", {"run_id": NONE}, f"Run with id={NONE} not found"),
    ("POST", "runs/restore", {"run_id": NONE}, f"Run with id={NONE} not found"),
    (
        "POST",
        "runs/log-metric",
        {"run_id": NONE, "key": "k", "value": 1, "timestamp": 1},
        f"Run with id={NONE} not found",
    ),
    ("POST", "runs/log-parameter", {"run_id": NONE, "key": "k", "value": "v"}, f"Run with id={NONE} not found"),
    ("POST", "runs/log-batch", {"run_id": NONE}, f"Run with id={NONE} not found"),
    ("POST", "runs/set-tag", {"run_id": NONE, "key": "k", "value": "v"}, f"Run with id={NONE} not found"),
    ("POST", "runs/delete-tag", {"run_id": NONE, "key": "k"}, f"Run with id={NONE} not found"),
    ("POST", "runs/log-inputs", {"run_id": NONE}, f"Run with id={NONE} not found"),
    ("POST", "runs/outputs", {"run_id": NONE, "models": []}, f"Run with id={NONE} not found"),
    ("POST", "logged-models", {"experiment_id": "987654"}, "No Experiment with id=987654 exists"),
    ("GET", f"logged-models/m-{NONE}", {}, f"Logged model with ID 'm-{NONE}' not found."),
    ("DELETE", f"logged-models/m-{NONE}", {}, f"Logged model with ID 'm-{NONE}' not found."),
    (
        "PATCH",
        f"logged-models/m-{NONE}",
        {"model_id": f"m-{NONE}", "status": 2},
        f"Logged model with ID 'm-{NONE}' not found.",
    ),
    ("PATCH", f"logged-models/m-{NONE}/tags", {"tags": []}, f"Logged model with ID 'm-{NONE}' not found."),
    ("DELETE", f"logged-models/m-{NONE}/tags/t", {}, f"Logged model with ID 'm-{NONE}' not found."),
    ("POST", f"logged-models/m-{NONE}/params", {"params": []}, f"Logged model with ID 'm-{NONE}' not found."),
    ("GET", f"logged-models/m-{NONE}/artifacts/directories", {}, f"Logged model with ID 'm-{NONE}' not found."),
    ("GET", "artifacts/list", {"run_id": NONE}, f"Run with id={NONE} not found"),
]
# Methods that the contract puts off: a clear answer with a status that no client tries again.
LATER = [
    ("POST", "3.0/mlflow/issues"),
    ("POST", "3.0/mlflow/issues/search"),
    ("GET", "3.0/mlflow/issues/i-1"),
    ("POST", "3.0/mlflow/label-schemas/create"),
    ("PATCH", "3.0/mlflow/label-schemas/update"),
    ("GET", "3.0/mlflow/review-queues/items/list"),
    ("POST", "3.0/mlflow/gateway/secrets/create"),
    ("DELETE", "3.0/mlflow/gateway/guardrails/delete"),
    ("POST", "3.0/mlflow/prompt-optimization/jobs"),
    ("GET", "3.0/mlflow/prompt-optimization/jobs/search"),
    ("POST", "3.0/mlflow/traces/metrics"),
    ("POST", "3.0/mlflow/traces/calculate-filter-correlation"),
    ("GET", "2.0/mlflow/unified-traces"),
    ("GET", "2.0/mlflow/get-online-trace-details"),
    ("GET", "3.0/mlflow/mcp-servers"),
]


@pytest.mark.parametrize(("method", "path", "values", "text"), MISSING, ids=lambda value: str(value)[:40])
@pytest.mark.parametrize("prefix", ["api", "ajax-api"])
def test_what_is_not_there(server: Martlet, prefix: str, method: str, path: str, values: dict, text: str):
    where = {"params": values} if method == "GET" else {"json": values}
    answer = requests.request(method, f"{server.url}/{prefix}/2.0/mlflow/{path}", timeout=30, **where)
    assert answer.status_code == 404, answer.text
    assert answer.json() == {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": text}


@pytest.mark.parametrize(("method", "path"), LATER)
def test_what_is_put_off_says_so(server: Martlet, method: str, path: str):
    for prefix in ["api", "ajax-api"]:
        answer = requests.request(method, f"{server.url}/{prefix}/{path}", json={}, timeout=30)
        assert answer.status_code in (404, 501), answer.text
        body = answer.json()
        assert body["error_code"] in ("NOT_IMPLEMENTED", "RESOURCE_DOES_NOT_EXIST", "ENDPOINT_NOT_FOUND")
        assert body["message"]


def test_what_clients_ask_of_the_server_itself(server: Martlet):
    session = requests.Session()
    assert session.get(f"{server.url}/health", timeout=30).status_code == 200
    version = session.get(f"{server.url}/version", timeout=30)
    assert version.headers["Content-Type"].startswith("text/plain")
    assert tuple(int(part) for part in version.text.split(".")) >= (3, 4)
    info = session.get(f"{server.url}/api/3.0/mlflow/server-info", timeout=30).json()
    assert info["store_type"] == "SqlStore"
    assert info == session.get(f"{server.url}/ajax-api/3.0/mlflow/server-info", timeout=30).json()
    # Clients that find no `server-features` upload as plain HTTP.
    assert session.get(f"{server.url}/api/3.0/mlflow/server-features", timeout=30).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "2.0/mlflow/no/such", 404),
        ("POST", "3.0/mlflow/runs/search", 404),
        ("GET", "2.0/mlflow/runs/create", 405),
        ("POST", "2.0/mlflow/runs/get", 405),
        ("PUT", "2.0/mlflow/runs/search", 405),
        ("DELETE", "2.0/mlflow/runs/delete", 405),
    ],
)
def test_other_addresses_and_methods(server: Martlet, method: str, path: str, status: int):
    answer = requests.request(method, f"{server.url}/api/{path}", json={}, timeout=30)
    assert answer.status_code == status
    assert set(answer.json()) == {"error_code", "message"}


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"run_id": "x", "runId": "x"}, "Request specifies both 'run_id' and 'runId'; provide only one of them."),
        ({"run_id": "a b"}, "Invalid value \"a b\" for parameter 'run_id' supplied."),
        ({"run_id": "x" * 257}, "for parameter 'run_id' supplied."),
        ({"run_id": 31}, "Invalid value 31 for parameter 'run_id' supplied"),
        ({"run_id": "x", "metrics": "5"}, "Invalid value \"5\" for parameter 'metrics' supplied"),
        (
            {"run_id": "x", "metrics": [{"key": "k", "timestamp": 1}]},
            "Missing value for required parameter 'metrics[0].value'. See the API docs for more information about "
            "request parameters.",
        ),
        ({"run_id": "x", "params": [{"key": "k" * 251, "value": ""}]}, "'Param key' exceeds the maximum length of 250"),
        ({"run_id": "x", "tags": [{"key": "../k"}]}, "Invalid value \"../k\" for parameter 'tags[0].key' supplied"),
    ],
)
def test_texts_of_wrong_batches(server: Martlet, body: dict, text: str):
    answer = requests.post(f"{server.url}/api/2.0/mlflow/runs/log-batch", json=body, timeout=30)
    assert answer.status_code == 400
    assert answer.json()["error_code"] == "INVALID_PARAMETER_VALUE"
    assert text in answer.json()["message"]
