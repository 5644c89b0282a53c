"""Thousands of random filters: those of the grammar find what a model of it in Python finds, others are refused."""

from __future__ import annotations

import operator
import random
import re
import string
from collections.abc import Iterator

import pytest
from databases import DATABASES
from mlflow_contract import Entities, leak, served
from test_bad_input_search import SEARCHES, search

pytest_plugins = ["postgres_fixtures"]

NUMBERS = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
# Text as it occurs in params and tags, and patterns that some of it matches.
TEXTS = ["a", "A", "ab", "a%b", "a_b", "ünï", "ÜNÏ", "10", "9", "", "it's", "x y", "日本"]
PATTERNS = ["a%", "%b", "_", "%_%", "%", "A_B", "a%b", "%Ü%", "%ü%", "10", "", "%'%", "x y", "__"]


@pytest.fixture(scope="module", params=DATABASES)
def entities(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Entities]:
    """A server of this file's own over each database."""
    with served(tmp_path_factory.mktemp("fuzz"), request) as made:
        yield made


def like(text: str, pattern: str, ignoring_case: bool) -> bool:
    """LIKE and ILIKE as SQLite has them: letters beyond ASCII differ in case even for ILIKE."""
    if ignoring_case:
        lower = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
        text, pattern = text.translate(lower), pattern.translate(lower)
    parts = {"%": ".*", "_": "."}
    expression = "".join(parts.get(letter, re.escape(letter)) for letter in pattern)
    return re.fullmatch(expression, text, re.DOTALL) is not None


def quoted(chance: random.Random, text: str) -> str | None:
    """Text in quotes that it does not contain itself."""
    marks = [mark for mark in "'\"" if mark not in text]
    return f"{(mark := chance.choice(marks))}{text}{mark}" if marks else None


def spelled(chance: random.Random, word: str) -> str:
    """A keyword in any case."""
    return chance.choice([word, word.lower(), word.capitalize()])


Run = dict[str, dict[str, object]]


def comparison(chance: random.Random) -> tuple[str, object]:
    """A comparison and the function that says whether a run of the model satisfies it."""
    kind = chance.choice(["metrics", "params", "tags", "start_time"])
    key = chance.choice(["k", "l", "m n", "none"])
    shown = f"`{key}`" if " " in key or chance.random() < 0.3 else key
    if kind == "start_time":
        symbol, limit = chance.choice(list(NUMBERS)), chance.randrange(40)
        return f"start_time {symbol} {limit}", lambda run: NUMBERS[symbol](run["start_time"], limit)
    if kind == "metrics":
        symbol, limit = chance.choice(list(NUMBERS)), chance.choice([-1.5, 0, 0.5, 1, 2, 1e10])
        word = chance.choice(["metrics", "metric"])
        return (
            f"{word}.{shown}{chance.choice(['', ' '])}{symbol} {limit!r}",
            lambda run: key in run["metrics"] and NUMBERS[symbol](run["metrics"][key], limit),
        )
    word = chance.choice({"params": ["params", "param", "parameter", "parameters"], "tags": ["tags", "tag"]}[kind])
    shape = chance.choice(["=", "!=", "LIKE", "ILIKE", "IS NULL", "IS NOT NULL"])
    if shape.startswith("IS"):
        return f"{word}.{shown} {spelled(chance, shape)}", lambda run: (key in run[kind]) == ("NOT" in shape)
    text = chance.choice(TEXTS if "=" in shape else PATTERNS)
    value = quoted(chance, text)
    tests = {
        "=": lambda stored: stored == text,
        "!=": lambda stored: stored != text,
        "LIKE": lambda stored: like(stored, text, False),
        "ILIKE": lambda stored: like(stored, text, True),
    }
    name = spelled(chance, shape)
    return f"{word}.{shown} {name} {value}", lambda run: key in run[kind] and tests[shape](run[kind][key])


