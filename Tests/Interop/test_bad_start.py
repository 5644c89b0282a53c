"""Bad starts and bad manifests: a message that names what and the remedy, and nobody else is disturbed."""

from __future__ import annotations

import socket
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from martlet_process import Martlet, command, free_port, wait_until

PIPELINE = """\
version: 1
pipelines:
  {name}:
    tasks:
      first:
        run: ["echo", "hello"]
      second:
        needs: [first]
        run: ["echo", "world"]
"""


def apply(server: Martlet, manifest: str) -> requests.Response:
    """Applies a manifest through the API that `martlet apply` uses."""
    return server.post("/api/martlet/v1/apply", {"manifest": manifest, "directory": "."})


def message(response: requests.Response) -> str:
    """The message of an error answer."""
    return response.json()["error"]["message"]


def test_port_in_use(tmp_path: Path, own_server: Martlet) -> None:
    started = time.monotonic()
    second = command("up", "--port", str(own_server.port), "--data", str(tmp_path / "other"), cwd=tmp_path)
    assert second.returncode != 0
    assert time.monotonic() - started < 20
    assert str(own_server.port) in second.stderr and "--port" in second.stderr
    assert own_server.get("/readyz").status_code == 200


def test_port_of_another_program(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        started = command("up", "--port", port, "--data", str(tmp_path / "data"), cwd=tmp_path)
    assert started.returncode != 0
    assert port in started.stderr and "--port" in started.stderr


def test_data_directory_is_locked(tmp_path: Path, own_server: Martlet) -> None:
    second = command("up", "--port", str(free_port()), "--data", str(own_server.data), cwd=tmp_path)
    assert second.returncode != 0
    assert "--data" in second.stderr and "another martlet server" in second.stderr
    assert own_server.get("/readyz").status_code == 200


def test_the_lock_goes_with_the_process(new_server: Callable[..., Martlet]) -> None:
    first = new_server()
    first.kill()
    first.start()
    assert first.get("/readyz").status_code == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::"])
def test_an_address_that_others_reach_is_refused(tmp_path: Path, host: str) -> None:
    started = command("up", "--host", host, "--port", str(free_port()), "--data", str(tmp_path / "data"), cwd=tmp_path)
    assert started.returncode != 0
    assert host in started.stderr and "127.0.0.1" in started.stderr


@pytest.mark.parametrize(
    "arguments",
    [["--port", "70000"], ["--port", "abc"], ["--no-such-flag"], ["--data"], ["--log-format", "loud"]],
)
def test_bad_flags(tmp_path: Path, arguments: list[str]) -> None:
    started = command("up", *arguments, cwd=tmp_path)
    assert started.returncode != 0
    assert arguments[-1] in started.stderr


def test_a_data_directory_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    started = command("up", "--port", str(free_port()), "--data", str(tmp_path / "file"), cwd=tmp_path)
    assert started.returncode != 0
    assert "--data" in started.stderr
    assert (tmp_path / "file").read_text() == "not a folder"


def test_a_database_that_is_none(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "martlet.db").write_bytes(b"this is not a database, but it is long enough to look like one" * 100)
    started = command("up", "--port", str(free_port()), "--data", str(data), cwd=tmp_path)
    assert started.returncode != 0
    assert "database" in started.stderr.lower()


BAD_MANIFESTS = {
    "unknown section": ("version: 1\npipelnes: {{}}\n", ["pipelnes"]),
    "unknown key of a task": (PIPELINE.replace("needs: [first]", "neds: [first]"), ["neds"]),
    "unknown key of a pipeline": (PIPELINE.replace("    tasks:", "    retires: 3\n    tasks:"), ["retires"]),
    "missing dependency": (PIPELINE.replace("needs: [first]", "needs: [frist]"), ["frist"]),
    "cycle": (
        PIPELINE.replace('run: ["echo", "hello"]', 'needs: [second]\n        run: ["echo"]'),
        ["first", "second"],
    ),
    "needs itself": (PIPELINE.replace("needs: [first]", "needs: [second]"), ["second"]),
    "unknown step": (PIPELINE.replace('run: ["echo", "hello"]', "step: data.ingets"), ["data.ingets"]),
    "step and command": (
        PIPELINE.replace('run: ["echo", "hello"]', 'step: data.ingest\n        run: ["a"]'),
        ["first"],
    ),
    "no task": ("version: 1\npipelines:\n  {name}:\n    tasks: {{}}\n", ["tasks"]),
    "wrong type": ("version: 1\npipelines: [1, 2]\n", ["pipelines"]),
    "wrong version": ("version: 99\n", ["version"]),
    "no version": ("pipelines: {{}}\n", ["version"]),
    "not YAML": ("version: 1\npipelines: {{a: [1, 2\n", ["YAML"]),
    "key given twice": ("version: 1\nversion: 1\n", ["version"]),
    "a text": ("just words", []),
    "bad timeout": (PIPELINE.replace("needs: [first]", "timeout: soon"), ["timeout", "soon"]),
    "deployment without a model": ("version: 1\ndeployments:\n  {name}: {{alias: production}}\n", ["model"]),
    "monitor of nothing": (
        "version: 1\nmonitors:\n  {name}: {{deployment: nowhere, window: 100, minimum: 60, interval: 1s, "
        "detectors: {{ks: {{p_value: 0.01}}}}}}\n",
        ["nowhere"],
    ),
}


@pytest.mark.parametrize("case", BAD_MANIFESTS)
def test_bad_manifest_changes_nothing(server: Martlet, case: str) -> None:
    text, named = BAD_MANIFESTS[case]
    name = f"bad-{uuid.uuid4().hex[:8]}"
    response = apply(server, text.format(name=name))
    assert response.status_code == 400, response.text
    for word in named:
        assert word in message(response)
    listed = server.get("/api/martlet/v1/pipelines").json()["items"]
    assert name not in [pipeline["name"] for pipeline in listed]


def test_a_good_section_beside_a_bad_one_is_not_applied(server: Martlet) -> None:
    name = f"half-{uuid.uuid4().hex[:8]}"
    manifest = PIPELINE.format(name=name) + "deployments:\n  broken: {aliass: production}\n"
    assert apply(server, manifest).status_code == 400
    listed = server.get("/api/martlet/v1/pipelines").json()["items"]
    assert name not in [pipeline["name"] for pipeline in listed]


def test_yaml_bomb_is_refused_quickly(server: Martlet) -> None:
    lines = ["version: 1", "a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    started = time.monotonic()
    assert apply(server, "\n".join(lines)).status_code == 400
    assert time.monotonic() - started < 10
    assert apply(server, "version: 1\na: " + "[" * 100_000).status_code == 400
    assert apply(server, "version: 1\na:\n" + "- " * 50_000).status_code == 400
    assert server.get("/readyz").status_code == 200


def test_missing_data_file_stops_the_pipeline_and_says_so(own_server: Martlet) -> None:
    manifest = """\
version: 1
data:
  lost:
    source: {file: no-such-file.csv, block_rows: 10}
    columns: [a, b]
    target: {column: b, classes: ["0", "1"]}
pipelines:
  lost:
    tasks:
      ingest: {step: data.ingest, with: {dataset: lost}}
      after: {needs: [ingest], run: ["echo", "never"]}
"""
    applied = apply(own_server, manifest)
    if applied.status_code != 200:
        assert applied.status_code in (400, 404, 409, 412), applied.text
        assert "no-such-file.csv" in message(applied)
        return
    started = own_server.post("/api/martlet/v1/pipelines/lost/runs", {"parameters": {}})
    assert started.status_code in (200, 201, 202), started.text
    run = started.json()

    def ended() -> dict | None:
        found = own_server.get(f"/api/martlet/v1/pipeline-runs/{run['id']}").json()
        return found if found["state"] in ("failed", "succeeded", "cancelled") else None

    found = wait_until(ended, 30, "the end of the pipeline")
    assert found["state"] == "failed"
    assert "no-such-file.csv" in str(found)
    states = {task["name"]: task["state"] for task in found["tasks"]}
    assert states["ingest"] == "failed"
    assert states["after"] not in ("succeeded", "running")


def test_files_outside_the_manifest_folder_are_refused(own_server: Martlet) -> None:
    manifest = """\
version: 1
data:
  outside:
    source: {file: %s, block_rows: 10}
    columns: [a, b]
    target: {column: b, classes: ["0", "1"]}
"""
    for path in ["/etc/passwd", "../../etc/passwd", "a/../../b.csv"]:
        assert apply(own_server, manifest.replace("%s", path)).status_code == 400
    refused = own_server.post("/api/martlet/v1/apply", {"manifest": "version: 1\n", "directory": "../.."})
    assert refused.status_code in (400, 403)


@pytest.mark.parametrize("arguments", [["apply", "missing.yaml"], ["pipeline", "run", "missing"], ["no-such-command"]])
def test_commands_fail_with_a_message(tmp_path: Path, server: Martlet, arguments: list[str]) -> None:
    failed = command(*arguments, cwd=tmp_path, MARTLET_SERVER=server.url)
    assert failed.returncode != 0
    assert arguments[-1] in failed.stderr


def test_commands_name_the_server_that_does_not_answer(tmp_path: Path) -> None:
    port = free_port()
    failed = command("pipeline", "list", cwd=tmp_path, MARTLET_SERVER=f"http://127.0.0.1:{port}")
    assert failed.returncode != 0
    assert str(port) in failed.stderr and "martlet up" in failed.stderr
