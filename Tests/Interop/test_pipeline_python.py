"""Pipelines declared in Python: the YAML that they give, and the values that their tasks are given."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from martlet_process import ROOT, Martlet, command, environment, wait_until

LIBRARY = ROOT / "Sources" / "Pipelines" / "Assets"
SUMS = """\
from typing import Literal

import martlet
from martlet import pipeline, task


@task(retries=2, timeout="5m")
def load(rows: int, kind: str) -> dict:
    return {"numbers": list(range(rows)), "count": rows, "kind": kind}


@task
def square(number: int, offset: int) -> int:
    return number * number + offset


@task
def total(numbers: list, label: str, extra: list) -> dict:
    print(label)
    return {"sum": sum(numbers) + sum(extra), "label": label}


@task(outputs={"page": {"path": "page.txt"}})
def report(text: str, parts: list) -> None:
    print("report", text, parts)
    with open("page.txt", "w") as page:
        page.write(text)


@task
def publish(page: str) -> str:
    with open(page) as file:
        return file.read()


@task
def never() -> None:
    raise SystemExit("this must not run")


@pipeline
def sums(rows: int = 4, rate: float = 1, kind: Literal["a", "b"] = "a"):
    '''Adds numbers up.'''
    data = load(rows, kind)
    squares = square.map(data["numbers"], offset=3)
    result = total(squares, LABEL, [rows, data["count"]])
    page = report.with_options(when=(data["count"] > 3) & (data["kind"] == "a"))(result["label"], [1, 2.5, None, True])
    publish(page.artifact("page"))
    never.with_options(when=(data["count"] > 100) | result.failed())()


