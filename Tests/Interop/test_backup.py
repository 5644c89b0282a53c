"""Backups: under load, elsewhere, incremental, damaged, to a bucket, to PostgreSQL, and to a moment of the past."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import s3_servers
from martlet_process import Martlet, command, wait_until
from mlflow import MlflowClient
from s3_servers import BUCKET, Moto

CONTENT = {"model/weights.bin": os.urandom(300_000), "notes.txt": b"what we learned\n", "empty.txt": b""}


def backup(martlet: Martlet, place: Path | str, *arguments: str, **variables: str) -> dict:
    """Backs the server's data directory up and returns the outcome."""
    done = command(
        "backup", str(place), "--data", str(martlet.data), "--json", *arguments, cwd=martlet.folder, **variables
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def restore(place: Path | str, data: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Restores to a data directory."""
    return command("restore", str(place), "--data", str(data), "--json", *arguments, cwd=data.parent, **variables)


def fill(martlet: Martlet) -> tuple[MlflowClient, str, str]:
    """Logs a run with files and registers a model; returns the client, the experiment and the run."""
    client = MlflowClient(martlet.url, martlet.url)
    experiment = client.create_experiment("backed up")
    run = client.create_run(experiment).info.run_id
    for step in range(50):
        client.log_metric(run, "loss", 1 / (step + 1), step=step)
    source = martlet.folder / "upload"
    for path, content in CONTENT.items():
        file = source / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    client.log_artifacts(run, str(source))
    client.create_registered_model("kept")
    client.create_model_version("kept", f"runs:/{run}/model", run)
    client.set_registered_model_alias("kept", "production", 1)
    return client, experiment, run


def hashes(root: Path) -> dict[str, str]:
    """SHA-256 of every file of an artifact directory."""
    files = {path for path in root.rglob("*") if path.is_file() and ".martlet-incoming" not in path.parts}
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def rows(database: Path) -> dict[str, list[tuple]]:
    """Every row of every table, in the order of their values."""
    with sqlite3.connect(database) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {name: sorted(connection.execute(f'SELECT * FROM "{name}"').fetchall(), key=repr) for (name,) in names}


def started(folder: Path, data: Path, *arguments: str) -> Martlet:
    """A server over a restored data directory."""
    folder.mkdir()
    martlet = Martlet(folder, *arguments)
    data.rename(martlet.data)
    return martlet.start()


def check_contents(martlet: Martlet, run: str, folder: Path) -> None:
    """Everything that `fill` made is there, as MLflow's client sees it."""
    client = MlflowClient(martlet.url, martlet.url)
    assert len(client.get_metric_history(run, "loss")) == 50
    for path, content in CONTENT.items():
        assert Path(client.download_artifacts(run, path, str(folder))).read_bytes() == content
    assert client.get_model_version_by_alias("kept", "production").version in ("1", 1)


def test_a_backup_under_load_is_restored_elsewhere(own_server: Martlet, tmp_path: Path) -> None:
    """While runs are logged: the copy is one state, whole, and everything acknowledged before it is in it."""
    _, experiment, run = fill(own_server)
    acknowledged: list[str] = []
    ending = threading.Event()

    def log() -> None:
        mine = MlflowClient(own_server.url, own_server.url)
        while not ending.is_set():
            made = mine.create_run(experiment).info.run_id
            mine.log_metric(made, "m", 1.0)
            mine.log_text(made, made, "name.txt")
            acknowledged.append(made)

    threads = [threading.Thread(target=log) for _ in range(3)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(acknowledged) > 10, what="runs")
    before = list(acknowledged)
    outcome = backup(own_server, tmp_path / "place")
    ending.set()
    for thread in threads:
        thread.join()
    assert {part["name"] for part in outcome["parts"]} >= {"default", "_access"}
    assert all(part.get("missing_count", 0) == 0 for part in outcome["parts"])
    verified = restore(tmp_path / "place", tmp_path / "unused", "--verify")
    assert verified.returncode == 0, verified.stderr
    assert not (tmp_path / "unused").exists()
    data = tmp_path / "restored"
    done = restore(tmp_path / "place", data)
    assert done.returncode == 0, done.stderr
    martlet = started(tmp_path / "elsewhere", data)
    try:
        check_contents(martlet, run, tmp_path)
        there = MlflowClient(martlet.url, martlet.url)
        for made in before:
            assert there.get_run(made).data.metrics == {"m": 1.0}
            assert Path(there.download_artifacts(made, "name.txt", str(tmp_path))).read_text() == made
    finally:
        martlet.kill()


def test_what_is_restored_equals_what_was_there(own_server: Martlet, tmp_path: Path) -> None:
    """Offline: every row and every byte."""
    fill(own_server)
    assert own_server.stop() == 0
    backup(own_server, tmp_path / "place")
    data = tmp_path / "restored"
    assert restore(tmp_path / "place", data).returncode == 0
    assert rows(data / "martlet.db") == rows(own_server.data / "martlet.db")
    assert rows(data / "access.db") == rows(own_server.data / "access.db")
    assert hashes(data / "artifacts") == hashes(own_server.data / "artifacts")
    assert not list(tmp_path.glob("*.restoring-*"))


def test_a_second_backup_sends_only_what_is_new(own_server: Martlet, tmp_path: Path) -> None:
    """Files that the place has are not sent again; each backup is whole by itself."""
    client, _, run = fill(own_server)
    first = backup(own_server, tmp_path / "place")
    assert first["sent_bytes"] > 300_000
    client.log_text(run, "one more", "more.txt")
    second = backup(own_server, tmp_path / "place")
    assert second["sent_bytes"] < first["sent_bytes"]
    assert second["reused_bytes"] >= 300_000
    listed = json.loads(restore(tmp_path / "place", tmp_path / "unused", "--list").stdout)["items"]
    assert [item["id"] for item in listed] == [second["id"], first["id"]]
    data = tmp_path / "older"
    assert restore(tmp_path / "place", data, "--backup", first["id"]).returncode == 0
    assert not any("more.txt" in path for path in hashes(data / "artifacts"))


def test_nothing_is_overwritten(own_server: Martlet, tmp_path: Path) -> None:
    """A directory that holds anything is refused and left as it is."""
    fill(own_server)
    backup(own_server, tmp_path / "place")
    before = hashes(own_server.data / "artifacts")
    refused = restore(tmp_path / "place", own_server.data)
    assert refused.returncode == 1
    assert "holds something already" in refused.stderr
    assert hashes(own_server.data / "artifacts") == before
    empty = tmp_path / "empty"
    empty.mkdir()
    assert restore(tmp_path / "place", empty).returncode == 0
    assert (empty / "martlet.db").exists()


def test_damage_is_found_before_anything_is_in_place(own_server: Martlet, tmp_path: Path) -> None:
    """A changed byte of an object or a manifest, or a missing object."""
    fill(own_server)
    assert own_server.stop() == 0
    backup(own_server, tmp_path / "place")
    objects = sorted((tmp_path / "place" / "objects").rglob("*"))
    largest = max((path for path in objects if path.is_file()), key=lambda path: path.stat().st_size)
    manifest = next((tmp_path / "place" / "backups").glob("*.json"))
    for victim in (largest, manifest):
        content = victim.read_bytes()
        middle = len(content) // 2
        victim.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
        refused = restore(tmp_path / "place", tmp_path / "data")
        assert refused.returncode == 1
        assert "damaged" in refused.stderr, refused.stderr
        assert not (tmp_path / "data").exists()
        victim.write_bytes(content)
    largest.unlink()
    assert restore(tmp_path / "place", tmp_path / "data", "--verify").returncode == 1
    assert restore(tmp_path / "place", tmp_path / "data").returncode == 1
    assert not list(tmp_path.glob("data*"))
    manifest.unlink()
    assert "no complete backup" in restore(tmp_path / "place", tmp_path / "data").stderr


def test_keys_go_along_only_when_asked_for(own_server: Martlet, tmp_path: Path) -> None:
    """And never to a place that others can look into."""
    fill(own_server)
    key = own_server.data / "webhook.key"
    assert key.exists()
    backup(own_server, tmp_path / "place")
    assert restore(tmp_path / "place", tmp_path / "without").returncode == 0
    assert not (tmp_path / "without" / "webhook.key").exists()
    backup(own_server, tmp_path / "place", "--with-keys")
    assert restore(tmp_path / "place", tmp_path / "with").returncode == 0
    restored = tmp_path / "with" / "webhook.key"
    assert restored.read_bytes() == key.read_bytes()
    assert restored.stat().st_mode & 0o077 == 0
    (tmp_path / "open").mkdir(mode=0o755)
    refused = command(
        "backup", str(tmp_path / "open"), "--data", str(own_server.data), "--with-keys", cwd=own_server.folder
    )
    assert refused.returncode == 1
    assert "chmod 700" in refused.stderr


def test_a_server_makes_backups_for_its_administrators(own_server: Martlet, tmp_path: Path) -> None:
    """Through the API: a name below the server's own directory, never a path."""
    _, _, run = fill(own_server)
    done = command("backup", "nightly", "--server", own_server.url, "--json", cwd=own_server.folder)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["id"]
    for path in ("/tmp/x", "../x", "a/b", "file:///x"):
        assert own_server.post("/api/martlet/v1/backups", {"destination": path}).status_code == 400
    place = own_server.data / "backups" / "nightly"
    data = tmp_path / "restored"
    assert restore(place, data).returncode == 0
    martlet = started(tmp_path / "elsewhere", data)
    try:
        check_contents(martlet, run, tmp_path)
    finally:
        martlet.kill()


def test_every_workspace_is_in_the_backup(own_server: Martlet, tmp_path: Path) -> None:
    """Databases, files and accounts of all workspaces; each is where it was after a restore."""
    fill(own_server)
    made = own_server.post("/api/martlet/v1/workspaces", {"name": "team"})
    assert made.status_code < 300, made.text
    create = {"name": "of the team"}
    headers = {"X-Martlet-Workspace": "team"}
    wait_until(
        lambda: own_server.post("/api/2.0/mlflow/experiments/create", create, headers=headers).status_code == 200,
        what="the workspace",
    )
    done = command("backup", "all", "--server", own_server.url, "--json", cwd=own_server.folder)
    assert done.returncode == 0, done.stderr
    names = [part["name"] for part in json.loads(done.stdout)["parts"]]
    assert names == ["_access", "default", "team"]
    assert [part["name"] for part in backup(own_server, tmp_path / "place")["parts"]] == names
    for place in (own_server.data / "backups" / "all", tmp_path / "place"):
        data = tmp_path / f"restored-{place.name}"
        assert restore(place, data).returncode == 0
        martlet = started(tmp_path / f"elsewhere-{place.name}", data)
        try:
            query = {"experiment_name": "of the team"}
            path = "/api/2.0/mlflow/experiments/get-by-name"
            answer = martlet.get(path, params=query, headers=headers)
            assert answer.status_code == 200, answer.text
            assert martlet.get(path, params=query).status_code == 404
        finally:
            martlet.kill()


@pytest.fixture
def moto(tmp_path: Path) -> Iterator[Moto]:
    """An S3 server of the test's own."""
    server = Moto(tmp_path)
    yield server
    server.stop()


def test_a_bucket_is_a_place_too(own_server: Martlet, moto: Moto, tmp_path: Path) -> None:
    """To S3 and back, incremental, and damage is found there."""
    _, _, run = fill(own_server)
    place = f"s3://{BUCKET}/backups/here"
    variables = s3_servers.environment(moto.url)
    backup(own_server, place, **variables)
    # A control loop may have written in between; once nothing has, nothing is sent but the list.
    again = min(backup(own_server, place, **variables)["sent_bytes"] for _ in range(3))
    assert again < 300_000
    data = tmp_path / "restored"
    done = restore(place, data, **variables)
    assert done.returncode == 0, done.stderr
    martlet = started(tmp_path / "elsewhere", data)
    try:
        check_contents(martlet, run, tmp_path)
    finally:
        martlet.kill()
    client = s3_servers.client(moto.url)
    listed = client.list_objects_v2(Bucket=BUCKET, Prefix="backups/here/objects/")["Contents"]
    largest = max(listed, key=lambda item: item["Size"])["Key"]
    client.put_object(Bucket=BUCKET, Key=largest, Body=b"something else")
    refused = restore(place, tmp_path / "damaged", **variables)
    assert refused.returncode == 1
    assert "damaged" in refused.stderr
    assert not (tmp_path / "damaged").exists()


def test_artifacts_are_restored_to_a_bucket(own_server: Martlet, moto: Moto, tmp_path: Path) -> None:
    """A bucket that holds something is refused, an empty prefix is filled."""
    fill(own_server)
    backup(own_server, tmp_path / "place")
    variables = s3_servers.environment(moto.url)
    target = f"s3://{BUCKET}/restored/artifacts"
    done = restore(tmp_path / "place", tmp_path / "data", "--artifacts", target, **variables)
    assert done.returncode == 0, done.stderr
    found = s3_servers.client(moto.url).list_objects_v2(Bucket=BUCKET, Prefix="restored/artifacts/")["Contents"]
    assert len(found) == len(hashes(own_server.data / "artifacts"))
    refused = restore(tmp_path / "place", tmp_path / "other", "--artifacts", target, **variables)
    assert refused.returncode == 1
    assert not (tmp_path / "other").exists()


def test_postgres_is_copied_and_restored(new_server, postgres, postgres_server, tmp_path: Path) -> None:
    """Rows, keys, indexes and triggers, from one database to another."""
    from postgres_fixtures import run_sql

    martlet = new_server("--database", postgres)
    _, _, run = fill(martlet)
    outcome = backup(martlet, tmp_path / "place", "--database", postgres)
    assert {part["name"] for part in outcome["parts"]} >= {"default", "_access"}
    run_sql(postgres_server, "CREATE DATABASE restored_here")
    url = postgres_server.url_of("martlet", postgres_server.password, "restored_here")
    try:
        data = tmp_path / "restored"
        done = restore(tmp_path / "place", data, "--database", url)
        assert done.returncode == 0, done.stderr
        again = restore(tmp_path / "place", tmp_path / "again", "--database", url)
        assert again.returncode == 1
        assert "has tables already" in again.stderr
        for query in (
            "SELECT COUNT(*) FROM pg_indexes WHERE schemaname = 'public'",
            "SELECT COUNT(*) FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace "
            "WHERE n.nspname = 'public'",
            "SELECT COUNT(*) FROM pg_trigger WHERE NOT tgisinternal",
            "SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public'",
        ):
            original = postgres.rsplit("/", 1)[1].split("?")[0]
            assert run_sql(postgres_server, query, original) == run_sql(postgres_server, query, "restored_here")
        there = started(tmp_path / "elsewhere", data, "--database", url)
        try:
            check_contents(there, run, tmp_path)
        finally:
            there.kill()
    finally:
        run_sql(postgres_server, "DROP DATABASE restored_here WITH (FORCE)")


def stamp(moment: float) -> str:
    """A moment as the command line takes it."""
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment))
    return f"{whole}.{int(moment % 1 * 1000):03d}Z"


