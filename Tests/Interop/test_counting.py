"""The closing line of `make test` counts what happened: failures, crashes and silence are never a pass."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
from martlet_process import ROOT

STARTED = "◇ Test run started.\n"
PASSED = '✔ Test one() passed after 0.001 seconds.\n✔ Test "two words" with 3 test cases passed after 0.1 seconds.\n'
FAILED = "✘ Test three() failed after 0.001 seconds with 1 issue.\n"
SKIPPED = "➜ Test four() skipped.\n"


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
    return module


def swift_that(prints: str, status: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Puts a `swift` first on the PATH that prints and ends as told."""
    (folder / "output").write_text(prints)
    script = folder / "swift"
    script.write_text(f'#!/bin/sh\ncat "{folder}/output"\nexit {status}\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


@pytest.mark.parametrize(
    ("prints", "status", "expected"),
    [
        (STARTED + PASSED + "✔ Test run with 2 tests in 1 suite passed after 1.0 seconds.\n", 0, (2, 0, 0)),
        (STARTED + PASSED + FAILED + "✘ Test run with 3 tests in 0 suites failed after 1.0 seconds.\n", 1, (2, 1, 0)),
        (STARTED + PASSED + SKIPPED + "✔ Test run with 3 tests in 1 suite passed after 1.0 seconds.\n", 0, (2, 0, 1)),
        (STARTED + PASSED, 139, (2, 1, 0)),
        (STARTED + PASSED, 0, (2, 1, 0)),
        ("", 1, (0, 1, 0)),
        ("✔ Test run with 0 tests in 0 suites passed after 0.1 seconds.\n", 0, (0, 1, 0)),
        (STARTED + PASSED + "✔ Test run with 2 tests in 1 suite passed after 1.0 seconds.\n", 1, (2, 1, 0)),
        (STARTED + PASSED + "✔ Test run with 9 tests in 1 suite passed after 1.0 seconds.\n", 0, (2, 1, 0)),
    ],
)
def test_swift_counts(
    runner: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    prints: str,
    status: int,
    expected: tuple[int, int, int],
) -> None:
    swift_that(prints, status, tmp_path, monkeypatch)
    tally = runner.Tally()
    runner.swift_tests(tally, "release")
    assert (tally.passed, tally.failed, tally.skipped) == expected
    assert len(tally.failures) == tally.failed


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
    def pytest_that_writes(command: list[str], **_: object) -> bool:
        if report is not None:
            (tmp_path / ".build" / "interop.xml").write_text(report)
        return succeeded

    (tmp_path / ".build").mkdir()
    monkeypatch.setattr(runner, "ROOT", tmp_path)
    monkeypatch.setattr(runner, "run", pytest_that_writes)
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

    def pytest_that_writes(command: list[str], **_: object) -> bool:
        commands.append(command)
        report = reports.pop(0)
        if report is not None:
            (tmp_path / ".build" / "interop.xml").write_text(report)
        return False

    (tmp_path / ".build").mkdir()
    monkeypatch.setattr(runner, "ROOT", tmp_path)
    monkeypatch.setattr(runner, "run", pytest_that_writes)
    tally = runner.Tally()
    runner.interop_tests(tally, "release")
    assert (tally.passed, tally.failed, tally.repeated) == (*expected, repeated)
    assert "Tests/Interop/a.py::c[x/y]" in commands[1]


def test_a_swift_run_that_was_not_clean_is_repeated_once(
    runner: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = "✔ Test run with 3 tests in 0 suites {} after 1.0 seconds.\n"
    third = "✔ Test three() passed after 0.001 seconds.\n"
    (tmp_path / "1").write_text(STARTED + PASSED + FAILED + ends.format("failed"))
    (tmp_path / "2").write_text(STARTED + PASSED + third + ends.format("passed"))
    script = tmp_path / "swift"
    script.write_text(f'#!/bin/sh\ncd "{tmp_path}"\ncat 1\n[ -e 2 ] && mv 2 1 && exit 1\nexit 0\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    tally = runner.Tally()
    runner.swift_tests(tally, "release", only="Some")
    assert (tally.passed, tally.failed, tally.repeated) == (3, 0, ["three()"])


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
