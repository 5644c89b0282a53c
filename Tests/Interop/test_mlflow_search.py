"""`search_runs` with each operator on each entity, orders and pages, through the unmodified client."""

from __future__ import annotations

import math
import threading

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag, ViewType
from mlflow_fixtures import error_code

pytest_plugins = ["mlflow_fixtures"]

# Each run: name, metric `acc`, metric `loss x`, param `kind`, tag `team`, dataset's name, digest and context.
RUNS = [
    ("alpha", 0.1, 5.0, "linear", "red", "iris", "d1", "train"),
    ("Beta", 0.2, 4.0, "Linear", "red", "iris", "d2", "eval"),
    ("gamma_1", 0.3, 3.0, "tree", "Blue", "wine", "d3", "train"),
    ("gamma-1", 0.3, 2.0, "tree%", "blue", "wine", "d3", "train"),
    ("delta", None, 1.0, None, None, None, None, None),
    ("epsilon", math.nan, 0.0, "10", "green team", None, None, None),
    ("zeta 5", -1e300, -5.5, "5", "it's", None, None, None),
]
NAMES = [name for name, *_ in RUNS]


@pytest.fixture(scope="module")
def stored(server) -> tuple[MlflowClient, str, dict[str, str]]:
    """A client, an experiment with the runs above and the runs' ids by name."""
    client = MlflowClient(server.url)
    experiment_id = client.create_experiment("search-operators")
    ids = {}
    for index, (name, acc, loss, kind, team, dataset, digest, context) in enumerate(RUNS):
        run = client.create_run(experiment_id, start_time=1000 + index, run_name=name)
        ids[name] = run.info.run_id
        # An earlier value, which no search may see.
        metrics = [Metric("acc", 77, 1, 0), Metric("acc", acc, 2, 1)] if acc is not None else []
        params = [Param("kind", kind)] if kind is not None else []
        tags = [RunTag("team", team), RunTag("a.b/c d", "nested")] if team is not None else []
        client.log_batch(run.info.run_id, [*metrics, Metric("loss x", loss, 1, 0)], params, tags)
        if dataset:
            entity = Dataset(dataset, digest, "local", "{}")
            inputs = [DatasetInput(entity, [InputTag("mlflow.data.context", context)])]
            client.log_inputs(run.info.run_id, inputs)
        if name == "alpha":
            client.set_terminated(run.info.run_id, "FINISHED", end_time=5000)
        if name == "Beta":
            client.set_terminated(run.info.run_id, "FAILED", end_time=6000)
    return client, experiment_id, ids


