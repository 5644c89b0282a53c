"""Lineage on a real server: from a prediction back to the file, and from the file to every live model."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from martlet_process import Martlet, command, wait_until

MANIFEST = """
version: 1
data:
  people:
    source: {file: people.csv, header: true}
    columns: [age, dose, ill]
    target: {column: ill, classes: ["no", "yes"]}
    split: {train: 0.4, validation: 0.2, test: 0.4, stratify: ill, seed: 1}
pipelines:
  train:
    tasks:
      ingest: {step: data.ingest, with: {dataset: people}}
      split: {step: learning.split, needs: [ingest], with: {dataset: people}}
      tune:
        step: learning.tune
        needs: [split]
        with: {dataset: people, experiment: lineage, objective: accuracy, trials: 2, seed: 3}
      register: {step: registry.register, needs: [tune], with: {model: ill, alias: production}}
deployments:
  clinic: {model: ill, alias: production, rollout: {strategy: all_at_once, rollback_window: 0}}
"""


class Story:
    """A server on which a model was trained from a file, is served, and has predicted."""

    def __init__(self, folder: Path) -> None:
        """Trains, deploys and predicts once."""
        draw = random.Random(5)
        rows = [(draw.uniform(20, 80), draw.uniform(0, 1)) for _ in range(300)]
        text = "age,dose,ill\n" + "".join(f"{age:.2f},{dose:.3f},{int(age > 50)}\n" for age, dose in rows)
        self.files = folder / "files"
        self.files.mkdir()
        (self.files / "people.csv").write_text(text)
        self.digest = hashlib.sha256(text.encode()).hexdigest()
        self.server = Martlet(folder, "--files", str(self.files)).start()
        answer = self.server.post("/api/martlet/v1/apply", {"manifest": MANIFEST, "directory": "."})
        assert answer.status_code == 200, answer.text
        self.run = self.train()
        self.prediction = wait_until(self.predict, 60, "the deployment to answer")

    def train(self) -> str:
        """Runs the pipeline to its end and returns the run's id."""
        run = self.server.post("/api/martlet/v1/pipelines/train/runs", {}).json()["id"]
        path = f"/api/martlet/v1/pipeline-runs/{run}"

        def ended() -> dict | None:
            state = self.server.get(path).json()
            return state if state["state"] in ("succeeded", "failed", "cancelled") else None

        done = wait_until(ended, 120, "the run to end")
        assert done["state"] == "succeeded", done
        return run

    def predict(self) -> str | None:
        """Asks for one prediction; its id, once there is a model."""
        headers = {"x-request-id": "lineage-1"}
        answer = self.server.post("/v1/models/clinic:predict", {"instances": [[66.0, 0.5]]}, headers=headers)
        if answer.status_code != 200:
            return None
        rows = self.server.get("/api/martlet/v1/deployments/clinic/predictions").json()["items"]
        return rows[0]["request_id"] if rows else None

    def cli(self, *arguments: str, status: int = 0) -> str:
        """`martlet lineage …` against the server."""
        done = command("lineage", *arguments, "--server", self.server.url, cwd=self.files)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    def walk(self, *arguments: str) -> dict[str, dict]:
        """What a walk met, by name."""
        walk = json.loads(self.cli(*arguments, "--json"))
        assert walk["complete"] is True
        return {node["node"]: node["facts"] for node in walk["nodes"]}


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """One story for all tests, which read it only."""
    made = Story(tmp_path_factory.mktemp("lineage"))
    yield made
    assert made.server.stop() == 0, made.server.log


def test_a_prediction_goes_back_to_the_hash_of_the_file(story: Story) -> None:
    met = story.walk(f"prediction:{story.prediction}", "--up")
    assert met[f"prediction:{story.prediction}"]["deployment"] == "clinic"
    assert met["model:ill/1"]["live"] == ["clinic"]
    assert met[f"artifact:{story.digest}"]["name"] == "people.csv"
    assert met[f"task:{story.run}/tune"]["step"] == "learning.tune"
    assert met[f"run:{story.run}"]["pipeline"] == "train"
    datasets = [name for name in met if name.startswith("dataset:people@")]
    assert len(datasets) == 1
    text = story.cli(f"prediction:{story.prediction}", "--up")
    assert text.splitlines()[0] == "made of"
    assert f"read artifact:{story.digest}" in text


def test_a_file_goes_forward_to_every_live_model(story: Story) -> None:
    met = story.walk(f"artifact:{story.digest[:12]}", "--down")
    assert [name for name, facts in met.items() if facts.get("live")] == ["model:ill/1"]
    assert "deployment:clinic" in met
    assert f"run:{story.run}" not in met


def test_names_may_be_short(story: Story) -> None:
    by_alias = story.walk("model:ill@production", "--up")
    assert set(by_alias) == set(story.walk("model:ill/1", "--up"))
    assert any(name.startswith("task:") for name in story.walk("dataset:people"))
    assert "model:ill/1" in story.walk(f"run:{story.run}", "--down")


@pytest.mark.parametrize(
    ("name", "words"), [("ill", "model:name/3"), ("model:ill/9", "model:ill/9"), ("prediction:none", "ledger")]
)
def test_what_is_not_known_is_said(story: Story, name: str, words: str) -> None:
    assert words in story.cli(name, status=1)


def test_collecting_leaves_the_walk_whole(story: Story) -> None:
    before = story.walk(f"prediction:{story.prediction}", "--up")
    done = command("gc", "--older-than", "0s", "--server", story.server.url, cwd=story.files)
    assert done.returncode == 0, done.stderr
    assert set(story.walk(f"prediction:{story.prediction}", "--up")) == set(before)
