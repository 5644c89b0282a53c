"""The limits of MLflow at their edge and one past it (C9): what fits is stored whole, what does not is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import requests
from databases import DATABASES
from mlflow_contract import Entities, leak, served

pytest_plugins = ["postgres_fixtures"]


@pytest.fixture(scope="module", params=DATABASES)
def entities(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Entities]:
    """A server of this file's own over each database."""
    with served(tmp_path_factory.mktemp("limits"), request) as made:
        yield made


def post(entities: Entities, path: str, body: object) -> requests.Response:
    """POSTs a body to an MLflow method."""
    return entities.session.post(f"{entities.server.url}/api/2.0/mlflow/{path}", json=body, timeout=60)


def assert_edge(entities: Entities, path: str, fits: object, past: object, name: str = "") -> None:
    """The first body is taken and the second refused, with the field named."""
    taken = post(entities, path, fits)
    assert taken.status_code == 200, (path, taken.text[:300])
    refused = post(entities, path, past)
    assert refused.status_code == 400, (path, name, refused.status_code, refused.text[:300])
    assert refused.json()["error_code"] == "INVALID_PARAMETER_VALUE", refused.text[:300]
    assert name in refused.json()["message"], refused.text[:300]
    assert leak(refused.text) is None


def new_run(entities: Entities) -> str:
    """The id of a new run."""
    body = {"experiment_id": entities.experiment_id, "start_time": 1}
    return entities.post("runs/create", body)["run"]["info"]["run_id"]


def run_data(entities: Entities, run_id: str) -> dict:
    """Metrics, params and tags of a run."""
    return json.loads(entities.get("runs/get", run_id=run_id))["run"]["data"]


@pytest.mark.parametrize("letter", ["k", "é", "日"])
def test_keys_of_runs(entities: Entities, letter: str):
    run_id = new_run(entities)
    fits, past = letter * 250, letter * 251
    for path, rest in [
        ("runs/log-metric", {"value": 1, "timestamp": 1}),
        ("runs/log-parameter", {"value": "v"}),
        ("runs/set-tag", {"value": "v"}),
    ]:
        body = {"run_id": run_id} | rest
        assert_edge(entities, path, body | {"key": fits}, body | {"key": past})
    for field, rest in [
        ("metrics", {"value": 1, "timestamp": 1}),
        ("params", {"value": "v"}),
        ("tags", {"value": "v"}),
    ]:
        fit, over = ({"run_id": run_id, field: [{"key": key} | rest]} for key in (fits, past))
        assert_edge(entities, "runs/log-batch", fit, over)
    data = run_data(entities, run_id)
    assert [metric["key"] for metric in data["metrics"]] == [fits]
    assert [param["key"] for param in data["params"]] == [fits]


KEYS = ["a/b", "a.b-c_d e:f", "日本", "é", "A 1", "a/b/c", "a..b", "-", "_", "5"]
NO_KEYS = [
    "../a",
    "/a",
    "./a",
    "a//b",
    "a/../b",
    ".",
    "..",
    "a/.",
    "a/",
    "a\\b",
    "a\nb",
    "a\tb",
    "a?b",
    "a*b",
    "🦜",
    "a'b",
]
NO_KEYS += ['a"b', "a,b", "a;b", "a(b", "a<b>", "a%b", "a&b", "a=b", "a@b", "a#b"]


@pytest.mark.parametrize(
    "path,rest",
    [
        ("runs/log-metric", {"value": 1, "timestamp": 1}),
        ("runs/log-parameter", {"value": "v"}),
        ("runs/set-tag", {"value": "v"}),
    ],
)
def test_characters_of_keys(entities: Entities, path: str, rest: dict):
    body = {"run_id": new_run(entities)} | rest
    for key in KEYS:
        answer = post(entities, path, body | {"key": key})
        assert answer.status_code == 200, (key, answer.text)
    for key in NO_KEYS:
        answer = post(entities, path, body | {"key": key})
        assert answer.status_code == 400, (key, answer.status_code, answer.text)
        assert answer.json()["error_code"] == "INVALID_PARAMETER_VALUE"


@pytest.mark.parametrize("letter", ["v", "é", "🦜"])
def test_long_values_of_runs_are_cut(entities: Entities, letter: str):
    run_id = new_run(entities)
    for extra in (0, 1, 1000):
        param = {"run_id": run_id, "key": f"p{extra}", "value": letter * (6000 + extra)}
        tag = {"run_id": run_id, "key": f"t{extra}", "value": letter * (8000 + extra)}
        assert post(entities, "runs/log-parameter", param).status_code == 200
        assert post(entities, "runs/set-tag", tag).status_code == 200
        assert post(entities, "runs/log-parameter", param).status_code == 200, "the same value again"
    data = run_data(entities, run_id)
    assert {param["value"] for param in data["params"]} == {letter * 6000}
    tags = {tag["key"]: tag["value"] for tag in data["tags"]}
    assert {tags[f"t{extra}"] for extra in (0, 1, 1000)} == {letter * 8000}


