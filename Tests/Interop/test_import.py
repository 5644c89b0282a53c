"""Moving in from real MLflow: a server, its SQLite database and an `mlruns` folder, compared through the client."""

from __future__ import annotations

import hashlib
import json
import math
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import mlflow
import pytest
from martlet_process import Martlet, binary, environment
from mlflow import MlflowClient
from mlflow.entities import ViewType
from mlflow_sources import Source, large_database, populate, run_import


@pytest.fixture(scope="module", params=["server", "sqlite", "mlruns"])
def source(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Source]:
    """A populated store of each kind."""
    folder = tmp_path_factory.mktemp(request.param)
    before = Path.cwd()
    # MLflow puts the artifacts of a database into the folder it works in.
    os.chdir(folder)
    os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
    made = Source(request.param, folder)
    try:
        made.start()
        populate(made.client, made.uri, folder)
        yield made
    finally:
        made.stop()
        os.chdir(before)
        os.environ.pop("MLFLOW_ALLOW_FILE_STORE", None)


def digest(client: MlflowClient, run_id: str, path: str, folder: Path) -> str:
    """The checksum of an artifact as the client downloads it."""
    local = client.download_artifacts(run_id, path, str(folder))
    return hashlib.sha256(Path(local).read_bytes()).hexdigest()


def files(client: MlflowClient, run_id: str, path: str | None = None) -> list[str]:
    """The paths of a run's files."""
    found = []
    for entry in client.list_artifacts(run_id, path):
        found += files(client, run_id, entry.path) if entry.is_dir else [entry.path]
    return sorted(found)


def stored(value: float) -> float | str:
    """A value as both stores show it: NaN as text, infinities as the largest numbers."""
    largest = sys.float_info.max
    return "nan" if math.isnan(value) else min(max(value, -largest), largest)


def describe_run(client: MlflowClient, run_id: str, folder: Path) -> dict:
    """Everything about a run that an import must keep."""
    run = client.get_run(run_id)
    info = run.info
    return {
        "info": [info.run_id, info.run_name, info.user_id, info.status, info.start_time, info.end_time],
        "lifecycle": info.lifecycle_stage,
        "params": run.data.params,
        "tags": {key: value for key, value in run.data.tags.items() if key != "mlflow.runName"},
        "latest": {key: stored(value) for key, value in run.data.metrics.items()},
        "history": {
            key: sorted(
                {
                    (point.timestamp, point.step, stored(point.value))
                    for point in client.get_metric_history(run_id, key)
                },
                key=str,
            )
            for key in run.data.metrics
        },
        "datasets": [
            (used.dataset.to_dictionary(), sorted((tag.key, tag.value) for tag in used.tags))
            for used in run.inputs.dataset_inputs
        ],
        "outputs": [(made.model_id, made.step) for made in run.outputs.model_outputs] if run.outputs else [],
        "files": {path: digest(client, run_id, path, folder) for path in files(client, run_id)},
    }


def describe_models(client: MlflowClient) -> dict:
    """Everything about registered models that an import must keep."""
    models = {}
    for model in client.search_registered_models():
        versions = client.search_model_versions(f"name = '{model.name}'")
        models[model.name] = {
            "facts": [model.description or None, model.tags, model.creation_timestamp],
            "aliases": {
                alias: int(version) for alias, version in client.get_registered_model(model.name).aliases.items()
            },
            "versions": {
                int(version.version): [
                    version.description or "",
                    version.current_stage,
                    version.run_id or "",
                    version.tags,
                    version.creation_timestamp,
                ]
                for version in versions
            },
        }
    return models


def test_everything_is_brought_along(source: Source, tmp_path: Path) -> None:
    """The client reads from Martlet what it reads from MLflow; a second import changes nothing."""
    dry = run_import(tmp_path, source.address, "--dry-run", "--json")
    assert dry.returncode == 0, dry.stderr
    assert not (tmp_path / "data").exists()
    done = run_import(tmp_path, source.address, "--json")
    assert done.returncode == 0, done.stderr + done.stdout
    report = json.loads(done.stdout)
    assert report["complete"] and report["problems"] == []
    counts = {noun: pair["source"] for noun, pair in report["counts"].items()}
    assert counts == {noun: pair["source"] for noun, pair in json.loads(dry.stdout)["counts"].items()}
    assert (counts["runs"], counts["experiments"], counts["metric_points"]) == (5, 4, 1508)
    assert (counts["registered_models"], counts["versions"], counts["aliases"]) == (3, 4, 2)
    assert all(pair["source"] == pair["stored"] for pair in report["counts"].values()), report["counts"]

    martlet = Martlet(tmp_path).start()
    try:
        theirs, ours = source.client, MlflowClient(martlet.url, martlet.url)
        for experiment in theirs.search_experiments(ViewType.ALL):
            here = ours.get_experiment_by_name(experiment.name)
            assert here.tags == experiment.tags
            assert here.lifecycle_stage == experiment.lifecycle_stage
            if experiment.name != "Default":
                assert here.creation_time == experiment.creation_time
            runs = theirs.search_runs([experiment.experiment_id], run_view_type=ViewType.ALL)
            mine = ours.search_runs([here.experiment_id], run_view_type=ViewType.ALL)
            assert {run.info.run_id for run in runs} == {run.info.run_id for run in mine}
            for run in runs:
                run_id = run.info.run_id
                (tmp_path / run_id / "a").mkdir(parents=True)
                (tmp_path / run_id / "b").mkdir()
                expected = describe_run(theirs, run_id, tmp_path / run_id / "a")
                if source.kind == "mlruns" and "judged" in expected["history"]:
                    # The file holds step 3; MLflow reads step 0 from lines that also name a dataset.
                    read = expected["history"]["judged"]
                    expected["history"]["judged"] = [(time, 3, value) for time, _, value in read]
                assert describe_run(ours, run_id, tmp_path / run_id / "b") == expected
        assert describe_models(ours) == describe_models(theirs)
        compare_logged_models(theirs, ours, source)
        compare_prompt(martlet.url)
        assert int(ours.create_model_version("reg", version_source(ours), run_of(ours)).version) == 6
    finally:
        assert martlet.stop() == 0

    again = run_import(tmp_path, source.address, "--json")
    assert again.returncode == 0, again.stderr
    repeated = json.loads(again.stdout)
    assert repeated["unchanged_runs"] == 5
    assert repeated["counts"] == report["counts"]


