"""The stream of events: pages, CloudEvents, server-sent events over restarts and kills, webhooks that tell the same."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime

import httpx
import pytest
from martlet_process import Martlet, binary, command, environment, wait_until
from mlflow import MlflowClient
from test_webhooks import INTRANET, Receiver

STREAM = {"Accept": "text/event-stream"}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Takes webhooks' calls."""
    receiver = Receiver()
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()


class Reader:
    """An SSE client as the standard has it: it comes back with `Last-Event-ID` whenever the stream breaks off."""

    def __init__(self, server: Martlet, query: str = "after=0") -> None:
        """Starts to read in a thread of its own."""
        self.url = f"{server.api}/events?{query}"
        self.events: list[tuple[int, str, dict]] = []
        self.connections = 0
        self.last: str | None = None
        self.is_done = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self) -> None:
        """Connects again and again."""
        while not self.is_done.is_set():
            headers = STREAM | ({"Last-Event-ID": self.last} if self.last else {})
            try:
                with httpx.stream("GET", self.url, headers=headers, timeout=httpx.Timeout(5, read=20)) as answer:
                    if answer.status_code == 200:
                        self.connections += 1
                        self.read(answer.iter_lines())
            except httpx.HTTPError:
                pass
            time.sleep(0.05)

    def read(self, lines: Iterator[str]) -> None:
        """Takes frames until the stream ends."""
        frame: dict[str, str] = {}
        for line in lines:
            if self.is_done.is_set():
                return
            if line:
                name, _, value = line.partition(":")
                frame[name] = value.removeprefix(" ")
                continue
            if "id" in frame:
                self.last = frame["id"]
            if "data" in frame and not frame["event"].startswith("martlet.stream."):
                self.events.append((int(frame["id"]), frame["event"], json.loads(frame["data"])))
            frame = {}

    def stop(self) -> None:
        """Reads no more."""
        self.is_done.set()


def model_with_versions(server: Martlet, count: int) -> tuple[MlflowClient, str]:
    """A registered model with some versions."""
    client = MlflowClient(server.url)
    name = f"m-{uuid.uuid4().hex[:8]}"
    client.create_registered_model(name)
    run = client.create_run("0")
    for _ in range(count):
        client.create_model_version(name, source=f"{run.info.artifact_uri}/model", run_id=run.info.run_id)
    return client, name


def test_pages_and_cloud_events(server: Martlet) -> None:
    """What MLflow's client does is in the stream, in order, and CloudEvents have what the standard asks for."""
    client, name = model_with_versions(server, 2)
    client.set_registered_model_alias(name, "production", "1")
    client.set_registered_model_alias(name, "production", "2")
    client.delete_registered_model_alias(name, "production")
    experiment = client.create_experiment(f"e-{name}")
    run = client.create_run(experiment)
    client.set_terminated(run.info.run_id)
    client.set_terminated(run.info.run_id)

    page = server.get(f"/api/martlet/v1/events?subject=models/{name}/*&after=0").json()
    types = [event["type"] for event in page["items"]]
    assert types == ["martlet.version.created"] * 2 + ["martlet.alias.moved"] * 2 + ["martlet.alias.deleted"]
    moved = page["items"][3]
    assert moved["subject"] == f"models/{name}/aliases/production"
    assert (moved["data"]["alias"], moved["data"]["version"]) == ("production", 2)
    runs = server.get(f"/api/martlet/v1/events?types=martlet.run.*&subject=experiments/{experiment}/*&after=0").json()
    assert [event["data"]["status"] for event in runs["items"]] == ["FINISHED"]

    places = []
    after = 0
    while True:
        page = server.get(f"/api/martlet/v1/events?after={after}&limit=2").json()
        places += [event["cursor"] for event in page["items"]]
        if not page["items"]:
            break
        after = page["next"]
    assert places == list(range(places[0], places[-1] + 1))

    batch = server.get(
        f"/api/martlet/v1/events?subject=models/{name}/*", headers={"Accept": "application/cloudevents-batch+json"}
    )
    assert batch.headers["Content-Type"] == "application/cloudevents-batch+json"
    for event in batch.json():
        assert event["specversion"] == "1.0" and event["id"] and event["source"] == "/martlet/workspaces/default"
        datetime.fromisoformat(event["time"])
        assert event["datacontenttype"] == "application/json" and isinstance(event["data"], dict)
    assert len({event["id"] for event in batch.json()}) == 5
    assert server.get("/api/martlet/v1/events?after=99999999").status_code == 409
    assert server.get("/api/martlet/v1/events?after=x").status_code == 400


