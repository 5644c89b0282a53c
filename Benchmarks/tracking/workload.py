"""What is asked of a tracking server: the requests of each step, and the runs that the searches look through."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass, field
from urllib.parse import quote

from client import API, HTTPConnection, RequestMaker, get, post, post_bytes, spread

LOADING_CONNECTIONS = 8
START = 1_700_000_000_000
HISTORY_POINTS = 1_000_000
BATCH = 1000
NAMED_RUNS, NAMES_PER_RUN = 12, 1000


@dataclass
class Scene:
    """The experiments and runs that the requests name."""

    logged: str
    searched: str
    runs: list[str]
    offset: int = field(default=0)


def scene(port: int, connections: int) -> Scene:
    """Creates the two experiments, a run for each connection, and one with ten metrics and params to read."""
    connection, mark = HTTPConnection(port), time.time_ns()
    ids = [
        connection.json("POST", f"{API}/experiments/create", {"name": f"bench-{kind}-{mark}"})["experiment_id"]
        for kind in ("log", "search")
    ]
    runs = []
    for _ in range(connections + 1):
        run = connection.json("POST", f"{API}/runs/create", {"experiment_id": ids[0], "start_time": START})
        runs.append(run["run"]["info"]["run_id"])
    metrics = [{"key": f"m{n}", "value": n, "timestamp": START, "step": 0} for n in range(10)]
    params = [{"key": f"p{n}", "value": str(n)} for n in range(10)]
    connection.json("POST", f"{API}/runs/log-batch", {"run_id": runs[-1], "metrics": metrics, "params": params})
    return Scene(ids[0], ids[1], runs)


def writes(scene: Scene) -> dict[str, RequestMaker]:
    """The steps that log, and reading one run."""

    def number(index: int) -> int:
        return scene.offset + index

    def log_metric(worker: int, index: int) -> bytes:
        step = number(index)
        body = '{"run_id": "%s", "key": "loss", "value": %r, "timestamp": %d, "step": %d}'
        return post_bytes(
            f"{API}/runs/log-metric",
            (body % (scene.runs[worker], 1 / (step + 1), START + step, step)).encode(),
        )

    def log_batch(worker: int, index: int) -> bytes:
        step = number(index)
        point = '{"key": "m%d", "value": %r, "timestamp": %d, "step": %d}'
        points = ", ".join([point % (key, step + key / 7, START + step, step) for key in range(100)])
        body = f'{{"run_id": "{scene.runs[worker]}", "metrics": [{points}]}}'
        return post_bytes(f"{API}/runs/log-batch", body.encode())

    def create(worker: int, index: int) -> bytes:
        fields = {
            "experiment_id": scene.logged,
            "start_time": START + number(index),
            "run_name": f"b{worker}-{index}",
            "tags": [{"key": "mlflow.user", "value": "bench"}],
        }
        return post(f"{API}/runs/create", fields)

    read = get(f"{API}/runs/get?run_id={scene.runs[-1]}")
    return {"log-metric": log_metric, "log-batch": log_batch, "create": create, "get": lambda _, __: read}


def searches(scene: Scene) -> dict[str, RequestMaker]:
    """The steps that search."""

    def body(limit: int, **more: object) -> bytes:
        return post(f"{API}/runs/search", {"experiment_ids": [scene.searched], "max_results": limit} | more)

    plain, thousand = body(100), body(1000)
    filtered = [body(100, **query) for query in filters()]
    return {
        "search-100": lambda _, __: plain,
        "search-filter": lambda worker, index: filtered[(worker + index) % len(filtered)],
        "search-1000": lambda _, __: thousand,
    }


def filters() -> list[dict[str, object]]:
    """Searches with a metric and a param filter, ordered by the metric: thresholds and params in turn."""
    return [
        {"filter": f"metrics.acc > 0.{n * 37 % 9 + 1} AND params.depth = '{n % 8}'", "order_by": ["metrics.acc DESC"]}
        for n in range(72)
    ]


def stored_run(number: int) -> tuple[dict, list[dict], list[dict]]:
    """The n-th run that searches look through: its creation, its metrics, its params."""
    value = number * 7919 % 1000 / 1000
    tags = [{"key": "team", "value": f"t{number % 5}"}]
    metrics = [{"key": key, "value": value, "timestamp": START, "step": 0} for key in ("acc", "loss", "auc")]
    params = [("depth", str(number % 8)), ("lr", "0.1"), ("opt", "adam")]
    return (
        {"run_name": f"s{number}", "start_time": START + number, "tags": tags},
        metrics,
        [{"key": key, "value": text} for key, text in params],
    )


def store(port: int, scene: Scene, first: int, last: int) -> float:
    """Stores runs over HTTP, as clients would; returns requests per second."""

    def work(connection: HTTPConnection, number: int) -> None:
        creation, metrics, params = stored_run(number)
        made = connection.json("POST", f"{API}/runs/create", {"experiment_id": scene.searched} | creation)
        run = made["run"]["info"]["run_id"]
        connection.json("POST", f"{API}/runs/log-batch", {"run_id": run, "metrics": metrics, "params": params})

    started = time.perf_counter()
    spread(port, range(first, last), work, LOADING_CONNECTIONS)
    return 2 * (last - first) / (time.perf_counter() - started)


def found_names(port: int, scene: Scene) -> str:
    """A digest of the names that some filtered searches find, in order: every server must find the same."""
    connection, digest = HTTPConnection(port), hashlib.sha256()
    for query in filters()[:24]:
        fields = {"experiment_ids": [scene.searched], "max_results": 100} | query
        runs = connection.json("POST", f"{API}/runs/search", fields).get("runs", [])
        digest.update(json.dumps([run["info"]["run_name"] for run in runs]).encode())
    return digest.hexdigest()


def long_history(port: int, scene: Scene) -> tuple[str, float]:
    """Logs a million points of one metric to a new run; returns the run and the points per second."""
    connection = HTTPConnection(port)
    made = connection.json("POST", f"{API}/runs/create", {"experiment_id": scene.logged, "start_time": START})
    run = made["run"]["info"]["run_id"]

    def work(connection: HTTPConnection, number: int) -> None:
        first = number * BATCH
        steps = range(first, first + BATCH)
        point = '{"key": "curve", "value": %r, "timestamp": %d, "step": %d}'
        points = ", ".join([point % (1 / (step + 1), START + step, step) for step in steps])
        connection.send(post_bytes(f"{API}/runs/log-batch", f'{{"run_id": "{run}", "metrics": [{points}]}}'.encode()))

    started = time.perf_counter()
    spread(port, range(HISTORY_POINTS // BATCH), work, 2)
    return run, HISTORY_POINTS / (time.perf_counter() - started)


def many_names(port: int) -> str:
    """Logs an experiment of 12,000 distinct metrics and params; returns its id."""
    connection = HTTPConnection(port)
    name = f"bench-names-{time.time_ns()}"
    experiment = connection.json("POST", f"{API}/experiments/create", {"name": name})["experiment_id"]
    for number in range(NAMED_RUNS):
        made = connection.json("POST", f"{API}/runs/create", {"experiment_id": experiment, "start_time": START})
        run = made["run"]["info"]["run_id"]
        half = NAMES_PER_RUN // 2
        metrics = [
            {"key": f"metric.{number}.{key}", "value": key, "timestamp": START, "step": 0} for key in range(half)
        ]
        connection.json("POST", f"{API}/runs/log-batch", {"run_id": run, "metrics": metrics})
        for first in range(0, half, 100):
            params = [{"key": f"param.{number}.{key}", "value": str(key)} for key in range(first, first + 100)]
            connection.json("POST", f"{API}/runs/log-batch", {"run_id": run, "params": params})
    return experiment


def wide_reads(run: str, experiment: str) -> dict[str, bytes]:
    """Single requests over the long history and the many names."""
    bulk = "/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval"
    return {
        "history-interval": get(f"{bulk}?run_ids={quote(run)}&metric_key=curve&max_results=320"),
        "history-interval-2500": get(f"{bulk}?run_ids={quote(run)}&metric_key=curve"),
        "history-page": get(f"{API}/metrics/get-history?run_id={run}&metric_key=curve&max_results=1000"),
        "console-run": get(f"/runs/{run}"),
        "names-search": post(f"{API}/runs/search", {"experiment_ids": [experiment], "max_results": 100}),
        "names-console": get(f"/experiments/{experiment}"),
    }
