"""Models that only Python runs: what goes in and comes out, and what happens when their processes misbehave."""

from __future__ import annotations

import concurrent.futures
import json
import math
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import mlflow
import numpy as np
import pytest
from martlet_process import command, wait_until
from python_models import (
    Kinds,
    Naughty,
    Scaled,
    Served,
    Shapes,
    Shout,
    columns,
    matrix,
    save,
    sklearn_pipeline,
)

pytestmark = [
    pytest.mark.alone,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at processes in /proc"),
]
NAUGHTY = {"what": "string", "value": "double"}


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Serves models for one test; all servers are ended afterwards."""
    made: list[Served] = []

    def start(model: Path, *arguments: str, **options: object) -> Served:
        made.append(Served(tmp_path, model, *arguments, **options))
        return made[-1]

    yield start
    for served in made:
        served.kill()


@pytest.fixture
def naughty(tmp_path: Path, serve: Callable[..., Served]) -> Callable[..., Served]:
    """Serves a model that misbehaves on demand."""
    model = save(tmp_path / "naughty", Naughty(), columns(**NAUGHTY))
    return lambda *arguments: serve(model, *arguments)


def test_sklearn_pipeline_with_texts(tmp_path: Path, serve) -> None:
    """A pipeline over numbers and texts answers as it does in Python, through both protocols."""
    rows = sklearn_pipeline(tmp_path / "pipeline")
    served = serve(tmp_path / "pipeline")
    expected = mlflow.pyfunc.load_model(str(tmp_path / "pipeline")).predict(rows).tolist()
    assert served.predictions({"dataframe_split": rows.to_dict(orient="split", index=False)}) == expected
    answer = served.infer(
        {"name": "size", "datatype": "FP64", "shape": [2], "data": [1.0, 40.0]},
        {"name": "colour", "datatype": "BYTES", "shape": [2], "data": ["red", "green"]},
    )
    assert answer.status_code == 200, answer.text
    output = answer.json()["outputs"][0]
    assert (output["datatype"], output["shape"][0], output["data"]) == ("BYTES", 2, ["small", "large"])
    unknown = served.predictions({"dataframe_records": [{"size": 3.0, "colour": "red"}]})
    assert unknown == ["small"]


def test_parameters(tmp_path: Path, serve) -> None:
    """Parameters reach the model; those that are not given have the signature's defaults."""
    served = serve(save(tmp_path / "scaled", Scaled(), columns(a="double", b="double"), factor=2.0))
    body = {"dataframe_records": [{"a": 1.0, "b": 2.5}]}
    assert served.predictions(body) == [{"a": 2.0, "b": 5.0}]
    assert served.predictions(body | {"params": {"factor": 10.0}}) == [{"a": 10.0, "b": 25.0}]
    refused = served.invoke(body | {"params": {"factor": "much"}})
    assert refused.status_code == 400 and "factor" in refused.text


def test_kinds_of_columns(tmp_path: Path, serve) -> None:
    """Columns arrive in the signature's types, and tables of every kind come back."""
    schema = columns(f="float", d="double", i="integer", n="long", b="boolean", s="string", w="datetime", y="binary")
    served = serve(save(tmp_path / "kinds", Kinds(), schema, tell=False))
    row = {"f": 0.5, "d": 1.5, "i": 1, "n": 2, "b": True, "s": "x", "w": "2026-01-02T03:04:05", "y": "AQI="}
    told = served.predictions({"dataframe_records": [row, row], "params": {"tell": True}})
    kinds = [kind for kind, _ in told]
    assert kinds[:5] == ["float32", "float64", "int32", "int64", "bool"]
    assert kinds[6].startswith("datetime64")
    assert (told[5][1], told[7][1]) == ("str", "bytes")
    first, second = served.predictions({"dataframe_records": [row, row]})
    assert first == {
        "float": 0.5,
        "int": 0,
        "bool": True,
        "text": "ä",
        "when": "2026-01-02T03:04:05",
        "category": "low",
    }
    assert second["float"] is None and second["int"] == 1


