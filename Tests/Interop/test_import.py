"""Moving in from real MLflow: a server, its SQLite database and an `mlruns` folder, compared through the client."""

from __future__ import annotations

import hashlib
import json
import math
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import mlflow
import pytest
import requests
from martlet_process import Martlet, binary, command, environment, free_port, wait_until
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, LoggedModelOutput, Metric, Param, RunTag, ViewType

SERVER_SECONDS = 180


class Source:
    """A real MLflow store with everything in it that an import has to bring along."""

    def __init__(self, kind: str, folder: Path) -> None:
        """Prepares a store of one kind below `folder`."""
        self.kind = kind
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None
        self.uri = {
            "sqlite": f"sqlite:///{folder}/mlflow.db",
            "mlruns": f"file://{folder}/mlruns",
            "server": f"http://127.0.0.1:{free_port()}",
        }[kind]

    @property
    def address(self) -> str:
        """What `--from` is given."""
        return str(self.folder / "mlruns") if self.kind == "mlruns" else self.uri

    def start(self) -> Source:
        """Starts the server, if it is one."""
        if self.kind == "server":
            arguments = ["server", "--host", "127.0.0.1", "--port", self.uri.rsplit(":", 1)[1], "--workers", "1"]
            arguments += ["--backend-store-uri", f"sqlite:///{self.folder}/server.db"]
            arguments += ["--artifacts-destination", str(self.folder / "served")]
            with (self.folder / "mlflow.log").open("wb") as log:
                self.process = subprocess.Popen(
                    [sys.executable, "-m", "mlflow", *arguments],
                    cwd=self.folder,
                    env=environment() | {"MLFLOW_DISABLE_TELEMETRY": "true"},
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            wait_until(self._answers, SERVER_SECONDS, "mlflow server")
        return self

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.uri}/health", timeout=5).ok
        except requests.RequestException:
            return False

    def stop(self) -> None:
        """Ends the server."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(timeout=10)

    @property
    def client(self) -> MlflowClient:
        """A client of the store."""
        return MlflowClient(self.uri, self.uri)


def points(key: str, values: list[float], start: int = 1_700_000_000_000) -> list[Metric]:
    """Points of a metric, a millisecond apart."""
    return [Metric(key, value, start + step, step) for step, value in enumerate(values)]


def populate(client: MlflowClient, uri: str, folder: Path) -> None:
    """Fills a store."""
    first = client.create_experiment("first / experiment", tags={"team": "röd"})
    client.create_experiment("empty")
    dataset = Dataset("d1", "abc123", "local", '{"uri": "x"}', '{"mlflow_colspec": []}', '{"num_rows": 2}')
    run = client.create_run(first, run_name="whole", tags={"multi": "line one\nline two", "user": "x"})
    run_id = run.info.run_id
    values = [1 / (step + 1) for step in range(1500)]
    client.log_batch(run_id, metrics=points("loss", values[:900]), params=[Param("depth", "4"), Param("empty", "")])
    client.log_batch(run_id, metrics=points("loss", values)[900:], tags=[RunTag("späte", "änderung")])
    odd = [math.nan, math.inf, -math.inf, -0.0, 1e-300]
    client.log_batch(run_id, metrics=points("odd/value of it", odd))
    client.log_inputs(run_id, [DatasetInput(dataset, [InputTag("mlflow.data.context", "training")])])
    client.log_text(run_id, "hello", "notes/deep/hello.txt")
    big = folder / "big.bin"
    big.write_bytes(os.urandom(3_000_000))
    client.log_artifact(run_id, str(big))
    client.log_text(run_id, "x", "with space & ü.txt")
    model = client.create_logged_model(first, name="net", source_run_id=run_id, params={"a": "1"}, tags={"t": "v"})
    weights = folder / "MLmodel"
    weights.write_text("flavors: {}\n")
    client.log_model_artifact(model.model_id, str(weights))
    client.finalize_logged_model(model.model_id, "READY")
    client.log_metric(
        run_id, "judged", 0.5, step=3, model_id=model.model_id, dataset_name="d1", dataset_digest="abc123"
    )
    client.log_outputs(run_id, [LoggedModelOutput(model.model_id, 7)])
    client.set_terminated(run_id)
    child = client.create_run(first, tags={"mlflow.parentRunId": run_id})
    client.log_metric(child.info.run_id, "loss", 2.0)
    client.set_terminated(child.info.run_id, "FAILED")
    client.delete_run(client.create_run(first, run_name="thrown away").info.run_id)
    client.log_param(client.create_run("0", run_name="in default").info.run_id, "p", "1")
    gone = client.create_experiment("gone")
    client.log_metric(client.create_run(gone).info.run_id, "m", 1)
    client.delete_experiment(gone)
    register(client, uri, run_id, model.model_id)


def register(client: MlflowClient, uri: str, run_id: str, model_id: str) -> None:
    """Registers models, versions and a prompt."""
    client.create_registered_model("reg", tags={"k": "v"}, description="words")
    client.create_model_version("reg", f"models:/{model_id}", run_id, model_id=model_id)
    client.create_model_version("reg", f"runs:/{run_id}/notes", run_id, description="second", tags={"vk": "vv"})
    client.create_model_version("reg", f"runs:/{run_id}/notes", run_id)
    client.delete_model_version("reg", "2")
    client.create_model_version("reg", f"runs:/{run_id}/notes", run_id, tags={"vk": "vv"})
    client.delete_model_version("reg", "4")
    client.create_model_version("reg", f"runs:/{run_id}/notes/deep", run_id, description="fifth", tags={"vk": "vv"})
    client.set_registered_model_alias("reg", "prod", "5")
    client.set_registered_model_alias("reg", "old", "1")
    client.transition_model_version_stage("reg", "3", "Staging")
    client.create_registered_model("bare")
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    try:
        mlflow.genai.register_prompt("greeting", "Hello {{ name }}", commit_message="first")
    finally:
        mlflow.set_tracking_uri(None)
        mlflow.set_registry_uri(None)


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


def run_import(folder: Path, address: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Imports into `folder/data`."""
    arguments = ("import", "mlflow", "--from", address, "--data", str(folder / "data"), *arguments)
    return command(*arguments, cwd=folder, timeout=300, **variables)


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


