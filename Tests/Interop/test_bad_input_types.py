"""Each field of each endpoint with each wrong type (C3): refused with the field's name, and nothing stored."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from databases import DATABASES
from mlflow_contract import Endpoint, Entities, complaint, endpoints, leak, served, wrong_values

pytest_plugins = ["postgres_fixtures"]


@pytest.fixture(scope="module", params=DATABASES)
def entities(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Entities]:
    """A server of this file's own over each database that must be unchanged at the end."""
    with served(tmp_path_factory.mktemp("types"), request, unchanged=True) as made:
        yield made


@pytest.mark.parametrize("endpoint", endpoints(), ids=str)
def test_wrong_types_are_refused_by_name(entities: Entities, endpoint: Endpoint):
    right = entities.right(endpoint)
    wrong = []
    for field in endpoint.fields:
        for name, value in wrong_values(field, query=endpoint.method == "GET"):
            answer = endpoint.send(entities.server, entities, right | {field.name: value})
            if problem := complaint(answer, name):
                wrong.append(f"{field.name} = {value!r}: {problem}")
    assert not wrong, "\n" + "\n".join(wrong)


@pytest.mark.parametrize("endpoint", [each for each in endpoints() if any(f.required for f in each.fields)], ids=str)
def test_what_is_required_is_missed_by_name(entities: Entities, endpoint: Endpoint):
    right = entities.right(endpoint)
    wrong = []
    for field in (field for field in endpoint.fields if field.required):
        without = {key: value for key, value in right.items() if key != field.name}
        absent = [without, without | {field.name: "" if endpoint.method == "GET" else None}]
        if field.type == "string" and not field.repeated and endpoint.method != "GET":
            absent.append(without | {field.name: ""})
        for values in absent:
            if "alias" in endpoint.path and endpoint.method == "DELETE" and field.name == "alias":
                continue
            answer = endpoint.send(entities.server, entities, values)
            problem = complaint(answer, field.name)
            if problem or "Missing value for required parameter" not in answer.text:
                wrong.append(f"{field.name} of {values}: {problem or answer.text}")
    assert not wrong, "\n" + "\n".join(wrong)


NO_OBJECTS = [b"[]", b"null", b"42", b'"text"', b"{", b'{"name":"x"} trailing', b'{"a":}', b"\x00"]


@pytest.mark.parametrize("endpoint", [each for each in endpoints() if each.method != "GET"], ids=str)
def test_what_is_no_object_is_refused(entities: Entities, endpoint: Endpoint):
    address = f"{entities.server.url}/api/{entities.fill(endpoint.path)}"
    headers = {"Content-Type": "application/json"}
    empty = [b""] if any(field.required for field in endpoint.fields) else []
    for body in NO_OBJECTS + empty:
        answer = entities.session.request(endpoint.method, address, data=body, headers=headers, timeout=30)
        assert answer.status_code == 400, (body, answer.text)
        assert answer.json()["error_code"] and answer.json()["message"]
        assert leak(answer.text) is None
