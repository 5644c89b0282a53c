"""Searches that are wrong: filters, orders, page sizes and page tokens (D1, D4, D5) of every entity."""

from __future__ import annotations

import base64
import json
import pickle
import time
from collections.abc import Iterator

import pytest
import requests
from databases import DATABASES
from mlflow_contract import Entities, leak, served

pytest_plugins = ["postgres_fixtures"]

# Where each entity is searched: method, path, and a key of each kind that its filters know.
SEARCHES = {
    "runs": ("POST", "runs/search", "metrics.m", "params.p", "tags.t", "attributes.run_name"),
    "experiments": ("POST", "experiments/search", "creation_time", "name", "tags.t", "attribute.name"),
    "logged-models": ("POST", "logged-models/search", "metrics.m", "params.p", "tags.t", "attributes.name"),
    "registered-models": ("GET", "registered-models/search", None, "name", "tags.t", "attribute.name"),
    "model-versions": ("GET", "model-versions/search", "version_number", "name", "tags.t", "attribute.run_id"),
}


@pytest.fixture(scope="module", params=DATABASES)
def entities(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Entities]:
    """A server of this file's own over each database that must be unchanged at the end."""
    with served(tmp_path_factory.mktemp("search"), request, unchanged=True) as made:
        yield made


def search(entities: Entities, entity: str, **values: object) -> requests.Response:
    """Searches an entity."""
    method, path, *_ = SEARCHES[entity]
    if entity in ("runs", "logged-models"):
        values.setdefault("experiment_ids", [entities.experiment_id])
    where = {"params": values} if method == "GET" else {"json": values}
    return entities.session.request(method, f"{entities.server.url}/api/2.0/mlflow/{path}", timeout=30, **where)


def assert_refused(answer: requests.Response) -> None:
    """The answer is a refusal of what was asked, and short."""
    assert answer.status_code == 400, (answer.status_code, answer.text[:500])
    assert answer.json()["error_code"] == "INVALID_PARAMETER_VALUE"
    assert leak(answer.text) is None
    assert len(answer.text) < 3000


FILTERS = [
    "'; DROP TABLE runs;--",
    "name = 'x'; DROP TABLE experiments",
    "{text} = 'x' OR 1=1",
    "{text} = 'x' OR {text} = 'y'",
    "NOT {text} = 'x'",
    "({text} = 'x')",
    "{text} = 'x' -- comment",
    "{text} = 'x' /* comment */",
    "{text} = 'x' UNION select 1",
    "{text} = 'it''s'",
    "{text} = 'open",
    '{text} = "open',
    "{tag}` = 'x'",
    "tags.`open = 'x'",
    "{text} == 'x'",
    "{text} <> 'x'",
    "{text} ~ 'x'",
    "{text} RLIKE 'x'",
    "{text} MATCH 'x'",
    "{text} GLOB 'x'",
    "{text} BETWEEN 'a' AND 'b'",
    "{text} LIKE",
    "{text}",
    "= 'x'",
    "'x' = {text}",
    "{text} = {text}",
    "{text} = bare",
    "{text} = NULL",
    "{text} IN ()",
    "{text} IN ('a'",
    "{text} IN 'a'",
    "{text} IN (1, 2)",
    "{text} IN ('a',,'b')",
    "{text} > 'x'",
    "{tag} > 'x'",
    "{tag} = 5",
    "{tag} IS",
    "{tag} IS NOT",
    "{tag} IS 'x'",
    "{tag} = 'x' AND",
    "AND {tag} = 'x'",
    "{tag} = 'x' {tag} = 'y'",
    "nothing.at.all = 'x'",
    "unknown = 'x'",
    "attributes.unknown = 'x'",
    "attribute.unknown = 'x'",
    "metric.m.",
    ".m = 1",
    "tags. = 'x'",
    "   ",
    "\t\n",
    "\u3000",
    "🦜 = 'x'",
    "%",
    "\\",
    "{text} = 'x' AND ({tag} = 'y')",
    "{text} = $1",
    "{text} = ?",
    "{text} = ?1 AND :a = @b",
    "{number} = 'text'",
    "{number} LIKE '1'",
    "{number} = NaN",
    "{number} = +1",
    "{number} = 1.2.3",
    "{number} = 0x10",
    "{number} = 1e",
    "{number} = --1",
    "{number} > ",
    "{number} IN (1)",
    "{number} > 1 2",
]


