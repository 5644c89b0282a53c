"""Where a server may listen, and what a proxy before it may say; nobody else is believed."""

from __future__ import annotations

import http.client
import http.server
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import mlflow
import pytest
import requests
from accounts import Accounts
from martlet_process import Martlet, command, free_port
from secure_server import Authority

SECURE = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}
# Declared in these tests, while the tests themselves mostly call from 127.0.0.1, which is not.
PROXY = "127.0.0.2"


def ask(
    port: int, path: str, headers: dict[str, str], source: str = "127.0.0.1", method: str = "GET", body: str = ""
) -> tuple[int, dict[str, str], bytes]:
    """Sends exactly these headers from an address of this machine."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20, source_address=(source, 0))
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    for name, value in {"Host": "models.example", "Content-Length": str(len(body)), **headers}.items():
        connection.putheader(name, value)
    connection.endheaders(body.encode())
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, content


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Martlet]:
    """A server behind a proxy at 127.0.0.2, by the name models.example."""
    server = Martlet(
        tmp_path_factory.mktemp("proxied"), "--behind-proxy", f"{PROXY},10.0.0.0/8", "--allowed-host", "models.example"
    ).start()
    yield server
    assert server.stop() == 0, server.log


@pytest.mark.parametrize(
    ("arguments", "remedies"),
    [
        (["--host", "0.0.0.0"], ["--tls-certificate", "--tls-key", "--behind-proxy", "--host 127.0.0.1"]),
        (["--host", "::"], ["--tls-certificate", "--behind-proxy"]),
        (["--host", "0.0.0.0", "--auth", "off"], ["--auth off", "--host 127.0.0.1"]),
        (["--host", "0.0.0.0", "--auth", "required"], ["--tls-certificate", "--behind-proxy"]),
        (["--behind-proxy", "10.0.0.0/8", "--auth", "off"], ["--behind-proxy"]),
        (["--behind-proxy", "10.0.0.1/8"], ["10.0.0.1/8"]),
        (["--behind-proxy", "proxy.example"], ["10.0.0.0/8"]),
        (["--auth", "maybe"], ["'off' or 'required'"]),
    ],
)
def test_a_server_that_others_could_reach_unprotected_does_not_start(
    tmp_path: Path, arguments: list[str], remedies: list[str]
) -> None:
    ended = command("up", "--port", str(free_port()), "--data", str(tmp_path / "data"), *arguments, cwd=tmp_path)
    assert ended.returncode != 0
    for remedy in remedies:
        assert remedy in ended.stderr, ended.stderr


def test_behind_a_proxy_callers_have_accounts(proxied: Martlet) -> None:
    assert ask(proxied.port, "/api/martlet/v1/whoami", SECURE, PROXY)[0] == 401
    token = Accounts(proxied).administrator
    status, headers, _ = ask(
        proxied.port, "/api/martlet/v1/whoami", {**SECURE, "Authorization": f"Bearer {token}"}, PROXY
    )
    assert status == 200
    assert "strict-transport-security" in headers


def test_what_came_to_the_proxy_in_the_clear_is_refused(proxied: Martlet) -> None:
    path = "/api/martlet/v1/whoami"
    for headers in [
        {"X-Forwarded-Proto": "http"},
        {"X-Forwarded-For": "203.0.113.9"},
        {"X-Forwarded-Proto": "https, http"},
        {"Forwarded": "for=203.0.113.9;proto=http"},
    ]:
        assert ask(proxied.port, path, headers, PROXY)[0] == 403
    status, headers, _ = ask(proxied.port, "/models?x=1", {"X-Forwarded-Proto": "http", "Accept": "text/html"}, PROXY)
    assert (status, headers["location"]) == (308, "https://models.example/models?x=1")
    evil = {"X-Forwarded-Proto": "http", "Accept": "text/html", "Host": "evil.example"}
    assert ask(proxied.port, "/models", evil, PROXY)[0] == 403


def test_both_forms_are_read_and_must_not_contradict(proxied: Martlet) -> None:
    path = "/api/martlet/v1/whoami"
    assert ask(proxied.port, path, {"Forwarded": 'for="[2001:db8::7]:99";proto=https'}, PROXY)[0] == 401
    contradiction = {**SECURE, "Forwarded": "for=127.0.0.1;proto=https"}
    assert ask(proxied.port, path, contradiction, PROXY)[0] == 400


def test_a_name_that_the_proxy_tells_must_be_allowed(proxied: Martlet) -> None:
    inner = {**SECURE, "Host": f"127.0.0.1:{proxied.port}"}
    path = "/api/martlet/v1/whoami"
    assert ask(proxied.port, path, {**inner, "X-Forwarded-Host": "models.example"}, PROXY)[0] == 401
    assert ask(proxied.port, path, {**inner, "X-Forwarded-Host": "evil.example"}, PROXY)[0] == 403


def test_nobody_else_is_believed(proxied: Martlet) -> None:
    """B7: the fields of a peer that is no declared proxy change nothing."""
    path = "/health"
    own = {"Host": f"127.0.0.1:{proxied.port}"}
    for said in [
        {"X-Forwarded-Host": "models.example"},
        {"Forwarded": "host=models.example"},
        {"X-Forwarded-Server": "models.example"},
    ]:
        assert ask(proxied.port, path, {"Host": "evil.example", **said})[0] == 403
        assert ask(proxied.port, path, {**own, **said})[0] == 200
    evil = {**own, "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http", "X-Forwarded-For": "junk"}
    assert ask(proxied.port, path, evil)[0] == 200
    body = json.dumps({"name": "b7"})
    override = {**own, "X-HTTP-Method-Override": "DELETE", "X-Method-Override": "DELETE", "X-Original-URL": "/livez"}
    assert ask(proxied.port, path, override)[2] == b"OK"
    claim = {**own, "X-Forwarded-For": "127.0.0.1", "Content-Type": "application/json"}
    assert ask(proxied.port, "/api/2.0/mlflow/experiments/create", claim, method="POST", body=body)[0] == 401


def other_address() -> str | None:
    """An address of this machine that is not loopback; nil without a network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Nothing is sent: the kernel only chooses the address from which it would be.
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        address = probe.getsockname()[0]
        return None if address.startswith("127.") else address