ALL = set(NAMES)
OPERATORS = [
    # Metrics: the latest value counts; a run without the metric never matches; NaN matches only `!=`.
    ("metrics.acc = 0.3", {"gamma_1", "gamma-1"}),
    ("metrics.acc != 0.3", {"alpha", "Beta", "epsilon", "zeta 5"}),
    ("metrics.acc < 0.2", {"alpha", "zeta 5"}),
    ("metrics.acc <= 0.2", {"alpha", "Beta", "zeta 5"}),
    ("metrics.acc > 0.2", {"gamma_1", "gamma-1"}),
    ("metrics.acc >= 0.2", {"Beta", "gamma_1", "gamma-1"}),
    ("metrics.acc = 77", set()),
    ("metric.acc > 0.25", {"gamma_1", "gamma-1"}),
    ("metrics.`loss x` < .5", {"epsilon", "zeta 5"}),
    ('metrics."loss x" >= 4.0', {"alpha", "Beta"}),
    ("metrics.`loss x` = -5.5", {"zeta 5"}),
    ("metrics.`loss x` > 1e0", {"alpha", "Beta", "gamma_1", "gamma-1"}),
    ("metrics.acc < -1e299", {"zeta 5"}),
    # Params: text, case-sensitive except with ILIKE.
    ("params.kind = 'linear'", {"alpha"}),
    ('params.kind = "linear"', {"alpha"}),
    ("params.kind != 'linear'", {"Beta", "gamma_1", "gamma-1", "epsilon", "zeta 5"}),
    ("params.kind LIKE 'lin%'", {"alpha"}),
    ("params.kind ILIKE 'LIN%'", {"alpha", "Beta"}),
    ("params.kind LIKE 'tre_'", {"gamma_1"}),
    ("params.kind LIKE '%e%'", {"alpha", "Beta", "gamma_1", "gamma-1"}),
    ("params.kind IS NULL", {"delta"}),
    ("params.kind IS NOT NULL", ALL - {"delta"}),
    ("param.kind = '5'", {"zeta 5"}),
    ("parameters.kind = '5'", {"zeta 5"}),
    ("parameter.kind = '10'", {"epsilon"}),
    ("params.none = 'x'", set()),
    # Tags.
    ("tags.team = 'red'", {"alpha", "Beta"}),
    ("tag.team != 'red'", {"gamma_1", "gamma-1", "epsilon", "zeta 5"}),
    ("tags.team LIKE 'b%'", {"gamma-1"}),
    ("tags.team ILIKE 'b%'", {"gamma_1", "gamma-1"}),
    ("tags.team IS NULL", {"delta"}),
    ("tags.team IS NOT NULL", ALL - {"delta"}),
    ("tags.`a.b/c d` = 'nested'", ALL - {"delta"}),
    ('tags.team = "it\'s"', {"zeta 5"}),
    ("tags.team LIKE '% team'", {"epsilon"}),
    ("tags.mlflow.runName = 'delta'", {"delta"}),
    ("tags.`mlflow.runName` LIKE 'gamma%'", {"gamma_1", "gamma-1"}),
    # Attributes.
    ("attributes.run_name = 'Beta'", {"Beta"}),
    ("attribute.run_name != 'Beta'", ALL - {"Beta"}),
    ("attr.run_name LIKE 'gamma_1'", {"gamma_1", "gamma-1"}),
    ("run_name ILIKE 'BETA'", {"Beta"}),
    ("run.run_name = 'zeta 5'", {"zeta 5"}),
    ("attributes.`run name` = 'alpha'", {"alpha"}),
    ("attributes.`Run name` = 'alpha'", {"alpha"}),
    ("attributes.`Run Name` = 'alpha'", {"alpha"}),
    ("attributes.status = 'FINISHED'", {"alpha"}),
    ("status != 'RUNNING'", {"alpha", "Beta"}),
    ("status LIKE 'F%'", {"alpha", "Beta"}),
    ("status ILIKE 'fail%'", {"Beta"}),
    ("start_time = 1003", {"gamma-1"}),
    ("start_time != 1003", ALL - {"gamma-1"}),
    ("start_time < 1002", {"alpha", "Beta"}),
    ("start_time <= 1002", {"alpha", "Beta", "gamma_1"}),
    ("attributes.created > 1004", {"epsilon", "zeta 5"}),
    ("attributes.Created >= 1004", {"delta", "epsilon", "zeta 5"}),
    ("end_time > 5000", {"Beta"}),
    ("end_time <= 5000", {"alpha"}),
    ("artifact_uri LIKE 'mlflow-artifacts:/%/artifacts'", ALL),
    ("artifact_uri = 'x'", set()),
    ("user_id = 'nobody'", set()),
    # Datasets.
    ("dataset.name = 'iris'", {"alpha", "Beta"}),
    ("datasets.name != 'iris'", {"gamma_1", "gamma-1"}),
    ("dataset.name LIKE 'w%'", {"gamma_1", "gamma-1"}),
    ("dataset.name ILIKE 'IRIS'", {"alpha", "Beta"}),
    ("dataset.name IN ('wine', 'none')", {"gamma_1", "gamma-1"}),
    ("dataset.name NOT IN ('wine')", {"alpha", "Beta"}),
    ("dataset.digest = 'd2'", {"Beta"}),
    ("dataset.digest IN ('d1', 'd3')", {"alpha", "gamma_1", "gamma-1"}),
    ("dataset.context = 'train'", {"alpha", "gamma_1", "gamma-1"}),
    ("dataset.context != 'train'", {"Beta"}),
    ("dataset.context LIKE '%va%'", {"Beta"}),
    ("dataset.name = 'iris' AND dataset.context = 'train'", {"alpha"}),
    # Together, and in any case of the words.
    ("metrics.acc > 0.05 and params.kind ilike 'linear' AnD tags.team = 'red'", {"alpha", "Beta"}),
    ("metrics.acc >= 0.1 AND metrics.acc < 0.3", {"alpha", "Beta"}),
    ("params.kind like '%r%' AND tags.team is not null AND start_time >= 1002", {"gamma_1", "gamma-1"}),
    ("", ALL),
]


