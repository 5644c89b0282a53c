"""The closing line of `make test` counts what happened: failures, crashes and silence are never a pass."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from martlet_process import ROOT


def event(kind: str, test: str | None = None, symbol: str = "pass") -> str:
    """A line of Swift Testing's record."""
    payload = {"kind": kind, "messages": [{"symbol": symbol, "text": "…"}]} | ({"testID": test} if test else {})
    return json.dumps({"kind": "event", "version": 0, "payload": payload}) + "\n"


def declared(test: str, name: str | None = None) -> str:
    """The line that tells of a test."""
    payload = {"kind": "function", "id": test, "name": f"{test}()"} | ({"displayName": name} if name else {})
    return json.dumps({"kind": "test", "version": 0, "payload": payload}) + "\n"


def ran(test: str, symbol: str = "pass") -> str:
    """The beginning and the end of a test."""
    return event("testStarted", test, "default") + event("testEnded", test, symbol)


TESTS = declared("one") + declared("two", "two words") + declared("three") + declared("four")
STARTED = TESTS + event("runStarted", symbol="default")
PASSED = ran("one") + ran("two")
FAILED = ran("three", "fail")
SKIPPED = event("testSkipped", "four", "skip")
ENDED = event("runEnded")


# A process with a child that has the name of the test runner and waits for ever; it ends when that is gone.
WAITS = """
import subprocess, sys
command = [sys.executable, "-c", "import time; time.sleep(600)", "swiftpm-testing-helper"]
sys.exit(3 if subprocess.run(command).returncode == -9 else 4)
"""


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script as a module."""
    loader = importlib.machinery.SourceFileLoader("run_tests", str(ROOT / "scripts" / "run-tests"))
    spec = importlib.util.spec_from_loader("run_tests", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "run_tests", module)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    loader.exec_module(module)
    monkeypatch.setattr(module, "INTEROP_RUNS", [("", [])])
    return module


def swift_that(records: list[str | None], statuses: list[int], folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Puts a `swift` first on the PATH that writes these records, one for each run, and ends as told."""
    for number, record in enumerate(records):
        if record is not None:
            (folder / f"record{number}").write_text(record)
        (folder / f"status{number}").write_text(str(statuses[number]))
    script = folder / "swift"
    script.write_text(
        f"""#!/bin/sh
all="$*"
while [ "$1" != --event-stream-output-path ]; do shift; done
cd "{folder}"
number=$(cat number 2>/dev/null || echo 0)
echo $((number + 1)) > number
echo "$all" > arguments$number
[ -e record$number ] && cp record$number "$2"
printf 'a torn line ✔ Test one()'
exit $(cat status$number)
"""
    )
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


