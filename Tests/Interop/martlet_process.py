"""Starts the built binary the way a user does: a server on a free port with its own data folder, or one command."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS = 30
DRAIN_SECONDS = 40


def binary() -> Path:
    """The binary under test: `MARTLET_BINARY`, or the newest build."""
    named = os.environ.get("MARTLET_BINARY")
    places = [Path(named)] if named else [ROOT / ".build" / name / "martlet" for name in ("release", "debug")]
    for place in places:
        if place.is_file():
            return place.resolve()
    raise FileNotFoundError(f"no martlet binary at {' or '.join(map(str, places))}; run `make build`")


def free_port() -> int:
    """A loopback port that nothing listens on."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environment() -> dict[str, str]:
    """The caller's environment without settings that would change what is tested."""
    return {key: value for key, value in os.environ.items() if not key.startswith(("MARTLET_", "MLFLOW_"))}


def command(*arguments: str, cwd: Path, timeout: float = 60, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs one `martlet` command to its end and returns it with its output."""
    return subprocess.run(
        [str(binary()), *arguments],
        cwd=cwd,
        env=environment() | variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


class Martlet:
    """One server process over one data folder, which outlives restarts."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        """Prepares a server whose data and log lie in `folder`; `start` runs it."""
        self.folder = folder
        self.data = folder / "data"
        self.log_path = folder / "server.log"
        self.port = free_port()
        self.arguments = arguments
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Address of the server, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def api(self) -> str:
        """Address of Martlet's own JSON API."""
        return f"{self.url}/api/martlet/v1"

    @property
    def log(self) -> str:
        """Everything that the server has written so far."""
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def start(self) -> Martlet:
        """Starts the process and waits until it is ready."""
        arguments = ["up", "--port", str(self.port), "--data", str(self.data), *self.arguments]
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [str(binary()), *arguments],
                cwd=self.folder,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            if (status := self.process.poll()) is not None:
                raise AssertionError(f"martlet up ended with status {status}:\n{self.log}")
            try:
                if requests.get(f"{self.url}/readyz", timeout=2).status_code == 200:
                    return self
            except requests.ConnectionError:
                pass
            time.sleep(0.02)
        self.kill()
        raise AssertionError(f"not ready after {READY_SECONDS} s:\n{self.log}")

    def stop(self) -> int:
        """Asks the server to drain and end (SIGTERM) and returns its exit status."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout=DRAIN_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"still running {DRAIN_SECONDS} s after SIGTERM:\n{self.log}") from None

    def kill(self) -> None:
        """Ends the server at once (SIGKILL), as a power cut would end it."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(timeout=10)

    def restart(self) -> Martlet:
        """Drains, then starts again over the same data on the same port."""
        self.stop()
        return self.start()

    def get(self, path: str, **options: object) -> requests.Response:
        """GETs a path of the server."""
        return requests.get(f"{self.url}{path}", timeout=30, **options)

    def post(self, path: str, body: object = None, **options: object) -> requests.Response:
        """POSTs JSON to a path of the server."""
        if body is not None:
            options["json"] = body
        return requests.post(f"{self.url}{path}", timeout=30, **options)


def wait_until(condition, seconds: float = 30, what: str = "the condition"):
    """Polls until `condition` gives something true, and returns it."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.1)
    raise AssertionError(f"{what}: not within {seconds} s")
