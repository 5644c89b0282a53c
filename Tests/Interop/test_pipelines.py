"""Pipelines as their authors write them: files, the command line, the routes, and what is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from martlet_process import ROOT, Martlet, command, wait_until

API = "/api/martlet/v1"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Martlet]:
    """A server of this file's own, whose folder holds its manifests."""
    martlet = Martlet(tmp_path_factory.mktemp("pipelines")).start()
    yield martlet
    assert martlet.stop() == 0, martlet.log


def apply(house: Martlet, text: str, status: int = 0) -> str:
    """Applies a manifest and returns what the command says."""
    (house.folder / "martlet.yaml").write_text(text)
    done = command("apply", "martlet.yaml", "--server", house.url, cwd=house.folder)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def run(house: Martlet, pipeline: str, **body: object) -> dict:
    """Runs a pipeline to its end."""
    answer = house.post(f"{API}/pipelines/{pipeline}/runs", body)
    assert answer.status_code == 201, answer.text
    path = f"{API}/pipeline-runs/{answer.json()['id']}"
    final = ("succeeded", "failed", "cancelled")
    return wait_until(lambda: (one := house.get(path).json())["state"] in final and one, seconds=120)


def log(house: Martlet, run_id: str, task: str) -> list[str]:
    """The lines of a task."""
    answer = house.get(f"{API}/pipeline-runs/{run_id}/logs", params={"task": task})
    return [line["line"] for line in answer.json()["items"]]


def test_files_beside_the_manifest_are_included(house: Martlet) -> None:
    """`include` reads files below the manifest's directory and nowhere else."""
    (house.folder / "more").mkdir()
    (house.folder / "more" / "one.yaml").write_text("pipelines: {one: {tasks: {a: {run: [echo, one]}}}}\n")
    apply(house, "version: 1\npipelines:\n  include: [more/one.yaml]\n  two: {tasks: {a: {run: [echo, two]}}}\n")
    assert [line for name in ("one", "two") for line in log(house, run(house, name)["id"], "a")] == ["one", "two"]
    (house.folder / "outside").symlink_to("/etc")
    for place in ["../x.yaml", "/etc/passwd", "outside/passwd", "more", "more/none.yaml"]:
        assert "include[0]" in apply(house, f"version: 1\npipelines: {{include: ['{place}']}}\n", status=1)
    (house.folder / "more" / "two.yaml").write_text("pipelines: {one: {tasks: {a: {run: [echo]}}}}\n")
    text = apply(house, "version: 1\npipelines: {include: [more/one.yaml, more/two.yaml]}\n", status=1)
    assert "declares the pipeline 'one' a second time" in text


def test_shell_metacharacters_stay_one_argument(house: Martlet) -> None:
    """No shell reads parameters, values of a fan-out or outputs."""
    apply(
        house,
        """
version: 1
pipelines:
  args:
    parameters: {text: {type: string, max: 100}}
    tasks:
      say: {run: [printf, '<%s>', "${parameters.text}"]}
      each: {foreach: ['$(id)', '; rm -rf /', '`id`', 'a b'], run: [printf, '<%s>', "${item}"]}
      script: {script: 'printf "<%s>" "$TEXT"', env: {TEXT: "${parameters.text}"}}
""",
    )
    nasty = "'; touch pwned; $(id) `id` | & \"\\ ${HOME}"
    done = run(house, "args", parameters={"text": nasty})
    assert done["state"] == "succeeded"
    assert log(house, done["id"], "say") == [f"<{nasty}>"] == log(house, done["id"], "script")
    assert [log(house, done["id"], f"each.{index}")[0] for index in range(4)] == [
        "<$(id)>",
        "<; rm -rf />",
        "<`id`>",
        "<a b>",
    ]
    answer = house.post(f"{API}/pipelines/args/runs", {"parameters": {"text": "x" * 101}})
    assert answer.status_code == 400
    assert "parameters.text" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{a: {run: [x], needs: [b]}, b: {run: [x], needs: [a]}}", "cycle: "),
        ("{a: {run: [x], needs: [nobody]}}", "names the task 'nobody'"),
        ("{a: {run: [x]}, a: {run: [y]}}", "appears twice"),
        ("{a: {run: [x], run: [y]}}", "appears twice"),
        ("{a: {run: 'rm -rf /'}}", "must be a list of words"),
        ("{a: {run: [x], foreach: [" + "1," * 20_000 + "]}}", "values"),
        ("{a: {run: [x], matrix: {" + ", ".join(f"x{n}: [1,2,3,4,5,6,7,8,9]" for n in range(8)) + "}}}", "fans out"),
        ("{a: {run: [x], when: '" + "(" * 2000 + "'}}", "nested"),
        ("{a: {step: no.such}}", "no.such"),
        ("&x {a: {run: [*x]}}", ""),
        ("[" * 5000, "nested"),
    ],
)
def test_bad_files_are_refused_with_a_reason(house: Martlet, text: str, says: str) -> None:
    """Each is an error of the file and changes nothing."""
    assert says in apply(house, f"version: 1\npipelines: {{p: {{tasks: {text}}}}}\n", status=1)


def test_a_yaml_bomb_is_refused(house: Martlet) -> None:
    """Aliases that expand to millions of nodes are counted while they are expanded."""
    lines = ["version: 1", "a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert "expands to more than" in apply(house, "\n".join(lines) + "\n", status=1)


def test_commands_of_the_command_line(house: Martlet) -> None:
    """validate, run, show, logs, runs: what they print and how they end."""
    apply(house, "version: 1\npipelines: {cli: {tasks: {a: {run: [echo, hi]}, b: {needs: [a], run: ['false']}}}}\n")

    def martlet(*words: str) -> tuple[int, str]:
        done = command(*words, "--server", house.url, cwd=house.folder)
        return done.returncode, done.stdout

    assert martlet("pipeline", "validate", "martlet.yaml") == (0, "cli: 2 tasks, sound\n")
    status, text = martlet("pipeline", "run", "cli", "--follow")
    assert status == 1 and "hi" in text and "failed" in text
    status, text = martlet("pipeline", "runs", "cli", "--state", "failed", "--json")
    run_id = json.loads(text)["items"][0]["id"]
    assert "hi" in martlet("pipeline", "logs", run_id, "--task", "a", "-f")[1]
    assert "CPU" in martlet("pipeline", "show", run_id)[1]
    pages = house.get(f"{API}/pipeline-runs/{run_id}/tasks", params={"limit": 1}).json()
    assert [task["task"] for task in pages["items"]] == ["a"] and pages["next_page_token"]
    more = house.get(f"{API}/pipeline-runs/{run_id}/tasks", params={"page_token": pages["next_page_token"]}).json()
    assert [task["task"] for task in more["items"]] == ["b"]


def test_the_schema_is_published_and_holds(house: Martlet) -> None:
    """What the server serves is what lies in docs/schema, and the examples of the page are taken."""
    served = house.get(f"{API}/schema/pipelines.json")
    assert served.json() == json.loads((ROOT / "docs" / "schema" / "pipelines.json").read_text())
    whole = house.get(f"{API}/schema/martlet.json")
    assert whole.json() == json.loads((ROOT / "docs" / "schema" / "martlet.json").read_text())
    page = Path(ROOT / "docs" / "pipelines.md").read_text()
    for block in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL):
        document = yaml.safe_load(block)
        if not isinstance(document, dict) or "pipelines" not in document:
            continue
        answer = house.post(f"{API}/pipelines/validate", {"pipelines": document["pipelines"]})
        assert answer.status_code == 200, (block, answer.text)
