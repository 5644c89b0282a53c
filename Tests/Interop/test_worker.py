"""Workers: another process on the same PostgreSQL runs tasks; killed, stopped, and left by its server."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest
from martlet_process import Martlet, binary, command, environment, wait_until

MANIFEST = """\
version: 1
pipelines:
  remote:
    parameters: {word: hello}
    tasks:
      make:
        queue: gpu
        script: |
          echo "made $WORD"
          mkdir -p out && echo "$WORD" > out/file
          printf '{"word": "%s"}' "$WORD" > "$MARTLET_OUTPUTS"
        env: {WORD: "${parameters.word}"}
        outputs: {file: {path: out/file}}
      read:
        needs: [make]
        inputs: {file: {from: make.file}}
        run: [cat, inputs/file]
      again:
        queue: gpu
        needs: [make]
        inputs: {file: {from: make.file}}
        run: [cat, inputs/file]
  long:
    parameters: {queue: x, gate: x}
    tasks:
      wait:
        queue: QUEUE
        script: |
          echo "begun $MARTLET_ATTEMPT"
          while [ ! -e "$GATE" ]; do sleep 0.05; done
          echo ended
        env: {GATE: "${parameters.gate}"}
"""


class Worker:
    """A worker process of a test."""

    everyone: ClassVar[list[Worker]] = []

    def __init__(self, server: Martlet, folder: Path, *queues: str) -> None:
        """Starts the worker in a folder of its own."""
        folder.mkdir(parents=True, exist_ok=True)
        self.log_path = folder / "worker.log"
        words = [str(binary()), "worker", "--data", str(folder / "data"), "--name", folder.name, *server.arguments]
        for queue in queues:
            words += ["--queue", queue]
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                words, cwd=folder, env=environment(), stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
        self.everyone.append(self)
        wait_until(lambda: "serves" in self.log or self.process.poll() is not None, 60, "the worker's first line")
        assert self.process.poll() is None, self.log

    @property
    def log(self) -> str:
        """Everything that it wrote so far."""
        return self.log_path.read_text(errors="replace")

    def kill(self) -> None:
        """Ends it at once."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=30)

    def stop(self) -> int:
        """Asks it to stop, and returns its status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)


@pytest.fixture(scope="module")
def server(postgres_server, tmp_path_factory) -> Iterator[Martlet]:
    """A server whose database and artifacts workers share."""
    from databases import database_arguments

    class Request:
        param = "postgres"

        @staticmethod
        def getfixturevalue(_: str):
            return postgres_server

    folder = tmp_path_factory.mktemp("server")
    with database_arguments(Request) as arguments:
        server = Martlet(folder, *arguments, "--artifacts", str(folder / "shared")).start()
        for queue in ("doomed", "drained", "left"):
            manifest = MANIFEST.replace("QUEUE", queue).replace("  long:", f"  {queue}:")
            answer = server.post("/api/martlet/v1/apply", {"manifest": manifest, "directory": "."})
            assert answer.status_code == 200, answer.text
        yield server
        # Those of a test that failed.
        for worker in Worker.everyone:
            worker.kill()
        server.stop()


def start(server: Martlet, pipeline: str, **parameters: str) -> str:
    """Starts a run and returns its id."""
    answer = server.post(f"/api/martlet/v1/pipelines/{pipeline}/runs", {"parameters": parameters})
    assert answer.status_code < 300, answer.text
    return answer.json()["id"]


def run_of(server: Martlet, run: str) -> dict:
    """A run as it stands."""
    return server.get(f"/api/martlet/v1/pipeline-runs/{run}").json()


def ended(server: Martlet, run: str) -> dict:
    """A run once it has ended."""
    over = ("succeeded", "failed", "cancelled")
    return wait_until(lambda: found if (found := run_of(server, run))["state"] in over else None, 90, "the run's end")


def log(server: Martlet, run: str, task: str) -> list[str]:
    """The lines of a task's log."""
    answer = server.get(f"/api/martlet/v1/pipeline-runs/{run}/logs?task={task}")
    return [line["line"] for line in answer.json()["items"]]


