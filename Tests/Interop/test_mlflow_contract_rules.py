"""Rules of the tracking contract over plain HTTP: the latest point, paging while others write, all or nothing."""

from __future__ import annotations

import base64
import json

import pytest
import requests
from martlet_process import Martlet

pytest_plugins = ["mlflow_fixtures"]

LARGEST = 1.7976931348623157e308


class Api:
    """The methods of one server."""

    def __init__(self, server: Martlet) -> None:
        """Remembers where the methods are."""
        self.base = f"{server.url}/api/2.0/mlflow/"
        self.session = requests.Session()

    def send(self, path: str, **body: object) -> requests.Response:
        """POSTs, whatever becomes of it."""
        return self.session.post(self.base + path, json=body, timeout=30)

    def post(self, path: str, **body: object) -> dict:
        """POSTs what must succeed."""
        answer = self.send(path, **body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def get(self, path: str, **query: object) -> dict:
        """GETs what must succeed."""
        answer = self.session.get(self.base + path, params=query, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def experiment(self, name: str) -> str:
        """A new experiment."""
        return self.post("experiments/create", name=name)["experiment_id"]

    def run(self, experiment: str, name: str, start: int = 0) -> str:
        """A new run."""
        made = self.post("runs/create", experiment_id=experiment, run_name=name, start_time=start)
        return made["run"]["info"]["run_id"]


@pytest.fixture
def api(server: Martlet) -> Api:
    """The methods of the shared server."""
    return Api(server)


# Points as they are logged (step, time, value), each with what is the latest after it.
LATEST = [
    ((0, 10, 1), 1),
    ((0, 10, 5), 5),
    ((0, 10, 2), 5),
    ((0, 5, 99), 5),
    ((1, 1, 0), 0),
    ((1, 1, -3), 0),
    ((-5, 100, 7), 0),
    # NaN counts as 0, and only what is greater replaces what is there.
    ((1, 1, "NaN"), 0),
    ((2, 0, "NaN"), "NaN"),
    ((2, 0, 0), "NaN"),
    ((2, 0, -1), "NaN"),
    ((2, 0, 1), 1),
    ((2, 0, "NaN"), 1),
    ((2, 0, "-Infinity"), 1),
    ((2, 0, "Infinity"), LARGEST),
    ((2, 0, 1), LARGEST),
    ((3, 0, "-Infinity"), -LARGEST),
]


@pytest.mark.parametrize("in_one_batch", [False, True])
def test_the_latest_point_is_the_greatest_by_step_time_and_value(api: Api, name: str, in_one_batch: bool):
    run = api.run(api.experiment(name), "r")
    points = [{"key": "m", "value": v, "timestamp": t, "step": s} for (s, t, v), _ in LATEST]
    if in_one_batch:
        api.post("runs/log-batch", run_id=run, metrics=points)
    for point, (_, expected) in zip(points, LATEST, strict=True):
        if not in_one_batch:
            api.post("runs/log-metric", run_id=run, **point)
            (latest,) = api.get("runs/get", run_id=run)["run"]["data"]["metrics"]
            assert latest["value"] == expected, point
    (latest,) = api.get("runs/get", run_id=run)["run"]["data"]["metrics"]
    assert (latest["step"], latest["timestamp"], latest["value"]) == (3, 0, -LARGEST)
    history = api.get("metrics/get-history", run_id=run, metric_key="m")["metrics"]
    assert len(history) == len(points) - 2, "exact repetitions are one point"
    assert [point["timestamp"] for point in history] == sorted(point["timestamp"] for point in history)


def sampled(points: list, buckets: int) -> list:
    """The first of each of so many equal parts (SQL's NTILE: the first parts are longer), and the last of all."""
    if len(points) <= buckets:
        return points
    size, longer = divmod(len(points), buckets)
    starts = [index * size + min(index, longer) for index in range(buckets)]
    chosen = [points[start] for start in starts]
    return chosen if starts[-1] == len(points) - 1 else [*chosen[:-1], points[-1]]


def test_long_histories_are_sampled_by_equal_parts(api: Api, name: str):
    run = api.run(api.experiment(name), "r")
    # Three points share a step, and steps come out of order, as from several writers.
    points = [
        {"key": "m", "value": float(index), "timestamp": index % 5, "step": (index * 7919 % 12_007) // 3}
        for index in range(12_007)
    ]
    for start in range(0, len(points), 1000):
        api.post("runs/log-batch", run_id=run, metrics=points[start : start + 1000])
    order = sorted(points, key=lambda point: (point["step"], point["timestamp"], point["value"]))
    for limit in [1, 2, 3, 7, 100, 2499, 2500]:
        found = api.get("metrics/get-history-bulk-interval", run_ids=run, metric_key="m", max_results=limit)
        assert found["metrics"] == [point | {"run_id": run} for point in sampled(order, limit)], limit
    part = [point for point in order if 100 <= point["step"] <= 1100]
    found = api.get(
        "metrics/get-history-bulk-interval", run_ids=run, metric_key="m", start_step=100, end_step=1100, max_results=50
    )
    assert found["metrics"] == [point | {"run_id": run} for point in sampled(part, 50)]
    by_time = sorted(points, key=lambda point: (point["timestamp"], point["step"], point["value"]))
    history = {"run_id": run, "metric_key": "m", "max_results": 5000}
    found = pages(
        lambda token: api.get("metrics/get-history", **history, **({"page_token": token} if token else {})),
        "metrics",
        lambda: None,
    )
    assert found == by_time


def test_a_batch_is_stored_whole_or_not_at_all(api: Api, name: str):
    run = api.run(api.experiment(name), "r")
    api.post("runs/log-parameter", run_id=run, key="p", value="1")
    before = api.get("runs/get", run_id=run)
    good = {
        "metrics": [{"key": "m", "value": 1, "timestamp": 1}],
        "params": [{"key": "q", "value": "1"}],
        "tags": [{"key": "t", "value": "1"}],
    }
    bad = [
        {"params": [{"key": "q", "value": "1"}, {"key": "p", "value": "2"}]},
        {"metrics": good["metrics"] + [{"key": "m", "value": 1, "timestamp": 1, "model_id": "m-none"}]},
        {"metrics": good["metrics"] + [{"key": "m?", "value": 1, "timestamp": 1}]},
        {"tags": good["tags"] + [{"key": "/t", "value": "1"}]},
        {"params": [{"key": "q", "value": "1"}] * 2},
    ]
    for part in bad:
        assert api.send("runs/log-batch", run_id=run, **(good | part)).status_code in (400, 404)
        assert api.get("runs/get", run_id=run) == before
    api.post("runs/log-batch", run_id=run, **good)
    api.post("runs/log-batch", run_id=run, **good)


def pages(ask, items: str, between) -> list:
    """All items of a search, with something written between its pages."""
    found, token = [], None
    while True:
        page = ask(token)
        found += page.get(items, [])
        token = page.get("next_page_token")
        if token is None:
            return found
        between()


@pytest.mark.parametrize("order", [[], ["start_time"], ["metrics.m DESC"], ["params.p"], ["tags.none", "run_name"]])
def test_pages_of_runs_skip_and_repeat_nothing_while_others_write(api: Api, name: str, order: list[str]):
    experiment = api.experiment(name)
    made = [api.run(experiment, f"r{index}", start=index % 3) for index in range(9)]
    for index, run in enumerate(made):
        api.post("runs/log-metric", run_id=run, key="m", value=index % 4, timestamp=1)
        api.post("runs/log-parameter", run_id=run, key="p", value=str(index % 2))
    body = {"experiment_ids": [experiment], "max_results": 2, "order_by": order}

    def write() -> None:
        fresh = api.run(experiment, "new", start=1)
        api.post("runs/log-metric", run_id=fresh, key="m", value=2, timestamp=1)

    found = pages(lambda token: api.post("runs/search", page_token=token, **body), "runs", write)
    ids = [run["info"]["run_id"] for run in found]
    assert len(ids) == len(set(ids)), "none twice"
    assert set(made) <= set(ids), "none left out"


def test_pages_of_other_things(api: Api, name: str):
    experiments = [api.experiment(f"{name}-{index}") for index in range(5)]
    wanted = {"filter": f"name LIKE '{name}-%'", "max_results": 2}
    found = pages(
        lambda token: api.post("experiments/search", page_token=token, **wanted),
        "experiments",
        lambda: api.experiment(f"{name}-new-{len(experiments)}-{experiments.append('x')}"),
    )
    ids = [each["experiment_id"] for each in found]
    assert len(ids) == len(set(ids)) and set(experiments[:5]) <= set(ids)
    home = experiments[0]
    models = [api.post("logged-models", experiment_id=home)["model"]["info"]["model_id"] for _ in range(5)]
    found = pages(
        lambda token: api.post("logged-models/search", experiment_ids=[home], max_results=2, page_token=token),
        "models",
        lambda: api.post("logged-models", experiment_id=home),
    )
    ids = [each["info"]["model_id"] for each in found]
    assert len(ids) == len(set(ids)) and set(models) <= set(ids)
    run = api.run(home, "r")
    points = [{"key": "m", "value": index, "timestamp": index} for index in range(10)]
    api.post("runs/log-batch", run_id=run, metrics=points)
    history = {"run_id": run, "metric_key": "m", "max_results": 3}
    found = pages(
        lambda token: api.get("metrics/get-history", **history, **({"page_token": token} if token else {})),
        "metrics",
        lambda: api.post("runs/log-metric", run_id=run, key="m", value=-1, timestamp=0),
    )
    assert [point["timestamp"] for point in found] == list(range(10))


def test_tokens_belong_to_their_search(api: Api, name: str):
    experiment = api.experiment(name)
    for index in range(3):
        api.run(experiment, f"r{index}")
    body = {"experiment_ids": [experiment], "max_results": 1}
    token = api.post("runs/search", **body)["next_page_token"]
    others = [{"filter": "status = 'FAILED'"}, {"order_by": ["run_name"]}, {"run_view_type": "ALL"}]
    for other in [*others, {"experiment_ids": [experiment, "0"]}]:
        assert api.send("runs/search", page_token=token, **(body | other)).status_code == 400
    offset = base64.b64encode(json.dumps({"offset": 1}).encode()).decode()
    for forged in [offset, token[:-2], token + "A", "x", "e30=", "%00"]:
        answer = api.send("runs/search", page_token=forged, **body)
        assert answer.status_code == 400
        assert answer.json()["error_code"] == "INVALID_PARAMETER_VALUE"


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ("50%", "50% 50x_off 50%_off"),
        ("50_", "50%"),
        ("50%_off", "50x_off 50%_off"),
        ("a\\b", "a\\b"),
        ("a\\\\b", ""),
        ("a\\%", "a\\b"),
        ("50\\%", ""),
        ("A%", ""),
        ("%", "50% 50x_off 50%_off a\\b"),
    ],
)
def test_patterns_know_percent_and_underscore_only(api: Api, name: str, pattern: str, matches: str):
    experiment = api.experiment(name)
    for value in ["50%", "50x_off", "50%_off", "a\\b"]:
        run = api.run(experiment, "r")
        api.post("runs/set-tag", run_id=run, key="t", value=value)
    for operator in ["LIKE", "ILIKE"]:
        found = api.post("runs/search", experiment_ids=[experiment], filter=f"tags.t {operator} '{pattern}'")
        values = {tag["value"] for run in found.get("runs", []) for tag in run["data"]["tags"] if tag["key"] == "t"}
        expected = "a\\b" if (operator, pattern) == ("ILIKE", "A%") else matches
        assert values == set(expected.split())
