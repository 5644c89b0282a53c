"""Webhooks by MLflow's client: what is told, how it is signed, what is tried again and what is refused."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from martlet_process import Martlet, command, wait_until
from mlflow import MlflowClient
from mlflow.entities.webhook import WebhookEvent, WebhookStatus
from mlflow.exceptions import MlflowException

SECRET = "a secret of the receiver"
INTRANET = ("--webhook-allow-private", "--webhook-scheme", "http", "--webhook-scheme", "https")

EVENTS = [
    "registered_model.created",
    "model_version.created",
    "model_version_tag.set",
    "model_version_tag.deleted",
    "model_version_alias.created",
    "model_version_alias.deleted",
    "prompt.created",
    "prompt_version.created",
    "prompt_tag.set",
    "prompt_tag.deleted",
    "prompt_version_tag.set",
    "prompt_version_tag.deleted",
    "prompt_alias.created",
    "prompt_alias.deleted",
    "budget_policy.exceeded",
]


class Receiver:
    """An HTTP server on loopback that keeps what it is sent and answers as it is told."""

    def __init__(self) -> None:
        """Listens on a free port at once."""
        self.calls: list[dict] = []
        self.statuses: list[int] = []
        self.headers: dict[str, str] = {}
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = receiver.statuses.pop(0) if receiver.statuses else 200
                receiver.calls.append(
                    {"path": self.path, "headers": dict(self.headers), "body": body, "at": time.monotonic()}
                )
                self.send_response(status)
                for name, value in receiver.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(b"thanks")

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """The address to register."""
        return f"http://127.0.0.1:{self.server.server_address[1]}/hook"

    def wait(self, count: int = 1, seconds: float = 15) -> list[dict]:
        """Waits for so many calls and returns all."""
        wait_until(lambda: len(self.calls) >= count, seconds, f"{count} calls of the receiver")
        return self.calls

    def payload(self, index: int = -1) -> dict:
        """What a call said; the last one's by default."""
        return json.loads(self.calls[index]["body"])


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Martlet]:
    martlet = Martlet(tmp_path_factory.mktemp("webhooks"), *INTRANET).start()
    yield martlet
    assert martlet.stop() == 0, martlet.log


@pytest.fixture
def client(shared: Martlet) -> Iterator[MlflowClient]:
    client = MlflowClient(shared.url, shared.url)
    yield client
    for webhook in client.list_webhooks():
        client.delete_webhook(webhook.webhook_id)


def signature(secret: str, call: dict) -> str:
    headers = call["headers"]
    text = f"{headers['X-MLflow-Delivery-Id']}.{headers['X-MLflow-Timestamp']}.".encode() + call["body"]
    return "v1," + base64.b64encode(hmac.new(secret.encode(), text, hashlib.sha256).digest()).decode()


def test_create_read_update_delete(client: MlflowClient, receiver: Receiver):
    made = client.create_webhook("hook", receiver.url, ["model_version_alias.created", "model_version.created"])
    assert (made.name, made.url, made.status, made.secret) == ("hook", receiver.url, WebhookStatus.ACTIVE, None)
    assert [str(event) for event in made.events] == ["model_version_alias.created", "model_version.created"]
    assert client.get_webhook(made.webhook_id).to_proto() == made.to_proto()
    changed = client.update_webhook(
        made.webhook_id,
        name="other",
        description="text",
        events=["prompt.created"],
        secret="new",
        status="DISABLED",
    )
    assert (changed.name, changed.description, changed.status) == ("other", "text", WebhookStatus.DISABLED)
    assert [str(event) for event in changed.events] == ["prompt.created"]
    assert changed.url == receiver.url
    assert changed.last_updated_timestamp > made.last_updated_timestamp
    client.delete_webhook(made.webhook_id)
    with pytest.raises(MlflowException, match=r"Webhook with ID .* not found"):
        client.get_webhook(made.webhook_id)
    assert made.webhook_id not in {webhook.webhook_id for webhook in client.list_webhooks()}


def test_lists_page(client: MlflowClient, receiver: Receiver):
    for number in range(5):
        client.create_webhook(f"hook{number}", receiver.url, ["prompt.created"])
    first = client.list_webhooks(max_results=2)
    assert [webhook.name for webhook in first] == ["hook4", "hook3"]
    second = client.list_webhooks(max_results=2, page_token=first.token)
    assert [webhook.name for webhook in second] == ["hook2", "hook1"]
    last = client.list_webhooks(max_results=2, page_token=second.token)
    assert [webhook.name for webhook in last] == ["hook0"]
    assert not last.token


@pytest.mark.parametrize(
    ("name", "url", "events", "reason"),
    [
        ("hook", "   ", ["prompt.created"], "cannot be empty or just whitespace"),
        ("hook", "ftp://example.com", ["prompt.created"], "Invalid webhook URL scheme"),
        ("hook", "http://[invalid", ["prompt.created"], "Invalid webhook URL"),
        ("hook", "http://user:pw@example.com/", ["prompt.created"], "user name"),
        ("-hook", "http://127.0.0.1/", ["prompt.created"], "is invalid"),
    ],
)
def test_what_is_refused(client: MlflowClient, name: str, url: str, events: list[str], reason: str):
    with pytest.raises(MlflowException, match=reason) as failure:
        client.create_webhook(name, url, events)
    assert failure.value.error_code == "INVALID_PARAMETER_VALUE"