@pytest.mark.parametrize("entity", SEARCHES)
def test_wrong_filters_are_refused(entities: Entities, entity: str):
    _, _, number, text, tag, _ = SEARCHES[entity]
    wrong = []
    for pattern in FILTERS:
        if "{number}" in pattern and number is None:
            continue
        query = pattern.replace("{number}", number or "").replace("{text}", text).replace("{tag}", tag)
        if query.endswith("AND") and entity == "runs":
            continue
        # Tags and params of logged models are compared with numbers as with their text.
        if entity == "logged-models" and pattern == "{tag} = 5":
            continue
        answer = search(entities, entity, filter=query, max_results=5)
        try:
            assert_refused(answer)
        except AssertionError as error:
            wrong.append(f"{query!r}: {error}")
    assert not wrong, "\n" + "\n".join(wrong)


@pytest.mark.parametrize("entity", SEARCHES)
def test_filters_that_are_huge_end_soon(entities: Entities, entity: str):
    _, _, _, text, tag, _ = SEARCHES[entity]
    method = SEARCHES[entity][0]
    count = 10_000 if method == "POST" else 400
    filters = [
        " AND ".join([f"{tag} = 'x'"] * count),
        " AND ".join(f"tags.k{index} LIKE '%a%b%c%'" for index in range(count)),
        f"{text} IN ({','.join(repr(str(index)) for index in range(count))})",
        f"{text} = '{'x' * count * 10}'",
        f"{text} LIKE '{'%a' * min(count, 5000)}'",
        f"tags.{'k' * count} = 'x'",
        "(" * count,
        f"{text} = '" + "\\'" * count,
    ]
    for query in filters:
        started = time.monotonic()
        answer = search(entities, entity, filter=query, max_results=5)
        assert answer.status_code in (200, 400, 413, 414, 431), (query[:60], answer.status_code, answer.text[:300])
        assert time.monotonic() - started < 5, query[:60]
        assert leak(answer.text) is None and len(answer.text) < 20_000
    assert search(entities, entity, max_results=5).status_code == 200


ORDERS = [
    "unknown",
    "attributes.unknown",
    "name SIDEWAYS",
    "name ASC DESC",
    "name ASC name",
    "",
    " ",
    "'",
    "name;",
    "1",
]
ORDERS += ["metrics", "metrics.", "dataset.name", "name ASC, name DESC", "(select 1)", "name NULLS FIRST", "`open"]


@pytest.mark.parametrize("entity", [name for name in SEARCHES if name != "logged-models"])
def test_wrong_orders_are_refused(entities: Entities, entity: str):
    key = "attributes.run_name" if entity == "runs" else "name"
    wrong = []
    for order in [[each.replace("name", key, 1)] for each in ORDERS] + [[key, f"{key} DESC"]]:
        answer = search(entities, entity, order_by=order, max_results=5)
        if answer.status_code != 400 or leak(answer.text):
            wrong.append(f"{order}: {answer.status_code} {answer.text[:200]}")
    assert not wrong, "\n" + "\n".join(wrong)


@pytest.mark.parametrize("field", ["unknown", "metrics", "params.p", "tags.t", "", "(select 1)", "a b"])
def test_wrong_orders_of_logged_models_are_refused(entities: Entities, field: str):
    assert_refused(search(entities, "logged-models", order_by=[{"field_name": field}]))