def test_sizes_of_a_batch(entities: Entities):
    def metrics(count: int) -> list[dict]:
        return [{"key": f"m{index}", "value": index, "timestamp": 1} for index in range(count)]

    def texts(count: int, start: int = 0) -> list[dict]:
        return [{"key": f"k{index}", "value": "v"} for index in range(start, start + count)]

    for fits, past, name in [
        ({"metrics": metrics(1000)}, {"metrics": metrics(1001)}, "metrics"),
        ({"params": texts(100)}, {"params": texts(101)}, "params"),
        ({"tags": texts(100)}, {"tags": texts(101)}, "tags"),
        (
            {"metrics": metrics(800), "params": texts(100, 100), "tags": texts(100)},
            {"metrics": metrics(801), "params": texts(100, 200), "tags": texts(100, 300)},
            "",
        ),
    ]:
        run_id = new_run(entities)
        assert_edge(entities, "runs/log-batch", {"run_id": run_id} | fits, {"run_id": run_id} | past, name)
        data = run_data(entities, run_id)
        for field, items in fits.items():
            stored = [item for item in data[field] if item["key"] != "mlflow.runName"]
            assert len(stored) == len(items)


def test_a_batch_that_is_refused_leaves_nothing(entities: Entities):
    run_id = new_run(entities)
    entities.post("runs/log-parameter", {"run_id": run_id, "key": "p", "value": "1"})
    before = run_data(entities, run_id)
    good = {"metrics": [{"key": "m", "value": 1, "timestamp": 1}], "params": [{"key": "q", "value": "1"}]}
    good["tags"] = [{"key": "t", "value": "1"}]
    spoiled = [
        {"params": [*good["params"], {"key": "p", "value": "2"}]},
        {"params": [{"key": "q", "value": "1"}, {"key": "q", "value": "1"}]},
        {"params": [{"key": "q", "value": "1"}, {"key": "q", "value": "2"}]},
        {"metrics": [*good["metrics"], {"key": "n", "value": 1}]},
        {"metrics": [*good["metrics"], {"key": "n", "value": 1, "timestamp": -1}]},
        {"metrics": [*good["metrics"], {"key": "../n", "value": 1, "timestamp": 1}]},
        {"metrics": [*good["metrics"], {"value": 1, "timestamp": 1}]},
        {"tags": [*good["tags"], {"key": "x" * 251, "value": "1"}]},
        {"tags": [*good["tags"], {"value": "1"}]},
        {"metrics": [*good["metrics"], {"key": "n", "value": 1, "timestamp": 1, "model_id": "m-" + "0" * 32}]},
    ]
    for change in spoiled:
        answer = post(entities, "runs/log-batch", {"run_id": run_id} | good | change)
        assert answer.status_code in (400, 404), (change, answer.text)
        assert run_data(entities, run_id) == before, change


def test_sizes_of_datasets(entities: Entities):
    example = {"name": "d", "digest": "1", "source_type": "local", "source": "{}"}
    tag = {"key": "k", "value": "v"}

    def body(change: dict, tags: dict = tag) -> dict:
        return {"run_id": entities.run_id, "datasets": [{"dataset": example | change, "tags": [tags]}]}

    limits = {"name": 500, "digest": 36, "source": 65_535, "schema": 1_048_575, "profile": 16_777_215}
    for field, limit in limits.items():
        if field == "profile":
            # A body of 16 MiB is past the limit of JSON bodies already, whatever is in it.
            assert post(entities, "runs/log-inputs", body({field: "x" * 1_000_000})).status_code == 200
            assert post(entities, "runs/log-inputs", body({field: "x" * (limit + 1)})).status_code in (400, 413)
            continue
        fits, past = body({field: "x" * limit}), body({field: "x" * (limit + 1)})
        assert_edge(entities, "runs/log-inputs", fits, past, field)
    for field, limit in {"key": 255, "value": 500}.items():
        fits, past = (body({}, tag | {field: "x" * length}) for length in (limit, limit + 1))
        assert_edge(entities, "runs/log-inputs", fits, past, field)


def test_sizes_of_experiments(entities: Entities):
    assert_edge(entities, "experiments/create", {"name": "n" * 500}, {"name": "n" * 501}, "name")
    tag = {"experiment_id": entities.experiment_id, "key": "k", "value": "v"}
    path = "experiments/set-experiment-tag"
    assert_edge(entities, path, tag | {"key": "k" * 250}, tag | {"key": "k" * 251}, "key")
    body = {"experiment_id": entities.experiment_id}
    assert_edge(entities, "experiments/update", body | {"new_name": "m" * 500}, body | {"new_name": "m" * 501}, "name")
    entities.post("experiments/update", body | {"new_name": "entity"})
    location = "s3://bucket/"
    fits = {"name": "located", "artifact_location": location + "x" * (2048 - len(location))}
    past = {"name": "not located", "artifact_location": location + "x" * (2049 - len(location))}
    assert_edge(entities, "experiments/create", fits, past, "artifact")


