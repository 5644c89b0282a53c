"""Sources that are damaged, locked, foreign or unreachable, and what is said about them."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from martlet_process import free_port
from mlflow import MlflowClient
from mlflow_sources import large_database, run_import


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
