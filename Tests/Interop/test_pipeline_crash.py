"""Pipelines whose server, or tasks, are killed (SIGKILL) at random moments: nothing lost, nothing recorded twice."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

import pytest
import requests
from martlet_process import Martlet, command, wait_until

pytestmark = pytest.mark.alone

SEED = 20261122
KILLS = 6
RUNS = 3

# Every command notes that it began and that it ended; how often it may do either is what is tested. The longest takes
# longer than the server lives before it is killed. Pauses do not grow, so that what cannot succeed says so soon.
MANIFEST = """
version: 1
pipelines:
  crash:
    parallel: 8
    tasks:
      list:
        retries: {limit: 20, backoff: 20ms, factor: 1}
        run: [sh, -c, 'printf "{\\"items\\": [1, 2, 3, 4, 5, 6]}" > "$MARTLET_OUTPUTS"']
      work:
        needs: [list]
        foreach: "${tasks.list.outputs.items}"
        retries: {limit: 20, backoff: 20ms, factor: 1}
        script: |
          echo "$MARTLET_RUN_ID $MARTLET_TASK $MARTLET_ATTEMPT began" >> "$NOTES"
          sleep "0.$MARTLET_ITEM"
          printf '{"value": "%s"}' "$MARTLET_ITEM" > "$MARTLET_OUTPUTS"
          echo "$MARTLET_RUN_ID $MARTLET_TASK $MARTLET_ATTEMPT ended" >> "$NOTES"
        env: {NOTES: "${pipeline.directory}/notes"}
      join:
        needs: [work]
        retries: {limit: 20, backoff: 20ms, factor: 1}
        run: [sh, -c, 'printf "{\\"all\\": %s}" "$1" > "$MARTLET_OUTPUTS"', sh, "${tasks.work.outputs.value}"]
"""


def project(server: Martlet) -> Path:
    """The manifest's directory; in the one that holds the server's data the sandbox lets tasks make no file."""
    return server.folder / "project"


def apply(server: Martlet, manifest: str = MANIFEST) -> None:
    """Declares the pipeline."""
    project(server).mkdir()
    (project(server) / "martlet.yaml").write_text(manifest)
    done = command("apply", "martlet.yaml", "--server", server.url, cwd=project(server))
    assert done.returncode == 0, done.stderr


def start(server: Martlet, key: str) -> str:
    """Asks for a run, again if the answer does not come; the key makes it one run."""
    for _ in range(50):
        try:
            answer = server.post("/api/martlet/v1/pipelines/crash/runs", {"idempotency_key": key})
            assert answer.status_code == 201, answer.text
            return answer.json()["id"]
        except requests.RequestException:
            time.sleep(0.2)
    raise AssertionError("no run could be started")


def ended(server: Martlet, run: str) -> dict | None:
    """The run when it has ended."""
    found = server.get(f"/api/martlet/v1/pipeline-runs/{run}").json()
    return found if found["state"] in ("succeeded", "failed", "cancelled") else None


def check(server: Martlet, run: str) -> Counter[str]:
    """Every task has one result; no attempt ran twice or beside another of its task. Returns how attempts ended."""
    found = wait_until(lambda: ended(server, run), seconds=120)
    assert found["state"] == "succeeded", found
    assert found["task_counts"] == {"succeeded": 9}
    states = {}
    for task in found["tasks"]:
        attempts = server.get(f"/api/martlet/v1/pipeline-runs/{run}/tasks/{task['task']}").json()["items"]
        assert [one["attempt"] for one in attempts] == list(range(1, len(attempts) + 1))
        states[task["task"]] = [one["state"] for one in attempts]
        assert Counter(states[task["task"]])["succeeded"] == 1
        assert states[task["task"]][-1] == "succeeded"
    assert next(task for task in found["tasks"] if task["task"] == "join")["outputs"] == {
        "all": ["1", "2", "3", "4", "5", "6"]
    }
    notes = Counter((project(server) / "notes").read_text().splitlines())
    assert max(notes.values()) == 1, "an attempt ran twice"
    newest: dict[str, int] = {}
    for line in notes:
        of, task, attempt, what = line.split()
        if of == run:
            assert int(attempt) >= newest.get(task, 0), f"an attempt went on beside the next: {line}"
            newest[task] = int(attempt)
        if of == run and what == "ended":
            later = states[task][int(attempt) :]
            # An attempt that came to its end without its server may be done again, once its processes are gone.
            assert states[task][int(attempt) - 1] == "succeeded" or later, line
    return Counter(state for attempts in states.values() for state in attempts)


def test_a_server_that_is_killed_at_any_time_loses_nothing_and_records_nothing_twice(own_server: Martlet) -> None:
    """Runs go on over kill -9 of their server at random moments."""
    chance = random.Random(SEED)
    server = own_server
    apply(server)
    runs = [start(server, f"key-{number}") for number in range(RUNS)]
    for _ in range(KILLS):
        time.sleep(chance.uniform(0.02, 0.5))
        server.kill()
        server.start()
        assert start(server, "key-0") == runs[0]
    endings = sum((check(server, run) for run in runs), Counter())
    assert endings["lost"] > 0, "no kill met a task"


def commands(folder: Path) -> list[int]:
    """The processes of tasks of the server whose files lie in a folder."""
    found = []
    for place in Path("/proc").iterdir():
        if not place.name.isdigit():
            continue
        try:
            variables = (place / "environ").read_bytes()
        except OSError:
            continue
        if b"MARTLET_TASK_MARKER=" in variables and str(folder).encode() in variables:
            found.append(int(place.name))
    return found


def test_tasks_that_are_killed_are_tried_again_and_recorded_once(own_server: Martlet) -> None:
    """A task that somebody kills fails by that signal and is tried again."""
    chance = random.Random(SEED + 1)
    server = own_server
    apply(server)
    run = start(server, "killed")
    killed = 0
    deadline = time.monotonic() + 60
    while ended(server, run) is None and time.monotonic() < deadline:
        for process in chance.sample(found := commands(server.folder), min(2, len(found))) if killed < 10 else []:
            try:
                os.kill(process, signal.SIGKILL)
                killed += 1
            except ProcessLookupError:
                pass
        time.sleep(0.05)
    assert killed > 0
    assert check(server, run)["failed"] > 0


def test_a_failed_run_goes_on_after_a_restart(own_server: Martlet) -> None:
    """Resuming and re-running work on what an earlier process recorded."""
    server = own_server
    apply(
        server,
        """
version: 1
pipelines:
  crash:
    tasks:
      first: {run: [sh, -c, 'echo x >> "$1/first"', sh, "${pipeline.directory}"]}
      second: {needs: [first], run: [sh, -c, 'test -e "$1/fixed"', sh, "${pipeline.directory}"]}
""",
    )
    run = start(server, "once")
    assert wait_until(lambda: ended(server, run), seconds=60)["state"] == "failed"
    server.kill()
    server.start()
    (project(server) / "fixed").touch()
    done = command("pipeline", "resume", run, "--follow", "--server", server.url, cwd=project(server))
    assert done.returncode == 0, done.stdout + done.stderr
    assert (project(server) / "first").read_text() == "x\n"
    done = command("pipeline", "rerun", run, "first", "--follow", "--server", server.url, cwd=project(server))
    assert done.returncode == 0, done.stdout + done.stderr
    assert (project(server) / "first").read_text() == "x\nx\n"