@pytest.mark.parametrize("entity", SEARCHES)
def test_wrong_page_sizes_are_refused(entities: Entities, entity: str):
    past = {"runs": 50_001, "experiments": 50_001, "registered-models": 1001, "model-versions": 200_001}
    wrong = [-1, -(2**31), 2**31, 2**63, "x", "1.5", *([past[entity]] if entity in past else [])]
    wrong += [0] if entity in ("runs", "experiments") else []
    for size in wrong:
        assert_refused(search(entities, entity, max_results=size))
    if entity in past:
        assert search(entities, entity, max_results=past[entity] - 1).status_code == 200


def token(value: object) -> str:
    """A page token as MLflow makes them, with content of our own."""
    return base64.b64encode(json.dumps(value).encode()).decode()


TOKENS = [
    "x",
    "====",
    "%00",
    "x" * 200,
    "x" * 7000,
    "-1",
    "0",
    "💥",
    "../../etc/passwd",
    "' OR 1=1",
    "null",
    "e30=",
    "W10=",
]
TOKENS += [token({"offset": value}) for value in [-1, 0, 1.5, 2**63, 2**31, "5", None, True, [], {}]]
TOKENS += [token(value) for value in [None, [], 5, "text", {}, {"offset": 5, "filter_string": "x"}]]
TOKENS += [base64.b64encode(pickle.dumps({"offset": 5})).decode(), base64.b64encode(b"\xff\xfe\x00").decode()]


@pytest.mark.parametrize("entity", SEARCHES)
def test_forged_page_tokens_are_refused(entities: Entities, entity: str):
    for forged in TOKENS:
        answer = search(entities, entity, page_token=forged, max_results=5)
        # Anyone may write a token with a great offset: then there is nothing, but never an error of the server's.
        if answer.status_code == 200:
            assert json.loads(base64.b64decode(forged))["offset"] > 0
            continue
        assert_refused(answer)
    if SEARCHES[entity][0] == "POST":
        assert_refused(search(entities, entity, page_token="A" * 200_000, max_results=5))


def test_forged_tokens_of_metric_histories_are_refused(entities: Entities):
    address = f"{entities.server.url}/api/2.0/mlflow/metrics/get-history"
    for forged in TOKENS:
        values = {"run_id": entities.run_id, "metric_key": "m", "page_token": forged, "max_results": 5}
        answer = entities.session.get(address, params=values, timeout=30)
        if answer.status_code != 200:
            assert_refused(answer)


def test_a_token_of_another_search_is_refused(entities: Entities):
    for index in range(4):
        entities.post("registered-models/create", {"name": f"paged-{index}"})
    first = search(entities, "registered-models", max_results=2).json()["next_page_token"]
    answer = search(entities, "runs", page_token=first, max_results=2)
    assert answer.status_code in (200, 400), answer.text
    for index in range(4):
        address = f"{entities.server.url}/api/2.0/mlflow/registered-models/delete"
        assert entities.session.delete(address, json={"name": f"paged-{index}"}, timeout=30).status_code == 200


@pytest.mark.parametrize("ids", [["x"], ["-1"], ["1.5"], [str(2**63)], ["1; DROP TABLE runs"], [""], ["../1"]])
def test_experiments_that_are_none(entities: Entities, ids: list[str]):
    for entity in ["runs", "logged-models"]:
        answer = search(entities, entity, experiment_ids=ids)
        assert answer.status_code in (200, 400), answer.text
        assert not answer.json().get("runs") and not answer.json().get("models")
    answer = entities.session.get(
        f"{entities.server.url}/api/2.0/mlflow/experiments/get", params={"experiment_id": ids[0]}, timeout=30
    )
    assert answer.status_code in (400, 404) and leak(answer.text) is None


def test_many_experiments_at_once(entities: Entities):
    answer = search(entities, "runs", experiment_ids=[str(index) for index in range(5000)], max_results=5)
    assert answer.status_code in (200, 400), answer.text[:300]