def test_every_event_of_models(client: MlflowClient, receiver: Receiver):
    events = [
        "registered_model.created",
        "model_version.created",
        "model_version_tag.set",
        "model_version_tag.deleted",
        "model_version_alias.created",
        "model_version_alias.deleted",
    ]
    client.create_webhook("models", receiver.url, events)
    client.create_registered_model("told", {"k": "v"}, "text")
    client.create_model_version("told", "s3://bucket/model", "r1", tags={"a": "b"}, description="d")
    client.set_model_version_tag("told", "1", "k", "v")
    client.delete_model_version_tag("told", "1", "k")
    client.set_registered_model_alias("told", "live", "1")
    client.delete_registered_model_alias("told", "live")
    client.set_registered_model_tag("told", "not", "told")
    calls = {}
    for call in receiver.wait(len(events)):
        payload = json.loads(call["body"])
        calls[f"{payload['entity']}.{payload['action']}"] = payload["data"]
    assert calls == {
        "registered_model.created": {"name": "told", "tags": {"k": "v"}, "description": "text"},
        "model_version.created": {
            "name": "told",
            "version": "1",
            "source": "s3://bucket/model",
            "run_id": "r1",
            "tags": {"a": "b"},
            "description": "d",
        },
        "model_version_tag.set": {"name": "told", "version": "1", "key": "k", "value": "v"},
        "model_version_tag.deleted": {"name": "told", "version": "1", "key": "k"},
        "model_version_alias.created": {"name": "told", "alias": "live", "version": "1"},
        "model_version_alias.deleted": {"name": "told", "alias": "live"},
    }
    time.sleep(0.5)
    assert len(receiver.calls) == len(events)


def test_every_event_of_prompts(client: MlflowClient, receiver: Receiver):
    events = [
        "prompt.created",
        "prompt_version.created",
        "prompt_tag.set",
        "prompt_tag.deleted",
        "prompt_version_tag.set",
        "prompt_version_tag.deleted",
        "prompt_alias.created",
        "prompt_alias.deleted",
    ]
    client.create_webhook("prompts", receiver.url, events)
    client.register_prompt("greeting", "Hello {{name}}.", commit_message="first", tags={"a": "b"})
    client.set_prompt_tag("greeting", "k", "v")
    client.delete_prompt_tag("greeting", "k")
    client.set_prompt_version_tag("greeting", "1", "k", "v")
    client.delete_prompt_version_tag("greeting", "1", "k")
    client.set_prompt_alias("greeting", "live", 1)
    client.delete_prompt_alias("greeting", "live")

    def told() -> dict[str, list[dict]]:
        # The client sets tags of its own, too, so there are more calls than kinds of events.
        calls: dict[str, list[dict]] = {}
        for call in list(receiver.calls):
            payload = json.loads(call["body"])
            calls.setdefault(f"{payload['entity']}.{payload['action']}", []).append(payload["data"])
        return calls

    wait_until(lambda: set(told()) == set(events), 15, "every event of prompts")
    calls = told()
    assert calls["prompt.created"][0]["name"] == "greeting"
    version = calls["prompt_version.created"][0]
    assert version["template"] == "Hello {{name}}."
    assert version["version"] == "1"
    assert version["tags"]["a"] == "b"
    assert {"name": "greeting", "key": "k"} in calls["prompt_tag.deleted"]
    assert {"name": "greeting", "alias": "live", "version": "1"} in calls["prompt_alias.created"]
    assert {"name": "greeting", "alias": "live"} in calls["prompt_alias.deleted"]


def test_signature(client: MlflowClient, receiver: Receiver):
    client.create_webhook("signed", receiver.url, ["registered_model.created"], secret=SECRET)
    client.create_registered_model("signed é", description="Umlaut ü")
    call = receiver.wait()[0]
    headers = call["headers"]
    assert headers["Content-Type"] == "application/json"
    assert headers["X-MLflow-Signature"] == signature(SECRET, call)
    assert headers["X-MLflow-Signature"] != signature("another", call)
    assert abs(time.time() - int(headers["X-MLflow-Timestamp"])) < 60
    assert len(headers["X-MLflow-Delivery-Id"]) == 36


def test_no_signature_without_a_secret(client: MlflowClient, receiver: Receiver):
    webhook = client.create_webhook("once-signed", receiver.url, ["registered_model.created"], secret=SECRET)
    client.update_webhook(webhook.webhook_id, secret="")
    client.create_registered_model("unsigned")
    assert "X-MLflow-Signature" not in receiver.wait()[0]["headers"]


