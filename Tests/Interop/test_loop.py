"""Loops on a real server: what fires them, what the gate refuses, who approves and cancels, and the commit."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from martlet_process import Martlet, command, environment, wait_until

SECRET = "a secret of the test"

PIPELINES = """
version: 1
data:
  people:
    source: {file: people.csv, header: true}
    columns: [age, dose, site, ill]
    target: {column: ill, classes: ["no", "yes"]}
    checks: [{rows: {min: 100}}]
    split: {train: 0.4, validation: 0.2, test: 0.4, stratify: ill, seed: 1}
pipelines:
  train:
    tasks:
      ingest: {step: data.ingest, with: {dataset: people}}
      split: {step: learning.split, needs: [ingest], with: {dataset: people}}
      tune:
        step: learning.tune
        needs: [split]
        with: {dataset: people, experiment: loops, objective: accuracy, trials: 2, seed: 3}
      evaluate: {step: learning.evaluate, needs: [tune], with: {dataset: people}}
  slow:
    tasks:
      wait: {run: ["sleep", "120"]}
"""

TRIGGERS: dict[str, dict] = {
    "nightly": {"when": {"every": "2s"}, "budget": 1},
    "hooked": {
        "when": {"webhook": {"secret": "loop-hook"}},
        "approval": {"before": "register", "expires": "1h"},
    },
    "unfair": {
        "gate": {
            "metric": "accuracy",
            "fairness": [{"column": "site", "metric": "accuracy", "max_gap": 0.15, "minimum_rows": 20}],
        }
    },
    "heavy": {"gate": {"metric": "accuracy", "latency": {"max": "5s", "calls": 20}, "size": {"max": 100}}},
    "slow": {"pipeline": "slow"},
}


def people(path: Path) -> None:
    """Rows of which site 0 is easy to tell and site 1 is a coin's toss."""
    draw = random.Random(5)
    lines = ["age,dose,site,ill"]
    for row in range(400):
        site, age, dose = row % 2, draw.uniform(20, 80), draw.uniform(0, 1)
        ill = int(age > 50) if site == 0 else draw.randint(0, 1)
        lines.append(f"{age:.2f},{dose:.3f},{site},{ill}")
    path.write_text("\n".join(lines) + "\n")


def manifest(triggers: dict[str, dict]) -> str:
    """The data, the pipelines, and for each trigger a model with a deployment of its own."""
    document = yaml.safe_load(PIPELINES)
    document["deployments"] = {
        name: {"model": name, "alias": "production", "rollout": {"strategy": "all_at_once", "rollback_window": 0}}
        for name in triggers
    }
    common = {"pipeline": "train", "gate": {"metric": "accuracy"}, "alias": "production", "minimum_labelled": 0}
    document["triggers"] = {name: common | {"model": name, "cooldown": 0} | own for name, own in triggers.items()}
    return yaml.safe_dump(document, sort_keys=False)


def git(folder: Path, *arguments: str) -> str:
    """One git command in a folder."""
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "init.defaultBranch=main"]
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=folder, env=environment(), capture_output=True, text=True, check=True
    )
    return done.stdout


