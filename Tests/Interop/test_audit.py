"""The audit log: what MLflow's client does is in it, and whoever tampers with it is found, by anybody's own hands."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from pathlib import Path

import pytest
from martlet_process import Martlet, command
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

FIELDS = [
    "sequence",
    "time",
    "actor",
    "token",
    "workspace",
    "action",
    "object",
    "before",
    "after",
    "request_id",
    "address",
    "outcome",
    "reason",
    "previous_hash",
]


def record_hash(record: dict) -> str:
    """The hash of a record, as docs/audit.md says, without any of Martlet's code."""
    values = ["martlet-audit-1", *(record[name] for name in FIELDS)]
    texts = [None if value is None else str(value).encode() for value in values]
    return hashlib.sha256(b"".join(b"-," if t is None else b"%d:%s," % (len(t), t) for t in texts)).hexdigest()


def records(martlet: Martlet, **query: str) -> list[dict]:
    """Records of the default workspace, oldest first."""
    answer = martlet.get("/api/martlet/v1/audit", params={"order": "asc", "limit": "1000"} | query)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def verify(folder: Path, *arguments: str) -> tuple[int, str]:
    """Runs `martlet audit verify`."""
    done = command("audit", "verify", *arguments, cwd=folder)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def busy(own_server: Martlet) -> Martlet:
    """A server on which a client made an experiment and a model with two versions and moved an alias."""
    client = MlflowClient(own_server.url, own_server.url)
    experiment = client.create_experiment("first name")
    client.rename_experiment(experiment, "second name")
    run = client.create_run(experiment).info.run_id
    client.log_text(run, "flavors: {}\n", "model/MLmodel")
    for step in range(20):
        client.log_metric(run, "loss", 1.0 / (step + 1), step=step)
    client.create_registered_model("cancer")
    for _ in range(2):
        client.create_model_version("cancer", f"runs:/{run}/model", run)
    client.set_registered_model_alias("cancer", "production", 1)
    client.set_registered_model_alias("cancer", "production", 2)
    client.delete_registered_model_alias("cancer", "production")
    client.delete_run(run)
    return own_server


def test_what_a_client_does_is_recorded(busy: Martlet) -> None:
    """Before and after, in order, with the request's id; metrics are not in it."""
    found = records(busy)
    moves = [record for record in found if record["object"] == "registered_model:cancer/alias:production"]
    sides = [(r["before"] and json.loads(r["before"]), r["after"] and json.loads(r["after"])) for r in moves]
    assert sides == [(None, {"version": 1}), ({"version": 1}, {"version": 2}), ({"version": 2}, None)]
    assert {record["actor"] for record in moves} == {"local"}
    assert all(record["request_id"] and record["address"] for record in moves)
    assert moves[0]["action"].endswith("/mlflow/registered-models/alias")
    renamed = [record for record in found if record["before"] == '{"name":"first name"}']
    assert [record["after"] for record in renamed] == ['{"name":"second name"}']
    assert not any("log-metric" in record["action"] or "log-batch" in record["action"] for record in found)
    assert [r for r in records(busy, object="registered_model:cancer/alias:")] == moves
    assert records(busy, actor="nobody") == []


def test_a_refused_change_leaves_no_record(busy: Martlet) -> None:
    """A change that fails is undone with its record."""
    before = records(busy)
    client = MlflowClient(busy.url, busy.url)
    with pytest.raises(MlflowException):
        client.create_experiment("second name")
    with pytest.raises(MlflowException):
        client.set_registered_model_alias("cancer", "production", 99)
    assert records(busy) == before


def test_anybody_can_verify_an_export(busy: Martlet, tmp_path: Path) -> None:
    """The file is checked with Python's hashlib, and with the command; what was changed in it is found."""
    file = tmp_path / "audit.jsonl"
    done = command("audit", "export", "--server", busy.url, "--output", str(file), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    *lines, last = file.read_text().splitlines()
    previous = "0" * 64
    for number, record in enumerate(map(json.loads, lines), start=1):
        assert (record["sequence"], record["previous_hash"]) == (number, previous)
        previous = record["hash"]
        assert record_hash(record) == previous
    assert json.loads(last)["head"] == {"sequence": len(lines), "hash": previous}
    assert verify(tmp_path, "--file", str(file))[0] == 0
    lines[3] = lines[3].replace('"actor":"local"', '"actor":"other"')
    file.write_text("\n".join([*lines, last]) + "\n")
    status, text = verify(tmp_path, "--file", str(file))
    assert status != 0 and "record 4" in text


def test_tampering_with_the_database_is_found(busy: Martlet, tmp_path: Path) -> None:
    """The table refuses changes; who takes that away is found, and a cut end by the anchor."""
    status, text = verify(tmp_path, "--server", busy.url)
    assert status == 0, text
    anchor = text.split("anchor: ")[1].strip()
    assert busy.stop() == 0
    with sqlite3.connect(busy.data / "martlet.db") as database:
        for attempt in ("UPDATE audit_records SET actor = 'x'", "DELETE FROM audit_records"):
            with pytest.raises(sqlite3.Error, match="append-only"):
                database.execute(attempt)
        triggers = database.execute(
            "SELECT name FROM sqlite_master WHERE tbl_name = 'audit_records' AND type = 'trigger'"
        )
        for (name,) in triggers.fetchall():
            database.execute(f"DROP TRIGGER {name}")
        database.execute("DELETE FROM audit_records WHERE sequence = (SELECT MAX(sequence) FROM audit_records)")
    offline = ("--data", str(busy.data))
    status, text = verify(tmp_path, *offline)
    assert status == 0 and "default:" in text and "@server:" in text, text
    status, text = verify(tmp_path, *offline, "--anchor", anchor)
    assert status != 0 and "cut off" in text, text
    with sqlite3.connect(busy.data / "martlet.db") as database:
        database.execute("UPDATE audit_records SET object = 'nothing' WHERE sequence = 5")
    status, text = verify(tmp_path, *offline)
    assert status != 0 and "record 5" in text, text