@pytest.mark.parametrize("event", EVENTS)
def test_a_test_call_sends_an_example(client: MlflowClient, receiver: Receiver, event: str):
    from mlflow.webhooks.types import get_example_payload_for_event

    webhook = client.create_webhook("tested", receiver.url, ["prompt.created"], secret=SECRET)
    result = client.test_webhook(webhook.webhook_id, event=WebhookEvent.from_str(event))
    assert (result.success, result.response_status, result.response_body) == (True, 200, "thanks")
    assert result.error_message is None
    assert receiver.payload()["data"] == get_example_payload_for_event(WebhookEvent.from_str(event))
    assert receiver.calls[0]["headers"]["X-MLflow-Signature"] == signature(SECRET, receiver.calls[0])


def test_a_test_call_that_fails(client: MlflowClient, receiver: Receiver):
    webhook = client.create_webhook("tested", receiver.url, ["prompt.created"])
    receiver.statuses = [404]
    result = client.test_webhook(webhook.webhook_id)
    assert (result.success, result.response_status, result.error_message) == (False, 404, None)
    assert receiver.payload()["entity"] == "prompt"
    gone = client.create_webhook("gone", "http://127.0.0.1:9/", ["prompt.created"])
    result = client.test_webhook(gone.webhook_id)
    assert (result.success, result.response_status) == (False, None)
    assert "cannot be connected" in result.error_message


def test_tried_again_with_the_same_id(client: MlflowClient, shared: Martlet, receiver: Receiver):
    webhook = client.create_webhook("again", receiver.url, ["registered_model.created"])
    receiver.statuses = [503, 429]
    client.create_registered_model("tried again")
    calls = receiver.wait(3)
    assert len({call["headers"]["X-MLflow-Delivery-Id"] for call in calls}) == 1
    assert len({call["body"] for call in calls}) == 1
    assert calls[1]["at"] - calls[0]["at"] >= 0.9
    assert calls[2]["at"] - calls[1]["at"] >= 1.9
    path = f"/api/martlet/v1/webhooks/{webhook.webhook_id}/deliveries"
    wait_until(lambda: shared.get(path).json()["items"][0]["status"] == "delivered", 5, "the delivery")
    delivery = shared.get(path).json()["items"][0]
    assert (delivery["attempts"], delivery["response_status"]) == (3, 200)


def test_redirects_are_not_followed(client: MlflowClient, shared: Martlet, receiver: Receiver):
    webhook = client.create_webhook("moved", receiver.url, ["registered_model.created"])
    receiver.statuses = [307]
    receiver.headers = {"Location": receiver.url + "/other"}
    client.create_registered_model("moved away")
    path = f"/api/martlet/v1/webhooks/{webhook.webhook_id}/deliveries"
    wait_until(lambda: shared.get(path).json()["items"][0]["status"] == "failed", 10, "the end of the delivery")
    assert [call["path"] for call in receiver.calls] == ["/hook"]


def test_private_addresses_are_refused(own_server: Martlet):
    client = MlflowClient(own_server.url, own_server.url)
    for url in (
        "https://127.0.0.1/x",
        "https://localhost/x",
        "https://[::1]/x",
        "https://169.254.169.254/latest/meta-data",
        "https://10.0.0.1/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://[::ffff:127.0.0.1]/",
        "https://100.64.0.1/",
    ):
        with pytest.raises(MlflowException, match="non-public IP address"):
            client.create_webhook("inner", url, ["prompt.created"])
    with pytest.raises(MlflowException, match="Invalid webhook URL scheme"):
        client.create_webhook("plain", "http://example.com/", ["prompt.created"])
    assert not client.list_webhooks()


def test_what_was_acknowledged_is_told_after_a_kill(new_server: Callable[..., Martlet], receiver: Receiver):
    server = new_server(*INTRANET)
    client = MlflowClient(server.url, server.url)
    client.create_webhook("patient", receiver.url, ["registered_model.created"], secret=SECRET)
    receiver.statuses = [503] * 2
    client.create_registered_model("survivor")
    receiver.wait(1)
    server.kill()
    server.start()
    wait_until(lambda: len(receiver.calls) >= 3, 60, "the delivery after the kill")
    assert {call["headers"]["X-MLflow-Signature"] for call in receiver.calls} == {
        signature(SECRET, call) for call in receiver.calls
    }
    assert all(json.loads(call["body"])["data"]["name"] == "survivor" for call in receiver.calls)
    key = server.data / "webhook.key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert SECRET.encode() not in (server.data / "martlet.db").read_bytes()


def test_command_line(client: MlflowClient, shared: Martlet, receiver: Receiver, tmp_path):
    webhook = client.create_webhook("shown", receiver.url, ["registered_model.created"], secret=SECRET)
    client.create_registered_model("seen on the command line")
    receiver.wait()

    def martlet(*arguments: str):
        return command("webhook", *arguments, "--server", shared.url, cwd=tmp_path)

    assert webhook.webhook_id in martlet("list").stdout
    assert "registered_model.created" in martlet("show", webhook.webhook_id).stdout
    wait_until(lambda: "delivered" in martlet("deliveries", webhook.webhook_id).stdout, 10, "the delivery in the list")
    assert martlet("test", webhook.webhook_id, "--event", "prompt.created").returncode == 0
    assert receiver.payload()["entity"] == "prompt"
    receiver.statuses = [500]
    assert martlet("test", webhook.webhook_id).returncode != 0
