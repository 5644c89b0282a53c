"""Pipelines as Argo Workflows' objects: what `martlet render argo` writes is what the CRDs of Argo take."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml
from martlet_process import command

SCHEMAS = json.loads((Path(__file__).parent / "schemas" / "argo-workflows.json").read_text())

MANIFEST = """
version: 1
pipelines:
  nightly:
    description: From raw data to a model.
    parameters:
      trials: 20
      source: {type: string, default: "s3://bucket/rows.csv"}
      sizes: [1, 2]
      mode: {type: string, default: full, choices: [full, quick]}
    pools: {gpu: 2}
    parallel: 8
    concurrency: {limit: 1, overlap: skip}
    on_failure: {run: [notify, "${run.id}"]}
    triggers:
      night: {cron: {expression: "30 2 * * *", timezone: Europe/Berlin}, parameters: {trials: 40}}
      often: {interval: {every: 15m}}
    tasks:
      fetch:
        run: [fetch, "${parameters.source}"]
        env: {LIMIT: 1000}
        secrets: {TOKEN: api-key}
        timeout: 90s
        retries: {limit: 3, backoff: 10s}
        resources: {memory: 512MiB, cpus: 0.5}
        outputs: {rows: {path: out/rows.csv}}
      ingest: {step: data.ingest, needs: [fetch], with: {dataset: people}}
      train:
        script: |
          #!/bin/sh
          echo "$SIZE"
        needs: [ingest]
        inputs: {rows: fetch.rows}
        env: {SIZE: "${item}", ROWS: "${tasks.ingest.outputs.rows}"}
        foreach: ${parameters.sizes}
        pool: gpu
        cache: true
      grid:
        container: {image: "ghcr.io/x/grid:1", command: [grid], args: ["${matrix.depth}"]}
        matrix: {depth: [1, 2]}
        needs: [ingest]
        on_failure: continue
      tune:
        step: learning.tune
        needs: [train, grid]
        with: {dataset: people, trials: "${parameters.trials}"}
        when: ${tasks.ingest.outputs.rows} > 1000 and ${parameters.mode} == 'full'
      register:
        step: registry.register
        needs: [tune]
        with: {model: people}
        on_failure: {run: [page, register]}
"""


def render(folder: Path, manifest: str, *arguments: str):
    """Renders a manifest and returns the process and its documents."""
    (folder / "martlet.yaml").write_text(manifest)
    done = command("render", "argo", *arguments, cwd=folder)
    return done, [document for document in yaml.safe_load_all(done.stdout) if document]


def check(document: dict) -> None:
    """Checks one object against the CRD, as an API server does, and its references, which no API server checks."""
    if document["kind"] == "ConfigMap":
        assert all(isinstance(value, str) for value in document["data"].values())
        return
    schema = SCHEMAS["specs"][document["kind"]] | {"$defs": SCHEMAS["$defs"]}
    errors = sorted(jsonschema.Draft202012Validator(schema).iter_errors(document["spec"]), key=str)
    assert not errors, "\n".join(f"{list(error.absolute_path)}: {error.message}" for error in errors)
    name = document["metadata"].get("name") or document["metadata"]["generateName"].rstrip("-")
    assert re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", name) and len(name) <= 63
    references(document["spec"].get("workflowSpec", document["spec"]))


def references(spec: dict) -> None:
    """Every template, task, input and parameter that is named is there."""
    templates = {template["name"]: template for template in spec["templates"]}
    assert len(templates) == len(spec["templates"])
    assert spec["entrypoint"] in templates and spec.get("onExit", "pipeline") in templates
    parameters = {entry["name"] for entry in spec.get("arguments", {}).get("parameters", [])}
    tasks = {task["name"]: task for task in templates["pipeline"]["dag"]["tasks"]}
    for task in tasks.values():
        template = templates[task["template"]]
        given = {entry["name"] for entry in task.get("arguments", {}).get("parameters", [])}
        assert given == {entry["name"] for entry in template.get("inputs", {}).get("parameters", [])}
        artifacts = {entry["name"] for entry in task.get("arguments", {}).get("artifacts", [])}
        assert artifacts == {entry["name"] for entry in template.get("inputs", {}).get("artifacts", [])}
        before = set(
            re.findall(r"([a-zA-Z0-9-]+)\.(?:Succeeded|Failed|Errored|Skipped|Omitted)", task.get("depends", ""))
        )
        assert before <= tasks.keys()
        text = json.dumps(task.get("arguments", {})) + task.get("when", "")
        for other in re.findall(r"tasks\.([a-zA-Z0-9-]+)|tasks\['([^']+)'\]", text):
            assert (other[0] or other[1]) in ancestors(tasks, task["name"]), text
        for hook in task.get("hooks", {}).values():
            assert hook["template"] in templates
        assert text.count("?") == 0, "Argo takes ? with : for a choice of its own"
    for template in templates.values():
        inputs = {entry["name"] for entry in template.get("inputs", {}).get("parameters", [])}
        text = json.dumps(template)
        for name in re.findall(r"\{\{inputs\.parameters\.([^}]+)\}\}", text):
            assert name in inputs
        for name in re.findall(r"workflow\.parameters(?:\.|\[')([a-zA-Z0-9_-]+)", text):
            assert name in parameters


def ancestors(tasks: dict, name: str) -> set[str]:
    """What a task waits for, directly or through others."""
    found: set[str] = set()
    pending = [name]
    while pending:
        for other in re.findall(r"([a-zA-Z0-9-]+)\.(?:Succeeded|Failed)", tasks[pending.pop()].get("depends", "")):
            if other not in found:
                found.add(other)
                pending.append(other)
    return found


@pytest.mark.parametrize("kind", ["workflow", "template", "cron"])
def test_every_kind_is_what_the_crds_take(tmp_path: Path, kind: str) -> None:
    """One pipeline with everything, as each kind, with and without a bucket of one's own."""
    for extra in ([], ["--bucket", "models", "--endpoint", "minio:9000", "--s3-secret", "minio", "--namespace", "ml"]):
        done, documents = render(tmp_path, MANIFEST, "--kind", kind, "--image", "registry.example/martlet:1", *extra)
        assert done.returncode == 0, done.stderr
        kinds = [document["kind"] for document in documents]
        expected = {"workflow": ["Workflow"], "template": ["WorkflowTemplate"], "cron": ["CronWorkflow"] * 2}[kind]
        assert kinds == ["ConfigMap", *expected]
        for document in documents:
            check(document)
            assert document["metadata"].get("namespace") == ("ml" if extra else None)
        again, _ = render(tmp_path, MANIFEST, "--kind", kind, "--image", "registry.example/martlet:1", *extra)
        assert again.stdout == done.stdout
        assert "warning: 'pipelines.nightly.tasks.train.cache'" in done.stderr