def test_shapes_of_results(tmp_path: Path, serve) -> None:
    """Arrays, dictionaries, lists, scalars and nested objects, each as MLflow's own server would show it."""
    served = serve(save(tmp_path / "shapes", Shapes(), matrix("float64", -1, 2), what="matrix"))

    def result(what: str) -> object:
        return served.predictions({"inputs": [[1.0, 2.0], [3.0, 4.0]], "params": {"what": what}})

    assert result("matrix") == [[1.0, 2.0], [3.0, 4.0]]
    assert result("named") == {"twice": [[2.0, 4.0], [6.0, 8.0]], "sum": [10.0]}
    nested = result("nested")
    assert nested[0]["label"] == "a" and nested[0]["at"].startswith("2026-01-02")
    assert nested[0]["scores"][0] == 0.5 and (nested[0]["scores"][1] is None or math.isnan(nested[0]["scores"][1]))
    assert result("series") == [1, 2]
    assert result("texts") == ["one", "two"]
    assert result("scalar") == 0.25
    assert result("missing") == ["one", None]
    assert result("nullable") == [{"n": 1.0}, {"n": None}]


def test_v2_names_and_chosen_outputs(tmp_path: Path, serve) -> None:
    """Named results are tensors of the V2 protocol, of which a client may choose."""
    served = serve(save(tmp_path / "shapes", Shapes(), matrix("float64", -1, 2), what="named"))
    given = {"name": "input", "datatype": "FP64", "shape": [1, 2], "data": [1.0, 2.0]}
    answer = served.infer(given)
    assert answer.status_code == 200, answer.text
    assert {output["name"] for output in answer.json()["outputs"]} == {"twice", "sum"}
    chosen = served.infer(given, outputs=[{"name": "sum"}]).json()["outputs"]
    assert [(output["name"], output["data"]) for output in chosen] == [("sum", [3.0])]
    assert served.infer(given, outputs=[{"name": "other"}]).status_code == 400


def test_texts(tmp_path: Path, serve) -> None:
    """Texts in, texts out, beyond ASCII."""
    served = serve(save(tmp_path / "shout", Shout(), columns(text="string")))
    assert served.predictions({"dataframe_records": [{"text": "grüße"}, {"text": ""}]}) == ["GRÜSSE", ""]
    answer = served.infer({"name": "text", "datatype": "BYTES", "shape": [1], "data": ["日本a"]})
    assert answer.json()["outputs"][0]["data"] == ["日本A"]


def test_wrong_input_is_refused(tmp_path: Path, serve) -> None:
    """A column that is missing or of another type is a 400 that names it, and no process ends."""
    served = serve(save(tmp_path / "shout", Shout(), columns(text="string")))
    before = served.workers()
    for body in ({"dataframe_records": [{"other": "x"}]}, {"dataframe_records": [{"text": 5}]}):
        answer = served.invoke(body)
        assert answer.status_code == 400 and "text" in answer.text
    assert served.workers() == before


def test_exceptions(naughty) -> None:
    """Type and message go to the client; stack and paths only to the log."""
    served = naughty()
    refused = served.naughty("refuse")
    assert refused.status_code == 400 and "ValueError: the value is too high" in refused.text
    failed = served.naughty("raise")
    assert failed.status_code == 500 and "RuntimeError: cannot read" in failed.text
    assert "/" not in failed.json()["message"].split("cannot read")[1] and "Traceback" not in failed.text
    assert "Traceback" in served.log


def test_isolation(naughty) -> None:
    """The process has nothing of the server's environment, and its output goes to the log."""
    served = naughty()
    variables = json.loads(served.naughty("environment").json()["predictions"][0])
    assert "SERVER_SECRET" not in variables and variables["OMP_NUM_THREADS"] == "1"
    assert served.naughty("print").status_code == 200
    wait_until(lambda: "a line of the model" in served.log and "a line of its errors" in served.log, 5)
    (worker,) = served.workers()
    assert os.getpgid(worker) == worker != os.getpgid(served.process.pid)