def test_streams_resume_over_restarts_and_kills(new_server: Callable[..., Martlet]) -> None:
    """A reader that resumes sees every event once and in order, and everything that was acknowledged."""
    server = new_server()
    _, name = model_with_versions(server, 1)
    reader = Reader(server)
    follow = subprocess.Popen(
        [str(binary()), "event", "follow", "--after", "0", "--json", "--server", server.url],
        cwd=server.folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    acknowledged: list[str] = []
    is_done = threading.Event()

    def move() -> None:
        """Moves aliases as fast as the server takes it, also while it is gone."""
        with httpx.Client(timeout=5) as http:
            number = 0
            while not is_done.is_set():
                number += 1
                body = {"name": name, "alias": f"a{number}", "version": "1"}
                try:
                    path = "/api/2.0/mlflow/registered-models/alias"
                    if http.post(f"{server.url}{path}", json=body).status_code == 200:
                        acknowledged.append(f"a{number}")
                except httpx.HTTPError:
                    time.sleep(0.05)

    mover = threading.Thread(target=move)
    mover.start()
    try:
        wait_until(lambda: len(reader.events) > 20, 20, "events")
        server.kill()
        server.start()
        wait_until(lambda: reader.connections >= 2, 20, "the reader to be back")
        before = len(acknowledged)
        wait_until(lambda: len(acknowledged) > before + 20, 20, "more events")
        started = time.monotonic()
        assert server.stop() == 0
        # An open stream does not hold the server: it is told and ended.
        assert time.monotonic() - started < 10
        server.start()
        before = len(acknowledged)
        wait_until(lambda: len(acknowledged) > before + 20, 20, "more events")
    finally:
        is_done.set()
        mover.join()
    last = server.get("/api/martlet/v1/events?order=newest&limit=1").json()["items"][0]["cursor"]
    wait_until(lambda: reader.events and reader.events[-1][0] == last, 20, "the last event")
    reader.stop()
    places = [place for place, _, _ in reader.events]
    assert places == list(range(1, last + 1))
    aliases = [event["data"]["alias"] for _, kind, event in reader.events if kind == "martlet.alias.moved"]
    assert len(aliases) == len(set(aliases)) and set(acknowledged) <= set(aliases)
    assert reader.connections >= 3

    assert follow.stdout is not None
    followed = [json.loads(follow.stdout.readline())["cursor"] for _ in range(last)]
    follow.terminate()
    follow.wait(timeout=10)
    assert followed == places


def test_curl_and_the_command_line(server: Martlet) -> None:
    """Plain curl reads the stream; `martlet event` shows the same."""
    client, name = model_with_versions(server, 1)
    client.set_registered_model_alias(name, "production", "1")
    url = f"{server.api}/events?after=0&subject=models/{name}/*"
    curl = subprocess.run(
        ["curl", "--silent", "--no-buffer", "--max-time", "2", "--header", "Accept: text/event-stream", url],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "event: martlet.alias.moved\n" in curl.stdout
    assert "retry: 1000\n" in curl.stdout
    arguments = ["--server", server.url]
    selection = ["--type", "martlet.alias.*", "--subject", f"models/{name}/*"]
    listed = command("event", "list", *selection, *arguments, cwd=server.folder)
    assert listed.returncode == 0 and f"{name}@production points to version 1." in listed.stdout, listed.stderr
    followed = command("event", "follow", "--after", "0", "--limit", "1", *selection, *arguments, cwd=server.folder)
    assert followed.returncode == 0 and f"models/{name}/aliases/production" in followed.stdout
    refused = command("event", "follow", "--after", "99999999", *arguments, cwd=server.folder)
    assert refused.returncode == 1 and "older copy" in refused.stderr


def test_webhooks_in_the_form_of_cloud_events(new_server: Callable[..., Martlet], receiver: Receiver) -> None:
    """A webhook that asks for CloudEvents is told what the stream has, signed as every webhook is."""
    server = new_server(*INTRANET)
    client, name = model_with_versions(server, 1)
    events = [part for event in ("model_version_alias.created", "run.finished") for part in ("--event", event)]
    made = command(
        *["webhook", "create", "bus", receiver.url, *events, "--format", "cloudevents"],
        *["--secret-from-env", "HOOK", "--json", "--server", server.url],
        cwd=server.folder,
        HOOK="very secret",
    )
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["format"] == "cloudevents"
    client.set_registered_model_alias(name, "production", "1")
    run = client.create_run(client.create_experiment(name))
    client.set_terminated(run.info.run_id, "FAILED")
    wait_until(lambda: len(receiver.calls) >= 2, 20, "both calls")
    page = server.get(
        "/api/martlet/v1/events?types=martlet.alias.moved,martlet.run.finished",
        headers={"Accept": "application/cloudevents-batch+json"},
    ).json()
    told = sorted((json.loads(call["body"]) for call in receiver.calls), key=lambda event: event["sequence"])
    assert told == page
    for call in receiver.calls:
        headers = call["headers"]
        assert headers["Content-Type"] == "application/cloudevents+json"
        signed = f"{headers['X-MLflow-Delivery-Id']}.{headers['X-MLflow-Timestamp']}.".encode()
        code = hmac.new(b"very secret", signed + call["body"], hashlib.sha256).digest()
        assert headers["X-MLflow-Signature"] == "v1," + base64.b64encode(code).decode()