class Looped:
    """A server with data, pipelines and triggers, and a repository beside it."""

    def __init__(self, folder: Path) -> None:
        """Starts the server and declares everything."""
        self.files = folder / "files"
        self.files.mkdir()
        people(self.files / "people.csv")
        self.repository = self.files / "deploy.git"
        copy = folder / "copy"
        copy.mkdir()
        git(copy, "init", "-q")
        (copy / "martlet.yaml").write_text(
            "# what serves\ndeployments:\n  committed:\n    model: committed\n    version: 0  # by the loop\n"
        )
        git(copy, "add", ".")
        git(copy, "commit", "-q", "-m", "Begin")
        git(folder, "clone", "-q", "--bare", str(copy), str(self.repository))
        self.server = Martlet(folder, "--files", str(self.files))
        self.server.start()
        self.cli("secret", "set", "loop-hook", "--from-env", "LOOP_SECRET", LOOP_SECRET=SECRET)
        section = {"repository": str(self.repository), "path": "deployments.committed.version", "branch": "main"}
        triggers = TRIGGERS | {"committed": {"gitops": section}}
        answer = self.server.post("/api/martlet/v1/apply", {"manifest": manifest(triggers), "directory": "."})
        assert answer.status_code == 200, answer.text

    def cli(self, *arguments: str, status: int = 0, **variables: str) -> str:
        """One command against the server; returns what it said."""
        done = command(*arguments, "--server", self.server.url, cwd=self.files, **variables)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    def loops(self, trigger: str) -> list[dict]:
        """The loops of a trigger, newest first."""
        return self.server.get("/api/martlet/v1/loops", params={"trigger": trigger}).json()["items"]

    def wait(self, trigger: str, *states: str, seconds: float = 60) -> dict:
        """Waits until the newest loop of a trigger is in one of the states; returns it with its timeline."""

        def reached() -> dict | None:
            found = self.loops(trigger)
            if found and found[0]["finished_at"] and found[0]["state"] not in states:
                raise AssertionError(self.cli("loop", "show", found[0]["id"]))
            return found[0] if found and found[0]["state"] in states else None

        loop = wait_until(reached, seconds, f"the loop of {trigger} to be {' or '.join(states)}")
        return self.server.get(f"/api/martlet/v1/loops/{loop['id']}").json()

    def call(self, identifier: str, body: bytes, *, age: int = 0, secret: str = SECRET):
        """Calls the webhook as the Standard Webhooks specification has it."""
        stamp = str(int(time.time()) - age)
        code = hmac.new(secret.encode(), f"{identifier}.{stamp}.".encode() + body, hashlib.sha256).digest()
        headers = {
            "content-type": "application/json",
            "webhook-id": identifier,
            "webhook-timestamp": stamp,
            "webhook-signature": f"v1,{base64.b64encode(code).decode()}",
        }
        return self.server.post("/api/martlet/v1/triggers/hooked/webhook", data=body, headers=headers)


@pytest.fixture(scope="module")
def looped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Looped]:
    """Everything is fired at once; each test waits for its own loop."""
    made = Looped(tmp_path_factory.mktemp("loop"))
    for trigger in ("unfair", "heavy", "slow", "committed"):
        made.cli("loop", "fire", trigger, "--reason", f"a test of {trigger}")
    yield made
    assert made.server.stop() == 0, made.server.log


def test_a_signed_call_counts_once_and_others_not_at_all(looped: Looped) -> None:
    assert looped.call("a", b"{}", secret="wrong").status_code == 401
    assert looped.call("a", b"{}", age=3600).status_code == 401
    assert looped.call("a", b"{}", age=-3600).status_code == 401
    unsigned = looped.server.post("/api/martlet/v1/triggers/hooked/webhook", {})
    assert unsigned.status_code == 400
    assert "webhook-id" in unsigned.json()["error"]["message"]
    assert looped.loops("hooked") == []
    taken = looped.call("a", b'{"rows": 5}')
    assert (taken.status_code, taken.json()["duplicate"]) == (202, False), taken.text
    again = looped.call("a", b'{"rows": 5}')
    assert (again.status_code, again.json()["duplicate"]) == (200, True), again.text


def test_cancelling_stops_the_run(looped: Looped) -> None:
    loop = looped.wait("slow", "retraining")
    path = f"/api/martlet/v1/pipeline-runs/{loop['pipeline_run']}"
    wait_until(lambda: looped.server.get(path).json()["state"] == "running", what="the run to run")
    looped.cli("loop", "cancel", loop["id"], "--reason", "too slow")
    ended = looped.wait("slow", "cancelled")
    assert "was cancelled" in ended["events"][-1]["message"]
    wait_until(lambda: looped.server.get(path).json()["state"] == "cancelled", what="the run to be cancelled")
    said = looped.cli("loop", "show", loop["id"])
    assert "too slow" in said
    assert "cancelling" in said


