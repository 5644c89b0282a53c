"""What a task's code reaches on this machine, by a server as users start it: as this user, and without root."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from martlet_process import READY_SECONDS, Martlet, binary, command, environment
from test_secrets import log, run_pipeline

pytestmark = [
    pytest.mark.alone,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at processes in /proc"),
]
NOBODY = 65534


class Unprivileged(Martlet):
    """A server that runs as nobody."""

    def start(self) -> Martlet:
        """Starts the process as nobody and waits until it is ready."""
        self.folder.chmod(0o755)
        self.data.mkdir(exist_ok=True)
        os.chown(self.data, NOBODY, NOBODY)
        os.chown(self.folder, NOBODY, NOBODY)
        arguments = ["up", "--port", str(self.port), "--data", str(self.data), *self.arguments]
        with self.log_path.open("ab") as output:
            self.process = subprocess.Popen(
                [str(self.folder / "martlet"), *arguments],
                cwd=self.folder,
                env=environment() | {"HOME": str(self.folder), "VERY_PRIVATE": "of the server"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=NOBODY,
                group=NOBODY,
                extra_groups=[],
            )
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if requests.get(f"{self.url}/readyz", timeout=2).status_code == 200:
                    return self
            except requests.ConnectionError:
                pass
            time.sleep(0.05)
        raise AssertionError(f"not ready:\n{self.log}")


@pytest.fixture(params=["as this user", "without root"])
def martlet(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Martlet]:
    """A server with and without root's rights."""
    if request.param == "as this user":
        server = Martlet(tmp_path)
    else:
        if os.geteuid() != 0:
            pytest.skip("only root can start a server as another user")
        place = Path("/tmp") / f"martlet-unprivileged-{os.getpid()}"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        shutil.copy(binary(), place / "martlet")
        server = Unprivileged(place)
    try:
        server.start()
        yield server
        server.stop()
    finally:
        server.kill()
        if request.param != "as this user":
            shutil.rmtree(server.folder, ignore_errors=True)


def manifest(script: str, more: str = "") -> str:
    """A pipeline of one script."""
    lines = "\n".join("          " + line for line in script.strip().splitlines())
    return f"version: 1\npipelines:\n  probe:\n    tasks:\n      t:\n        script: |\n{lines}\n{more}"


def parts(server: Martlet) -> dict[str, bool]:
    """What the server says holds."""
    answer = server.get("/api/martlet/v1/sandbox").json()
    return {part["name"]: part["holds"] for part in answer["parts"]}


def test_a_task_cannot_read_the_server(martlet: Martlet) -> None:
    """I7: the server's database, key, environment and memory are closed to a task, or the report says so."""
    answer = requests.put(f"{martlet.api}/secrets/x", json={"value": "a value"}, timeout=30)
    assert answer.status_code == 200, answer.text
    assert martlet.process is not None
    tries = {
        "database": f"cat '{martlet.data}/martlet.db'",
        "key": f"cat '{martlet.data}/secret.key'",
        "environment": f"cat /proc/{martlet.process.pid}/environ",
        "memory": f"head -c 1 /proc/{martlet.process.pid}/mem",
        "listing": f"ls '{martlet.data}/artifacts'",
        "signal": f"kill -0 {martlet.process.pid}",
        "su": "su -c true nobody",
        "own": "echo x > own && cat own",
    }
    script = "\n".join(
        f"if ({what}) >/dev/null 2>&1; then echo {name}=yes; else echo {name}=no; fi" for name, what in tries.items()
    )
    run = run_pipeline(martlet, manifest(script), "probe")
    assert run["state"] == "succeeded", run
    found = dict(line.split("=") for line in log(martlet, run, "t").splitlines() if "=" in line)
    held = parts(martlet)
    assert found["own"] == "yes"
    if held["files"] and held["calls"]:
        closed = {"database", "key", "environment", "memory"}
        assert {name for name in closed if found[name] == "yes"} == set(), found
    else:
        assert "Sandbox:" in martlet.log


def test_nothing_survives_the_task(martlet: Martlet) -> None:
    """I5: children that fork twice, ignore SIGTERM and leave the session are gone when the task has ended."""
    script = """
trap '' TERM HUP
(trap '' TERM HUP; (setsid sh -c 'echo $$ >> "$0"; exec sleep 600' pids) & ) &
setsid sh -c 'trap "" TERM; echo $$ >> pids; exec sleep 600' &
while [ "$(cat pids 2>/dev/null | wc -l)" -lt 2 ]; do sleep 0.05; done
cat pids
"""
    run = run_pipeline(martlet, manifest(script), "probe")
    assert run["state"] == "succeeded", run
    processes = [int(line) for line in log(martlet, run, "t").splitlines() if line.isdigit()]
    assert len(processes) == 2
    for process in processes:
        status = Path(f"/proc/{process}/status")
        assert not status.exists() or "(zombie)" in status.read_text()


def test_limits_and_network_of_a_task(martlet: Martlet) -> None:
    """A task that takes too much memory fails alone; one that gave up the network has none."""
    greedy = manifest("exec python3 -c 'bytearray(1 << 30)'", "        resources: {memory: 200MiB}\n")
    assert run_pipeline(martlet, greedy, "probe")["state"] == "failed"
    assert martlet.get("/readyz").status_code == 200
    port = martlet.port
    probe = f'python3 -c \'import socket; socket.create_connection(("127.0.0.1", {port}), 5); print("reached")\''
    run = run_pipeline(martlet, manifest(probe), "probe")
    assert run["state"] == "succeeded" and "reached" in log(martlet, run, "t")
    offline = run_pipeline(martlet, manifest(probe, "        resources: {network: off}\n"), "probe")
    assert offline["state"] == "failed"
    assert "reached" not in log(martlet, offline, "t")


def test_the_report_is_the_same_everywhere(martlet: Martlet) -> None:
    """What the API says does not hold is in the log, and in `martlet doctor` as a warning."""
    answer = martlet.get("/api/martlet/v1/sandbox").json()
    for part in answer["parts"]:
        assert part["holds"] or part["detail"] in martlet.log
    shown = command("doctor", "--json", cwd=martlet.folder)
    assert shown.stdout.count('"sandbox: ') == len(answer["parts"])