@pytest.fixture(scope="module")
def lost(server: Martlet, tmp_path_factory) -> str:
    """A run whose worker was killed; it is noticed while the other tests run."""
    folder = tmp_path_factory.mktemp("lost")
    worker = Worker(server, folder / "doomed-worker", "doomed")
    run = start(server, "doomed", gate=str(folder / "gate"))
    wait_until(lambda: "begun 1" in log(server, run, "wait"), 60, "the first attempt")
    worker.kill()
    (folder / "gate").touch()
    return run


@pytest.fixture(scope="module")
def worker(server: Martlet, lost: str, tmp_path_factory) -> Iterator[Worker]:
    """A worker that stays."""
    worker = Worker(server, tmp_path_factory.mktemp("stays") / "stays-worker", "gpu", "doomed")
    yield worker
    assert worker.stop() == 0, worker.log


def test_tasks_of_a_queue_run_at_the_worker(server: Martlet, worker: Worker):
    run = ended(server, start(server, "remote", word="a; rm -rf /"))
    assert run["state"] == "succeeded", run
    tasks = {task["task"]: task for task in run["tasks"]}
    assert tasks["make"]["outputs"] == {"word": "a; rm -rf /"}
    assert tasks["make"]["usage"]["worker"].startswith("stays-worker-")
    assert "worker" not in tasks["read"]["usage"]
    assert "made a; rm -rf /" in log(server, run["id"], "make")
    # What the worker left is read on the server, and by a worker again.
    assert "a; rm -rf /" in log(server, run["id"], "read")
    assert "a; rm -rf /" in log(server, run["id"], "again")


def test_lines_arrive_while_the_task_runs_and_a_drain_ends_it_well(server: Martlet, lost: str, tmp_path: Path):
    worker = Worker(server, tmp_path / "drained-worker", "drained")
    run = start(server, "drained", gate=str(tmp_path / "gate"))
    wait_until(lambda: "begun 1" in log(server, run, "wait"), 60, "a line of a task that runs")
    worker.process.send_signal(signal.SIGTERM)
    wait_until(lambda: "asked to stop" in worker.log, 60, "the worker's word")
    assert worker.process.poll() is None
    (tmp_path / "gate").touch()
    assert worker.process.wait(timeout=60) == 0, worker.log
    assert ended(server, run)["state"] == "succeeded"
    assert log(server, run, "wait")[-1] == "ended"


def test_a_server_that_was_killed_goes_on_waiting_for_the_same_attempt(server: Martlet, lost: str, tmp_path: Path):
    worker = Worker(server, tmp_path / "left-worker", "left")
    run = start(server, "left", gate=str(tmp_path / "gate"))
    wait_until(lambda: "begun 1" in log(server, run, "wait"), 60, "the first attempt")
    server.kill()
    (tmp_path / "gate").touch()
    server.start()
    after = ended(server, run)
    assert after["state"] == "succeeded"
    assert after["tasks"][0]["attempt"] == 1
    lines = log(server, run, "wait")
    assert lines.count("begun 1") == 1 and lines.count("ended") == 1
    assert worker.stop() == 0, worker.log


def test_a_task_whose_worker_was_killed_is_tried_once_more_and_recorded_once(
    server: Martlet, lost: str, worker: Worker
):
    run = ended(server, lost)
    assert run["state"] == "succeeded", run
    assert run["tasks"][0]["attempt"] == 2
    lines = log(server, lost, "wait")
    assert lines.count("begun 1") == 1 and lines.count("begun 2") == 1 and lines.count("ended") == 1
    assert any("not heard of any more" in line for line in lines)


def test_what_a_worker_lacks_is_named(tmp_path: Path):
    answer = command("worker", "--queue", "gpu", cwd=tmp_path)
    assert answer.returncode == 1 and "must be PostgreSQL" in answer.stderr
    answer = command("worker", "--database", "postgres://u@127.0.0.1:1/x", cwd=tmp_path)
    assert answer.returncode == 1 and "--queue" in answer.stderr
