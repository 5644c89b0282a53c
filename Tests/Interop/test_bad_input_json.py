"""Bodies that are no proper JSON, strings that are no proper text, numbers out of range (C1, C5, C6, C7)."""

from __future__ import annotations

import contextlib
import http.client
import json
import math
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
import requests
from databases import DATABASES
from mlflow_contract import Endpoint, Entities, endpoints, leak, served

pytest_plugins = ["postgres_fixtures"]

MLFLOW = "/api/2.0/mlflow"
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module", params=DATABASES)
def entities(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Entities]:
    """A server of this file's own over each database."""
    with served(tmp_path_factory.mktemp("json"), request) as made:
        yield made


def send(entities: Entities, path: str, body: bytes, **headers: str) -> requests.Response:
    """POSTs bytes as they are."""
    address = f"{entities.server.url}{MLFLOW}/{path}"
    return entities.session.post(address, data=body, headers=JSON | headers, timeout=60)


def assert_refused(answer: requests.Response, *statuses: int) -> None:
    """The answer is MLflow's error with one of the statuses (400 unless given) and tells nothing of the machine."""
    assert answer.status_code in (statuses or (400,)), (answer.status_code, answer.text[:500])
    assert answer.json()["error_code"] and answer.json()["message"]
    assert leak(answer.text) is None
    assert len(answer.text) < 2000, "the answer repeats what was sent"


def experiments_named(entities: Entities, name: str) -> int:
    """How many experiments have the name."""
    body = {"filter": f"name = '{name}'", "max_results": 10, "view_type": "ALL"}
    return len(entities.post("experiments/search", body).get("experiments", []))


@pytest.mark.parametrize("length", range(1, 60))
def test_every_cut_of_a_body_is_refused(entities: Entities, length: int):
    body = json.dumps({"name": "cut-short", "tags": [{"key": "k", "value": "v"}], "a": 1.5e3}).encode()
    assert length < len(body)
    assert_refused(send(entities, "experiments/create", body[:length]))
    assert experiments_named(entities, "cut-short") == 0


@pytest.mark.parametrize(
    "body",
    [
        b'{"name":"\xff\xfe"}',
        b'{"name":"\xc0\xaf"}',
        b'{"name":"\xed\xa0\x80"}',
        b'{"name":"\xf4\x90\x80\x80"}',
        b'{"name":"\xe2\x82"}',
        '{"name":"utf-16"}'.encode("utf-16"),
        '{"name":"utf-16"}'.encode("utf-16-be"),
        '{"name":"utf-16"}'.encode("utf-32"),
        b'{"name":"\\ud800"}',
        b'{"name":"\\udc00\\ud800"}',
        b'{"name":"\\u12"}',
        b'{"name":"\\x41"}',
        b'{"name":"tab\there"}',
        b'{"name":"line\nbreak"}',
        b"{'name':'quotes'}",
        b'{name:"bare"}',
        b'{"name":"comma",}',
        b'{"name":"comment"}// no',
        b'{"name":"a"}{"name":"b"}',
        b'\xef\xbb\xbf{"name":"mark"}\x00',
    ],
)
def test_text_that_is_none_is_refused(entities: Entities, body: bytes):
    assert_refused(send(entities, "experiments/create", body))


@pytest.mark.parametrize("token", ["01", "+1", "1.", ".5", "1e", "0x10", "1_000", "--1", "1e400", "-1e400", "1E+999"])
def test_numbers_that_are_none_are_refused(entities: Entities, token: str):
    body = f'{{"run_id":"{entities.run_id}","key":"bad-number","value":{token},"timestamp":1}}'
    assert_refused(send(entities, "runs/log-metric", body.encode()))
    for field in ["timestamp", "step"]:
        body = json.dumps({"run_id": entities.run_id, "key": "bad-number", "value": 1, "timestamp": 1, "step": 1})
        assert_refused(send(entities, "runs/log-metric", body.replace(f'"{field}": 1', f'"{field}": {token}').encode()))
    assert "bad-number" not in entities.get("runs/get", run_id=entities.run_id)


@pytest.mark.parametrize(
    "value", ["NaN", "Infinity", "-Infinity", '"NaN"', '"Infinity"', '"-Infinity"', '"1.5"', "-0.0"]
)
def test_numbers_of_pythons_json_are_taken(entities: Entities, value: str):
    key = f"number-{value.strip(chr(34))}"
    body = f'{{"run_id":"{entities.run_id}","key":"{key}","value":{value},"timestamp":"7"}}'
    assert send(entities, "runs/log-metric", body.encode()).status_code == 200
    run = json.loads(entities.get("runs/get", run_id=entities.run_id))["run"]
    stored = next(metric["value"] for metric in run["data"]["metrics"] if metric["key"] == key)
    wanted = float(value.strip('"'))
    if math.isnan(wanted):
        assert stored == "NaN"
    else:
        assert stored == (math.copysign(1.7976931348623157e308, wanted) if math.isinf(wanted) else wanted)


def test_a_key_that_is_given_twice_is_refused(entities: Entities):
    for body in [
        b'{"name":"twice-a","name":"twice-b"}',
        b'{"name":"twice-a","tags":[{"key":"k","key":"l","value":"v"}]}',
        b'{"name":"twice-a","artifact_location":"x","artifactLocation":"y"}',
    ]:
        assert_refused(send(entities, "experiments/create", body))
    assert experiments_named(entities, "twice-a") + experiments_named(entities, "twice-b") == 0


