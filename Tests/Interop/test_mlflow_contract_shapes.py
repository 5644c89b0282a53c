"""What each method of the tracking contract answers, field by field, over plain HTTP; its twin for web pages too."""

from __future__ import annotations

import re

import pytest
import requests
from martlet_process import Martlet

pytest_plugins = ["mlflow_fixtures"]

HEX = re.compile(r"[0-9a-f]{32}")


class Api:
    """The methods of one server, under `/api` or under `/ajax-api`."""

    def __init__(self, server: Martlet, prefix: str) -> None:
        """Remembers where the methods are."""
        self.base = f"{server.url}/{prefix}/2.0/mlflow/"
        self.session = requests.Session()

    def send(self, method: str, path: str, body: object = None, **query: object) -> requests.Response:
        """Sends one request, whatever becomes of it."""
        return self.session.request(method, self.base + path, json=body, params=query, timeout=30)

    def ask(self, method: str, path: str, body: object = None, **query: object) -> dict:
        """Sends one request that must succeed with JSON."""
        answer = self.send(method, path, body, **query)
        assert answer.status_code == 200, answer.text
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        return answer.json()

    def post(self, path: str, **body: object) -> dict:
        """POSTs what must succeed."""
        return self.ask("POST", path, body)

    def get(self, path: str, **query: object) -> dict:
        """GETs what must succeed."""
        return self.ask("GET", path, **query)


@pytest.fixture(params=["api", "ajax-api"])
def api(request: pytest.FixtureRequest, server: Martlet) -> Api:
    """The methods of the shared server, under both prefixes."""
    return Api(server, request.param)


@pytest.fixture
def experiment(api: Api, name: str) -> str:
    """An experiment with one tag."""
    return api.post("experiments/create", name=name, tags=[{"key": "k", "value": "v"}])["experiment_id"]


@pytest.fixture
def run(api: Api, experiment: str) -> str:
    """A run of that experiment."""
    made = api.post("runs/create", experiment_id=experiment, start_time=5, run_name="r", user_id="ann")
    return made["run"]["info"]["run_id"]


def test_experiments(api: Api, experiment: str, name: str):
    shown = api.get("experiments/get", experiment_id=experiment)
    found = shown["experiment"]
    times = found.pop("creation_time"), found.pop("last_update_time")
    assert all(isinstance(time, int) and time > 1_600_000_000_000 for time in times)
    assert found == {
        "experiment_id": experiment,
        "name": name,
        "artifact_location": f"mlflow-artifacts:/{experiment}",
        "lifecycle_stage": "active",
        "tags": [{"key": "k", "value": "v"}],
    }
    assert api.get("experiments/get-by-name", experiment_name=name) == api.get(
        "experiments/get", experiment_id=experiment
    )
    assert api.post("experiments/set-experiment-tag", experiment_id=experiment, key="k", value="w") == {}
    assert api.post("experiments/delete-experiment-tag", experiment_id=experiment, key="k") == {}
    assert api.post("experiments/update", experiment_id=experiment, new_name=f"{name}-new") == {}
    after = api.get("experiments/get", experiment_id=experiment)["experiment"]
    assert after["name"] == f"{name}-new"
    assert "tags" not in after, "an empty list is left out"
    assert after["last_update_time"] >= times[1]
    assert api.post("experiments/delete", experiment_id=experiment) == {}
    assert api.get("experiments/get", experiment_id=experiment)["experiment"]["lifecycle_stage"] == "deleted"
    assert api.post("experiments/restore", experiment_id=experiment) == {}


def test_searches_for_experiments(api: Api, experiment: str, name: str):
    wanted = {"filter": f"name = '{name}'", "max_results": 5}
    posted = api.post("experiments/search", **wanted)
    assert posted == api.get("experiments/search", **wanted)
    assert [found["experiment_id"] for found in posted["experiments"]] == [experiment]
    assert set(posted) == {"experiments"}, "no token on the last page"
    assert api.post("experiments/search", filter="name = 'no such'", max_results=5) == {}
    page = api.post("experiments/search", max_results=1)
    assert len(page["experiments"]) == 1 and isinstance(page["next_page_token"], str)