def version_source(client: MlflowClient) -> str:
    """The source of a version that is there."""
    return client.get_model_version("reg", "5").source


def run_of(client: MlflowClient) -> str:
    """The run of a version that is there."""
    return client.get_model_version("reg", "5").run_id


def compare_logged_models(theirs: MlflowClient, ours: MlflowClient, source: Source) -> None:
    """Logged models keep their ids, params, tags, metrics and files."""
    experiment = theirs.get_experiment_by_name("first / experiment").experiment_id
    (model,) = theirs.search_logged_models([experiment])
    here = ours.get_logged_model(model.model_id)
    assert (here.name, here.params, str(here.status)) == (model.name, model.params, str(model.status))
    assert {key: here.tags.get(key) for key in model.tags} == model.tags
    assert here.source_run_id == model.source_run_id

    def facts(metrics: list) -> set:
        return {(m.key, m.value, m.timestamp, m.step, m.run_id, m.dataset_name, m.dataset_digest) for m in metrics}

    assert facts(here.metrics) == facts(model.metrics)
    assert [entry.path for entry in ours.list_logged_model_artifacts(model.model_id)] == ["MLmodel"]
    version = ours.get_model_version("reg", "1")
    assert version.source == f"models:/{model.model_id}"


def compare_prompt(url: str) -> None:
    """Prompts are registered models and come along."""
    mlflow.set_tracking_uri(url)
    mlflow.set_registry_uri(url)
    try:
        assert mlflow.genai.load_prompt("prompts:/greeting/1").template == "Hello {{ name }}"
    finally:
        mlflow.set_tracking_uri(None)
        mlflow.set_registry_uri(None)


def test_chosen_experiments(source: Source, tmp_path: Path) -> None:
    """Only what was named comes along."""
    done = run_import(tmp_path, source.address, "--experiments", "gone,empty", "--json", "--no-artifacts")
    assert done.returncode == 0, done.stderr
    counts = {noun: pair["stored"] for noun, pair in json.loads(done.stdout)["counts"].items()}
    assert (counts["experiments"], counts["runs"], counts["registered_models"]) == (2, 1, 0)
    missing = run_import(tmp_path, source.address, "--experiments", "nobody")
    assert missing.returncode == 1 and "nobody" in missing.stderr


def test_a_killed_import_goes_on(tmp_path: Path) -> None:
    """`kill -9` in the middle loses nothing and doubles nothing, and no half run is to be seen."""
    runs, points_per_run = 300, 700
    path = tmp_path / "mlflow.db"
    large_database(path, runs, points_per_run)
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    data = tmp_path / "data"
    arguments = [str(binary()), "import", "mlflow", "--from", f"sqlite:///{path}", "--data", str(data)]
    process = subprocess.Popen(
        arguments, cwd=tmp_path, env=environment(), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )

    def finished() -> int:
        try:
            with sqlite3.connect(f"file:{data}/martlet.db?mode=ro", uri=True) as database:
                return database.execute("SELECT COUNT(*) FROM imported_items WHERE kind = 'run'").fetchone()[0]
        except sqlite3.OperationalError:
            return 0

    deadline = time.monotonic() + 120
    while finished() < 20 and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.01)
    process.kill()
    process.wait(timeout=10)
    reached = finished()
    assert 20 <= reached < runs

    martlet = Martlet(tmp_path).start()
    try:
        seen = MlflowClient(martlet.url).search_runs(["1"], max_results=1000)
        assert len(seen) == reached
        assert all(run.data.params and run.data.metrics for run in seen)
        refused = run_import(tmp_path, f"sqlite:///{path}")
        assert refused.returncode == 1 and "used by another martlet server" in refused.stderr
    finally:
        assert martlet.stop() == 0

    done = run_import(tmp_path, f"sqlite:///{path}", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["unchanged_runs"] == reached
    assert report["counts"]["metric_points"] == {"source": runs * points_per_run, "stored": runs * points_per_run}
    assert hashlib.sha256(path.read_bytes()).hexdigest() == before
    assert sorted(entry.name for entry in tmp_path.glob("mlflow.db*")) == ["mlflow.db"]
