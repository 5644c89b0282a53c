"""Health, metrics and errors of a running server, as probes and scrapers see them."""

from __future__ import annotations

import re
import socket

import pytest
from martlet_process import Martlet

SAMPLE = re.compile(r'^[a-zA-Z_:][a-zA-Z0-9_:]*(\{([a-zA-Z_]\w*="(\\.|[^"\\])*",?)*\})? [-+]?(\d\S*|NaN|Inf)( \d+)?$')


@pytest.mark.parametrize("path", ["/health", "/healthz", "/livez", "/readyz"])
def test_health_answers(server: Martlet, path: str) -> None:
    assert server.get(path).status_code == 200


def test_metrics_are_prometheus_text(server: Martlet) -> None:
    server.get("/health")
    response = server.get("/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain")
    samples = [line for line in response.text.splitlines() if line and not line.startswith("#")]
    assert samples
    malformed = [line for line in samples if not SAMPLE.match(line)]
    assert malformed == []


def test_unknown_path_is_404_without_a_stack(server: Martlet) -> None:
    response = server.get("/api/martlet/v1/no-such-thing")
    assert response.status_code == 404
    assert "Traceback" not in response.text and ".swift" not in response.text


def test_every_console_page_works_without_the_outside(server: Martlet) -> None:
    for path in ["/", "/experiments", "/models", "/deployments", "/drift", "/pipelines", "/loop"]:
        # What a browser says it wants; for others `/` is the liveness of KServe.
        page = server.get(path, headers={"Accept": "text/html,*/*"})
        assert page.status_code == 200, path
        assert page.headers["content-type"].startswith("text/html"), path
        loaded = re.findall(r'(?:src|href)="((?:https?:)?//[^"]+)"', page.text)
        assert loaded == [], path


@pytest.mark.parametrize("body", ["", "[]", "null", "42", '{"a":', '{"a":1}x', '{"features":[1]}{}', "\xff"])
def test_malformed_json_is_a_client_error(server: Martlet, body: str) -> None:
    for path in ["/predict", "/api/martlet/v1/apply", "/api/martlet/v1/feedback", "/api/2.0/mlflow/experiments/create"]:
        headers = {"Content-Type": "application/json"}
        response = server.post(path, data=body.encode("latin-1"), headers=headers)
        assert 400 <= response.status_code < 500, (path, response.status_code, response.text)


def test_deep_json_is_refused_and_the_server_lives(server: Martlet) -> None:
    for depth in [65, 200_000]:
        body = "[" * depth + "]" * depth
        response = server.post("/predict", data=body, headers={"Content-Type": "application/json"})
        assert response.status_code in (400, 413)
    assert server.get("/readyz").status_code == 200


def test_a_body_that_is_too_long_is_refused_before_it_is_read(server: Martlet) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(
            b"POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            b"Content-Length: 10000000000\r\n\r\n{"
        )
        assert connection.recv(4096).split(b" ")[1] == b"413"
    assert server.get("/readyz").status_code == 200


@pytest.mark.parametrize(
    "head",
    [
        b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
        b"POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: +5\r\n\r\nabcde",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\r\n\r\n\r\n",
    ],
)
def test_broken_requests_do_not_hurt_others(server: Martlet, head: bytes) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(head)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while chunk := connection.recv(4096):
            answer += chunk
    assert not answer or answer.split(b" ")[1][:1] in (b"4", b"5"), answer
    assert server.get("/readyz").status_code == 200
