"""Upgrades: what would be done is told, an interrupted one goes on, and newer data is refused with the remedy."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

from martlet_process import Martlet, binary, command, environment, free_port

KILLS = 100


def check(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs `martlet upgrade`."""
    return command("upgrade", "--data", str(data), "--json", *arguments, cwd=data.parent)


def schema(database: Path) -> list[tuple]:
    """Tables, indexes and triggers, and the migrations that were applied."""
    with sqlite3.connect(database) as connection:
        made = connection.execute("SELECT type, name, sql FROM sqlite_master ORDER BY 1, 2").fetchall()
        return made + connection.execute("SELECT id FROM martlet_migrations ORDER BY id").fetchall()


def test_a_current_database_needs_nothing(own_server: Martlet, tmp_path: Path) -> None:
    """While a server runs on it, and with the last backup named."""
    done = check(own_server.data, "--check")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["state"] == "current"
    assert report["last_backup"] is None
    assert command("backup", str(tmp_path / "place"), "--data", str(own_server.data), cwd=tmp_path).returncode == 0
    report = json.loads(check(own_server.data, "--check").stdout)
    assert report["last_backup"]["destination"] == str(tmp_path / "place")


def test_pending_steps_are_told_and_applied(own_server: Martlet) -> None:
    """A database without its last step: told with its work, applied by `martlet upgrade`, then current."""
    assert own_server.stop() == 0
    database = own_server.data / "martlet.db"
    whole = schema(database)
    with sqlite3.connect(database) as connection:
        (step,) = connection.execute("SELECT id FROM martlet_migrations WHERE id LIKE 'import%'").fetchone()
        (table,) = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'import%'"
        ).fetchone()
        connection.execute(f"DROP TABLE {table}")
        connection.execute("DELETE FROM martlet_migrations WHERE id = ?", (step,))
        connection.execute("DELETE FROM martlet_migration_versions WHERE id = ?", (step,))
    report = json.loads(check(own_server.data, "--check").stdout)
    assert report["state"] == "pending"
    pending = [item for part in report["databases"] for item in part["pending"]]
    assert [item["id"] for item in pending] == [step]
    assert report["needed_bytes"] > 0
    assert report["has_room"] is True
    done = check(own_server.data)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["state"] == "current"
    assert schema(database) == whole


def test_newer_data_is_refused_with_the_remedy(own_server: Martlet) -> None:
    """By the server and by the check; neither changes anything."""
    assert own_server.stop() == 0
    database = own_server.data / "martlet.db"
    with sqlite3.connect(database) as connection:
        connection.execute("INSERT INTO martlet_migrations VALUES ('tracking-9999', 9999999999999)")
        connection.execute("INSERT INTO martlet_migration_versions VALUES ('tracking-9999', '7.8.9')")
    before = schema(database)
    done = check(own_server.data, "--check")
    assert done.returncode == 2
    report = json.loads(done.stdout)
    assert report["state"] == "newer"
    written = {part["name"]: (part["unknown"], part["written_by"]) for part in report["databases"]}
    assert written["default"] == (["tracking-9999"], "7.8.9")
    refused = command("up", "--data", str(own_server.data), "--port", str(free_port()), cwd=own_server.folder)
    assert refused.returncode != 0
    for word in ("tracking-9999", "martlet 7.8.9", "martlet restore"):
        assert word in refused.stderr + refused.stdout
    assert schema(database) == before


def test_an_interrupted_migration_goes_on(tmp_path: Path) -> None:
    """Killed a hundred times at moments spread over the start: the next start finishes, and the schema is the same."""
    reference = Martlet(tmp_path)
    began = time.monotonic()
    reference.start()
    duration = time.monotonic() - began
    assert reference.stop() == 0
    whole = {name: schema(reference.data / name) for name in ("martlet.db", "access.db")}
    data = tmp_path / "killed"
    interrupted = 0
    for number in range(KILLS):
        process = subprocess.Popen(
            [str(binary()), "up", "--port", str(free_port()), "--data", str(data)],
            cwd=tmp_path,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        time.sleep(duration * (number + 1) / KILLS)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=10)
        database = data / "martlet.db"
        if not database.exists():
            continue
        with sqlite3.connect(database) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            applied = (
                connection.execute("SELECT COUNT(*) FROM martlet_migrations").fetchone()[0]
                if "martlet_migrations" in tables
                else 0
            )
        if applied < sum(len(row) == 1 for row in whole["martlet.db"]):
            interrupted += 1
        elif number < KILLS - 1:
            # It was done: the next kill meets an empty directory again.
            for path in data.glob("*.db*"):
                path.unlink()
    done = Martlet(tmp_path)
    done.data = data
    done.start()
    assert done.stop() == 0
    for name, expected in whole.items():
        assert schema(data / name) == expected
    assert interrupted > 0, "no kill met the migrations"