def test_values_arrive_as_they_are(tmp_path: Path) -> None:
    """What is written in a task stands in the object: times, retries, limits, secrets, items."""
    _, documents = render(tmp_path, MANIFEST)
    spec = documents[-1]["spec"]
    templates = {template["name"]: template for template in spec["templates"]}
    fetch = templates["fetch"]
    assert fetch["activeDeadlineSeconds"] == 90
    assert fetch["retryStrategy"]["limit"] == "3" and fetch["retryStrategy"]["backoff"]["duration"] == "10s"
    assert fetch["container"]["resources"]["limits"] == {"cpu": "500m", "memory": str(512 * 1024 * 1024)}
    secret = next(entry for entry in fetch["container"]["env"] if entry["name"] == "TOKEN")
    assert secret["valueFrom"]["secretKeyRef"] == {"name": "martlet-secrets", "key": "api-key"}
    tasks = {task["name"]: task for task in templates["pipeline"]["dag"]["tasks"]}
    assert tasks["grid"]["withItems"] == [{"depth": 1}, {"depth": 2}]
    assert tasks["train"]["withParam"] == "{{workflow.parameters.sizes}}"
    assert tasks["tune"]["depends"] == "train.Succeeded && (grid.Succeeded || grid.Failed || grid.Errored)"
    assert templates["ingest"]["container"]["command"] == ["martlet"]
    assert templates["train"]["synchronization"]["semaphores"][0]["configMapKeyRef"]["key"] == "gpu"


@pytest.mark.parametrize(
    ("task", "words"),
    [
        ('run: [x, "${pipeline.directory}/y"]', "--directory"),
        ('run: [x, "{{workflow.name}}"]', "pipelines.p.tasks.t.run[1]"),
        ('{run: [x, "${index}"], foreach: [1]}', "does not number"),
        ("{run: [x], needs: [nobody]}", "nobody"),
    ],
)
def test_refusals_name_the_place(tmp_path: Path, task: str, words: str) -> None:
    """What Argo cannot do, and what is wrong in the file, is refused with its place; nothing is written."""
    body = task if task.startswith("{") else "{" + task + "}"
    done, documents = render(tmp_path, f"version: 1\npipelines:\n  p:\n    tasks:\n      t: {body}\n")
    assert done.returncode == 1 and documents == []
    assert words in done.stderr


def test_the_command_line(tmp_path: Path) -> None:
    """Files and pipelines that are not there, and warnings that are taken for errors."""
    done = command("render", "argo", cwd=tmp_path)
    assert done.returncode == 1 and "martlet.yaml" in done.stderr
    done, _ = render(tmp_path, MANIFEST, "--pipeline", "weekly")
    assert done.returncode == 1 and "it has nightly" in done.stderr
    done, documents = render(tmp_path, MANIFEST, "--strict")
    assert done.returncode == 1 and documents == []
    done, _ = render(tmp_path, MANIFEST, "--endpoint", "x:1")
    assert done.returncode == 64 and "--bucket" in done.stderr