@pytest.mark.parametrize("query,expected", OPERATORS, ids=[query or "empty" for query, _ in OPERATORS])
def test_each_operator(stored, query: str, expected: set[str]):
    client, experiment_id, _ = stored
    assert {run.info.run_name for run in client.search_runs([experiment_id], query)} == expected


def test_lists_of_ids(stored):
    client, experiment_id, ids = stored
    pair = f"('{ids['alpha']}', '{ids['delta']}')"
    for query, expected in [
        (f"run_id = '{ids['Beta']}'", {"Beta"}),
        (f"attributes.run_id != '{ids['Beta']}'", ALL - {"Beta"}),
        (f"attributes.run_id IN {pair}", {"alpha", "delta"}),
        (f"run_id NOT IN {pair}", ALL - {"alpha", "delta"}),
        (f"run_id LIKE '{ids['alpha'][:20]}%'", {"alpha"}),
        (f"attributes.run_id IN {pair} AND metrics.acc > 0", {"alpha"}),
    ]:
        assert {run.info.run_name for run in client.search_runs([experiment_id], query)} == expected, query


ORDERS = [
    (["metrics.acc ASC"], ["zeta 5", "alpha", "Beta", "gamma-1", "gamma_1", "epsilon", "delta"]),
    (["metrics.acc DESC"], ["gamma-1", "gamma_1", "Beta", "alpha", "zeta 5", "epsilon", "delta"]),
    (["metrics.`loss x`"], ["zeta 5", "epsilon", "delta", "gamma-1", "gamma_1", "Beta", "alpha"]),
    (["params.kind asc"], ["epsilon", "zeta 5", "Beta", "alpha", "gamma_1", "gamma-1", "delta"]),
    (["params.kind desc"], ["gamma-1", "gamma_1", "alpha", "Beta", "zeta 5", "epsilon", "delta"]),
    (["tags.team"], ["gamma_1", "gamma-1", "epsilon", "zeta 5", "Beta", "alpha", "delta"]),
    (["attributes.run_name"], ["Beta", "alpha", "delta", "epsilon", "gamma-1", "gamma_1", "zeta 5"]),
    (["start_time ASC"], NAMES),
    (["attribute.start_time DESC"], NAMES[::-1]),
    ([], NAMES[::-1]),
    (["attributes.end_time DESC", "start_time ASC"], ["Beta", "alpha", *NAMES[2:]]),
    (["attributes.status", "metrics.acc DESC"], ["Beta", "alpha", "gamma-1", "gamma_1", "zeta 5", "epsilon", "delta"]),
    (
        ["metrics.acc DESC", "attributes.run_name DESC"],
        ["gamma_1", "gamma-1", "Beta", "alpha", "zeta 5", "epsilon", "delta"],
    ),
]


@pytest.mark.parametrize("order,expected", ORDERS, ids=[", ".join(order) or "none" for order, _ in ORDERS])
@pytest.mark.parametrize("size", [1000, 3])
def test_each_order_in_pages_of_any_size(stored, order: list[str], expected: list[str], size: int):
    client, experiment_id, _ = stored
    names, token = [], None
    while True:
        page = client.search_runs([experiment_id], order_by=order, max_results=size, page_token=token)
        assert len(page) <= size
        names += [run.info.run_name for run in page]
        if not (token := page.token):
            break
    assert names == expected


def test_what_a_search_returns_is_the_run(stored):
    client, experiment_id, ids = stored
    for found in client.search_runs([experiment_id]):
        single = client.get_run(ids[found.info.run_name])
        # NaN is never equal to itself; its text is.
        assert str(found.to_dictionary()["data"]) == str(single.to_dictionary()["data"])
        assert dict(found.info) == dict(single.info)
        assert len(found.inputs.dataset_inputs) == len(single.inputs.dataset_inputs)


def test_views(client: MlflowClient, name: str):
    experiment_id = client.create_experiment(name)
    ids = [client.create_run(experiment_id).info.run_id for _ in range(4)]
    client.delete_run(ids[0])
    for view, count in [(ViewType.ACTIVE_ONLY, 3), (ViewType.DELETED_ONLY, 1), (ViewType.ALL, 4)]:
        assert len(client.search_runs([experiment_id], run_view_type=view)) == count