def large_database(path: Path, runs: int, points_per_run: int) -> None:
    """A database of MLflow's own schema with many runs, filled by SQL."""
    MlflowClient(f"sqlite:///{path}", f"sqlite:///{path}").create_experiment("large")
    with sqlite3.connect(path) as database:
        for index in range(runs):
            run_id = hashlib.md5(str(index).encode()).hexdigest()
            database.execute(
                "INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, "
                "start_time, end_time, source_version, lifecycle_stage, artifact_uri, experiment_id)"
                " VALUES (?, ?, 'LOCAL', '', '', 'u', 'FINISHED', ?, ?, '', 'active', ?, 1)",
                (run_id, f"run {index}", 1000 + index, 2000 + index, f"{path.parent}/mlruns/1/{run_id}/artifacts"),
            )
            database.executemany("INSERT INTO params VALUES ('p', ?, ?)", [(str(index), run_id)])
            rows = [("loss", 1 / (step + 1), 1000 + step, run_id, step, 0) for step in range(points_per_run)]
            database.executemany(
                "INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES (?, ?, ?, ?, ?, ?)", rows
            )
            key, value, timestamp, _, step, is_nan = rows[-1]
            database.execute(
                "INSERT INTO latest_metrics (key, value, timestamp, step, is_nan, run_uuid) VALUES (?, ?, ?, ?, ?, ?)",
                (key, value, timestamp, step, is_nan, run_id),
            )
    database.close()


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


def damaged(folder: Path, how: str) -> str:
    """A source that cannot be imported, and its address."""
    path = folder / "mlflow.db"
    if how == "nothing":
        return f"sqlite:///{path}"
    if how == "text":
        path.write_text("this is no database\n" * 100)
    elif how == "foreign":
        with sqlite3.connect(path) as database:
            database.execute("CREATE TABLE songs (title TEXT)")
    elif how == "old":
        with sqlite3.connect(path) as database:
            database.execute("CREATE TABLE alembic_version (version_num TEXT)")
            database.execute("INSERT INTO alembic_version VALUES ('451aebb31d03')")
            database.execute("CREATE TABLE experiments (experiment_id INTEGER, name TEXT, lifecycle_stage TEXT)")
    elif how == "cut":
        large_database(path, 3, 500)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    elif how == "folder":
        (folder / "mlruns" / "sub").mkdir(parents=True)
        return str(folder / "mlruns")
    elif how == "server":
        return f"http://127.0.0.1:{free_port()}"
    elif how == "scheme":
        return "postgresql://user@host/mlflow"
    return f"sqlite:///{path}"


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("nothing", "no database at"),
        ("text", "no SQLite database"),
        ("foreign", "no database of MLflow"),
        ("old", "mlflow db upgrade"),
        ("cut", "cut off"),
        ("folder", "no folder of MLflow's file store"),
        ("server", "No server answers"),
        ("scheme", "mlflow server"),
    ],
)
def test_what_cannot_be_imported(tmp_path: Path, how: str, words: str) -> None:
    """A clear message, status 1, and nothing is written."""
    done = run_import(tmp_path, damaged(tmp_path, how))
    assert done.returncode == 1
    assert words in done.stderr
    assert not (tmp_path / "data").exists()


