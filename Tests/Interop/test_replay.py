"""Replays: a candidate is asked again what a deployment's ledger has, from the command line and by a rollout's gate."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from martlet_process import Martlet, command, wait_until
from replayed import Models, Replayed

ROWS = 120


@pytest.fixture(scope="module")
def replayed(server: Martlet) -> Replayed:
    """Version 1 has answered, version 2 is as good as it, version 3 says the opposite."""
    gate = "{since: 1h, minimum_rows: 100, minimum_agreement: 0.9}"
    made = Replayed(Models(server), f"{{bake: 0s, minimum_samples: 1, gates: {{replay: {gate}}}}}")
    made.send(range(ROWS))
    return made


def replay(replayed: Replayed, folder: Path, version: int, *arguments: str) -> tuple[int, dict]:
    """Runs `martlet replay` and returns its status and what it printed as JSON."""
    result = command(
        *("replay", "--deployment", replayed.name, "--candidate", f"models:/{replayed.models.name}/{version}"),
        *("--since", "1h", "--json", "--server", replayed.server.url, *arguments),
        cwd=folder,
    )
    assert result.stdout, result.stderr
    return result.returncode, json.loads(result.stdout)


def test_a_good_candidate_passes_its_gate(replayed: Replayed, tmp_path: Path) -> None:
    """Agreement, accuracy and times are there, equal what was logged, and the status is 0."""
    status, found = replay(replayed, tmp_path, 2, "--minimum-rows", str(ROWS), "--minimum-agreement", "0.99")
    report = found["report"]
    assert (status, found["verdict"]) == (0, "pass"), found
    assert report["rows"] == ROWS and report["skipped"] == {}
    assert report["agreement"]["agreement"]["value"] == 1
    labels = report["labels"]
    assert labels["metric"] == "accuracy" and labels["rows"] == ROWS
    assert labels["candidate"] == labels["logged"] and labels["gain"]["value"] == 0
    assert report["latency"]["candidate"]["rows"] == ROWS
    assert 0 < report["latency"]["candidate"]["p50_us"] <= report["latency"]["candidate"]["p99_us"]
    assert {segment["by"] for segment in report["segments"]} == {"prediction", "version"}


def test_a_regression_fails_the_gate_with_figures(replayed: Replayed, tmp_path: Path) -> None:
    """A candidate that says the opposite loses by as much as numpy counts, with ids to look at, and the status is 3."""
    gate = ("--minimum-rows", "100", "--minimum-agreement", "0.9", "--max-drop", "0.02")
    status, found = replay(replayed, tmp_path, 3, *gate, "--segment", replayed.rows.columns[0])
    report = found["report"]
    assert (status, found["verdict"]) == (3, "fail"), found
    failed = {check["check"] for check in report["verdict"]["checks"] if check["outcome"] == "fail"}
    assert failed == {"agreement", "metric"}
    gain = report["labels"]["gain"]
    assert np.isclose(gain["value"], report["labels"]["candidate"]["value"] - report["labels"]["logged"]["value"])
    assert gain["low"] < gain["value"] < gain["high"] < -0.5
    assert len(report["segments"]) == 4 and sum(segment["rows"] for segment in report["segments"]) == ROWS
    sample = report["disagreements"]
    assert len(sample) == 50 and all(row["request_id"].startswith(replayed.name) for row in sample)


def test_the_table_and_the_list_are_readable(replayed: Replayed, tmp_path: Path) -> None:
    """Without --json there are tables; `list` and `show` find the replay again."""
    common = ("--server", replayed.server.url)
    candidate = ("--deployment", replayed.name, "--candidate", f"models:/{replayed.models.name}@{replayed.name}")
    result = command("replay", *candidate, *common, cwd=tmp_path)
    # The alias names version 1, whose own answers these are: nothing is left to compare.
    assert result.returncode == 1, result.stderr
    assert "no evidence" in result.stdout and "own answer" in result.stdout, result.stdout
    listed = command("replay", "list", "--deployment", replayed.name, *common, cwd=tmp_path)
    assert listed.returncode == 0 and "no evidence" in listed.stdout, listed.stdout + listed.stderr
    newest = replayed.server.get(f"/api/martlet/v1/replays?deployment={replayed.name}").json()["items"][0]["id"]
    shown = command("replay", "show", newest, *common, cwd=tmp_path)
    assert newest in shown.stdout and "own answer" in shown.stdout, shown.stdout + shown.stderr


def test_an_empty_window_is_no_evidence(replayed: Replayed, tmp_path: Path) -> None:
    """A window before the first prediction decides nothing, and that is no success."""
    status, found = replay(replayed, tmp_path, 2, "--since", "3h", "--until", "2h")
    assert (status, found["verdict"]) == (1, "no_evidence")
    assert "no prediction" in found["report"]["verdict"]["message"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--candidate", "models:/nonesuch/1"), "nonesuch"),
        (("--candidate", "cancer"), "models:/<name>/<version>"),
        (("--deployment", "nonesuch"), "nonesuch"),
        (("--since", "yesterday"), "since"),
        (("--segment", "colour"), "'colour'"),
    ],
)
def test_what_cannot_be_is_said(replayed: Replayed, tmp_path: Path, arguments: tuple[str, str], words: str) -> None:
    """Every wrong argument is answered by its name, with status 1."""
    given = {
        "--deployment": replayed.name,
        "--candidate": f"models:/{replayed.models.name}/2",
        "--server": replayed.server.url,
    } | dict([arguments])
    result = command("replay", *(part for pair in given.items() for part in pair), cwd=tmp_path)
    assert result.returncode == 1, result.stdout
    assert words in result.stderr + result.stdout, result.stderr + result.stdout


def test_a_gate_catches_the_regression_before_its_first_request(replayed: Replayed) -> None:
    """A rollout of the bad version ends at 0 %: every request was answered by version 1."""
    replayed.point_at(3)
    wait_until(lambda: replayed.rollout_state() == "rolled_back", what="the rollback", seconds=25)
    assert replayed.send(range(20), labelled=False) == {"1"}
    deployment = replayed.deployment()
    assert deployment["stable_version"] == 1
    assert deployment["rollout"]["reason"]["code"] == "replay", deployment["rollout"]
    replays = replayed.server.get(f"/api/martlet/v1/replays?deployment={replayed.name}").json()["items"]
    gate = next(item for item in replays if item["requested_by"].startswith("rollout "))
    assert gate["verdict"] == "fail" and gate["candidate"].endswith("/3")
    answered = replayed.server.get(f"/api/martlet/v1/deployments/{replayed.name}/predictions?limit=100").json()["items"]
    assert {row["version"] for row in answered} == {1}
