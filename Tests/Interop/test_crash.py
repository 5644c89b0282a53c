"""A server that is killed (SIGKILL) in the middle of rollouts and loops, again and again: every effect happens once."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests
from martlet_process import Martlet, wait_until

pytestmark = pytest.mark.alone

SEED = 20260107
MLFLOW = "/api/2.0/mlflow"
# What is written off the request path may be lost by a kill that comes right after the answer.
UNWRITTEN_SECONDS = 3.0

DEPLOYMENT = """
version: 1
deployments:
  cancer:
    model: cancer
    rollout:
      steps: [50, 100]
      bake: 300ms
      minimum_samples: 5
      timeout: 60s
      rollback_window: 300ms
      checks:
        error_rate: {max: 0.3}
        disagreement: {max: 0.3}
"""

LOOP = """
version: 1
data:
  breast-cancer:
    source: {file: breast_cancer.csv, skip_lines: 1}
    columns: COLUMNS
    target: {column: target, classes: [malignant, benign]}
    split: {train: 0.35, validation: 0.15, test: 0.5, stratify: target, seed: 7}
pipelines:
  training:
    tasks:
      # A task that sees two servers end is taken for what ended them, unless it may be tried again.
      ingest: {step: data.ingest, retries: 5, backoff: 10ms, with: {dataset: breast-cancer}}
      split: {step: learning.split, retries: 5, backoff: 10ms, needs: [ingest], with: {dataset: breast-cancer}}
      tune:
        step: learning.tune
        needs: [split]
        retries: 5
        backoff: 10ms
        with: {dataset: breast-cancer, experiment: loop, objective: accuracy, trials: 2, seed: 7}
      evaluate: {step: learning.evaluate, retries: 5, backoff: 10ms, needs: [tune], with: {dataset: breast-cancer}}
deployments:
  loop:
    model: loop
    rollout: {strategy: all_at_once, rollback_window: 0s}
triggers:
  again:
    pipeline: training
    gate: {metric: accuracy, min_delta: -1}
    model: loop
    alias: production
    cooldown: 0s
    budget: 1000
    minimum_labelled: 0
"""


def booster(leaf: float) -> bytes:
    """The smallest model that XGBoost's JSON can say: one tree with one leaf, over two columns."""
    tree = {
        "base_weights": [leaf], "categories": [], "categories_nodes": [], "categories_segments": [],
        "categories_sizes": [], "default_left": [0], "id": 0, "left_children": [-1], "loss_changes": [0],
        "parents": [2147483647], "right_children": [-1], "split_conditions": [leaf], "split_indices": [0],
        "split_type": [0], "sum_hessian": [1],
        "tree_param": {"num_deleted": "0", "num_feature": "2", "num_nodes": "1", "size_leaf_vector": "1"},
    }  # fmt: skip
    trees = {
        "gbtree_model_param": {"num_parallel_tree": "1", "num_trees": "1"},
        "iteration_indptr": [0, 1],
        "tree_info": [0],
        "trees": [tree],
    }
    learner = {
        "attributes": {},
        "feature_names": [],
        "feature_types": [],
        "gradient_booster": {"model": trees, "name": "gbtree"},
        "learner_model_param": {
            "base_score": "0E0",
            "boost_from_average": "1",
            "num_class": "0",
            "num_feature": "2",
            "num_target": "1",
        },
        "objective": {"name": "reg:squarederror", "reg_loss_param": {"scale_pos_weight": "1"}},
    }
    return json.dumps({"learner": learner, "version": [2, 1, 0]}).encode()


def register(server: Martlet, experiment: str, leaf: float) -> int:
    """Registers a version of `cancer` that always answers `leaf`."""
    run = server.post(f"{MLFLOW}/runs/create", {"experiment_id": experiment, "start_time": 1}).json()
    run_id = run["run"]["info"]["run_id"]
    files = {"model.json": booster(leaf), "MLmodel": b"flavors:\n  xgboost:\n    data: model.json\n"}
    for name, content in files.items():
        path = f"/api/2.0/mlflow-artifacts/artifacts/{experiment}/{run_id}/artifacts/model/{name}"
        assert requests.put(f"{server.url}{path}", data=content, timeout=30).status_code == 200
    body = {"name": "cancer", "source": f"runs:/{run_id}/model", "run_id": run_id}
    made = server.post(f"{MLFLOW}/model-versions/create", body)
    assert made.status_code == 200, made.text
    return int(made.json()["model_version"]["version"])


def events(server: Martlet, subject: str | None = None) -> list[dict]:
    """The whole stream of events, or what it has of one subject, in order."""
    found: list[dict] = []
    after = 0
    while True:
        page = server.get("/api/martlet/v1/events", params={"after": after, "limit": 100}).json()
        found += page["items"]
        if not page["items"] or page["next"] == after:
            return [event for event in found if subject in (None, event["subject"])]
        after = page["next"]


