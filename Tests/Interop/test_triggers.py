"""Triggers over a real server: calls, changes and the clock start pipelines, each once, also over kills."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from pathlib import Path

import mlflow
import pytest
import requests
import yaml
from martlet_process import Martlet, command, wait_until
from mlflow import MlflowClient

SECRET = "a secret of the test"
MANIFEST = {
    "version": 1,
    "data": {"people": {"source": {"file": "people.csv"}, "columns": ["age", "dose"]}},
    "pipelines": {
        "ingest": {"tasks": {"ingest": {"step": "data.ingest", "with": {"dataset": "people"}}}},
        "answer": {
            "parameters": {"why": "none", "what": "none"},
            "tasks": {"say": {"run": ["echo", "${parameters.why}", "${parameters.what}"]}},
            "triggers": {
                "push": {
                    "webhook": {"secret": "push-hook", "per_minute": 5},
                    "parameters": {"why": "push", "what": "${trigger.event.data.commit}"},
                },
                "fresh": {
                    "dataset": "people",
                    "parameters": {"why": "fresh", "what": "${trigger.event.data.version}"},
                },
                "champion": {
                    "model": {"name": "cancer", "alias": "production"},
                    "parameters": {"why": "champion", "what": "version ${trigger.event.data.version}"},
                },
                "night": {
                    "cron": {"expression": "30 2 * * *", "timezone": "Europe/Berlin"},
                    "parameters": {"why": "night", "what": "${trigger.date}"},
                },
            },
        },
        "tick": {
            "parameters": {"at": None},
            "tasks": {"say": {"run": ["true"]}},
            "triggers": {
                "often": {
                    "interval": {"every": "1s", "catch_up": {"all": 600}},
                    "parameters": {"at": "${trigger.time}"},
                }
            },
        },
    },
}


class Triggered:
    """A server with pipelines that start by themselves."""

    def __init__(self, server: Martlet) -> None:
        """Sets the secret and declares everything."""
        self.server = server
        rows = "".join(f"{age},{age / 100}\n" for age in range(20, 40))
        self.files = server.folder / "files"
        self.files.mkdir()
        (self.files / "people.csv").write_text("age,dose\n" + rows)
        self.cli("secret", "set", "push-hook", "--from-env", "PUSH_SECRET", PUSH_SECRET=SECRET)
        self.apply(MANIFEST)
        wait_until(lambda: len(self.get("/schedules")["items"]) == 5, 60, "the declarations taken over")

    def cli(self, *arguments: str, status: int = 0, **variables: str) -> str:
        """Runs a command against the server."""
        done = command(*arguments, "--server", self.server.url, cwd=self.files, **variables)
        assert done.returncode == status, done.stderr + done.stdout
        return done.stdout + done.stderr

    def apply(self, manifest: dict) -> None:
        """Declares a manifest whose files lie beside it."""
        path = self.files / "martlet.yaml"
        path.write_text(yaml.safe_dump(manifest, sort_keys=False))
        self.cli("apply", str(path))

    def get(self, path: str, **query: object) -> dict:
        """Reads from the API."""
        answer = self.server.get(f"/api/martlet/v1{path}", params=query)
        assert answer.ok, answer.text
        return answer.json()

    def runs(self, pipeline: str, why: str | None = None) -> list[dict]:
        """The runs of a pipeline, the oldest first."""
        runs, token = [], None
        while True:
            page = self.get("/pipeline-runs", pipeline=pipeline, limit=100, **({"page_token": token} if token else {}))
            runs += page["items"]
            token = page.get("next_page_token")
            if not token:
                break
        return [run for run in reversed(runs) if why is None or run["parameters"].get("why") == why]

    def call(self, identifier: str, body: bytes, secret: str = SECRET) -> requests.Response:
        """Calls the webhook as Standard Webhooks has it."""
        stamp = str(int(time.time()))
        code = hmac.new(secret.encode(), f"{identifier}.{stamp}.".encode() + body, hashlib.sha256).digest()
        headers = {
            "webhook-id": identifier,
            "webhook-timestamp": stamp,
            "webhook-signature": "v1," + base64.b64encode(code).decode(),
        }
        url = f"{self.server.api}/pipelines/answer/triggers/push"
        return requests.post(url, data=body, headers=headers, timeout=30)


@pytest.fixture(scope="module")
def triggered(tmp_path_factory: pytest.TempPathFactory):
    """A server that all tests of this file share."""
    server = Martlet(tmp_path_factory.mktemp("triggers")).start()
    yield Triggered(server)
    server.kill()


def test_a_webhook_starts_one_run_for_each_delivery(triggered: Triggered) -> None:
    """The signature lets in, the id counts once, wrong ones are refused, and calls are bounded."""
    first = triggered.call("d1", b'{"commit": "abc"}')
    assert first.status_code == 202 and not first.json()["duplicate"], first.text
    again = triggered.call("d1", b'{"commit": "abc"}')
    assert again.status_code == 200 and again.json()["duplicate"]
    assert again.json()["run"] == first.json()["run"]
    assert triggered.call("d2", b"{}", secret="wrong").status_code == 401
    assert triggered.call("d3", b"{}").status_code == 400
    codes = [triggered.call(f"e{number}", b'{"commit": "x"}').status_code for number in range(6)]
    assert codes[0] == 202 and codes[-1] == 429, codes
    done = wait_until(
        lambda: [run for run in triggered.runs("answer", "push") if run["state"] == "succeeded"], 60, "a run by webhook"
    )
    assert done[0]["parameters"] == {"why": "push", "what": "abc"}


def test_a_dataset_starts_a_run_when_it_has_another_version(triggered: Triggered) -> None:
    """Ingestion writes the event; the same data again is no other version."""
    triggered.cli("pipeline", "run", "ingest", "--follow")
    runs = wait_until(lambda: triggered.runs("answer", "fresh"), 60, "a run by dataset")
    assert len(runs) == 1 and runs[0]["parameters"]["what"] not in ("none", "")
    triggered.cli("pipeline", "run", "ingest", "--follow")
    time.sleep(1.5)
    assert len(triggered.runs("answer", "fresh")) == 1
    with (triggered.files / "people.csv").open("a") as rows:
        rows.write("80,0.8\n")
    triggered.cli("pipeline", "run", "ingest", "--follow")
    runs = wait_until(lambda: triggered.runs("answer", "fresh")[1:], 60, "a second run by dataset")
    assert len(runs) == 1


def test_an_alias_that_moves_starts_a_run(triggered: Triggered) -> None:
    """The official client moves the alias; each move is one run."""
    mlflow.set_tracking_uri(triggered.server.url)
    client = MlflowClient()
    client.create_registered_model("cancer")
    with mlflow.start_run() as run:
        mlflow.log_text("x", "model/file.txt")
    for _ in range(2):
        client.create_model_version("cancer", f"runs:/{run.info.run_id}/model", run.info.run_id)
    for version in ("1", "2"):
        client.set_registered_model_alias("cancer", "production", version)
        client.set_registered_model_alias("cancer", "staging", version)
    wait_until(lambda: len(triggered.runs("answer", "champion")) >= 2, 60, "runs by alias")
    time.sleep(1)
    assert [run["parameters"]["what"] for run in triggered.runs("answer", "champion")] == ["version 1", "version 2"]


def test_the_command_line_shows_pauses_fires_and_makes_up_for_schedules(triggered: Triggered) -> None:
    """`martlet schedule` from end to end."""
    listed = json.loads(triggered.cli("schedule", "list", "answer", "--json"))["items"]
    assert {item["trigger"]: item["kind"] for item in listed} == {
        "push": "webhook",
        "fresh": "dataset",
        "champion": "model",
        "night": "cron",
    }
    assert "Europe/Berlin" in triggered.cli("schedule", "list")
    assert len(triggered.cli("schedule", "next", "answer", "night", "--count", "3").split()) == 3
    offline = triggered.cli(
        "schedule",
        "next",
        "--cron",
        "30 2 * * *",
        "--timezone",
        "Europe/Berlin",
        "--after",
        "2026-03-29",
        "--count",
        "2",
    )
    assert offline.split() == ["2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"]
    assert "never comes" in triggered.cli("schedule", "next", "--cron", "0 0 30 2 *", status=1)
    triggered.cli("schedule", "pause", "answer", "night")
    assert "paused" in triggered.cli("schedule", "list", "answer")
    triggered.cli("schedule", "resume", "answer", "night")
    triggered.cli("schedule", "fire", "answer", "night", "--param", "what=today", "--follow")
    assert "succeeded" in triggered.cli("schedule", "firings", "answer", "night")
    span = ("--from", "2026-03-28", "--to", "2026-03-30")
    triggered.cli("schedule", "backfill", "answer", "night", *span, "--max-active", "2", "--wait")
    days = [run["parameters"]["what"] for run in triggered.runs("answer", "night")]
    assert days == ["today", "2026-03-28", "2026-03-29", "2026-03-30"]
    backfills = json.loads(triggered.cli("schedule", "backfills", "--json"))["items"]
    assert backfills[0]["state"] == "succeeded" and backfills[0]["started"] == 3
    assert "100 %" in triggered.cli("schedule", "backfills", backfills[0]["id"])
    refused = triggered.cli(
        "schedule", "backfill", "tick", "often", "--from", "1970-01-01", "--to", "2199-12-31", status=1
    )
    assert "Choose a shorter range" in refused
    assert "'to' must be a date" in triggered.cli(
        "schedule", "backfill", "answer", "night", "--from", "2026-01-01", "--to", "4763-01-01", status=1
    )


def test_bad_declarations_are_refused_with_their_place(triggered: Triggered) -> None:
    """Dates that never come, unknown zones and intervals of zero name their field."""
    wrong = {
        "cron": ({"expression": "0 0 30 2 *"}, "triggers.bad.cron.expression"),
        "interval": (0, "triggers.bad.interval.every"),
    }
    for key, (value, place) in wrong.items():
        manifest = {
            "version": 1,
            "pipelines": {"bad": MANIFEST["pipelines"]["tick"] | {"triggers": {"bad": {key: value}}}},
        }
        answer = triggered.server.post(
            "/api/martlet/v1/apply", {"manifest": yaml.safe_dump(manifest), "directory": "."}
        )
        assert answer.status_code == 400 and place in answer.text, answer.text


def test_an_interval_fires_once_for_each_second_over_kills(triggered: Triggered, tmp_path: Path) -> None:
    """Every second since the declaration has one run, though the server was killed several times."""
    for pause in (1.3, 0.7, 1.1):
        time.sleep(pause)
        triggered.server.kill()
        triggered.server.start()
    before = len(triggered.runs("tick"))
    wait_until(lambda: len(triggered.runs("tick")) > before + 1, 60, "runs after the last start")
    triggered.cli("schedule", "pause", "tick", "often")
    seconds = sorted(run["parameters"]["at"] for run in triggered.runs("tick"))
    assert len(set(seconds)) == len(seconds), "no second twice"
    stamps = [int(time.mktime(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))) for text in seconds]
    assert stamps == list(range(stamps[0], stamps[0] + len(stamps))), "no second left out"
    assert triggered.get("/schedules/tick/often")["missed"] == 0
