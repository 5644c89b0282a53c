"""Studies: Python programs ask and tell over HTTP, several at once; trials become runs."""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import mlflow
import pytest
from martlet_process import ROOT, Martlet

sys.path.insert(0, str(Path(ROOT) / "examples" / "ask-tell"))

from martlet_study import Study, StudyError, Trial, TrialPruned

SPACE = {"x": {"type": "float", "low": -5, "high": 5}, "kind": {"type": "categorical", "choices": ["a", "b"]}}


def square(trial: Trial) -> float:
    return trial.params["x"] ** 2 + (trial.params["kind"] == "b")


def test_workers_share_a_study(server: Martlet) -> None:
    study = Study.create("shared-study", SPACE, url=server.url, trials=40)

    def work(_: int) -> None:
        Study("shared-study", server.url).optimize(square, trials=100)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    trials = study._call("GET", "/trials?limit=100")["items"]
    complete = [trial for trial in trials if trial["state"] == "complete"]
    assert [trial["number"] for trial in trials] == list(range(len(trials)))
    assert 40 <= len(complete) <= 43
    assert study.best[0]["value"] == min(trial["value"] for trial in complete)
    assert abs(sum(study.importance.values()) - 1) < 1e-9
    with pytest.raises(StudyError) as refused:
        study.ask()
    assert refused.value.code == "failedPrecondition"


def test_a_trial_is_told_once(server: Martlet) -> None:
    study = Study.create("told-once", SPACE, url=server.url)
    first = study.ask("key")
    assert study.ask("key").number == first.number
    first.tell(1.0)
    first.tell(1.0)
    with pytest.raises(StudyError):
        first.tell(2.0)
    assert study.enqueue({"x": 0.5}) == 1
    assert study.ask().params["x"] == 0.5
    with pytest.raises(StudyError):
        study.enqueue({"x": 50})
    with pytest.raises(StudyError) as refused:
        Study.create("bad", {"x": {"type": "float", "low": 1, "high": -1}}, url=server.url)
    assert "'x'" in str(refused.value)


def test_pruning(server: Martlet) -> None:
    pruner = {"type": "threshold", "upper": 10}
    study = Study.create("pruned-study", SPACE, url=server.url, pruner=pruner)

    def objective(trial: Trial) -> float:
        for step in range(3):
            if trial.report(step, 100.0 if trial.number == 1 else 1.0):
                raise TrialPruned
        if trial.number == 2:
            raise ValueError("no")
        return 1.0

    study.optimize(objective, trials=3)
    trials = study._call("GET", "/trials")["items"]
    assert [trial["state"] for trial in trials] == ["complete", "pruned", "failed"]
    assert "ValueError" in trials[2]["message"]


def test_trials_become_runs(server: Martlet) -> None:
    study = Study.create("recorded-study", SPACE, url=server.url, objectives=["loss"])
    study.optimize(square, trials=3)
    client = mlflow.MlflowClient(server.url)
    patience = time.monotonic() + 60
    while True:
        experiment = client.get_experiment_by_name("recorded-study")
        runs = client.search_runs([experiment.experiment_id]) if experiment else []
        children = [run for run in runs if "mlflow.parentRunId" in run.data.tags]
        if len(children) == 3 and all(run.info.status == "FINISHED" for run in children):
            break
        assert time.monotonic() < patience, children
        time.sleep(0.2)
    assert len(runs) == 4
    by_name = {run.info.run_name: run for run in children}
    for trial in study._call("GET", "/trials")["items"]:
        run = by_name[f"trial-{trial['number']}"]
        assert run.data.metrics["loss"] == trial["value"]
        assert float(run.data.params["x"]) == trial["params"]["x"]
