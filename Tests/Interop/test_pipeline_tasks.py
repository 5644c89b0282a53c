"""Tasks that mean no good, run by a whole server: each is bounded, and how it ended is said."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from martlet_process import Martlet, command, wait_until

MANIFEST = """\
version: 1
pipelines:
  hostile:
    tasks:
      flood:
        run: [python3, -c, "import sys; [sys.stdout.write(('x' * 999 + chr(10)) * 100) for _ in range(10000)]"]
      daemon:
        script: |
          (setsid sleep 900 >/dev/null 2>&1 & echo "pid $!")
          (trap '' TERM HUP; exec setsid sleep 901) & sleep 0.2
      disk:
        script: "i=0; while true; do head -c 1000000 /dev/zero > f$i; i=$((i+1)); done"
        resources: {disk: 20MiB}
      memory:
        run: [python3, -c, "x = bytearray(1 << 30)"]
        resources: {memory: 256MiB}
      bytes:
        run: [printf, 'a\\0b \\377\\376\\n']
      quiet:
        script: "exec >&- 2>&-; exit 7"
      outputs:
        script: 'head -c 70000 /dev/zero > "$MARTLET_OUTPUTS"'
      image:
        container: {image: "busybox:1"}
"""


@pytest.fixture(scope="module")
def martlet(tmp_path_factory) -> Iterator[Martlet]:
    """A server on whose search path no container engine lies."""
    tools = tmp_path_factory.mktemp("tools")
    for name in ("sh", "python3", "head", "sleep", "setsid", "printf"):
        (tools / name).symlink_to(shutil.which(name, path="/usr/bin:/bin") or shutil.which(name))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(tools))
        server = Martlet(tmp_path_factory.mktemp("tasks")).start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def run(martlet: Martlet) -> dict:
    """The run of all of them, at its end."""
    answer = martlet.post("/api/martlet/v1/apply", {"manifest": MANIFEST, "directory": "."})
    assert answer.status_code == 200, answer.text
    run = martlet.post("/api/martlet/v1/pipelines/hostile/runs", {"parameters": {}}).json()["id"]
    path = f"/api/martlet/v1/pipeline-runs/{run}"
    over = ("succeeded", "failed", "cancelled")
    return wait_until(lambda: found if (found := martlet.get(path).json())["state"] in over else None, 120, "the end")


def task(run: dict, name: str) -> dict:
    """One task of the run."""
    return next(task for task in run["tasks"] if task["task"] == name)


def log(martlet: Martlet, run: dict, name: str) -> list[str]:
    """All lines of a task, page by page."""
    lines: list[dict] = []
    while True:
        after = lines[-1]["position"] if lines else 0
        path = f"/api/martlet/v1/pipeline-runs/{run['id']}/logs?task={name}&after={after}"
        page = martlet.get(path).json()["items"]
        if not page:
            return [line["line"] for line in lines]
        lines += page


def test_a_gigabyte_of_output_is_cut(martlet: Martlet, run: dict):
    assert task(run, "flood")["state"] == "succeeded"
    lines = log(martlet, run, "flood")
    assert len(lines) <= 10_002 and sum(map(len, lines)) <= (1 << 20) + 500
    assert re.fullmatch(r"\d+ lines were dropped\.", lines[-1])
    assert task(run, "flood")["usage"]["written_bytes"] >= 1_000_000_000


def test_daemons_are_gone_with_their_task(martlet: Martlet, run: dict):
    assert task(run, "daemon")["state"] == "succeeded", task(run, "daemon")
    left = [
        path
        for path in Path("/proc").glob("[0-9]*/cmdline")
        if (words := read(path).split(b"\0")) and words[0] == b"sleep" and words[1:2] in ([b"900"], [b"901"])
    ]
    assert not left


def read(path: Path) -> bytes:
    """A file of a process, which may have ended."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("disk", "more than its 'disk' of 20 MiB"),
        ("memory", "MemoryError|more than its 'memory'"),
        ("quiet", "The command ended with status 7."),
        ("outputs", "larger than 65536 bytes"),
    ],
)
def test_how_it_ended_is_said(run: dict, name: str, message: str):
    assert task(run, name)["state"] == "failed"
    assert re.search(message, task(run, name)["error"]), task(run, name)


def test_a_container_without_an_engine_names_the_remedy(run: dict):
    assert "neither docker nor podman is on the server's PATH; install one" in task(run, "image")["error"]


def test_what_was_too_much_is_removed(martlet: Martlet, run: dict):
    folder = martlet.data / "tasks" / run["id"] / "disk" / "1"
    assert not list(folder.glob("f*"))


def test_bytes_that_are_no_text_are_shown_as_such(martlet: Martlet, run: dict):
    assert log(martlet, run, "bytes")[-1] == "a\ufffdb \ufffd\ufffd"


def test_what_each_used_is_shown_and_summed(martlet: Martlet, run: dict):
    for one in run["tasks"]:
        if one["task"] in ("image",):
            continue
        assert one["usage"]["wall_seconds"] > 0, one
        assert "disk" in one["usage"]["isolation"]
    metrics = martlet.get("/metrics").text
    assert re.search(r'martlet_task_attempts_total\{[^}]*pipeline="hostile"[^}]*\} [1-9]', metrics)
    assert "martlet_task_cpu_seconds_total" in metrics


def test_lines_are_there_while_the_task_runs(martlet: Martlet, tmp_path: Path):
    gate = tmp_path / "gate"
    manifest = f"""\
version: 1
pipelines:
  live:
    tasks:
      wait:
        script: "echo begun; while [ ! -e {gate} ]; do sleep 0.02; done"
"""
    assert martlet.post("/api/martlet/v1/apply", {"manifest": manifest, "directory": "."}).status_code == 200
    run = martlet.post("/api/martlet/v1/pipelines/live/runs", {"parameters": {}}).json()
    wait_until(lambda: "begun" in log(martlet, run, "wait"), 60, "the first line")
    answer = command("pipeline", "show", run["id"], "--server", martlet.url, cwd=tmp_path)
    assert "running" in answer.stdout
    gate.touch()
