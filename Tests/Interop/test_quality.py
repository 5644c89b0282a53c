"""Data quality: files tested on the command line, datasets by a gate and over HTTP, beside NumPy's numbers."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from martlet_process import Martlet, command, wait_until

np = pytest.importorskip("numpy")

COLUMNS = ("age", "income", "plan")


def rows(count: int, seed: int, *, gaps: bool = False, shift: float = 0) -> list[tuple[str, str, str]]:
    """Customers; with gaps every fifth has no age."""
    chance = random.Random(seed)
    made = []
    for number in range(count):
        age = "" if gaps and number % 5 == 0 else f"{chance.gauss(40 + shift, 10):.2f}"
        made.append((age, f"{chance.lognormvariate(10, 0.4):.2f}", chance.choice("abc")))
    return made


def write(path: Path, made: list[tuple[str, str, str]]) -> Path:
    """Writes rows as a CSV file with a header."""
    path.write_text("\n".join(",".join(cells) for cells in [COLUMNS, *made]) + "\n")
    return path


def test_a_file_is_tested_against_a_reference(tmp_path: Path) -> None:
    """Equal data passes with status 0, data with gaps fails with 3, and the report has the peer's fields."""
    reference = write(tmp_path / "reference.csv", rows(400, 1))
    broken = write(tmp_path / "broken.csv", rows(400, 1, gaps=True))
    same = command("data", "test", str(reference), "--reference", str(reference), cwd=tmp_path)
    assert same.returncode == 0, same.stderr + same.stdout
    assert same.stdout.startswith("passed: ")
    answer = command("data", "test", str(broken), "--reference", str(reference), "--json", "report.json", cwd=tmp_path)
    assert answer.returncode == 3, answer.stderr + answer.stdout
    assert "Column 'age' missing values: Actual value 80.000, but expected 0.000 ± 0.000" in answer.stdout
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["passed"] is False
    assert report["summary"]["total_tests"] == len(report["tests"])
    statuses = [test["status"] for test in report["tests"]]
    assert report["summary"]["by_status"] == {status: statuses.count(status) for status in set(statuses)}
    for test in report["tests"]:
        assert {"id", "name", "description", "status", "metric_config", "test_config"} <= set(test)
    ages = np.array([float(age) for age, _, _ in rows(400, 1, gaps=True) if age])
    values = {metric["metric_name"]: metric["value"] for metric in report["metrics"]}
    assert values["MeanValue(column=age)"] == pytest.approx(ages.mean(), rel=1e-9)
    assert values["StdValue(column=age)"] == pytest.approx(ages.std(ddof=1), rel=1e-9)
    assert values["QuantileValue(column=age,quantile=0.9)"] == pytest.approx(np.quantile(ages, 0.9), rel=1e-9)


def test_a_suite_warns_fails_and_names_what_is_wrong(tmp_path: Path) -> None:
    """What is not critical warns; a suite that says something wrong ends with status 1 and the place."""
    file = write(tmp_path / "data.csv", rows(50, 2))
    suite = tmp_path / "suite.yaml"
    suite.write_text(
        "tests:\n"
        "  - {metric: RowCount, gte: 40, lte: 60}\n"
        "  - {metric: MaxValue, column: age, lt: 10, is_critical: false}\n"
        "  - {metric: InListValueCount, column: plan, values: [a, b, c], share: true, eq: 1}\n"
    )
    warned = command("data", "test", str(file), "--suite", str(suite), cwd=tmp_path)
    assert warned.returncode == 0, warned.stderr + warned.stdout
    assert "4 tests: 3 passed, 1 warn" in warned.stdout
    suite.write_text("tests:\n  - {metric: MeanValue, column: aeg, gt: 0}\n")
    unknown = command("data", "test", str(file), "--suite", str(suite), cwd=tmp_path)
    assert unknown.returncode == 3
    assert "There is no column 'aeg'; the data has age, income, plan." in unknown.stdout
    suite.write_text("tests:\n  - {metric: MeanValue, column: age, above: 0}\n")
    wrong = command("data", "test", str(file), "--suite", str(suite), cwd=tmp_path)
    assert wrong.returncode == 1
    assert "'tests[0].above' is not a known key" in wrong.stderr
    missing = command("data", "test", "nothing.csv", cwd=tmp_path)
    assert missing.returncode == 1
    assert "nothing.csv" in missing.stderr


def test_a_suite_is_derived_saved_and_run_without_its_reference(tmp_path: Path) -> None:
    """The saved suite comes to the same verdict as the reference that it was derived from."""
    reference = write(tmp_path / "reference.csv", rows(300, 3))
    shifted = write(tmp_path / "shifted.csv", rows(300, 4, shift=20))
    first = command(
        "data",
        "test",
        str(shifted),
        "--reference",
        str(reference),
        "--save-suite",
        "suite.json",
        "--json",
        "-",
        cwd=tmp_path,
    )
    second = command("data", "test", str(shifted), "--suite", "suite.json", "--json", "-", cwd=tmp_path)
    assert first.returncode == second.returncode == 3
    assert json.loads(first.stdout) == json.loads(second.stdout)