martlet.main()
"""
LABEL = 'it\'s "quoted"; $(id) ${parameters.rows} `x`: # - \u2028 \U0001f600\n\ttab \\ back'


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """The file that declares the pipeline."""
    path = tmp_path / "sums.py"
    path.write_text(SUMS.replace("LABEL", repr(LABEL)), encoding="utf-8")
    return path


def python(source: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Runs Python with `martlet.py` on its path, and nothing else."""
    return subprocess.run(
        [sys.executable, *words, str(source)],
        env=environment() | {"PYTHONPATH": str(LIBRARY)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def compiled(text: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    """What a file that holds `text` gives."""
    path = tmp_path / "file.py"
    path.write_text("import martlet\nfrom martlet import pipeline, task\n" + text + "\nmartlet.main()\n")
    return python(path)


def test_the_yaml_says_what_the_file_declares(source: Path):
    answer = python(source)
    assert answer.returncode == 0, answer.stderr
    declared = yaml.safe_load(answer.stdout)["pipelines"]["sums"]
    assert declared["description"] == "Adds numbers up."
    assert declared["parameters"] == {
        "rows": {"type": "integer", "default": 4},
        "rate": {"type": "number", "default": 1.0},
        "kind": {"type": "string", "default": "a", "choices": ["a", "b"]},
    }
    tasks = declared["tasks"]
    assert tasks["load"]["retries"] == 2 and tasks["load"]["timeout"] == "5m" and "needs" not in tasks["load"]
    assert tasks["square"]["foreach"] == "${tasks.load.outputs.numbers}" and tasks["square"]["needs"] == ["load"]
    assert tasks["total"]["needs"] == ["square", "load"]
    assert tasks["report"]["when"] == '(${tasks.load.outputs.count} > 3) and (${tasks.load.outputs.kind} == "a")'
    assert tasks["publish"]["inputs"] == {"page": {"from": "report.page", "path": "inputs/page"}}
    assert tasks["load"]["run"] == ["python3", "-m", "martlet", "run", "${pipeline.directory}/sums.py", "load"]
    # Nothing in a literal is filled in.
    assert "$${parameters.rows}" in tasks["total"]["env"]["ARGUMENTS"]


def test_the_command_gives_the_same(source: Path, tmp_path: Path):
    answer = command("pipeline", "compile", str(source), cwd=tmp_path, HOME=str(tmp_path))
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout == python(source).stdout
    output = tmp_path / "deep" / "martlet.yaml"
    output.parent.mkdir()
    answer = command("pipeline", "compile", str(source), "-o", str(output), cwd=tmp_path, HOME=str(tmp_path))
    assert answer.returncode == 0, answer.stderr
    words = yaml.safe_load(output.read_text())["pipelines"]["sums"]["tasks"]["load"]["run"]
    assert words[4] == "${pipeline.directory}/../sums.py"
    library = command("pipeline", "compile", "--library", cwd=tmp_path, HOME=str(tmp_path)).stdout.strip()
    assert (Path(library) / "martlet.py").read_bytes() == (LIBRARY / "martlet.py").read_bytes()


def test_every_text_survives_the_yaml(tmp_path: Path):
    texts = [
        "", " ", "null", "Yes", "~", "1", "1e5", "0x1f", "- a", "a: b", "a #b", "&a", "*a", "!a", "|", ">", "%a", "@a",
        "`a", "'", '"', "\\", "\n", "\t", "\x00", "\x1b", "\x7f", "\x85", "\u2028", "\ufeff", "\U0001f600", "{a}",
        "[a]", "2020-01-01", "a\r\nb", "=", "<<", "on",
    ]  # fmt: skip
    sys.path.insert(0, str(LIBRARY))
    try:
        from martlet_yaml import write
    finally:
        sys.path.remove(str(LIBRARY))
    value = {
        "texts": texts,
        "by": {text: [text, {text: []}, {}] for text in texts},
        "numbers": [1, -1, 0.5, 1e300, 1e-7],
    }
    assert yaml.safe_load("\n".join(write(value))) == value


def test_a_task_is_a_plain_function_outside_of_a_pipeline(source: Path):
    text = "import sums; print(sums.square(3, 1), sums.load(2, 'a')['count'])"
    answer = subprocess.run(
        [sys.executable, "-c", text],
        cwd=source.parent,
        env=environment() | {"PYTHONPATH": str(LIBRARY)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert answer.stdout == "10 2\n", answer.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("@task(retry=1)\ndef t(): pass", "a task has no option 'retry'"),
        ("@pipeline(when=1)\ndef p(): pass", "a pipeline has no option 'when'"),
        ("@pipeline\ndef p(): pass", "calls no task"),
        ("@task\ndef t(x): pass\n@pipeline\ndef p(): t(object())", "t(x) is a object"),
        ("@task\ndef t(x): pass\n@pipeline\ndef p(): t(float('inf'))", "which JSON does not have"),
        ("@task\ndef t(x): pass\n@pipeline\ndef p(): t()", "missing a required argument"),
        ("@task\ndef t(): pass\n@pipeline\ndef p():\n    if t() > 3: t()", "known only when the pipeline runs"),
        ("@task\ndef t(): pass\n@pipeline\ndef p():\n    for x in t(): t()", "use .map()"),
        ("@task\ndef t(x): pass\n@pipeline\ndef p(x: set): t(x)", "parameters are bool"),
        ("@task\ndef t(*x): pass", "must name its parameters"),
        ("x = 1", "declares no pipeline"),
    ],
)
def test_what_is_no_pipeline_is_said(text: str, message: str, tmp_path: Path):
    answer = compiled(text, tmp_path)
    assert answer.returncode != 0
    assert message in answer.stderr.splitlines()[-1]


@pytest.fixture
def martlet(tmp_path: Path) -> Iterator[Martlet]:
    """A server of the test's own."""
    server = Martlet(tmp_path).start()
    yield server
    server.stop()


def test_a_run_passes_values_on(martlet: Martlet, source: Path):
    manifest = source.parent / "martlet.yaml"
    manifest.write_text(python(source).stdout, encoding="utf-8")
    answer = command("apply", str(manifest), "--server", martlet.url, cwd=source.parent)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    run = martlet.post("/api/martlet/v1/pipelines/sums/runs", {"parameters": {"rows": 5}}).json()["id"]
    over = ("succeeded", "failed", "cancelled")
    path = f"/api/martlet/v1/pipeline-runs/{run}"
    state = wait_until(lambda: found if (found := martlet.get(path).json())["state"] in over else None, 90, "the end")
    assert state["state"] == "succeeded", state
    tasks = {task["task"]: task for task in state["tasks"]}
    # 0 + 1 + 4 + 9 + 16, 3 for each, and twice the rows.
    assert tasks["total"]["outputs"]["return"] == {"sum": 30 + 15 + 10, "label": LABEL}
    assert tasks["total"]["outputs"]["sum"] == 55
    assert tasks["publish"]["outputs"]["return"] == LABEL
    assert tasks["never"]["state"] == "skipped"
    lines = [line["line"] for line in martlet.get(f"{path}/logs?task=report").json()["items"]]
    assert any(line.endswith("[1, 2.5, None, True]") for line in lines), lines