def test_any_second_of_the_past_can_be_restored(new_server, tmp_path: Path) -> None:
    """With shipped logs: what was acknowledged a second before the moment is there, also after a kill."""
    place = tmp_path / "place"
    martlet = new_server("--wal-archive", str(place))
    client, experiment, run = fill(martlet)
    backup(martlet, place)
    moments: list[tuple[float, int]] = []
    for number in range(1, 4):
        client.set_tag(run, "round", str(number))
        time.sleep(2)
        moments.append((time.time(), number))
    last = client.create_run(experiment).info.run_id
    time.sleep(2)
    martlet.kill()
    for moment, number in moments:
        data = tmp_path / f"at-{number}"
        done = restore(place, data, "--to", stamp(moment))
        assert done.returncode == 0, done.stderr
        with sqlite3.connect(data / "martlet.db") as connection:
            found = connection.execute("SELECT tag_value FROM run_tags WHERE tag_key = 'round'").fetchall()
        assert found == [(str(number),)]
    data = tmp_path / "latest"
    done = restore(place, data, "--to", "now")
    assert done.returncode == 0, done.stderr
    there = started(tmp_path / "elsewhere", data)
    try:
        check_contents(there, run, tmp_path)
        assert MlflowClient(there.url, there.url).get_run(last).info.run_id == last
    finally:
        there.kill()
    segments = sorted((place / "wal" / "default").rglob("*-c-*"))
    content = segments[0].read_bytes()
    segments[0].write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    refused = restore(place, tmp_path / "damaged", "--to", "now")
    assert refused.returncode == 1
    assert "damaged" in refused.stderr
    assert not (tmp_path / "damaged").exists()