def test_from_elsewhere_only_the_proxy_may_connect(new_server: Callable[..., Martlet]) -> None:
    address = other_address()
    if address is None:
        pytest.skip("this machine has no other address")
    arguments = ["--host", "0.0.0.0", "--allowed-host", "models.example", "--behind-proxy"]
    stranger = new_server(*arguments, "10.255.255.254")
    answer = requests.get(f"http://{address}:{stranger.port}/health", timeout=20, headers={"Host": "models.example"})
    assert answer.status_code == 403
    assert "declared proxy" in answer.text
    declared = new_server(*arguments, address)
    url = f"http://{address}:{declared.port}/api/martlet/v1/whoami"
    assert requests.get(url, timeout=20, headers={"Host": "models.example", **SECURE}).status_code == 401
    assert requests.get(url, timeout=20, headers={"Host": "models.example"}).status_code == 403


@contextmanager
def tls_proxy(authority: Authority, port: int) -> Iterator[int]:
    """A proxy that speaks TLS and passes requests on in plain HTTP, as nginx does; yields its port."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            upstream = http.client.HTTPConnection("127.0.0.1", port, timeout=30, source_address=(PROXY, 0))
            mine = {"X-Forwarded-For": self.client_address[0], "X-Forwarded-Proto": "https"}
            kept = {name: value for name, value in self.headers.items() if not name.lower().startswith("x-forwarded")}
            upstream.request(self.command, self.path, body or None, {**kept, **mine})
            answer = upstream.getresponse()
            content = answer.read()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in ("content-length", "connection", "transfer-encoding", "date"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            upstream.close()

        def log_message(self, *_: object) -> None:
            pass

    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        setattr(Handler, f"do_{method}", Handler.pass_on)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.certificate, authority.certificate_key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_mlflow_through_a_proxy(proxied: Martlet, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    authority.issue("localhost")
    token = Accounts(proxied).administrator
    with tls_proxy(authority, proxied.port) as port, authority.trusted(MLFLOW_TRACKING_TOKEN=token):
        mlflow.set_tracking_uri(f"https://localhost:{port}")
        mlflow.set_experiment("through a proxy")
        with mlflow.start_run() as run:
            mlflow.log_metric("accuracy", 0.9)
            mlflow.log_text("hello", "notes.txt")
        assert mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/notes.txt") == "hello"