@pytest.mark.parametrize("opening,closing", [("[", "]"), ('{"a":', "}")])
@pytest.mark.parametrize("depth", [100, 10_000, 1_000_000])
def test_deep_nesting_is_refused(entities: Entities, opening: str, closing: str, depth: int):
    body = '{"name":"deep","tags":' + opening * depth + "1" + closing * depth + "}"
    assert_refused(send(entities, "experiments/create", body.encode()), 400, 413)
    assert_refused(send(entities, "experiments/create", ('{"name":"deep","x":' + opening * depth).encode()), 400, 413)
    assert experiments_named(entities, "deep") == 0


def test_a_body_past_the_limit_is_refused(entities: Entities):
    body = b'{"name":"' + b"x" * (40 << 20) + b'"}'
    # The server may hang up on the rest of a body that it has refused.
    with contextlib.suppress(requests.ConnectionError):
        assert_refused(send(entities, "experiments/create", body), 413)
    announced = {"Content-Length": str(1 << 40)}
    request = requests.Request("POST", f"{entities.server.url}{MLFLOW}/experiments/create", headers=JSON).prepare()
    request.headers.update(announced)
    assert requests.Session().send(request, timeout=30).status_code == 413


@pytest.mark.parametrize("content", [None, "text/plain", "application/x-www-form-urlencoded", "application/pickle"])
def test_other_content_types_are_refused(entities: Entities, content: str | None):
    request = requests.Request("POST", f"{entities.server.url}{MLFLOW}/experiments/create", data=b'{"name":"typed"}')
    prepared = request.prepare()
    if content:
        prepared.headers["Content-Type"] = content
    assert_refused(entities.session.send(prepared, timeout=30), 400, 415)
    assert experiments_named(entities, "typed") == 0


# Text inside strings. NUL is no text for PostgreSQL, and half a surrogate pair is none for anyone.

UNSTORABLE = ["a\x00b", "\x00", "x\ud800y", "\udfff"]
STRINGS = [each for each in endpoints() if each.method != "GET" and any(f.type == "string" for f in each.fields)]


@pytest.mark.parametrize("endpoint", STRINGS, ids=str)
def test_text_that_no_database_holds_is_refused(entities: Entities, endpoint: Endpoint):
    right = entities.right(endpoint)
    before = entities.snapshot()
    wrong = []
    for field in (field for field in endpoint.fields if field.type == "string"):
        for text in UNSTORABLE:
            body = json.dumps(right | {field.name: [text] if field.repeated else text}).encode()
            address = f"{entities.server.url}/api/{entities.fill(endpoint.path)}"
            answer = entities.session.request(endpoint.method, address, data=body, headers=JSON, timeout=30)
            if answer.status_code != 400 or leak(answer.text) or "\\u0000" in answer.text.split('"message"')[0]:
                wrong.append(f"{field.name} = {text!a}: {answer.status_code} {answer.text[:200]}")
    assert not wrong, "\n" + "\n".join(wrong)
    assert entities.snapshot() == before


@pytest.mark.parametrize("endpoint", [each for each in endpoints() if each.method == "GET" and each.fields], ids=str)
def test_queries_with_text_that_no_database_holds_are_refused(entities: Entities, endpoint: Endpoint):
    right = entities.right(endpoint)
    for field in (field for field in endpoint.fields if field.type in ("string", "path", "version")):
        for raw in ["a%00b", "%ff", "%ed%a0%80", "%c3", "%", "%zz"]:
            values = [(key, value) for key, value in right.items() if key != field.name]
            query = urlencode(values, doseq=True) + f"&{field.name}={raw}"
            # The usual client would escape what is no proper escape.
            connection = http.client.HTTPConnection("127.0.0.1", entities.server.port, timeout=30)
            connection.request("GET", f"/api/{entities.fill(endpoint.path)}?{query}")
            answer = connection.getresponse()
            text = answer.read().decode()
            connection.close()
            assert answer.status == 400, (field.name, raw, answer.status, text)
            assert json.loads(text)["error_code"] and leak(text) is None


HARMLESS = ["'; DROP TABLE runs;--", '" OR 1=1', "../../etc", "%00", "%s%n", "{{7*7}}", "<img onerror=alert(1)>"]
HARMLESS += ["ünïcödé 日本 🦜", "a\u202eb", "e\u0301", "\x7f\x1b[31m", "\\", "line\nbreak\r\n", "\ufeff", "\uffff"]


@pytest.mark.parametrize("text", HARMLESS)
def test_odd_text_comes_back_as_it_went(entities: Entities, text: str):
    entities.post("runs/set-tag", {"run_id": entities.run_id, "key": "odd", "value": text})
    entities.post(
        "experiments/set-experiment-tag", {"experiment_id": entities.experiment_id, "key": "o", "value": text}
    )
    entities.post("registered-models/set-tag", {"name": "entity", "key": "odd", "value": text})
    run = json.loads(entities.get("runs/get", run_id=entities.run_id))["run"]
    assert {"key": "odd", "value": text} in run["data"]["tags"]
    experiment = json.loads(entities.get("experiments/get", experiment_id=entities.experiment_id))["experiment"]
    assert {"key": "o", "value": text} in experiment["tags"]
    model = json.loads(entities.get("registered-models/get", name="entity"))["registered_model"]
    assert {"key": "odd", "value": text} in model["tags"]
