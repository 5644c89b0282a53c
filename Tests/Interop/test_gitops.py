"""The outcome of a loop as a commit in a real repository: once, also over a kill, and with nothing else changed."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from martlet_process import ROOT, Martlet, wait_until

DEPLOYED = """\
# What serves; Martlet changes the version, people the rest.
deployments:
  cancer:
    model: cancer
    version: 0   # written by Martlet
    rollout: {strategy: all_at_once}
"""


class Repository:
    """A bare repository with one file, as a team would have it."""

    def __init__(self, folder: Path) -> None:
        """Makes it with one commit on `main`, and hooks that mark that they ran."""
        self.bare = folder / "deploy.git"
        self.ran = folder / "ran"
        self.git(folder, "init", "--quiet", "--bare", "--initial-branch=main", str(self.bare))
        person = folder / "person"
        self.git(folder, "clone", "--quiet", str(self.bare), str(person))
        (person / "martlet.yaml").write_text(DEPLOYED)
        self.git(person, "add", ".")
        self.git(person, "commit", "--quiet", "-m", "first")
        self.git(person, "push", "--quiet", "origin", "HEAD:main")
        for name in ("pre-receive", "update", "post-receive", "reference-transaction"):
            hook = self.bare / "hooks" / name
            hook.write_text(f"#!/bin/sh\necho {name} >> {self.ran}\n")
            hook.chmod(0o755)

    @staticmethod
    def git(folder: Path, *words: str) -> str:
        """Calls git as a person."""
        names = ("-c", "user.name=Person", "-c", "user.email=person@example.org")
        return subprocess.run(["git", *names, *words], cwd=folder, capture_output=True, text=True, check=True).stdout

    def commits(self) -> list[str]:
        """The messages of the branch, the newest first."""
        return self.git(self.bare, "log", "--format=%an%n%B%x00", "main").split("\0")[:-1]

    @property
    def file(self) -> str:
        """The file as the branch has it."""
        return self.git(self.bare, "show", "main:martlet.yaml")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A repository beside the server's data."""
    return Repository(tmp_path)


def manifest(repository: Repository) -> str:
    """The breast-cancer example with a quick training and a trigger that writes back."""
    text = (ROOT / "examples" / "breast-cancer" / "martlet.yaml").read_text()
    data = text[text.index("\ndata:") : text.index("  cancer-training:")]
    steps = text[text.index("  cancer-training:") : text.index("      register:")]
    return f"""version: 1
{data}{steps.replace("trials: 20", "trials: 2")}
deployments:
  cancer: {{model: cancer, alias: production, rollout: {{strategy: all_at_once}}}}
triggers:
  retrain:
    pipeline: cancer-training
    gate: {{metric: accuracy, minimum: 0.5}}
    model: cancer
    alias: production
    gitops:
      repository: {repository.bare}
      path: deployments.cancer.version
      author: {{name: Release Bot, email: bot@example.org}}
      message: "{{deployment}}: version {{version}}\\n\\n{{metrics}}"
"""


def test_an_outcome_is_one_commit(new_server: Callable[..., Martlet], tmp_path: Path, repository: Repository) -> None:
    """Signal, training, gate, version, rollout, commit; a server killed on the way makes it once all the same."""
    shutil.copy(ROOT / "examples" / "breast-cancer" / "breast_cancer.csv", tmp_path)
    server = new_server("--files", str(tmp_path))
    answer = server.post("/api/martlet/v1/apply", {"manifest": manifest(repository), "directory": "."})
    assert answer.status_code == 200, answer.text
    fired = server.post("/api/martlet/v1/triggers/retrain/fire", {"reason": "a test", "force": True})
    assert fired.status_code == 202, fired.text
    loop = fired.json()["id"]

    def state() -> str:
        return server.get(f"/api/martlet/v1/loops/{loop}").json()["state"]

    wait_until(lambda: state() not in ("signalled", "retraining"), 60, "the training")
    server.kill()
    server.start()
    wait_until(lambda: state() in ("promoted", "failed", "rejected", "rolled_back"), 60, "the outcome")
    shown = server.get(f"/api/martlet/v1/loops/{loop}").json()
    assert shown["state"] == "promoted", shown["events"]
    version = shown["version"]
    assert repository.file == DEPLOYED.replace("version: 0 ", f"version: {version} ")
    commits = repository.commits()
    assert len(commits) == 2
    lines = commits[0].strip().splitlines()
    assert lines[:3] == ["Release Bot", f"cancer: version {version}", ""]
    assert f"Martlet-Loop: {loop}" in lines and "Martlet-Model: cancer" in lines
    assert any(re.match(r"accuracy: 0\.\d+", line) for line in lines), lines
    assert not repository.ran.exists()

    told = server.get(f"/api/martlet/v1/events?subject=loops/{loop}&after=0&limit=100").json()["items"]
    types = [event["type"] for event in told]
    assert types[0] == "martlet.loop.opened" and types[-1] == "martlet.loop.outcome"
    assert types.count("martlet.loop.outcome") == 1 and types.count("martlet.loop.opened") == 1
    assert told[-1]["data"]["state"] == "promoted"


def test_what_cannot_be_written_is_refused_at_once(new_server: Callable[..., Martlet], repository: Repository) -> None:
    """Nonsense, a directory elsewhere or a secret that is not there is refused when the section is applied."""
    shutil.copy(ROOT / "examples" / "breast-cancer" / "breast_cancer.csv", repository.bare.parent)
    server = new_server("--files", str(repository.bare.parent))
    good = manifest(repository)
    for old, new, said in [
        (str(repository.bare), "/etc/deploy.git", "repository"),
        (str(repository.bare), "http://git.example/a.git", "repository"),
        (str(repository.bare), "https://user:word@git.example/a.git", "credentials"),
        ("path: deployments.cancer.version", "path: a..b", "path"),
        ("path: deployments.cancer.version", "path: a\n      hooks: true", "hooks"),
        ("{deployment}: version", "{nothing}: version", "nothing"),
        (
            f"repository: {repository.bare}",
            "repository: https://git.example/a.git\n      credentials: {token_from: none}",
            "none",
        ),
    ]:
        assert old in good
        answer = server.post("/api/martlet/v1/apply", {"manifest": good.replace(old, new), "directory": "."})
        assert answer.status_code in (400, 404), (new, answer.text)
        assert said in answer.json()["error"]["message"]
        assert "word" not in answer.text
    assert server.get("/api/martlet/v1/triggers").json()["items"] == []