@pytest.mark.parametrize(
    "location",
    ["runs:/x", "s3://b/x#fragment", "s3://b/%252e%252e/x", "s3://b/../x", "s3://b/%2e%2e/x", "http://h/?a=../b"],
)
def test_locations_that_are_none(entities: Entities, location: str):
    answer = post(entities, "experiments/create", {"name": f"at {location}", "artifact_location": location})
    assert answer.status_code == 400, answer.text
    assert leak(answer.text) is None


@pytest.mark.parametrize("run_id", ["../etc", "a/b", "-a", "_a", " ", "a b", "a" * 257, "é", "a;b", "a'b", "a%00"])
def test_run_ids_that_are_none(entities: Entities, run_id: str):
    body = {"run_id": run_id, "metrics": [{"key": "m", "value": 1, "timestamp": 1}]}
    answer = post(entities, "runs/log-batch", body)
    assert answer.status_code == 400, answer.text
    address = f"{entities.server.url}/api/2.0/mlflow/runs/get"
    answer = entities.session.get(address, params={"run_id": run_id}, timeout=30)
    assert answer.status_code in (400, 404) and leak(answer.text) is None


def test_sizes_in_the_registry(entities: Entities):
    tag = {"name": "entity", "key": "k", "value": "v"}
    for path, rest in [("registered-models/set-tag", {}), ("model-versions/set-tag", {"version": "1"})]:
        body = tag | rest
        assert_edge(entities, path, body | {"key": "k" * 250}, body | {"key": "k" * 251}, "key")
        fits, past = body | {"value": "v" * 100_000}, body | {"value": "v" * 100_001}
        assert_edge(entities, path, fits, past, "value")
    alias = {"name": "entity", "alias": "a", "version": "1"}
    assert_edge(
        entities, "registered-models/alias", alias | {"alias": "a" * 255}, alias | {"alias": "a" * 256}, "alias"
    )


@pytest.mark.parametrize("name", ["", " ", "a/b", "a:b", "..", ".", "./x", "a//b", "/", ":", "\t"])
def test_names_that_no_registered_model_has(entities: Entities, name: str):
    for path, body in [
        ("registered-models/create", {"name": name}),
        ("registered-models/rename", {"name": "entity", "new_name": name}),
    ]:
        answer = post(entities, path, body)
        assert answer.status_code == 400, (path, answer.text)
        assert answer.json()["error_code"] == "INVALID_PARAMETER_VALUE"


@pytest.mark.parametrize("name", ["a/b", "a:b", "a.b", "a%b", 'a"b', "a'b"])
def test_names_that_no_logged_model_has(entities: Entities, name: str):
    answer = post(entities, "logged-models", {"experiment_id": entities.experiment_id, "name": name})
    assert answer.status_code == 400, answer.text
    assert answer.json()["error_code"] == "INVALID_PARAMETER_VALUE"


def test_sizes_of_metric_questions(entities: Entities):
    address = f"{entities.server.url}/api/2.0/mlflow/metrics/get-history-bulk-interval"

    def status(count: int, **values: object) -> int:
        query = {"run_ids": [entities.run_id] * count, "metric_key": "m"} | values
        return entities.session.get(address, params=query, timeout=30).status_code

    assert [status(100), status(101), status(0)] == [200, 400, 400]
    assert [status(1, max_results=each) for each in (2500, 2501, 1, 0, -1)] == [200, 400, 200, 400, 400]
    assert status(1, start_step=5, end_step=4) == 400
    assert status(1, start_step=5) == 400 and status(1, end_step=5) == 400
    address = address.replace("-bulk-interval", "")
    assert [status(1, run_id=entities.run_id, max_results=each) for each in (1, 0, -1)] == [200, 400, 400]
    address = f"{entities.server.url}/ajax-api/2.0/mlflow/metrics/get-history-bulk"
    for count, size, wanted in [(100, 25_000, 200), (101, 1, 400), (0, 1, 400)]:
        query = {"run_id": [entities.run_id] * count, "metric_key": "m", "max_results": size}
        assert entities.session.get(address, params=query, timeout=30).status_code == wanted, (count, size)


def test_a_search_for_datasets_of_many_experiments(entities: Entities):
    address = f"{entities.server.url}/ajax-api/2.0/mlflow/experiments/search-datasets"
    for count, wanted in [(20, 200), (21, 400), (0, 400)]:
        body = {"experiment_ids": [entities.experiment_id] * count}
        assert entities.session.post(address, json=body, timeout=30).status_code == wanted, count
