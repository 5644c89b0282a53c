"""A web page in the user's browser must not be able to drive a server that listens on loopback without a login."""

from __future__ import annotations

import http.client
import json
import re
import uuid

import pytest
from martlet_process import Martlet

CREATE = "/api/2.0/mlflow/experiments/create"


def request(server: Martlet, method: str, path: str, headers: dict[str, str], body: str = "") -> tuple[int, dict]:
    """Sends exactly these headers, `Host` included, and returns the status and the answer's headers."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    for name, value in {"Content-Length": str(len(body)), **headers}.items():
        connection.putheader(name, value)
    connection.endheaders(body.encode())
    response = connection.getresponse()
    response.read()
    connection.close()
    return response.status, {name.lower(): value for name, value in response.getheaders()}


def own(server: Martlet) -> str:
    """The `Host` that a browser sends when the user typed the server's own address."""
    return f"127.0.0.1:{server.port}"


def exists(server: Martlet, name: str) -> bool:
    """True when the experiment was created after all."""
    found = server.get("/api/2.0/mlflow/experiments/get-by-name", params={"experiment_name": name})
    return found.status_code == 200


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_own_names_are_served(server: Martlet, host: str) -> None:
    assert request(server, "GET", "/health", {"Host": f"{host}:{server.port}"})[0] == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:5000", "127.0.0.1.evil.example", "user@127.0.0.1", "localhost.", ""]
)
@pytest.mark.parametrize("path", ["/", "/health", "/metrics", "/api/2.0/mlflow/experiments/search"])
def test_other_names_are_refused(server: Martlet, host: str, path: str) -> None:
    status, _ = request(server, "GET", path, {"Host": host})
    assert status in (400, 403)


@pytest.mark.parametrize("origin", ["https://evil.example", "http://127.0.0.1.evil.example", "null", "file://"])
def test_pages_of_other_origins_change_nothing(server: Martlet, origin: str) -> None:
    name = f"guard-{uuid.uuid4().hex}"
    body = json.dumps({"name": name})
    for content_type in ["application/json", "text/plain", "application/x-www-form-urlencoded"]:
        headers = {"Host": own(server), "Origin": origin, "Content-Type": content_type}
        status, answer = request(server, "POST", CREATE, headers, body)
        assert status == 403
        assert "access-control-allow-origin" not in answer
    assert not exists(server, name)


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_fetch_metadata_of_other_sites_changes_nothing(server: Martlet, site: str) -> None:
    name = f"guard-{uuid.uuid4().hex}"
    headers = {"Host": own(server), "Sec-Fetch-Site": site, "Content-Type": "application/json"}
    assert request(server, "POST", CREATE, headers, json.dumps({"name": name}))[0] == 403
    assert not exists(server, name)


def test_a_preflight_gets_no_permission(server: Martlet) -> None:
    headers = {
        "Host": own(server),
        "Origin": "https://evil.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    for path in [CREATE, "/predict", "/api/martlet/v1/apply"]:
        _, answer = request(server, "OPTIONS", path, headers)
        assert "access-control-allow-origin" not in answer


def changing_routes(server: Martlet) -> list[tuple[str, str]]:
    """Every route that may change something, with names in the places of its path."""
    document = server.get("/openapi.json").json()
    routes = []
    for path, operations in document["paths"].items():
        address = re.sub(r"\{[^}]*\}", "guard-none", path)
        routes += [(method.upper(), address) for method in operations if method not in ("get", "head", "options")]
    assert len(routes) > 10
    return routes


def test_no_route_listens_to_pages_of_other_origins(server: Martlet) -> None:
    """B3 and B4 for every route that the server describes: nothing is answered but a refusal."""
    for method, path in changing_routes(server):
        for content_type in ["text/plain", "application/json"]:
            headers = {"Host": own(server), "Origin": "https://evil.example", "Content-Type": content_type}
            assert request(server, method, path, headers, "{}")[0] == 403, f"{method} {path}"
        headers = {"Host": own(server), "Sec-Fetch-Site": "cross-site", "Content-Type": "text/plain"}
        assert request(server, method, path, headers, "{}")[0] == 403, f"{method} {path}"
        preflight = {
            "Host": own(server),
            "Origin": "https://evil.example",
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": "content-type",
        }
        status, answer = request(server, "OPTIONS", path, preflight)
        assert status >= 400, f"OPTIONS {path}"
        assert not [name for name in answer if name.startswith("access-control-")], f"OPTIONS {path}"


@pytest.mark.parametrize("path", ["/", "/metrics", "/api/martlet/v1/overview", "/api/martlet/v1/pipelines"])
@pytest.mark.parametrize("asked", [{"Accept": "text/event-stream"}, {"Upgrade": "websocket", "Connection": "Upgrade"}])
def test_streams_are_not_opened_for_pages_of_other_origins(server: Martlet, path: str, asked: dict[str, str]) -> None:
    """B9: what would go on telling a page needs the page to be the server's own."""
    for origin in [
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ]:
        assert request(server, "GET", path, {"Host": own(server), **asked, **origin})[0] == 403


def test_forwarding_headers_do_not_open_the_door(server: Martlet) -> None:
    headers = {"Host": "evil.example", "X-Forwarded-Host": own(server), "Forwarded": f"host={own(server)}"}
    assert request(server, "GET", "/health", headers)[0] in (400, 403)
    headers = {"Host": own(server), "X-HTTP-Method-Override": "DELETE"}
    assert request(server, "GET", "/health", headers)[0] == 200


def test_json_must_say_that_it_is_json(server: Martlet) -> None:
    name = f"guard-{uuid.uuid4().hex}"
    headers = {"Host": own(server), "Content-Type": "text/plain"}
    status, _ = request(server, "POST", CREATE, headers, json.dumps({"name": name}))
    assert status in (400, 403, 415)
    assert not exists(server, name)


def test_the_own_console_may_change_things(server: Martlet) -> None:
    name = f"guard-{uuid.uuid4().hex}"
    headers = {
        "Host": own(server),
        "Origin": f"http://{own(server)}",
        "Sec-Fetch-Site": "same-origin",
        "Content-Type": "application/json",
    }
    assert request(server, "POST", CREATE, headers, json.dumps({"name": name}))[0] == 200
    assert exists(server, name)