def test_a_database_that_is_being_written(tmp_path: Path) -> None:
    """A locked database is said to be in use."""
    path = tmp_path / "mlflow.db"
    large_database(path, 1, 1)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    try:
        done = run_import(tmp_path, f"sqlite:///{path}")
    finally:
        holder.execute("ROLLBACK")
        holder.close()
    assert done.returncode == 1 and "stop the MLflow server" in done.stderr
    assert not (tmp_path / "data").exists()


def test_a_database_in_wal_mode(tmp_path: Path) -> None:
    """What is only in the write-ahead log comes along, and the files stay as they are."""
    path = tmp_path / "mlflow.db"
    large_database(path, 3, 5)
    holder = sqlite3.connect(path)
    holder.execute("PRAGMA journal_mode = WAL")
    holder.execute("INSERT INTO params SELECT 'late', '1', run_uuid FROM runs")
    holder.commit()
    before = {name: (tmp_path / name).read_bytes() for name in ("mlflow.db", "mlflow.db-wal")}
    done = run_import(tmp_path, f"sqlite:///{path}", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["counts"]["params"]["stored"] == 6
    assert {name: (tmp_path / name).read_bytes() for name in before} == before
    holder.close()


def test_artifacts_outside_the_source(tmp_path: Path) -> None:
    """A database cannot make an import copy files from anywhere; the operator says where artifacts are."""
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    path = inside / "mlflow.db"
    large_database(path, 1, 1)
    with sqlite3.connect(path) as database:
        run_id = database.execute("SELECT run_uuid FROM runs").fetchone()[0]
        database.execute("UPDATE runs SET artifact_uri = ?", (f"/somewhere/else/1/{run_id}/artifacts",))
    database.close()
    place = outside / "1" / run_id / "artifacts"
    place.mkdir(parents=True)
    (place / "a.txt").write_text("a")
    (place / "leak").symlink_to("/etc/passwd")
    refused = run_import(tmp_path, f"sqlite:///{path}")
    assert refused.returncode == 1 and "--artifacts-root" in refused.stderr
    done = run_import(tmp_path, f"sqlite:///{path}", "--artifacts-root", str(outside), "--json")
    report = json.loads(done.stdout)
    assert done.returncode == 1 and "leak" in done.stderr
    assert report["counts"]["artifact_files"] == {"source": 1, "stored": 1}


def test_broken_runs_are_named_and_the_rest_comes_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Malformed YAML, cut-off metrics and links stop one run each, not the import."""
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.chdir(tmp_path)
    client = MlflowClient(f"file://{tmp_path}/mlruns")
    experiment = client.create_experiment("e")
    runs = [client.create_run(experiment).info.run_id for _ in range(5)]
    for run_id in runs:
        client.log_metric(run_id, "m", 1.0)
        client.log_param(run_id, "p", "1")
    folder = tmp_path / "mlruns" / experiment
    (folder / runs[0] / "meta.yaml").write_text("a: [1\nb: }")
    (folder / runs[1] / "metrics" / "m").write_text("1700000000000 0.5 1\n17000")
    (folder / runs[2] / "params" / "leak").symlink_to("/etc/passwd")
    (folder / runs[3] / "meta.yaml").write_text((folder / runs[4] / "meta.yaml").read_text())
    done = run_import(tmp_path, str(tmp_path / "mlruns"), "--json")
    report = json.loads(done.stdout)
    assert done.returncode == 1
    assert report["counts"]["runs"] == {"source": 5, "stored": 1}
    assert report["problem_count"] == 4
    for run_id in runs[:4]:
        assert run_id in done.stderr
    assert "line 2" in done.stderr and "symbolic link" in done.stderr


def test_a_server_that_fails_for_a_while(tmp_path: Path) -> None:
    """Answers with 503 are asked for again."""
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
    from threading import Thread

    failures = {"left": 3}

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            if failures["left"]:
                failures["left"] -= 1
                self.send_response(503)
                self.send_header("content-length", "0")
                self.end_headers()
                return
            one = {"experiment_id": "3", "name": "x", "lifecycle_stage": "active", "creation_time": 5}
            body = {"experiments": [one]} if "experiments" in self.path else {}
            text = json.dumps(body).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = answer  # noqa: N815

        def log_message(self, *arguments: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        done = run_import(tmp_path, f"http://127.0.0.1:{server.server_port}", "--json")
    finally:
        server.shutdown()
        server.server_close()
    assert done.returncode == 0, done.stderr
    assert failures["left"] == 0
    assert json.loads(done.stdout)["counts"]["experiments"]["stored"] == 1