def test_g10_stopped_worker(naughty) -> None:
    """G10: a stopped process ends its call with 504 at the deadline and is replaced within five seconds."""
    served = naughty()
    (worker,) = served.workers()
    assert served.naughty("nothing").status_code == 200
    os.kill(worker, signal.SIGSTOP)
    begun = time.monotonic()
    answer = served.naughty("nothing", timeout=0.5)
    assert answer.status_code == 504, answer.text
    assert 0.4 <= time.monotonic() - begun < 2
    stopped = time.monotonic()
    assert served.naughty("nothing").status_code == 200
    took = time.monotonic() - stopped
    (other,) = served.workers()
    assert other != worker and not Path(f"/proc/{worker}").exists()
    assert took < 5, f"replaced after {took:.1f} s"


def test_g11_killed_worker(naughty) -> None:
    """G11: a killed process fails its own call with 503; the other one serves on, and a new one comes within 5 s."""
    served = naughty("--workers", "2")
    wait_until(lambda: served.log.count("worker ready") == 2, 30, "both workers")
    with concurrent.futures.ThreadPoolExecutor() as threads:
        long = threads.submit(served.naughty, "sleep", 3)
        time.sleep(0.5)
        busy = int(served.naughty("nothing").json()["predictions"][0])
        victim = next(worker for worker in served.workers() if worker != busy)
        os.kill(victim, signal.SIGKILL)
        begun = time.monotonic()
        assert long.result().status_code == 503
        assert served.naughty("nothing").status_code == 200
        wait_until(lambda: len(set(served.workers()) - {victim}) == 2, 5, "the replacement")
        assert time.monotonic() - begun < 5


def test_g11_memory_limit(naughty) -> None:
    """G11: a process that runs into its memory limit fails that call only, and the next is answered by another."""
    served = naughty("--worker-memory", "3GB")
    (worker,) = served.workers()
    answer = served.naughty("eat", 100)
    assert answer.status_code == 503 and "memory" in answer.text
    assert served.naughty("eat", 1).status_code == 200
    assert served.workers() != [worker]


def test_breaker(naughty) -> None:
    """After five crashes within a minute, calls are refused at once with 503 until the pause ends."""
    served = naughty()
    for _ in range(5):
        assert served.naughty("exit", 1).status_code == 503
    wait_until(lambda: "crash too often" in served.log, 10, "the breaker")
    begun = time.monotonic()
    refused = served.naughty("nothing")
    assert refused.status_code == 503 and "crashed 5 times" in refused.text
    assert time.monotonic() - begun < 1
    assert served.workers() == []


def test_drain(naughty) -> None:
    """A server that is asked to end answers the call under way and leaves no process."""
    served = naughty()
    (worker,) = served.workers()
    with concurrent.futures.ThreadPoolExecutor() as threads:
        long = threads.submit(served.naughty, "sleep", 1.5)
        time.sleep(0.5)
        assert served.stop() == 0, served.log
        assert long.result().status_code == 200
    wait_until(lambda: not Path(f"/proc/{worker}").exists(), 5)


def test_killed_server_leaves_no_worker(naughty) -> None:
    """A worker ends with its server, however that ended."""
    served = naughty()
    (worker,) = served.workers()
    served.kill()
    wait_until(lambda: not Path(f"/proc/{worker}").exists(), 5, "the worker's end")


def test_nothing_leaks(naughty) -> None:
    """Crash after crash, the server keeps neither descriptors nor zombies."""
    served = naughty()
    served.naughty("nothing")
    before = served.descriptors()
    for _ in range(4):
        served.naughty("exit", 0)
        assert served.naughty("nothing").status_code == 200
    wait_until(lambda: served.descriptors() <= before + 2, 10, "the descriptors")
    assert len(served.workers()) == 1


def test_missing_package_names_the_remedy(tmp_path: Path) -> None:
    """An interpreter without MLflow is a clear error, before anything is served."""
    model = save(tmp_path / "shout", Shout(), columns(text="string"))
    made = command("model", "env", str(model), "--dry-run", "--directory", "envs", cwd=tmp_path)
    assert made.returncode == 0 and "-m venv" in made.stdout and "mlflow" in made.stdout
    bare = tmp_path / "bare"
    subprocess_venv(bare)
    answer = command("serve", str(model), "--port", "0", "--python", str(bare / "bin/python"), cwd=tmp_path)
    assert answer.returncode != 0
    assert "package 'mlflow'" in answer.stderr + answer.stdout and "martlet model env" in answer.stderr + answer.stdout