def test_a_schedule_opens_one_loop_within_its_budget(looped: Looped) -> None:
    ended = looped.wait("nightly", "promoted")
    assert ended["signal"]["kind"] == "schedule"
    assert [phase["state"] for phase in ended["phases"]] == [
        "signalled",
        "retraining",
        "gating",
        "registering",
        "rolling_out",
        "promoted",
    ]
    assert len(looped.loops("nightly")) == 1
    trigger = looped.server.get("/api/martlet/v1/triggers/nightly").json()
    assert trigger["next_fire_at"] > time.time() * 1000 - 5000
    said = looped.cli("loop", "triggers")
    assert "every 2s" in said


def test_the_gate_refuses_what_is_unfair_and_what_is_large(looped: Looped) -> None:
    unfair = looped.wait("unfair", "rejected", "promoted", "failed")
    assert unfair["state"] == "rejected", unfair
    finding = unfair["gate"]["fairness"][0]
    assert finding["gap"] > 0.15
    assert {segment["segment"] for segment in finding["segments"]} == {"0", "1"}
    accuracies = {segment["segment"]: segment["candidate"] for segment in finding["segments"]}
    assert accuracies["0"] > accuracies["1"]
    assert unfair["version"] is None
    heavy = looped.wait("heavy", "rejected", "promoted", "failed")
    assert heavy["state"] == "rejected", heavy
    assert heavy["gate"]["size"]["candidate_bytes"] > 100
    assert heavy["gate"]["latency"]["passed"] is True
    assert 0 < heavy["gate"]["latency"]["candidate_seconds"] < 5


def test_approval_by_the_command_line(looped: Looped) -> None:
    waiting = looped.wait("hooked", "awaiting_approval")
    assert waiting["signal"]["kind"] == "webhook"
    assert waiting["signal"]["evidence"]["payload"] == {"rows": 5}
    assert waiting["awaiting"]["stage"] == "register"
    assert waiting["version"] is None
    looped.cli("loop", "approve", waiting["id"], "--comment", "good enough")
    ended = looped.wait("hooked", "promoted")
    assert ended["approvals"][0]["comment"] == "good enough"
    assert len(looped.loops("hooked")) == 1
    refused = looped.cli("loop", "reject", waiting["id"], status=1)
    assert "nobody is asked" in refused
    shown = json.loads(looped.cli("loop", "show", waiting["id"], "--json"))
    assert shown["state"] == "promoted"


def test_a_promotion_is_a_commit(looped: Looped) -> None:
    ended = looped.wait("committed", "promoted", "failed")
    assert ended["state"] == "promoted", ended["events"][-1]
    assert ended["commit"], ended["events"][-1]["message"]
    text = git(looped.repository, "show", "main:martlet.yaml")
    assert f"version: {ended['version']}  # by the loop" in text
    assert text.startswith("# what serves")
    log = git(looped.repository, "log", "main", "--format=%H %B")
    assert log.startswith(ended["commit"])
    assert ended["id"] in log
    assert "accuracy" in log


def test_a_restart_fires_nothing_again(looped: Looped) -> None:
    before = {trigger: len(looped.loops(trigger)) for trigger in [*TRIGGERS, "committed"]}
    looped.server.stop()
    looped.server.start()
    again = looped.call("a", b'{"rows": 5}')
    assert (again.status_code, again.json()["duplicate"]) == (200, True)
    time.sleep(1)
    assert {trigger: len(looped.loops(trigger)) for trigger in before} == before


def test_bad_triggers_are_refused_by_name(looped: Looped) -> None:
    for key, value, field in [
        ("when", {"schedule": "61 * * * *"}, "triggers.bad.when.schedule"),
        ("when", {"schedule": {"cron": "0 3 * * *", "timezone": "Berlin"}}, "triggers.bad.when.schedule.timezone"),
        ("gate", {"metric": "accuracy", "size": {"max": "much"}}, "triggers.bad.gate.size.max"),
        ("approval", "please", "triggers.bad.approval"),
    ]:
        text = manifest({"bad": {key: value}})
        answer = looped.server.post("/api/martlet/v1/apply", {"manifest": text, "directory": "."})
        assert answer.status_code == 400
        assert field in answer.text