@dataclass
class Traffic:
    """Asks and labels without a pause, through every crash, and remembers what was acknowledged."""

    server: Martlet
    answered: dict[str, float] = field(default_factory=dict)
    labelled: dict[str, int] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Traffic:
        """Starts the threads."""
        self.threads = [threading.Thread(target=self.ask, args=(number,), daemon=True) for number in range(2)]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Ends the threads."""
        self.done.set()
        for thread in self.threads:
            thread.join(timeout=30)

    def ask(self, number: int) -> None:
        """Predictions with ids of our own; every third is labelled at once."""
        chance = random.Random(SEED + number)
        session = requests.Session()
        while not self.done.is_set():
            try:
                body = {"features": [chance.random(), chance.random()]}
                answer = session.post(f"{self.server.url}/predict", json=body, timeout=10)
                if answer.status_code != 200:
                    self.refused.append(answer.text)
                    time.sleep(0.02)
                    continue
                self.answered[answer.json()["request_id"]] = time.monotonic()
                if chance.random() < 0.3:
                    body = {"request_id": answer.json()["request_id"], "label": 1}
                    told = session.post(f"{self.server.url}/feedback", json=body, timeout=10)
                    if told.status_code == 200:
                        self.labelled[answer.json()["request_id"]] = 1
            except requests.RequestException:
                time.sleep(0.02)
            time.sleep(0.004)


def deployment(server: Martlet, name: str = "cancer") -> dict:
    """How a deployment stands."""
    return server.get(f"/api/martlet/v1/deployments/{name}").json()


def move(server: Martlet, version: int) -> None:
    """Points the alias at a version; the answer is the acknowledgement."""
    body = {"name": "cancer", "alias": "production", "version": str(version)}
    assert server.post(f"{MLFLOW}/registered-models/alias", body).status_code == 200


def kill_at(server: Martlet, chance: random.Random, look, moments: list[str]) -> str:
    """Kills the server at a random time, or as soon as `look` shows a moment that was drawn."""
    moment = chance.choice([*moments, "any time"])
    if moment == "any time":
        time.sleep(chance.uniform(0, 1.5))
    else:
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline and look() != moment:
            time.sleep(0.01)
    assert server.process is not None and server.process.poll() is None, server.log
    server.kill()
    return moment


def settled(server: Martlet, version: int, good: bool) -> bool:
    """Whether a version serves for good, or was rejected for good."""
    now = deployment(server)
    state = now.get("rollout", {}).get("state")
    if not good:
        return any(entry["version"] == version for entry in now["rejected"]) and state == "rolled_back"
    return now["stable_version"] == version and state == "promoted"


def test_rollouts_survive_kills(new_server) -> None:
    server: Martlet = new_server()
    chance = random.Random(SEED)
    experiment = server.post(f"{MLFLOW}/experiments/create", {"name": "crash"}).json()["experiment_id"]
    server.post(f"{MLFLOW}/registered-models/create", {"name": "cancer"})
    leaves = [1.0] + [chance.choice([1.0, 1.0, 5.0]) for _ in range(30)]
    versions = [register(server, experiment, leaf) for leaf in leaves]
    move(server, versions[0])
    applied = server.post("/api/martlet/v1/apply", {"manifest": DEPLOYMENT})
    assert applied.status_code == 200, applied.text
    wait_until(lambda: deployment(server)["stable_version"] == versions[0], 20, "the first version")

    kills: list[float] = []
    moments: Counter[str] = Counter()
    tried: dict[int, bool] = {}
    end = time.monotonic() + 26
    with Traffic(server) as traffic:
        for version, leaf in zip(versions[1:], leaves[1:], strict=True):
            if time.monotonic() > end:
                break
            move(server, version)
            tried[version] = leaf == 1.0

            def state(version: int = version) -> str | None:
                rollout = deployment(server).get("rollout", {})
                return rollout.get("state") if rollout.get("candidate_version") == version else None

            waits = ["progressing", "baking", "watching", "promoted" if tried[version] else "rolled_back"]
            for _ in range(chance.choice([1, 1, 2])):
                moments[kill_at(server, chance, state, waits)] += 1
                kills.append(time.monotonic())
                server.start()
            wait_until(
                lambda version=version: settled(server, version, tried[version]), 30, f"the end of version {version}"
            )
    assert len(kills) >= 5, f"only {len(kills)} kills fit into the time"

    # Every version was tried once and ended once; nobody else moved the alias.
    stories = events(server, "deployments/cancer")
    of = {kind: Counter() for kind in ("started", "promoted", "rolled_back")}
    for event in stories:
        kind = event["type"].removeprefix("martlet.deployment.rollout.")
        if kind in of:
            of[kind][event["data"]["candidate_version"]] += 1
    assert of["started"] == Counter(list(tried)), f"kills at {moments}"
    assert of["promoted"] == Counter(version for version, good in tried.items() if good)
    assert of["rolled_back"] == Counter(version for version, good in tried.items() if not good)
    rejected = sorted(entry["version"] for entry in deployment(server)["rejected"])
    assert rejected == sorted(version for version, good in tried.items() if not good)
    moves = [event for event in events(server) if event["type"] == "martlet.alias.moved"]
    assert len(moves) == 1 + len(tried) + len(rejected), "each version once, and back once from each rejected one"
    stable = [versions[0], *[version for version, good in tried.items() if good]][-1]
    alias = server.get(f"{MLFLOW}/registered-models/alias", params={"name": "cancer", "alias": "production"}).json()
    assert int(alias["model_version"]["version"]) == stable
    listed = server.get(f"{MLFLOW}/model-versions/search", params={"max_results": 1000}).json()["model_versions"]
    assert sorted(int(entry["version"]) for entry in listed) == versions
    check_ledger(server, traffic, kills)


def check_ledger(server: Martlet, traffic: Traffic, kills: list[float]) -> None:
    """Rows are there once, all but the last before a kill; an acknowledged label is there, row or none."""
    assert len(traffic.answered) > 100, traffic.refused[:3]
    stored: dict[str, dict] = {}
    token = None
    while True:
        page = server.get(
            "/api/martlet/v1/deployments/cancer/predictions",
            params={"limit": 500} | ({"page_token": token} if token else {}),
        ).json()
        for row in page["items"]:
            if row.get("arm") == "shadow":
                continue
            assert row["request_id"] not in stored, "a prediction is in the ledger twice"
            stored[row["request_id"]] = row
        token = page.get("next_page_token")
        if not token:
            break
    for request, at in traffic.answered.items():
        near = any(0 <= kill - at <= UNWRITTEN_SECONDS for kill in kills)
        assert request in stored or near, "a prediction from long before a kill is not in the ledger"
    labelled = {request for request, row in stored.items() if row.get("label") is not None}
    missing = {request for request in traffic.labelled if request in stored} - labelled
    assert not missing, f"{len(missing)} acknowledged labels are not at their rows"
    waiting = server.get("/api/martlet/v1/ledger/totals").json()["pending_labels"]
    assert waiting >= len([request for request in traffic.labelled if request not in stored])


def test_loops_survive_kills(new_server, examples: Path) -> None:
    server: Martlet = new_server("--files", str(examples))
    chance = random.Random(SEED + 7)
    with (examples / "breast-cancer" / "martlet.yaml").open() as file:
        lines = file.read().split("columns: &columns\n")[1].split("    target:")[0].splitlines()
    columns = json.dumps([line.strip().removeprefix("- ") for line in lines if line.strip()])
    manifest = {"manifest": LOOP.replace("COLUMNS", columns), "directory": str(examples / "breast-cancer")}
    applied = server.post("/api/martlet/v1/apply", manifest)
    assert applied.status_code == 200, applied.text

    kills: Counter[str] = Counter()
    loops: list[str] = []
    end = time.monotonic() + 28
    while time.monotonic() < end:
        fired = server.post("/api/martlet/v1/triggers/again/fire", {"force": True, "reason": "the test"})
        assert fired.status_code in (200, 201, 202), fired.text
        loops.append(fired.json()["id"])
        for _ in range(chance.choice([1, 2, 2])):
            moment = kill_at(
                server, chance, lambda: loop(server, loops[-1])["state"], ["retraining", "gating", "rolling_out"]
            )
            kills[moment] += 1
            server.start()
        wait_until(lambda: loop(server, loops[-1])["finished_at"], 40, "the loop's outcome")
    assert len(loops) >= 2 and kills.total() >= 3, (loops, kills)

    shown = [loop(server, identifier) for identifier in loops]
    others = [
        [entry["id"], *(event["message"] for event in entry["events"])]
        for entry in shown
        if entry["state"] != "promoted"
    ]
    assert not others, f"{others} after kills at {kills}"
    runs = server.get("/api/martlet/v1/pipeline-runs", params={"pipeline": "training"}).json()["items"]
    assert sorted(run["id"] for run in runs) == sorted(entry["pipeline_run"] for entry in shown), "one run a loop"
    listed = server.get(f"{MLFLOW}/model-versions/search", params={"max_results": 1000}).json()["model_versions"]
    assert sorted(int(entry["version"]) for entry in listed) == sorted(entry["version"] for entry in shown)
    assert sorted(entry["version"] for entry in shown) == list(range(1, len(loops) + 1)), "one version a loop"
    moves = [event for event in events(server) if event["type"] == "martlet.alias.moved"]
    assert len(moves) == len(loops), "one move of the alias a loop"
    for identifier in loops:
        told = [event for event in events(server, f"loops/{identifier}")]
        sequence = [event["data"]["sequence"] for event in told]
        assert sequence == sorted(set(sequence)), "a line of the timeline was told twice"
        assert [event["data"]["state"] for event in told].count("promoted") == 1


def loop(server: Martlet, identifier: str) -> dict:
    """How a loop stands."""
    return server.get(f"/api/martlet/v1/loops/{identifier}").json()
