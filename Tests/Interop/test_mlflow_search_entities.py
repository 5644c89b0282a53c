"""Searches for experiments, logged models, registered models and versions: each operator, orders and pages."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.entities import ViewType
from mlflow_fixtures import error_code

pytest_plugins = ["mlflow_fixtures"]

# Every name starts with this, as the server is shared.
PREFIX = f"s{uuid.uuid4().hex[:8]}"


def names(found) -> list[str]:
    """What was found, without the prefix."""
    return [entity.name.removeprefix(f"{PREFIX}-") for entity in found]


def every_page(search: Callable[..., object], **options) -> list:
    """Everything that a search finds, page by page."""
    found, token = [], None
    while True:
        page = search(page_token=token, **options)
        assert len(page) <= options["max_results"]
        found += page
        if not (token := page.token):
            return found


# Experiments


@pytest.fixture(scope="module")
def experiments(server) -> tuple[MlflowClient, dict[str, str]]:
    """A client and five experiments: id by name, the last one deleted."""
    client = MlflowClient(server.url)
    ids = {}
    for name, team in [("alpha", "red"), ("Alpha two", "Red"), ("beta%", None), ("beta_", "blue"), ("gone", "red")]:
        ids[name] = client.create_experiment(f"{PREFIX}-{name}", tags={"team": team} if team else {})
    client.delete_experiment(ids["gone"])
    return client, ids


EXPERIMENTS = [
    ("name = '{p}-alpha'", {"alpha"}),
    ("attribute.name != '{p}-alpha' AND name LIKE '{p}%'", {"Alpha two", "beta%", "beta_"}),
    ("name LIKE '{p}-a%'", {"alpha"}),
    ("name ILIKE '{p}-a%'", {"alpha", "Alpha two"}),
    ("name LIKE '{p}-beta_'", {"beta%", "beta_"}),
    ("tags.team = 'red' AND name LIKE '{p}%'", {"alpha"}),
    ("tag.team != 'red' AND name LIKE '{p}%'", {"Alpha two", "beta_"}),
    ("tags.team LIKE '%e%' AND name LIKE '{p}%'", {"alpha", "Alpha two", "beta_"}),
    ("tags.team ILIKE 'RED' AND name LIKE '{p}%'", {"alpha", "Alpha two"}),
    ("tags.team IS NULL AND name LIKE '{p}%'", {"beta%"}),
    ("tags.`team` IS NOT NULL AND name LIKE '{p}%'", {"alpha", "Alpha two", "beta_"}),
    ("experiment_id = '{alpha}'", {"alpha"}),
    ("experiment_id IN ('{alpha}', '{beta_}')", {"alpha", "beta_"}),
    ("experiment_id NOT IN ('{alpha}') AND name LIKE '{p}%'", {"Alpha two", "beta%", "beta_"}),
    ("creation_time > 0 AND name LIKE '{p}-al%'", {"alpha"}),
    ("creation_time <= 5", set()),
    ("last_update_time >= 1 AND last_update_time != 7 AND name = '{p}-beta_'", {"beta_"}),
]


@pytest.mark.parametrize("query,expected", EXPERIMENTS, ids=[query for query, _ in EXPERIMENTS])
def test_each_operator_on_experiments(experiments, query: str, expected: set[str]):
    client, ids = experiments
    text = query.replace("{p}", PREFIX).replace("{alpha}", ids["alpha"]).replace("{beta_}", ids["beta_"])
    assert set(names(client.search_experiments(filter_string=text))) == expected


def test_orders_views_and_pages_of_experiments(experiments):
    client, _ = experiments
    mine = f"name LIKE '{PREFIX}%'"
    for order, expected in [
        (["name"], ["Alpha two", "alpha", "beta%", "beta_"]),
        (["name DESC"], ["beta_", "beta%", "alpha", "Alpha two"]),
        (["experiment_id ASC"], ["alpha", "Alpha two", "beta%", "beta_"]),
        (["creation_time", "experiment_id"], ["alpha", "Alpha two", "beta%", "beta_"]),
        (["last_update_time ASC", "experiment_id ASC"], ["alpha", "Alpha two", "beta%", "beta_"]),
    ]:
        assert names(client.search_experiments(filter_string=mine, order_by=order)) == expected, order
        found = every_page(client.search_experiments, filter_string=mine, order_by=order, max_results=1)
        assert names(found) == expected, order
    views = {ViewType.ACTIVE_ONLY: 4, ViewType.DELETED_ONLY: 1, ViewType.ALL: 5}
    for view, count in views.items():
        assert len(client.search_experiments(view, filter_string=mine)) == count
    mlflow.set_tracking_uri(client.tracking_uri)
    assert len(mlflow.search_experiments(filter_string=mine, max_results=2)) == 2
    for bad in ["team = 'red'", "name > 'a'", "creation_time = 'x'", "experiment_id LIKE '1'", "tags.team < 'a'"]:
        refused = error_code(lambda bad=bad: client.search_experiments(filter_string=bad))
        assert refused == "INVALID_PARAMETER_VALUE", bad


# Registered models and versions


@pytest.fixture(scope="module")
def registry(server) -> tuple[MlflowClient, dict[str, str]]:
    """A client and three models with three, one and no versions; the run of each version by `name/version`."""
    client = MlflowClient(server.url)
    experiment_id = client.create_experiment(f"{PREFIX}-registry")
    runs = {}
    for name, team, versions in [("apple", "red", 3), ("Apricot", "Red", 1), ("banana", None, 0)]:
        client.create_registered_model(f"{PREFIX}-{name}", tags={"team": team, "kind": "x"} if team else {})
        for number in range(1, versions + 1):
            run_id = client.create_run(experiment_id).info.run_id
            tags = {"stage": f"n{number}"}
            client.create_model_version(f"{PREFIX}-{name}", f"runs:/{run_id}/model", run_id, tags=tags)
            runs[f"{name}/{number}"] = run_id
    return client, runs


MODELS = [
    ("name = '{p}-apple'", {"apple"}),
    ("name != '{p}-apple' AND name LIKE '{p}%'", {"Apricot", "banana"}),
    ("name LIKE '{p}-a%'", {"apple"}),
    ("name ILIKE '{p}-a%'", {"apple", "Apricot"}),
    ("attribute.name LIKE '{p}-%an%'", {"banana"}),
    ("name IN ('{p}-apple', '{p}-banana', 'x')", {"apple", "banana"}),
    ("name NOT IN ('{p}-apple') AND name LIKE '{p}%'", {"Apricot", "banana"}),
    ("tags.team = 'red' AND name LIKE '{p}%'", {"apple"}),
    ("tag.team != 'red' AND name LIKE '{p}%'", {"Apricot"}),
    ("tags.team LIKE 'R%' AND name LIKE '{p}%'", {"Apricot"}),
    ("tags.team ILIKE 'R%' AND tags.kind = 'x' AND name LIKE '{p}%'", {"apple", "Apricot"}),
    ("tags.team LIKE '%e%' AND tags.team LIKE 'r%' AND name LIKE '{p}%'", {"apple"}),
]


@pytest.mark.parametrize("query,expected", MODELS, ids=[query for query, _ in MODELS])
def test_each_operator_on_registered_models(registry, query: str, expected: set[str]):
    found = registry[0].search_registered_models(query.replace("{p}", PREFIX))
    assert set(names(found)) == expected


def test_orders_and_pages_of_registered_models(registry):
    client, _ = registry
    mine = f"name LIKE '{PREFIX}%'"
    for order, expected in [
        ([], ["Apricot", "apple", "banana"]),
        (["name DESC"], ["banana", "apple", "Apricot"]),
        (["timestamp ASC", "name ASC"], ["apple", "Apricot", "banana"]),
        (["last_updated_timestamp DESC"], ["banana", "Apricot", "apple"]),
    ]:
        options = {"filter_string": mine, "order_by": order}
        assert names(client.search_registered_models(**options)) == expected, order
        assert names(every_page(client.search_registered_models, max_results=1, **options)) == expected, order
    mlflow.set_registry_uri(client.tracking_uri)
    assert names(mlflow.search_registered_models(filter_string=mine, order_by=["name"])) == names(
        client.search_registered_models(mine)
    )
    for bad in ["name > 'a'", "creation_timestamp > 1", "tags.team IS NULL", "version = 1", "run_id = 'x'"]:
        refused = error_code(lambda bad=bad: client.search_registered_models(bad))
        assert refused == "INVALID_PARAMETER_VALUE", bad


VERSIONS = [
    ("name = '{p}-apple'", {"apple/1", "apple/2", "apple/3"}),
    ("name != '{p}-apple' AND name LIKE '{p}%'", {"Apricot/1"}),
    ("name ILIKE '{p}-AP%'", {"apple/1", "apple/2", "apple/3", "Apricot/1"}),
    ("name IN ('{p}-Apricot')", {"Apricot/1"}),
    ("name NOT IN ('{p}-Apricot') AND name LIKE '{p}%'", {"apple/1", "apple/2", "apple/3"}),
    ("run_id = '{apple/2}'", {"apple/2"}),
    ("run_id != '{apple/2}' AND name = '{p}-apple'", {"apple/1", "apple/3"}),
    ("run_id IN ('{apple/1}', '{Apricot/1}')", {"apple/1", "Apricot/1"}),
    ("run_id LIKE '{apple/3}'", {"apple/3"}),
    ("source_path = 'runs:/{apple/1}/model'", {"apple/1"}),
    ("source_path LIKE 'runs:/{apple/1}%'", {"apple/1"}),
    ("source_path ILIKE 'RUNS:/{apple/1}%'", {"apple/1"}),
    ("version_number = 2 AND name LIKE '{p}%'", {"apple/2"}),
    ("version_number > 1 AND name LIKE '{p}%'", {"apple/2", "apple/3"}),
    ("version_number >= '2' AND name LIKE '{p}%'", {"apple/2", "apple/3"}),
    ("version_number < 2 AND name LIKE '{p}%'", {"apple/1", "Apricot/1"}),
    ("version_number <= 2 AND version_number != 1 AND name LIKE '{p}%'", {"apple/2"}),
    ("tags.stage = 'n3' AND name LIKE '{p}%'", {"apple/3"}),
    ("tag.stage != 'n1' AND name LIKE '{p}%'", {"apple/2", "apple/3"}),
    ("tags.stage LIKE 'n_' AND tags.stage ILIKE 'N1' AND name LIKE '{p}%'", {"apple/1", "Apricot/1"}),
]


def labels(found) -> list[str]:
    """Versions as `name/version`, without the prefix."""
    return [f"{version.name.removeprefix(PREFIX + '-')}/{version.version}" for version in found]


@pytest.mark.parametrize("query,expected", VERSIONS, ids=[query for query, _ in VERSIONS])
def test_each_operator_on_versions(registry, query: str, expected: set[str]):
    client, runs = registry
    query = query.replace("{p}", PREFIX)
    for label, run_id in runs.items():
        query = query.replace("{" + label + "}", run_id)
    assert set(labels(client.search_model_versions(query))) == expected


def test_orders_and_pages_of_versions(registry):
    client, _ = registry
    mine = f"name LIKE '{PREFIX}%'"
    for order, expected in [
        (["name ASC"], ["Apricot/1", "apple/3", "apple/2", "apple/1"]),
        (["name DESC", "version_number ASC"], ["apple/1", "apple/2", "apple/3", "Apricot/1"]),
        (["version_number ASC"], ["Apricot/1", "apple/1", "apple/2", "apple/3"]),
        (["creation_timestamp ASC"], None),
        (["last_updated_timestamp DESC"], None),
        ([], None),
    ]:
        found = client.search_model_versions(mine, order_by=order)
        if expected:
            assert labels(found) == expected, order
        elif order == ["creation_timestamp ASC"]:
            assert found == sorted(found, key=lambda version: version.creation_timestamp)
        else:
            assert found == sorted(found, key=lambda version: -version.last_updated_timestamp)
        paged = every_page(client.search_model_versions, filter_string=mine, order_by=order, max_results=1)
        assert labels(paged) == labels(found), order
    for bad in ["version_number LIKE '1'", "alias = 'x'", "current_stage = 'None'", "name < 'a'", "status = 'READY'"]:
        refused = error_code(lambda bad=bad: client.search_model_versions(bad))
        assert refused == "INVALID_PARAMETER_VALUE", bad


# Logged models


@pytest.fixture(scope="module")
def logged(server) -> tuple[MlflowClient, str, dict[str, str]]:
    """A client, an experiment and three logged models: id by name."""
    client = MlflowClient(server.url)
    mlflow.set_tracking_uri(server.url)
    experiment_id = client.create_experiment(f"{PREFIX}-logged")
    run_id = client.create_run(experiment_id).info.run_id
    data = {"name": "train", "digest": "d1"}
    ids = {}
    for name, kind, depth, auc, loss in [
        ("one", "tree", 2, 0.5, 3),
        ("Two", "tree", 4, 0.9, 2),
        ("three", "net", 8, None, 1),
    ]:
        model = client.create_logged_model(
            experiment_id, name, run_id, {"team": name}, params={"depth": str(depth)}, model_type=kind
        )
        ids[name] = model.model_id
        if auc is not None:
            options = {"dataset_name": data["name"], "dataset_digest": data["digest"]}
            client.log_metric(run_id, "auc", auc, timestamp=5, model_id=model.model_id, **options)
        client.log_metric(run_id, "loss", loss, timestamp=6, model_id=model.model_id)
    client.finalize_logged_model(ids["Two"], "READY")
    return client, experiment_id, ids


LOGGED = [
    ("name = 'one'", {"one"}),
    ("attributes.name != 'one'", {"Two", "three"}),
    ("name LIKE 't%'", {"three"}),
    ("name ILIKE 't%'", {"Two", "three"}),
    ("name IN ('one', 'Two')", {"one", "Two"}),
    ("name NOT IN ('one')", {"Two", "three"}),
    ("model_id = '{Two}'", {"Two"}),
    ("model_type = 'tree'", {"one", "Two"}),
    ("attributes.model_type LIKE 'n%'", {"three"}),
    ("creation_timestamp > 0", {"one", "Two", "three"}),
    ("last_updated_timestamp_ms <= 5", set()),
    ("metrics.auc > 0.6", {"Two"}),
    ("metrics.auc <= 0.5", {"one"}),
    ("metrics.auc = 0.5", {"one"}),
    ("metrics.auc != 0.5", {"Two"}),
    ("metrics.loss >= 2 AND metrics.auc < 1", {"one", "Two"}),
    ("params.depth = '4'", {"Two"}),
    ("params.depth != '4'", {"one", "three"}),
    ("params.depth IN ('2', '8')", {"one", "three"}),
    ("params.depth LIKE '%'", {"one", "Two", "three"}),
    ("tags.team = 'three'", {"three"}),
    ("tags.team ILIKE 'TWO'", {"Two"}),
    ("tags.team NOT IN ('one')", {"Two", "three"}),
    ("params.depth = '4' AND model_type = 'tree' AND metrics.auc > 0.1", {"Two"}),
]


@pytest.mark.parametrize("query,expected", LOGGED, ids=[query for query, _ in LOGGED])
def test_each_operator_on_logged_models(logged, query: str, expected: set[str]):
    client, experiment_id, ids = logged
    found = client.search_logged_models([experiment_id], filter_string=query.replace("{Two}", ids["Two"]))
    assert {model.name for model in found} == expected


def test_orders_datasets_and_pages_of_logged_models(logged):
    client, experiment_id, _ = logged

    def search(**options) -> list[str]:
        return [model.name for model in client.search_logged_models([experiment_id], **options)]

    def order(field: str, ascending: bool = True, **more) -> list[dict]:
        return [{"field_name": field, "ascending": ascending} | more]

    assert search(order_by=order("metrics.auc")) == ["one", "Two", "three"]
    assert search(order_by=order("metrics.auc", False)) == ["Two", "one", "three"]
    assert search(order_by=order("metrics.loss")) == ["three", "Two", "one"]
    assert search(order_by=order("name")) == ["Two", "one", "three"]
    assert search(order_by=order("creation_timestamp")) == ["one", "Two", "three"]
    assert search(order_by=order("metrics.auc", False, dataset_name="train", dataset_digest="d1"))[:2] == ["Two", "one"]
    train = [{"dataset_name": "train", "dataset_digest": "d1"}]
    assert set(search(datasets=train)) == {"one", "Two"}
    assert search(datasets=train, filter_string="metrics.auc > 0.6") == ["Two"]
    assert search(datasets=[{"dataset_name": "none", "dataset_digest": "d1"}]) == []
    seen, token = [], None
    while True:
        page = client.search_logged_models(
            [experiment_id], max_results=1, order_by=order("metrics.auc"), page_token=token
        )
        seen += [model.name for model in page]
        if not (token := page.token):
            break
    assert seen == ["one", "Two", "three"]
    frame = mlflow.search_logged_models([experiment_id], filter_string="metrics.auc > 0.6")
    assert list(frame["name"]) == ["Two"]
    for bad in ["depth = '4'", "metrics.auc = 'x'", "params.depth > '1'", "metric.auc = 1", "name > 'x'"]:
        refused = error_code(lambda bad=bad: client.search_logged_models([experiment_id], filter_string=bad))
        assert refused == "INVALID_PARAMETER_VALUE", bad
