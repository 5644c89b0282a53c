"""The main job: the demo's storyline end to end, then what it left behind, seen by the official clients."""

from __future__ import annotations

import csv
import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from martlet_process import ROOT, Martlet, binary, environment, free_port, wait_until
from mlflow.tracking import MlflowClient

pytestmark = pytest.mark.alone

STORYLINE_SECONDS = 180


@dataclass
class Storyline:
    """A finished demo: its output, its status, how long it took, and the folder that holds its data."""

    output: str
    status: int
    seconds: float
    folder: Path


@pytest.fixture(scope="module")
def storyline(tmp_path_factory: pytest.TempPathFactory) -> Storyline:
    """Runs `martlet demo --once` to its end."""
    folder = tmp_path_factory.mktemp("storyline")
    arguments = ["demo", "--once", "--seed", "7", "--port", str(free_port()), "--data", str(folder / "data")]
    started = time.monotonic()
    finished = subprocess.run(
        [str(binary()), *arguments],
        cwd=ROOT,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=STORYLINE_SECONDS * 3,
        check=False,
    )
    return Storyline(finished.stdout, finished.returncode, time.monotonic() - started, folder)


@pytest.fixture(scope="module")
def after(storyline: Storyline) -> Iterator[Martlet]:
    """A server over the data that the demo left, as a user would start one the next day."""
    server = Martlet(storyline.folder, "--files", str(ROOT / "examples" / "breast-cancer"))
    server.start()
    wait_until(lambda: stable_version(server), 20, "the deployment to serve again")
    yield server
    assert server.stop() == 0, server.log


@pytest.fixture
def client(after: Martlet) -> MlflowClient:
    """The official client of that server, also set as the address for `mlflow.…`."""
    mlflow.set_tracking_uri(after.url)
    mlflow.set_registry_uri(after.url)
    return MlflowClient(after.url)


def stable_version(server: Martlet) -> str | None:
    """The version that answers /predict, or None while nothing does."""
    answer = server.post("/predict", {"features": rows()[0][0]})
    return str(answer.json()["model_version"]) if answer.status_code == 200 else None


def rows() -> list[tuple[list[float], int]]:
    """The example's data: features and class of every sample."""
    with (ROOT / "examples" / "breast-cancer" / "breast_cancer.csv").open() as file:
        lines = list(csv.reader(file))[1:]
    return [([float(value) for value in line[:-1]], int(line[-1])) for line in lines]


def production(client: MlflowClient) -> str:
    """The version that the alias names."""
    return str(client.get_model_version_by_alias("cancer", "production").version)


def test_every_outcome_was_reached(storyline: Storyline) -> None:
    assert storyline.status == 0, storyline.output
    steps = re.findall(r"^\s*([✓✗]) (.+?)\s{2,}([\d.]+) s\s+([\d.]+) s$", storyline.output, re.MULTILINE)
    assert len(steps) >= 5, storyline.output
    assert [title for mark, title, _, _ in steps if mark != "✓"] == []
    elapsed = [float(total) for _, _, _, total in steps]
    assert elapsed == sorted(elapsed)


def test_the_storyline_is_short(storyline: Storyline) -> None:
    assert storyline.seconds < STORYLINE_SECONDS


def test_every_trial_is_a_run(client: MlflowClient) -> None:
    experiment = client.get_experiment_by_name("cancer")
    assert experiment is not None
    runs = client.search_runs([experiment.experiment_id], max_results=500)
    assert len(runs) >= 40
    finished = [run for run in runs if run.info.status == "FINISHED"]
    assert len(finished) >= 40
    assert any("accuracy" in run.data.metrics for run in finished)
    assert any(run.data.params for run in finished)


def test_production_is_the_retrained_version(after: Martlet, client: MlflowClient) -> None:
    versions = {str(version.version) for version in client.search_model_versions("name='cancer'")}
    assert len(versions) >= 3, "the first, the retrained and the wrong model"
    current = production(client)
    assert current != "1", "the retrained model was promoted"
    assert current != max(versions, key=int), "the wrong model was rolled back"
    assert stable_version(after) == current


def test_the_client_loads_and_predicts_with_the_version_that_martlet_trained(
    after: Martlet, client: MlflowClient
) -> None:
    samples = rows()
    features = np.array([features for features, _ in samples])
    model = mlflow.pyfunc.load_model("models:/cancer@production")
    names = model.metadata.get_input_schema().input_names()
    assert len(names) == 30
    loaded = np.asarray(model.predict(pd.DataFrame(features, columns=names)))
    assert loaded.shape[0] == len(samples)
    booster = mlflow.xgboost.load_model("models:/cancer@production")
    assert booster is not None
    for index in range(0, len(samples), 57):
        served = after.post("/predict", {"features": samples[index][0]}).json()
        value = float(np.ravel(loaded[index])[-1])
        if value in (0.0, 1.0):
            assert abs(served["probability"] - value) <= 0.5
        else:
            assert served["probability"] == pytest.approx(value, abs=1e-4)


def test_plots_explain_the_model(client: MlflowClient) -> None:
    experiment = client.get_experiment_by_name("cancer")
    assert experiment is not None

    def files(run: str, path: str | None = None) -> Iterator[str]:
        for entry in client.list_artifacts(run, path):
            if entry.is_dir:
                yield from files(run, entry.path)
            else:
                yield entry.path

    plots = [
        (run.info.run_id, path)
        for run in client.search_runs([experiment.experiment_id], max_results=500)
        for path in files(run.info.run_id)
        if path.startswith("explanations/") and path.endswith(".svg")
    ]
    assert {"explanations/beeswarm.svg", "explanations/importance.svg"} <= {path for _, path in plots}
    run, path = plots[0]
    assert "<svg" in mlflow.artifacts.load_text(f"runs:/{run}/{path}")


def test_ledger_and_loop_kept_their_record(after: Martlet) -> None:
    ledger = after.get("/api/martlet/v1/deployments/cancer/predictions", params={"limit": 500}).json()["items"]
    assert len(ledger) >= 100
    assert sum(entry.get("label") is not None for entry in ledger) >= 10
    loops = after.get("/api/martlet/v1/loops").json()["items"]
    assert any("promoted" in str(loop).lower() for loop in loops)


def flip_byte(path: Path) -> None:
    """Changes one bit in the middle of a file."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x01
    path.write_bytes(bytes(content))


def test_a_corrupt_version_is_refused_and_the_stable_one_keeps_serving(after: Martlet, client: MlflowClient) -> None:
    stable = production(client)
    source = client.get_model_version_download_uri("cancer", "1")
    run_id, _, path = source.removeprefix("runs:/").partition("/")
    root = client.get_run(run_id).info.artifact_uri
    folder = after.data / "artifacts" / re.sub(r"^mlflow-artifacts:/+", "", root) / path
    model = next(path for path in folder.rglob("*") if path.name in ("model.json", "model.ubj"))
    after.stop()
    flip_byte(model)
    after.start()
    wait_until(lambda: stable_version(after), 20, "the stable version after the restart")
    client.set_registered_model_alias("cancer", "production", "1")

    def refusal() -> str | None:
        state = after.get("/api/martlet/v1/deployments/cancer").text
        return state if f"'{model.name}'" in state and "SHA-256" in state else None

    wait_until(refusal, 20, "the deployment to name the corrupt file")
    for features, _ in rows()[:20]:
        answer = after.post("/predict", {"features": features})
        assert answer.status_code == 200, answer.text
        assert str(answer.json()["model_version"]) == stable
    client.set_registered_model_alias("cancer", "production", stable)