def test_several_experiments_and_names(client: MlflowClient, name: str):
    first, second = (client.create_experiment(f"{name}-{index}") for index in range(2))
    client.create_run(first, run_name="one")
    client.create_run(second, run_name="two")
    assert len(client.search_runs([first, second, "999999"])) == 2
    assert client.search_runs([]) == []
    frame = mlflow.search_runs(experiment_names=[f"{name}-0", f"{name}-1"])
    assert sorted(frame["tags.mlflow.runName"]) == ["one", "two"]
    runs = mlflow.search_runs([first], output_format="list", filter_string="attributes.run_name = 'one'")
    assert [run.info.run_name for run in runs] == ["one"]


@pytest.fixture(scope="module")
def many(server) -> tuple[MlflowClient, str]:
    """An experiment with 1,200 runs, every third of which has the metric."""
    client = MlflowClient(server.url)
    experiment_id = client.create_experiment("many-runs")

    def create(start: int) -> None:
        mine = MlflowClient(server.url)
        for index in range(start, 1200, 4):
            run = mine.create_run(experiment_id, start_time=index // 10, run_name=f"run-{index}")
            if index % 3 == 0:
                mine.log_metric(run.info.run_id, "m", index % 7)

    threads = [threading.Thread(target=create, args=(start,)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return client, experiment_id


@pytest.mark.parametrize("order", [[], ["metrics.m DESC"], ["attributes.run_name ASC"], ["metrics.m", "params.none"]])
@pytest.mark.parametrize("size", [100, 333])
def test_paging_through_many_runs(many, order: list[str], size: int):
    client, experiment_id = many
    seen, token, pages = [], None, 0
    while True:
        page = client.search_runs([experiment_id], order_by=order, max_results=size, page_token=token)
        seen += [run.info.run_id for run in page]
        pages += 1
        if not (token := page.token):
            break
    whole = [run.info.run_id for run in client.search_runs([experiment_id], order_by=order, max_results=50_000)]
    assert len(seen) == 1200 and len(set(seen)) == 1200
    assert seen == whole
    assert pages == math.ceil(1200 / size)


def test_the_frame_of_many_runs(many):
    _, experiment_id = many
    mlflow.set_tracking_uri(many[0].tracking_uri)
    frame = mlflow.search_runs([experiment_id], max_results=100_000)
    assert len(frame) == 1200 and frame["run_id"].is_unique
    assert frame["metrics.m"].notna().sum() == 400


@pytest.mark.parametrize("order", [[], ["attributes.run_name"], ["metrics.m DESC"]])
def test_paging_while_runs_are_added(many, name: str, order: list[str]):
    """What was there when paging began is seen once, whatever is added meanwhile (D10)."""
    client, _ = many
    experiment_id = client.create_experiment(name)
    first = {client.create_run(experiment_id, start_time=index).info.run_id for index in range(100)}
    stopped = threading.Event()

    def insert() -> None:
        mine, index = MlflowClient(client.tracking_uri), 0
        while not stopped.is_set():
            run = mine.create_run(experiment_id, start_time=50 + index % 100, run_name=f"added-{index}")
            mine.log_metric(run.info.run_id, "m", index)
            index += 1

    inserter = threading.Thread(target=insert)
    inserter.start()
    try:
        seen, token = [], None
        while True:
            page = client.search_runs([experiment_id], order_by=order, max_results=7, page_token=token)
            seen += [run.info.run_id for run in page]
            if not (token := page.token) or len(seen) > 5000:
                break
    finally:
        stopped.set()
        inserter.join()
    assert len(seen) == len(set(seen)), "a run was seen twice"
    assert first <= set(seen), "a run was skipped"


def test_orders_and_filters_that_are_refused(stored):
    client, experiment_id, _ = stored
    for query in ["dataset.source = 'x'", "metrics.acc LIKE '1'", "params.kind > '1'", "status IN ('RUNNING')"]:
        assert error_code(lambda query=query: client.search_runs([experiment_id], query)) == "INVALID_PARAMETER_VALUE"
    for order in [["dataset.name"], ["metrics.acc", "metrics.acc DESC"], ["metrics.acc UP"]]:
        refused = error_code(lambda order=order: client.search_runs([experiment_id], order_by=order))
        assert refused == "INVALID_PARAMETER_VALUE"
