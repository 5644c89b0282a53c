"""Secrets: set by the command line, used by a task, never shown, kept through rotation and a lost key."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from martlet_process import Martlet, binary, command, environment, wait_until

VALUE = "correct-horse-battery-staple"
MANIFEST = """\
version: 1
pipelines:
  secretive:
    tasks:
      use:
        script: |
          echo "key $WAREHOUSE_KEY"
          printf '%s' "user:$WAREHOUSE_KEY" | base64
          test "$(printf '%s' "$WAREHOUSE_KEY" | sha256sum | cut -d' ' -f1)" = "$EXPECTED"
          printf '{"key": "%s"}' "$WAREHOUSE_KEY" > "$MARTLET_OUTPUTS"
        env: {EXPECTED: DIGEST}
        secrets: [warehouse-key]
      other:
        run: [env]
        needs: [use]
"""


@pytest.fixture
def martlet(tmp_path: Path) -> Iterator[Martlet]:
    """A server of the test's own, in whose folder manifests lie."""
    server = Martlet(tmp_path).start()
    yield server
    server.stop()


def put(server: Martlet, name: str, value: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs `martlet secret set` with the value on standard input."""
    return subprocess.run(
        [str(binary()), "secret", "set", name, "--server", server.url, *arguments],
        env=environment(),
        input=value,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def run_pipeline(server: Martlet, manifest: str, pipeline: str) -> dict:
    """Applies a manifest, runs a pipeline to its end and returns the run."""
    answer = server.post("/api/martlet/v1/apply", {"manifest": manifest, "directory": "."})
    assert answer.status_code == 200, answer.text
    answer = server.post(f"/api/martlet/v1/pipelines/{pipeline}/runs", {})
    assert answer.status_code in (200, 201, 202), answer.text
    run = answer.json()["id"]

    def ended() -> dict | None:
        found = server.get(f"/api/martlet/v1/pipeline-runs/{run}").json()
        return found if found["state"] in ("succeeded", "failed", "cancelled") else None

    return wait_until(ended, 60)


def log(server: Martlet, run: dict, task: str) -> str:
    """The log of a task."""
    answer = server.get(f"/api/martlet/v1/pipeline-runs/{run['id']}/logs?task={task}").json()
    return "\n".join(line["line"] for line in answer["items"])


def digest(value: str) -> str:
    """SHA-256 as the script prints it."""
    import hashlib

    return hashlib.sha256(value.encode()).hexdigest()


def test_a_task_uses_a_secret_that_nobody_sees(martlet: Martlet) -> None:
    """The value reaches the task's environment; no answer, log or file shows it in any form."""
    done = put(martlet, "warehouse-key", VALUE + "\n")
    assert done.returncode == 0, done.stderr
    run = run_pipeline(martlet, MANIFEST.replace("DIGEST", digest(VALUE)), "secretive")
    assert run["state"] == "succeeded", (run, log(martlet, run, "use"))
    shown = log(martlet, run, "use")
    assert "key ***" in shown
    encoded = base64.b64encode(f"user:{VALUE}".encode()).decode()
    everything = [shown, log(martlet, run, "other"), json.dumps(run), martlet.log]
    everything += [
        martlet.get(f"/api/martlet/v1/{path}").text
        for path in ("secrets", "secrets/warehouse-key", "pipelines/secretive")
    ]
    listed = command("secret", "list", "--server", martlet.url, cwd=martlet.folder)
    assert "warehouse-key" in listed.stdout
    for text in [*everything, listed.stdout, done.stdout, done.stderr]:
        assert VALUE not in text
        assert encoded[8:-4] not in text
    for path in martlet.data.rglob("*"):
        if path.is_file():
            assert VALUE.encode() not in path.read_bytes(), path
    key = martlet.data / "secret.key"
    assert key.stat().st_mode & 0o777 == 0o600


def test_rotation_and_a_lost_key(martlet: Martlet) -> None:
    """A rotation keeps values; a server whose key is gone says so, loses nothing, and takes the key back."""
    assert put(martlet, "warehouse-key", VALUE).returncode == 0
    before = (martlet.data / "secret.key").read_text()
    rotated = command("secret", "rotate", "--server", martlet.url, cwd=martlet.folder)
    assert rotated.returncode == 0, rotated.stderr
    after = (martlet.data / "secret.key").read_text()
    assert after != before
    manifest = MANIFEST.replace("DIGEST", digest(VALUE))
    assert run_pipeline(martlet, manifest, "secretive")["state"] == "succeeded"
    martlet.stop()
    (martlet.data / "secret.key").unlink()
    martlet.start()
    assert "cannot be read" in martlet.log and "backup" in martlet.log
    refused = put(martlet, "second", VALUE)
    assert refused.returncode != 0 and "backup" in refused.stderr
    failed = run_pipeline(martlet, manifest, "secretive")
    assert failed["state"] == "failed" and VALUE not in json.dumps(failed)
    martlet.stop()
    key = martlet.data / "secret.key"
    key.write_text(after)
    key.chmod(0o600)
    martlet.start()
    assert run_pipeline(martlet, manifest, "secretive")["state"] == "succeeded"
    martlet.stop()
    key.chmod(0o644)
    with pytest.raises(AssertionError, match="chmod 600"):
        martlet.start()
    key.chmod(0o600)
    martlet.start()


def test_values_come_from_files_and_variables_and_never_from_arguments(martlet: Martlet) -> None:
    """`--from-file` and `--from-env` set values; a value as an argument is refused; short ones are, too."""
    path = martlet.folder / "value.txt"
    path.write_text("from a file\n")
    done = command("secret", "set", "a", "--from-file", str(path), "--server", martlet.url, cwd=martlet.folder)
    assert done.returncode == 0, done.stderr
    done = command(
        "secret",
        "set",
        "a",
        "--from-env",
        "THE_VALUE",
        "--server",
        martlet.url,
        cwd=martlet.folder,
        THE_VALUE="from env",
    )
    assert done.returncode == 0, done.stderr
    assert requests.get(f"{martlet.api}/secrets/a", timeout=10).json()["version"] == 2
    refused = command("secret", "set", "a", "a-value", "--server", martlet.url, cwd=martlet.folder)
    assert refused.returncode != 0
    short = put(martlet, "b", "abc")
    assert short.returncode != 0 and "4 bytes" in short.stderr
    done = command("secret", "delete", "a", "--server", martlet.url, cwd=martlet.folder)
    assert done.returncode == 0, done.stderr
    assert requests.get(f"{martlet.api}/secrets/a", timeout=10).status_code == 404


def test_a_key_command_holds_the_key(tmp_path: Path) -> None:
    """With `--secret-key-command` no key lies in the data directory."""
    key = base64.b64encode(os.urandom(32)).decode()
    (tmp_path / "kms").write_text(key)
    server = Martlet(tmp_path, "--secret-key-command", f"cat '{tmp_path / 'kms'}'").start()
    try:
        assert put(server, "warehouse-key", VALUE).returncode == 0
        assert not (server.data / "secret.key").exists()
        server.restart()
        run = run_pipeline(server, MANIFEST.replace("DIGEST", digest(VALUE)), "secretive")
        assert run["state"] == "succeeded", run
    finally:
        server.stop()