@pytest.fixture
def place(runner: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which the script finds and leaves its files."""
    (tmp_path / ".build").mkdir()
    monkeypatch.setattr(runner, "ROOT", tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("record", "status", "expected"),
    [
        (STARTED + PASSED + ENDED, 0, (2, 0, 0)),
        (STARTED + PASSED + FAILED + ENDED, 1, (2, 1, 0)),
        (STARTED + PASSED + SKIPPED + ENDED, 0, (2, 0, 1)),
        (STARTED + PASSED, 139, (2, 1, 0)),
        (STARTED + PASSED, 0, (2, 1, 0)),
        (None, 1, (0, 1, 0)),
        (STARTED + ENDED, 0, (0, 1, 0)),
        (STARTED + PASSED + ENDED, 1, (2, 1, 0)),
        (STARTED + PASSED + event("testStarted", "three", "default") + ENDED, 0, (2, 1, 0)),
        (STARTED + PASSED + '{"kind": "event", "payl', 139, (2, 1, 0)),
    ],
)
def test_swift_counts(
    runner: ModuleType,
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    record: str | None,
    status: int,
    expected: tuple[int, int, int],
) -> None:
    swift_that([record, record], [status, status], place, monkeypatch)
    tally = runner.Tally()
    runner.swift_tests(tally, "release", only="Some")
    assert (tally.passed, tally.failed, tally.skipped) == expected
    assert len(tally.failures) == tally.failed


def test_what_was_under_way_when_the_runner_died_is_named(
    runner: ModuleType, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = STARTED + PASSED + event("testStarted", "three", "default")
    swift_that([record, record], [139, 139], place, monkeypatch)
    tally = runner.Tally()
    runner.swift_tests(tally, "release", only="Some")
    assert "three()" in tally.failures[0] and "139" in tally.failures[0]


REPORT = '<testsuites><testsuite><testcase classname="a" name="b"/>{more}</testsuite></testsuites>'


@pytest.mark.parametrize(
    ("report", "succeeded", "expected"),
    [
        (REPORT.format(more=""), True, (1, 0, 0)),
        (REPORT.format(more='<testcase classname="a" name="c"><failure/></testcase>'), False, (1, 1, 0)),
        (REPORT.format(more='<testcase classname="a" name="c"><error/></testcase>'), False, (1, 1, 0)),
        (REPORT.format(more='<testcase classname="a" name="c"><skipped/></testcase>'), True, (1, 0, 1)),
        (REPORT.format(more=""), False, (1, 1, 0)),
        ("<testsuites><testsuite/></testsuites>", False, (0, 1, 0)),
        ("<testsuites>", False, (0, 1, 0)),
        (None, False, (0, 1, 0)),
    ],
)
def test_interop_counts(
    runner: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    report: str | None,
    succeeded: bool,
    expected: tuple[int, int, int],
) -> None:
    def pytest_that_writes(command: list[str], *_: object) -> bool:
        if report is not None:
            (tmp_path / ".build" / "interop.xml").write_text(report)
        return succeeded

    (tmp_path / ".build").mkdir()
    monkeypatch.setattr(runner, "ROOT", tmp_path)
    monkeypatch.setattr(runner, "logged", pytest_that_writes)
    tally = runner.Tally()
    runner.interop_tests(tally, "release")
    assert (tally.passed, tally.failed, tally.skipped) == expected


FAILS = '<testsuites><testsuite><testcase classname="a" name="c[x/y]"><failure/></testcase></testsuite></testsuites>'
PASSES = '<testsuites><testsuite><testcase classname="a" name="c[x/y]"/></testsuite></testsuites>'


@pytest.mark.parametrize(
    ("second", "expected", "repeated"),
    [(PASSES, (1, 0), ["a.c[x/y]"]), (FAILS, (0, 1), []), (None, (0, 1), [])],
)
def test_a_failed_interop_test_gets_one_more_run(
    runner: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    second: str | None,
    expected: tuple[int, int],
    repeated: list[str],
) -> None:
    reports = [FAILS, second]
    commands = []

    def pytest_that_writes(command: list[str], *_: object) -> bool:
        commands.append(command)
        report = reports.pop(0)
        if report is not None:
            (tmp_path / ".build" / "interop.xml").write_text(report)
        return False

    (tmp_path / ".build").mkdir()
    monkeypatch.setattr(runner, "ROOT", tmp_path)
    monkeypatch.setattr(runner, "logged", pytest_that_writes)
    tally = runner.Tally()
    runner.interop_tests(tally, "release")
    assert (tally.passed, tally.failed, tally.repeated) == (*expected, repeated)
    assert "Tests/Interop/a.py::c[x/y]" in commands[1]


def test_a_swift_failure_is_told_with_its_place(
    runner: ModuleType, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    payload = {
        "kind": "issueRecorded",
        "testID": "three",
        "issue": {"sourceLocation": {"_filePath": "/a/T.swift", "line": 7}},
        "messages": [{"symbol": "fail", "text": "Expectation failed"}],
    }
    issue = json.dumps({"kind": "event", "version": 0, "payload": payload}) + "\n"
    record = STARTED + PASSED + issue + FAILED + ENDED
    swift_that([record, record], [1, 1], place, monkeypatch)
    tally = runner.Tally()
    runner.swift_tests(tally, "release", only="Some")
    assert tally.reasons["three()"] == "/a/T.swift:7 Expectation failed\n"


def test_a_failure_is_told_with_its_reason(runner: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".build").mkdir()
    report = FAILS.replace("<failure/>", '<failure message="short">E  assert 1 == 2</failure>')

    def pytest_that_writes(command: list[str], *_: object) -> bool:
        (tmp_path / ".build" / "interop.xml").write_text(report)
        return False

    monkeypatch.setattr(runner, "ROOT", tmp_path)
    monkeypatch.setattr(runner, "logged", pytest_that_writes)
    tally = runner.Tally()
    runner.interop_tests(tally, "release")
    assert tally.failures == ["a.c[x/y]"]
    assert "assert 1 == 2" in tally.reasons["a.c[x/y]"]


def test_what_pytest_says_goes_to_a_file_but_for_its_last_line(
    runner: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "log"
    command = [sys.executable, "-c", "print('much'); print('1 passed')"]
    assert runner.logged(command, log, dict(os.environ))
    assert capsys.readouterr().out == "1 passed\n"
    assert log.read_text() == "much\n1 passed\n"
    assert not runner.logged([sys.executable, "-c", "raise SystemExit(1)"], log, dict(os.environ))


def test_a_swift_run_that_was_not_clean_is_repeated_once(
    runner: ModuleType, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = [STARTED + PASSED + FAILED + ENDED, STARTED + PASSED + ran("three") + ENDED]
    swift_that(records, [1, 0], place, monkeypatch)
    tally = runner.Tally()
    runner.swift_tests(tally, "release", only="Some")
    assert (tally.passed, tally.failed, tally.repeated) == (3, 0, ["three()"])


def test_only_what_failed_or_did_not_end_runs_once_more(
    runner: ModuleType, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hanging = STARTED + PASSED + FAILED + event("testStarted", "four", "default")
    second = TESTS + event("runStarted", symbol="default") + ran("three") + ran("four") + ENDED
    swift_that([hanging, second], [137, 0], place, monkeypatch)
    tally = runner.Tally()
    runner.swift_tests(tally, "release", only="Some")
    assert (tally.passed, tally.failed) == (4, 0)
    assert "three()" in tally.repeated and any("four()" in line for line in tally.repeated)
    filters = (place / "arguments1").read_text()
    assert "^three(/|$)" in filters and "^four(/|$)" in filters and "^one" not in filters


def test_a_runner_that_says_nothing_more_is_ended(
    runner: ModuleType, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "STALL_SECONDS", 1)
    monkeypatch.setattr(runner, "WATCH_SECONDS", 0.2)
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", "swiftpm-testing-helper"])
    child = subprocess.Popen([sys.executable, "-c", WAITS])
    try:
        runner.watch(child, place / "record")
        assert child.wait(timeout=20) == 3
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_no_environment_is_a_failure(runner: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Ended:
        def wait(self) -> int:
            return 1

    (tmp_path / ".build").mkdir()
    (tmp_path / ".build" / "venv.log").write_text("no network")
    monkeypatch.setattr(runner, "ROOT", tmp_path)
    tally = runner.Tally()
    assert not runner.venv_ready(tally, Ended())
    assert tally.failed == 1
