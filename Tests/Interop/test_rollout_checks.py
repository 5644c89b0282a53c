"""Checks of a rollout that are measured outside of it: Prometheus, webhooks, drift and estimates without labels."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import prometheus_server
import pytest
import requests
from martlet_process import Martlet, wait_until
from replayed import Models, Replayed

SECRET = "a secret of the gate"
EGRESS = ("--egress-scheme", "http", "--egress-allow-private", "127.0.0.0/8")
ENDS = {"promoted", "rolled_back", "inconclusive"}
COMMON = "bake: 0s, minimum_samples: 5, timeout: 60s, steps: [50, 100]"


class Webhook:
    """A receiver that answers what it is told to, and checks signatures."""

    def __init__(self) -> None:
        """Starts serving."""
        self.answers: list[tuple[int, str]] = [(200, '{"verdict": "pass"}')]
        self.questions: list[dict] = []
        self.faults: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            """One request."""

            def do_POST(self) -> None:
                """Notes the question and answers it."""
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                outer.check(self.headers, body)
                outer.questions.append(json.loads(body))
                status, text = outer.answers.pop(0) if len(outer.answers) > 1 else outer.answers[0]
                self.send_response(status)
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/gate"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def check(self, headers, body: bytes) -> None:
        """The signature is HMAC-SHA256 over id, time and body; the header comes from a secret."""
        signed = f"{headers['X-Martlet-Delivery-Id']}.{headers['X-Martlet-Timestamp']}.{body.decode()}".encode()
        code = base64.b64encode(hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()).decode()
        if headers["X-Martlet-Signature"] != f"v1,{code}":
            self.faults.append("the signature is another")
        if headers["X-Team"] != SECRET:
            self.faults.append("the header is another")

    def stop(self) -> None:
        """Ends it."""
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="module")
def martlet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Martlet]:
    """A server that may ask this machine."""
    server = Martlet(tmp_path_factory.mktemp("checks"), *EGRESS).start()
    answer = requests.put(f"{server.api}/secrets/gate", json={"value": SECRET}, timeout=30)
    assert answer.status_code in (200, 201), answer.text
    yield server
    assert server.stop() == 0, server.log


@pytest.fixture(scope="module")
def models(martlet: Martlet) -> Models:
    """The versions that all deployments share."""
    return Models(martlet)


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """A Prometheus."""
    made = prometheus_server.start(tmp_path_factory.mktemp("prometheus"))
    yield made
    made.stop()


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    """A receiver."""
    made = Webhook()
    yield made
    made.stop()


def climb(replayed: Replayed) -> str:
    """Moves the alias to version 2 and sends traffic until the rollout has ended; returns how."""
    replayed.point_at(2)

    def is_there() -> bool:
        replayed.send(range(6), labelled=False)
        return replayed.rollout_state() in ENDS

    wait_until(is_there, what="the end of the rollout", seconds=30)
    return replayed.rollout_state()


def prometheus_check(url: str, query: str, extra: str = "") -> str:
    """A rollout with one query."""
    check = f"{{name: errors, server: '{url}', query: '{query}', interval: 100ms, count: 2, max: 0.05{extra}}}"
    return f"{{{COMMON}, on_inconclusive: rollback, checks: {{prometheus: [{check}]}}}}"


@pytest.mark.parametrize(
    ("query", "extra", "state", "words"),
    [
        ("vector(0.01)", "", "promoted", ""),
        ("vector(0.5)", "", "rolled_back", "prometheus/errors"),
        ('errors_total{version="{{candidate}}"}', ", inconclusive_limit: 1", "rolled_back", "no data"),
        ("vector(NaN)", ", inconclusive_limit: 1", "rolled_back", "no number"),
        ("vector((1)", ", consecutive_error_limit: 1", "rolled_back", "parse error"),
    ],
)
def test_prometheus(models: Models, prometheus, query: str, extra: str, state: str, words: str) -> None:
    """A good figure promotes, a bad one rolls back, and no data and errors never pass."""
    replayed = Replayed(models, prometheus_check(prometheus.url, query, extra))
    assert climb(replayed) == state
    if words:
        told = json.dumps(replayed.deployment()) + json.dumps(replayed.measurements())
        assert words in told, told


def test_a_prometheus_that_is_down_is_no_evidence(models: Models) -> None:
    """Nobody listens: errors are counted, nothing is promoted."""
    replayed = Replayed(models, prometheus_check("http://127.0.0.1:9", "vector(0)", ", consecutive_error_limit: 2"))
    assert climb(replayed) == "rolled_back"
    measured = replayed.measurements()["prometheus/errors"]
    assert measured["errors_in_a_row"] >= 3 and measured["passed"] == 0
    assert "cannot be connected to" in measured["latest"]["message"]


def webhook_check(url: str, extra: str = "") -> str:
    """A rollout with one webhook, signed and with a header from a secret."""
    check = f"{{name: gate, url: '{url}', secret: gate, headers: {{X-Team: gate}}, interval: 100ms, count: 2{extra}}}"
    return f"{{{COMMON}, on_inconclusive: rollback, checks: {{webhook: [{check}]}}}}"


def test_a_webhook_lets_a_rollout_pass(models: Models, webhook: Webhook) -> None:
    """It is asked with signed JSON that names the rollout, and one error among answers is tolerated."""
    webhook.answers = [(200, '{"verdict": "pass"}'), (500, "busy"), (200, '{"verdict": "pass", "value": 1}')]
    replayed = Replayed(models, webhook_check(webhook.url))
    assert climb(replayed) == "promoted"
    assert not webhook.faults
    question = webhook.questions[0]
    assert question["deployment"] == replayed.name and question["check"] == "gate"
    assert (question["stable"], question["candidate"]) == (1, 2)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((200, '{"verdict": "fail", "message": "the support desk is on fire"}'), "on fire"),
        ((200, '{"verdict": "maybe"}'), "verdict"),
        ((200, "yes"), "verdict"),
    ],
)
def test_a_webhook_that_does_not_pass(models: Models, webhook: Webhook, answer: tuple[int, str], words: str) -> None:
    """A failure rolls back with its message; anything that is no verdict is an error and never a pass."""
    webhook.answers = [answer]
    replayed = Replayed(models, webhook_check(webhook.url, ", consecutive_error_limit: 1"))
    assert climb(replayed) == "rolled_back"
    assert words in json.dumps(replayed.deployment()) + json.dumps(replayed.measurements())


def test_counts_survive_a_restart(tmp_path: Path, webhook: Webhook) -> None:
    """A server that is killed goes on counting where it was."""
    server = Martlet(tmp_path, *EGRESS).start()
    try:
        answer = requests.put(f"{server.api}/secrets/gate", json={"value": SECRET}, timeout=30)
        assert answer.status_code in (200, 201), answer.text
        replayed = Replayed(
            Models(server), webhook_check(webhook.url, ", failure_limit: 0").replace("count: 2", "count: 1000")
        )
        replayed.point_at(2)
        wait_until(lambda: replayed.measurements().get("webhook/gate", {}).get("passed", 0) >= 3, what="three answers")
        before = replayed.measurements()["webhook/gate"]["passed"]
        server.kill()
        webhook.answers = [(503, "down")]
        server.start()
        wait_until(
            lambda: replayed.measurements()["webhook/gate"]["errors_in_a_row"] > 0, what="an error after the restart"
        )
        assert replayed.measurements()["webhook/gate"]["passed"] >= before
    finally:
        server.kill()