@pytest.mark.parametrize("text", ["age,income\n", "age,income\n1,2\n", "age,income\n,\n,\n", "age\nx\n1\n2\n"])
def test_small_and_odd_files_get_a_verdict(tmp_path: Path, text: str) -> None:
    """No rows, one row, nothing but gaps, text among numbers: a verdict, never NaN, never a crash."""
    odd = tmp_path / "odd.csv"
    odd.write_text(text)
    reference = write(tmp_path / "reference.csv", rows(30, 5))
    for arguments in ([], ["--reference", str(reference)]):
        answer = command("data", "test", str(odd), *arguments, "--json", "-", cwd=tmp_path)
        assert answer.returncode in (0, 3), answer.stderr
        assert "NaN" not in answer.stdout
        assert json.loads(answer.stdout)["tests"]


@pytest.fixture(scope="module")
def martlet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Martlet]:
    """A server in whose folder the data lies."""
    folder = tmp_path_factory.mktemp("quality")
    server = Martlet(folder).start()
    write(folder / "good.csv", rows(200, 6))
    write(folder / "bad.csv", rows(200, 6, gaps=True))
    yield server
    server.stop()


MANIFEST = """\
version: 1
data:
  good: {source: {file: good.csv, header: true}, columns: [age, income, {name: plan, type: string}]}
  bad: {source: {file: bad.csv, header: true}, columns: [age, income, {name: plan, type: string}]}
pipelines:
  gated:
    parameters: {dataset: good}
    tasks:
      good: {step: data.ingest, with: {dataset: good}}
      bad: {step: data.ingest, with: {dataset: bad}}
      gate:
        step: data.test
        needs: [good, bad]
        with:
          dataset: "${parameters.dataset}"
          reference: good
          suite:
            tests:
              - {metric: MissingValueCount, column: age, eq: 0}
              - {metric: MeanValue, column: income, eq: {reference: true, relative: 0.1}}
      after: {run: ["true"], needs: [gate]}
"""


def run_gate(server: Martlet, dataset: str) -> dict:
    """Runs the pipeline to its end."""
    started = server.post("/api/martlet/v1/pipelines/gated/runs", {"parameters": {"dataset": dataset}})
    assert started.status_code < 300, started.text
    run = started.json()["id"]

    def finished() -> dict | None:
        state = requests.get(f"{server.api}/pipeline-runs/{run}", timeout=30).json()
        return state if state["state"] in ("succeeded", "failed", "cancelled") else None

    return wait_until(finished)


def test_a_pipeline_stops_at_bad_data(martlet: Martlet) -> None:
    """A failed critical test fails the task, what needs it is skipped, and the report is an artifact of a run."""
    applied = martlet.post("/api/martlet/v1/apply", {"manifest": MANIFEST, "directory": "."})
    assert applied.status_code == 200, applied.text
    passed = run_gate(martlet, "good")
    tasks = {task["task"]: task for task in passed["tasks"]}
    assert passed["state"] == "succeeded", passed
    assert tasks["gate"]["outputs"]["passed"] is True
    failed = run_gate(martlet, "bad")
    tasks = {task["task"]: task for task in failed["tasks"]}
    assert failed["state"] == "failed"
    assert tasks["after"]["state"] == "skipped"
    message = json.dumps(tasks["gate"], ensure_ascii=False)
    assert "Column 'age' missing values: Actual value 40.000, but expected 0.000" in message
    run_id = message.split("quality.json of run ")[1][:32]
    report = requests.get(f"{martlet.url}/get-artifact", params={"run_id": run_id, "path": "quality.json"}, timeout=30)
    assert report.status_code == 200, report.text
    assert report.json()["summary"]["failed_tests"] == 1


def test_datasets_are_profiled_and_tested_over_http(martlet: Martlet) -> None:
    """Profile, verdict, and errors with the field named."""
    profile = requests.get(f"{martlet.api}/data/good/profile", timeout=30).json()
    assert profile["row_count"] == 200
    ages = np.array([float(age) for age, _, _ in rows(200, 6)])
    age = next(column for column in profile["columns"] if column["name"] == "age")
    assert age["mean"] == pytest.approx(ages.mean(), rel=1e-9)
    assert age["quantiles"]["0.95"] == pytest.approx(np.quantile(ages, 0.95), rel=1e-9)
    assert {correlation["method"] for correlation in profile["correlations"]} == {"pearson", "spearman"}
    report = martlet.post("/api/martlet/v1/data/bad/test", {"reference": "good"}).json()
    assert report["passed"] is False
    assert report["dataset"] == "bad"
    assert len(report["version"]) == 64
    wrong = martlet.post("/api/martlet/v1/data/bad/test", {"suite": {"tests": [{"metric": "Mean", "gt": 0}]}})
    assert wrong.status_code == 400
    assert "'suite.tests[0].metric' must be one of" in wrong.json()["error"]["message"]
    assert martlet.post("/api/martlet/v1/data/none/test", {}).status_code == 404