@pytest.fixture(scope="module")
def runs(entities: Entities) -> dict[str, Run]:
    """Forty runs with random metrics, params and tags, by id."""
    chance, stored = random.Random(11), {}
    experiment_id = entities.post("experiments/create", {"name": "fuzzed"})["experiment_id"]
    for index in range(40):
        body = {"experiment_id": experiment_id, "start_time": index}
        run_id = entities.post("runs/create", body)["run"]["info"]["run_id"]
        keys = ["k", "l", "m n"]
        run: Run = {
            "metrics": {key: chance.choice([-1.5, 0, 0.5, 1, 2.5, 1e10]) for key in keys if chance.random() < 0.7},
            "params": {key: chance.choice(TEXTS) for key in keys if chance.random() < 0.7},
            "tags": {key: chance.choice(TEXTS) for key in keys if chance.random() < 0.7},
        }
        batch = {
            "metrics": [{"key": key, "value": value, "timestamp": 1} for key, value in run["metrics"].items()],
            "params": [{"key": key, "value": value} for key, value in run["params"].items()],
            "tags": [{"key": key, "value": value} for key, value in run["tags"].items()],
        }
        entities.post("runs/log-batch", {"run_id": run_id} | batch)
        stored[run_id] = run | {"start_time": index}
    entities.fuzzed = experiment_id
    return stored


@pytest.mark.parametrize("seed", range(8))
def test_filters_of_the_grammar_find_what_they_say(entities: Entities, runs: dict[str, Run], seed: int):
    chance, matched = random.Random(seed), 0
    for _ in range(60):
        parts = [comparison(chance) for _ in range(chance.choice([1, 1, 2, 3, 6]))]
        query = f" {spelled(chance, 'AND')} ".join(text for text, _ in parts)
        answer = search(entities, "runs", filter=query, experiment_ids=[entities.fuzzed], max_results=1000)
        assert answer.status_code == 200, (query, answer.text)
        found = {run["info"]["run_id"] for run in answer.json().get("runs", [])}
        expected = {run_id for run_id, run in runs.items() if all(test(run) for _, test in parts)}
        assert found == expected, query
        matched += len(expected)
    assert matched > 50, "hardly any filter matched anything; the test says nothing"


PIECES = [
    "metrics",
    "params",
    "tags",
    "attributes",
    "attribute",
    "run",
    "dataset",
    "name",
    "k",
    ".",
    "`",
    "'",
    '"',
    "(",
    ")",
]
PIECES += [
    "=",
    "!=",
    "<",
    ">=",
    "LIKE",
    "ILIKE",
    "IN",
    "NOT IN",
    "IS",
    "NULL",
    "NOT",
    "AND",
    "OR",
    ",",
    ";",
    "--",
    "/*",
    "*/",
]
PIECES += [
    "1",
    "-1",
    "1e9999",
    "0x1",
    "'x'",
    '"y"',
    "`z`",
    "%",
    "_",
    "\\",
    "\\'",
    "''",
    "\n",
    "\t",
    "\u00a0",
    "🦜",
    "\ufeff",
]
PIECES += ["start_time", "status", "run_id", "version_number", "creation_time", "SELECT", "日本", "9" * 40, "x" * 300]


@pytest.mark.parametrize("entity", SEARCHES)
def test_random_text_is_found_or_refused(entities: Entities, runs: dict[str, Run], entity: str):
    chance, counts = random.Random(f"{entity} 7"), {200: 0, 400: 0}
    for _ in range(400):
        if chance.random() < 0.5:
            query = "".join(chance.choice(PIECES) + chance.choice(["", " "]) for _ in range(chance.randrange(1, 12)))
        else:
            # A proper filter with some of its letters removed, doubled or exchanged.
            letters = list(" AND ".join(comparison(chance)[0] for _ in range(chance.randrange(1, 4))))
            for _ in range(chance.randrange(1, 4)):
                at = chance.randrange(len(letters))
                letters[at] = chance.choice(["", letters[at] * 2, chance.choice("'\"`.()=<>!%_ ,;0aZ\\\n")])
            query = "".join(letters)
        answer = search(entities, entity, filter=query, max_results=5)
        assert answer.status_code in counts, (query, answer.status_code, answer.text)
        counts[answer.status_code] += 1
        if answer.status_code == 400:
            assert answer.json()["error_code"] == "INVALID_PARAMETER_VALUE", query
            assert leak(answer.text.replace("SELECT", "")) is None
    assert counts[400] > 100, counts


@pytest.mark.parametrize("entity", ["runs", "experiments", "registered-models", "model-versions"])
def test_random_orders_are_taken_or_refused(entities: Entities, entity: str):
    chance = random.Random(f"{entity} order")
    for _ in range(150):
        orders = [
            " ".join(chance.choice([*PIECES, "ASC", "DESC", "asc"]) for _ in range(chance.randrange(1, 4)))
            for _ in range(chance.randrange(1, 4))
        ]
        answer = search(entities, entity, order_by=orders, max_results=5)
        assert answer.status_code in (200, 400), (orders, answer.status_code, answer.text)
