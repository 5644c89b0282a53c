"""Collecting what was deleted: through a server and without one, never what a registered version needs."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest
from martlet_process import Martlet, command
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

OLD = time.time() - 90 * 24 * 3600


def collect(folder: Path, *arguments: str, server: Martlet | None = None) -> subprocess.CompletedProcess[str]:
    """Runs `martlet gc`, in the data directory or through a server."""
    place = ("--server", server.url) if server else ("--data", str(folder / "data"))
    return command("gc", *place, *arguments, cwd=folder)


def report(done: subprocess.CompletedProcess[str]) -> dict:
    """The counts of a collection that went well."""
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def artifacts(martlet: Martlet) -> set[str]:
    """The files of the artifact store, by path."""
    root = martlet.data / "artifacts"
    found = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    return {path for path in found if not path.startswith(".")}


def age(martlet: Martlet) -> None:
    """Makes every file old, as if it had been uploaded long ago."""
    for path in (martlet.data / "artifacts").rglob("*"):
        os.utime(path, (OLD, OLD))


@pytest.fixture
def filled(own_server: Martlet) -> tuple[Martlet, MlflowClient, dict[str, str]]:
    """A server with a run to keep, runs to remove, and a deleted run whose model is registered."""
    client = MlflowClient(own_server.url, own_server.url)
    runs = {}
    experiment = client.create_experiment("kept")
    doomed = client.create_experiment("doomed")
    for name, where in (("live", experiment), ("dead", experiment), ("needed", experiment), ("lost", doomed)):
        runs[name] = client.create_run(where).info.run_id
        client.log_text(runs[name], name * 100, "model/file.txt")
        client.log_metric(runs[name], "m", 1.0)
    client.create_registered_model("reg")
    client.create_model_version("reg", f"runs:/{runs['needed']}/model", runs["needed"])
    model = client.create_logged_model(experiment, name="net", source_run_id=runs["live"])
    (own_server.folder / "MLmodel").write_text("flavors: {}\n")
    client.log_model_artifact(model.model_id, str(own_server.folder / "MLmodel"))
    client.finalize_logged_model(model.model_id, "READY")
    client.delete_logged_model(model.model_id)
    client.delete_run(runs["dead"])
    client.delete_run(runs["needed"])
    client.delete_experiment(doomed)
    runs["model"] = model.model_id
    return own_server, client, runs


@pytest.mark.parametrize("through", ["server", "directory"])
def test_what_is_old_goes_and_what_is_needed_stays(filled: tuple, through: str) -> None:
    """A dry run tells, a collection does it, a second one has nothing to do."""
    martlet, client, runs = filled
    before = artifacts(martlet)
    server = martlet if through == "server" else None
    if server is None:
        assert martlet.stop() == 0
    young = report(collect(martlet.folder, "--json", server=server))
    assert (young["runs"], young["experiments"], young["logged_models"], young["files"]) == (0, 0, 0, 0)
    told = report(collect(martlet.folder, "--dry-run", "--older-than", "0s", "--json", server=server))
    assert artifacts(martlet) == before
    done = report(collect(martlet.folder, "--older-than", "0s", "--json", server=server))
    assert done == told | {"dry_run": False}
    assert (done["experiments"], done["runs"], done["logged_models"], done["files"]) == (1, 2, 1, 3)
    assert done["bytes"] == 800 + len("flavors: {}\n")
    assert [runs["needed"] in text and "'reg'" in text for text in done["kept"]] == [True]
    left = artifacts(martlet)
    assert left == {path for path in before if runs["live"] in path or runs["needed"] in path}
    again = report(collect(martlet.folder, "--older-than", "0s", "--json", server=server))
    assert (again["runs"], again["files"], again["bytes"]) == (0, 0, 0)
    if server is None:
        martlet.start()
    for name in ("dead", "lost"):
        with pytest.raises(MlflowException):
            client.get_run(runs[name])
    assert client.get_run(runs["needed"]).info.lifecycle_stage == "deleted"
    assert client.get_experiment_by_name("doomed") is None
    client.restore_run(runs["needed"])
    assert client.get_metric_history(runs["needed"], "m")[0].value == 1.0


def test_files_without_an_owner(filled: tuple) -> None:
    """Files that belong to nothing go when they are old; what is not Martlet's layout is left alone."""
    martlet, _, _ = filled
    root = martlet.data / "artifacts"
    lost = "f" * 32
    for path in (f"0/{lost}/artifacts/a.bin", f"0/models/m-{lost}/artifacts/b.bin", f"77/{lost}/artifacts/c"):
        (root / path).parent.mkdir(parents=True)
        (root / path).write_text("x")
    for path in ("0/shared/report.html", "notes/readme.txt", f"0/{'e' * 32}/else/file"):
        (root / path).parent.mkdir(parents=True)
        (root / path).write_text("x")
    young = report(collect(martlet.folder, "--older-than", "0s", "--json", server=martlet))
    assert (young["folders"], young["young_folders"]) == (0, 3)
    age(martlet)
    done = report(collect(martlet.folder, "--older-than", "0s", "--json", server=martlet))
    assert done["folders"] == 3
    assert sorted(done["unknown"]) == ["0/" + "e" * 32, "0/shared", "notes"]
    assert (root / "0/shared/report.html").exists() and (root / "notes/readme.txt").exists()
    assert not (root / f"0/{lost}").exists()


def test_a_deleted_version_keeps_its_files_for_a_while(filled: tuple) -> None:
    """Deleting the version frees the run's files only after the age limit."""
    martlet, client, runs = filled
    client.delete_model_version("reg", "1")
    early = report(collect(martlet.folder, "--older-than", "30d", "--json", server=martlet))
    assert early["runs"] == 0 and early["versions"] == 0
    done = report(collect(martlet.folder, "--older-than", "0s", "--json", server=martlet))
    assert (done["versions"], done["runs"]) == (1, 3)
    assert not any(runs["needed"] in path for path in artifacts(martlet))
    assert int(client.create_model_version("reg", f"runs:/{runs['live']}/model", runs["live"]).version) == 2


def test_an_interrupted_collection_is_finished(filled: tuple) -> None:
    """Rows that are gone and files that are not: the mark says what is left to do."""
    martlet, _, runs = filled
    assert martlet.stop() == 0
    experiment = next(path for path in artifacts(martlet) if runs["dead"] in path).split("/")[0]
    with sqlite3.connect(martlet.data / "martlet.db") as database:
        number = database.execute("SELECT run_number FROM runs WHERE run_id = ?", (runs["dead"],)).fetchone()[0]
        for table in ("latest_metrics", "run_tags", "runs"):
            database.execute(f"DELETE FROM {table} WHERE run_number = ?", (number,))
        database.execute("INSERT INTO artifact_removals VALUES (?, 1)", (f"{experiment}/{runs['dead']}",))
    database.close()
    done = report(collect(martlet.folder, "--older-than", "10d", "--json"))
    assert done["files"] == 1
    assert not any(runs["dead"] in path for path in artifacts(martlet))


def test_ages_that_are_none(tmp_path: Path) -> None:
    """A wrong age or a missing directory is said, with status 1."""
    wrong = command("gc", "--older-than", "soon", cwd=tmp_path)
    assert wrong.returncode == 1 and "--older-than" in wrong.stderr
    missing = command("gc", "--data", "nowhere", cwd=tmp_path)
    assert missing.returncode == 1 and "nowhere" in missing.stderr
