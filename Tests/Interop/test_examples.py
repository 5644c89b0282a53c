"""Examples do what they say: two objectives in parallel and a champion."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from martlet_process import ROOT, Martlet, binary, environment
from mlflow.tracking import MlflowClient


@pytest.fixture
def example(tmp_path: Path) -> Iterator[Martlet]:
    """A server beside a copy of the example."""
    project = tmp_path / "project"
    shutil.copytree(ROOT / "examples" / "breast-cancer", project)
    server = Martlet(tmp_path, "--files", str(project))
    server.start()
    yield server
    server.stop()


def test_two_objectives_and_a_champion(example: Martlet) -> None:
    """The better of two models becomes the champion; a second run does not replace it by one that is no better."""
    project = example.folder / "project"

    def run() -> str:
        done = subprocess.run(
            ["sh", str(project / "champion.sh")],
            env=environment() | {"MARTLET_BINARY": str(binary()), "MARTLET_SERVER": example.url},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    run()
    client = MlflowClient(tracking_uri=example.url, registry_uri=example.url)
    champion = client.get_model_version_by_alias("cancer", "production")
    runs = example.get("/api/martlet/v1/pipeline-runs?pipeline=champion").json()["items"]
    outputs = {
        task["task"]: task["outputs"]
        for task in example.get(f"/api/martlet/v1/pipeline-runs/{runs[0]['id']}").json()["tasks"]
    }
    assert {outputs["tune-accuracy"]["objective"], outputs["tune-auroc"]["objective"]} == {"accuracy", "auroc"}
    assert champion.run_id in (outputs["tune-accuracy"]["run_id"], outputs["tune-auroc"]["run_id"])
    assert (project / "champion.svg").read_text().startswith("<svg")
    run()
    assert client.get_model_version_by_alias("cancer", "production").version == champion.version