def subprocess_venv(path: Path) -> None:
    """An environment without any package."""
    import venv

    venv.create(path, with_pip=False)


def test_prepared_environment(tmp_path: Path, serve) -> None:
    """`martlet model env` makes an environment from the requirements, which the server finds by itself.

    The requirement is a package on disk that stands for MLflow: what is looked at is that this interpreter runs.
    """
    model = save(tmp_path / "shout", Shout(), columns(text="string"))
    package = tmp_path / "package"
    (package / "martlet_marker").mkdir(parents=True)
    (package / "martlet_marker/__init__.py").write_text("")
    (package / "setup.py").write_text(
        "from setuptools import setup\nsetup(name='mlflow-skinny', version='0', packages=['martlet_marker'])\n"
    )
    (model / "requirements.txt").write_text(f"mlflow-skinny @ file://{package}\n")
    (model / "python_env.yaml").write_text("dependencies:\n- -r requirements.txt\n")
    where = ("--directory", str(tmp_path / "envs"))
    made = command("model", "env", str(model), *where, "--python", sys.executable, cwd=tmp_path, timeout=300)
    assert made.returncode == 0, made.stderr
    interpreter = Path(made.stdout.split("interpreter: ")[1].strip())
    assert interpreter.is_file()
    again = command("model", "env", str(model), *where, cwd=tmp_path)
    assert "Already there" in again.stdout
    listed = command("model", "env", "--list", "--json", *where, cwd=tmp_path)
    assert len(json.loads(listed.stdout)["environments"]) == 1
    # The packages of the tests' own environment come in by a path file, as pip would have installed them.
    site = next(interpreter.parents[1].glob("lib/python*/site-packages"))
    own = next(path for path in sys.path if path.endswith("site-packages"))
    (site / "tests.pth").write_text(own + "\n")
    served = serve(model, "--environments", str(tmp_path / "envs"), python=None)
    assert served.predictions({"dataframe_records": [{"text": "x"}]}) == ["X"]
    (worker,) = served.workers()
    words = Path(f"/proc/{worker}/cmdline").read_bytes().split(b"\0")
    assert words[0].decode() == str(interpreter)
    served.stop()
    removed = command("model", "env", str(model), "--remove", *where, cwd=tmp_path)
    assert removed.returncode == 0 and not interpreter.exists()


def test_registered_model(own_server, tmp_path: Path) -> None:
    """A registered model of Python is deployed like any other; `model env` reads its requirements from the server."""
    mlflow.set_tracking_uri(own_server.url)
    mlflow.set_registry_uri(own_server.url)
    with mlflow.start_run():
        mlflow.pyfunc.log_model(
            name="model",
            python_model=Scaled(),
            signature=mlflow.models.ModelSignature(
                inputs=columns(a="double"),
                params=mlflow.types.ParamSchema([mlflow.types.ParamSpec("factor", "double", 3.0)]),
            ),
            registered_model_name="scaled",
            pip_requirements=["mlflow"],
        )
    mlflow.MlflowClient().set_registered_model_alias("scaled", "production", "1")
    for source in ("models:/scaled/1", "models:/scaled@production"):
        plan = command("model", "env", source, "--dry-run", "--server", own_server.url, cwd=tmp_path)
        assert plan.returncode == 0 and "mlflow" in plan.stdout, plan.stderr
    manifest = f"""
version: 1
deployments:
  scaled:
    model: scaled
    alias: production
    serving: {{python: {{interpreter: {json.dumps(sys.executable)}, workers: 1, timeout: 20s}}}}
"""
    answer = own_server.post("/api/martlet/v1/apply", {"manifest": manifest, "directory": "."})
    assert answer.status_code == 200, answer.text
    wait_until(lambda: own_server.get("/v2/models/scaled/ready").status_code == 200, 60, "the model")
    body = {"inputs": [{"name": "a", "datatype": "FP64", "shape": [2], "data": [1.0, 2.0]}]}
    answer = own_server.post("/v2/models/scaled/infer", body)
    assert answer.status_code == 200, answer.text
    assert np.allclose(answer.json()["outputs"][0]["data"], [3.0, 6.0])
