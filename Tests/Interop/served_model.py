"""Runs `martlet serve` as a user does, for the time of a test."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import requests
from martlet_process import DRAIN_SECONDS, binary, environment, free_port

READY_SECONDS = 90


class ServedModel:
    """One `martlet serve` process; a context manager."""

    def __init__(self, folder: Path, source: str | Path, *arguments: str, **variables: str) -> None:
        """Prepares the command; its working folder and log lie in `folder`."""
        self.folder = folder
        self.port = free_port()
        self.arguments = ["serve", str(source), "--port", str(self.port), "--grpc-port", "0", *arguments]
        self.variables = variables
        self.log_path = folder / f"serve-{self.port}.log"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Address of the server, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """Everything that the command has written so far."""
        return self.log_path.read_text(errors="replace")

    def __enter__(self) -> ServedModel:
        """Starts the process and waits until a model is ready."""
        with self.log_path.open("wb") as log:
            self.process = subprocess.Popen(
                [str(binary()), *self.arguments],
                cwd=self.folder,
                env=environment() | self.variables,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            if (status := self.process.poll()) is not None:
                raise AssertionError(f"martlet serve ended with status {status}:\n{self.log}")
            try:
                if requests.get(f"{self.url}/readyz", timeout=2).status_code == 200 and self.name:
                    return self
            except requests.ConnectionError:
                pass
            time.sleep(0.02)
        self.__exit__()
        raise AssertionError(f"not ready after {READY_SECONDS} s:\n{self.log}")

    def __exit__(self, *_: object) -> None:
        """Ends the process; it must end well and leave no folder behind."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(timeout=DRAIN_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            raise AssertionError(f"still running {DRAIN_SECONDS} s after SIGTERM:\n{self.log}") from None
        assert status == 0, self.log

    @property
    def name(self) -> str:
        """The model's name, from what the command prints; empty before that."""
        parts = self.log.split("Martlet serves '")
        return parts[1].split("'")[0] if len(parts) > 1 else ""

    def infer(self, body: dict, **options: object) -> requests.Response:
        """POSTs a V2 request."""
        return requests.post(f"{self.url}/v2/models/{self.name}/infer", json=body, timeout=60, **options)

    def metadata(self) -> dict:
        """The V2 metadata of the model."""
        answer = requests.get(f"{self.url}/v2/models/{self.name}", timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()


def refused(folder: Path, *arguments: str, **variables: str) -> str:
    """What `martlet serve` writes when it must refuse to start."""
    result = subprocess.run(
        [str(binary()), "serve", *arguments, "--port", "0", "--grpc-port", "0"],
        cwd=folder,
        env=environment() | variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode != 0, result.stdout
    assert "Fatal" not in result.stderr, result.stderr
    return result.stderr