def test_runs(api: Api, experiment: str, run: str):
    shown = api.get("runs/get", run_id=run, run_uuid=run)["run"]
    assert HEX.fullmatch(run)
    info = {
        "run_id": run,
        "run_uuid": run,
        "run_name": "r",
        "experiment_id": experiment,
        "user_id": "ann",
        "status": "RUNNING",
        "start_time": 5,
        "artifact_uri": f"mlflow-artifacts:/{experiment}/{run}/artifacts",
        "lifecycle_stage": "active",
    }
    tags = [{"key": "mlflow.runName", "value": "r"}]
    assert shown == {"info": info, "data": {"tags": tags}, "inputs": {}, "outputs": {}}
    updated = api.post("runs/update", run_id=run, status="FINISHED", end_time="9", run_name="s")
    assert updated == {"run_info": info | {"status": "FINISHED", "end_time": 9, "run_name": "s"}}
    assert api.post("runs/update", run_uuid=run, status=4)["run_info"]["status"] == "FAILED"
    assert api.get("runs/get", run_id=run)["run"]["data"]["tags"] == [{"key": "mlflow.runName", "value": "s"}]
    assert api.post("runs/delete", run_id=run) == {}
    assert api.get("runs/get", run_id=run)["run"]["info"]["lifecycle_stage"] == "deleted"
    assert api.post("runs/restore", run_id=run) == {}
    bare = api.post("runs/create", experiment_id=experiment)["run"]["info"]
    assert bare["start_time"] == 0 and bare["user_id"] == "" and bare["run_name"]


def test_what_is_logged(api: Api, run: str):
    assert api.post("runs/log-metric", run_id=run, key="m", value="NaN", timestamp="7", step=-1) == {}
    assert api.post("runs/log-parameter", run_uuid=run, key="p", value="1") == {}
    assert api.post("runs/log-parameter", run_id=run, key="empty") == {}
    assert api.post("runs/set-tag", run_id=run, key="t", value="1") == {}
    batch = {
        "metrics": [{"key": "i", "value": "Infinity", "timestamp": 1}],
        "params": [{"key": "p", "value": "1"}],
        "tags": [{"key": "t", "value": "2"}, {"key": "t", "value": "3"}],
    }
    assert api.post("runs/log-batch", run_id=run, **batch) == {}
    assert api.post("runs/log-batch", run_id=run) == {}
    data = api.get("runs/get", run_id=run)["run"]["data"]
    assert {point["key"]: point for point in data["metrics"]} == {
        "m": {"key": "m", "value": "NaN", "timestamp": 7, "step": -1},
        "i": {"key": "i", "value": 1.7976931348623157e308, "timestamp": 1, "step": 0},
    }
    assert {param["key"]: param["value"] for param in data["params"]} == {"p": "1", "empty": ""}
    assert {"key": "t", "value": "3"} in data["tags"]
    assert api.post("runs/delete-tag", run_id=run, key="t") == {}


def test_histories(api: Api, run: str):
    points = [{"key": "m", "value": index / 2, "timestamp": 10 - index, "step": index} for index in range(5)]
    api.post("runs/log-batch", run_id=run, metrics=points)
    history = api.get("metrics/get-history", run_id=run, metric_key="m")
    assert history == {"metrics": points[::-1]}, "by time"
    first = api.get("metrics/get-history", run_id=run, metric_key="m", max_results=3)
    assert first["metrics"] == points[:1:-1]
    rest = api.get(
        "metrics/get-history", run_id=run, metric_key="m", max_results=3, page_token=first["next_page_token"]
    )
    assert rest == {"metrics": points[1::-1]}
    assert api.get("metrics/get-history", run_id="none", metric_key="m") == {}
    with_run = [point | {"run_id": run} for point in points]
    sampled = api.get("metrics/get-history-bulk-interval", run_ids=run, metric_key="m", max_results=2)
    assert sampled == {"metrics": [with_run[0], with_run[4]]}
    part = api.get("metrics/get-history-bulk-interval", run_ids=[run, run], metric_key="m", start_step=1, end_step=2)
    assert part == {"metrics": with_run[1:3] * 2}, "by step, in the order of the request"
    assert api.get("metrics/get-history-bulk-interval", run_ids="none", metric_key="m") == {}
    bulk = api.get("metrics/get-history-bulk", run_id=[run, "none"], metric_key="m", max_results=2)
    assert bulk == {"metrics": with_run[:2:-1]}
    assert api.get("metrics/get-history-bulk", run_id="none", metric_key="m") == {"metrics": []}


def test_searches_for_runs(api: Api, experiment: str, run: str):
    api.post("runs/log-parameter", run_id=run, key="p", value="1")
    found = api.post("runs/search", experimentIds=[experiment], filter="params.p = '1'", maxResults=1)
    assert found == {"runs": [api.get("runs/get", run_id=run)["run"]]}
    assert api.post("runs/search", experiment_ids=[experiment], run_view_type="DELETED_ONLY") == {}
    assert api.post("runs/search") == {}
    assert api.post("runs/search", experiment_ids=["999999999"]) == {}


def test_inputs_and_outputs(api: Api, experiment: str, run: str):
    dataset = {"name": "d", "digest": "1", "source_type": "local", "source": "{}", "schema": "{}", "profile": "p"}
    used = {"tags": [{"key": "mlflow.data.context", "value": "training"}], "dataset": dataset}
    assert api.post("runs/log-inputs", run_id=run, datasets=[used], models=[{"model_id": "m-1"}]) == {}
    assert api.post("runs/log-inputs", run_id=run, datasets=[{"dataset": dataset, "tags": []}]) == {}
    outputs = [{"model_id": "m-2", "step": 3}, {"model_id": "m-2", "step": 3}]
    assert api.post("runs/outputs", run_id=run, models=outputs) == {}
    assert api.post("runs/outputs", run_id=run, models=[]) == {}
    shown = api.get("runs/get", run_id=run)["run"]
    assert shown["inputs"] == {"dataset_inputs": [used], "model_inputs": [{"model_id": "m-1"}]}
    assert shown["outputs"] == {"model_outputs": outputs}
    summary = {"experiment_id": experiment, "name": "d", "digest": "1", "context": "training"}
    assert api.post("experiments/search-datasets", experiment_ids=[experiment]) == {"dataset_summaries": [summary]}


def test_logged_models(api: Api, experiment: str, run: str):
    params = [{"key": f"p{index:03}", "value": "1"} for index in range(250)]
    made = api.post(
        "logged-models",
        experiment_id=experiment,
        name="m",
        model_type="tree",
        source_run_id=run,
        params=params[:100],
        tags=[{"key": "t", "value": "1"}],
    )["model"]
    info = made["info"]
    model = info["model_id"]
    assert model.startswith("m-") and HEX.fullmatch(model[2:])
    assert info.pop("creation_timestamp_ms") == info.pop("last_updated_timestamp_ms")
    assert info == {
        "model_id": model,
        "experiment_id": experiment,
        "name": "m",
        "artifact_uri": f"mlflow-artifacts:/{experiment}/models/{model}/artifacts",
        "status": "LOGGED_MODEL_PENDING",
        "model_type": "tree",
        "source_run_id": run,
        "tags": [{"key": "t", "value": "1"}],
    }
    assert made["data"] == {"params": params[:100]}
    for start in (100, 200):
        batch = {"model_id": model, "params": params[start : start + 100]}
        assert api.post(f"logged-models/{model}/params", **batch) == {}
    done = api.ask("PATCH", f"logged-models/{model}", {"model_id": model, "status": "LOGGED_MODEL_READY"})
    assert done["model"]["info"]["status"] == "LOGGED_MODEL_READY"
    assert done["model"]["data"] == {"params": params}
    assert api.ask("PATCH", f"logged-models/{model}/tags", {"tags": [{"key": "u/é", "value": "2"}]}) == {}
    point = {"key": "auc", "value": 0.5, "timestamp": 1, "step": 0, "model_id": model}
    api.post("runs/log-metric", run_id=run, dataset_name="d", dataset_digest="1", **point)
    shown = api.get(f"logged-models/{model}", model_id=model)["model"]
    assert shown["data"]["metrics"] == [point | {"run_id": run, "dataset_name": "d", "dataset_digest": "1"}]
    assert "model_id" not in api.get("runs/get", run_id=run)["run"]["data"]["metrics"][0]
    found = api.post(
        "logged-models/search",
        experiment_ids=[experiment],
        filter="metrics.auc >= 0.5 AND tags.`u/é` = '2' AND params.p249 = '1'",
        datasets=[{"dataset_name": "d"}],
        order_by=[{"field_name": "metrics.auc", "ascending": False}],
    )
    assert found == {"models": [shown]}
    assert api.ask("DELETE", f"logged-models/{model}/tags/u%2F%C3%A9") == {}
    assert api.ask("DELETE", f"logged-models/{model}") == {}
    assert api.send("GET", f"logged-models/{model}").status_code == 404
    assert api.get(f"logged-models/{model}", allow_deleted="true")["model"]["info"]["model_id"] == model
    assert api.post("logged-models/search", experiment_ids=[experiment]) == {}


def test_models_of_clients_before_version_three(api: Api, run: str):
    model = '{"artifact_path":"m","flavors":{"f":{"config":1,"a":2}},"run_id":"r","utc_time_created":"t","extra":1}'
    assert api.post("runs/log-model", run_id=run, model_json=model) == {}
    tags = {tag["key"]: tag["value"] for tag in api.get("runs/get", run_id=run)["run"]["data"]["tags"]}
    assert tags["mlflow.log-model.history"] == (
        '[{"run_id": "r", "artifact_path": "m", "utc_time_created": "t", "model_uuid": null, '
        '"flavors": {"f": {"a": 2}}}]'
    )
