"""Training loops as users write them: metrics with steps, artifacts of every kind, nested runs, tags, other threads."""

from __future__ import annotations

import json
import multiprocessing
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.entities import Metric
from mlflow.exceptions import MlflowException
from mlflow_fixtures import error_code

pytest_plugins = ["mlflow_fixtures"]


def test_a_training_loop(client: MlflowClient, name: str):
    mlflow.set_experiment(name)
    with mlflow.start_run(description="a loop") as active:
        mlflow.log_params({"lr": 0.01, "layers": [64, 32], "name": None, "text": "ünïcödé 日本"})
        for step in range(50):
            mlflow.log_metric("loss", 1 / (step + 1), step=step)
            mlflow.log_metrics({"acc": step / 50, "lr": 0.01 * 0.9**step}, step=step)
        mlflow.log_metric("at a time", 5, step=3, timestamp=1234567890)
        mlflow.log_metric("negative step", 1, step=-5)
    run = client.get_run(active.info.run_id)
    assert run.data.params == {"lr": "0.01", "layers": "[64, 32]", "name": "None", "text": "ünïcödé 日本"}
    assert run.data.metrics["loss"] == 0.02 and run.data.metrics["lr"] == 0.01 * 0.9**49
    assert run.data.tags["mlflow.note.content"] == "a loop"
    for key in ["mlflow.user", "mlflow.source.name", "mlflow.source.type", "mlflow.runName"]:
        assert run.data.tags[key]
    history = client.get_metric_history(active.info.run_id, "acc")
    assert [(point.step, point.value) for point in history] == [(step, step / 50) for step in range(50)]
    assert all(point.timestamp > 1_600_000_000_000 for point in history)
    assert [point.timestamp for point in client.get_metric_history(active.info.run_id, "at a time")] == [1234567890]
    assert [point.step for point in client.get_metric_history(active.info.run_id, "negative step")] == [-5]
    assert client.get_metric_history(active.info.run_id, "none") == []


def test_a_long_history_comes_in_pages(client: MlflowClient, run):
    for start in range(0, 3000, 1000):
        points = [Metric("m", index * 0.5, index, index) for index in range(start, start + 1000)]
        client.log_batch(run.info.run_id, points)
    history = client.get_metric_history(run.info.run_id, "m")
    assert [point.step for point in history] == list(range(3000))
    # The client's page is 25,000 points long, so smaller ones are asked for by hand.
    steps, token = [], None
    while True:
        page = client._tracking_client.store.get_metric_history(run.info.run_id, "m", 700, token)
        steps += [point.step for point in page]
        if not (token := page.token):
            break
    assert steps == list(range(3000))


def test_asynchronous_logging(client: MlflowClient, name: str):
    mlflow.set_experiment(name)
    with mlflow.start_run() as active:
        operations = [mlflow.log_metric("m", step, step=step, synchronous=False) for step in range(200)]
        operations.append(mlflow.log_params({f"p{index}": index for index in range(30)}, synchronous=False))
        operations.append(mlflow.set_tags({"a": "1", "b": "2"}, synchronous=False))
        mlflow.flush_async_logging()
        for operation in operations:
            operation.wait()
    run = client.get_run(active.info.run_id)
    assert len(client.get_metric_history(active.info.run_id, "m")) == 200
    assert run.data.metrics == {"m": 199} and len(run.data.params) == 30 and run.data.tags["b"] == "2"
    mlflow.config.enable_async_logging(True)
    try:
        with mlflow.start_run() as active:
            for step in range(100):
                mlflow.log_metrics({"x": step, "y": -step}, step=step)
        mlflow.flush_async_logging()
    finally:
        mlflow.config.enable_async_logging(False)
    for key in "xy":
        assert len(client.get_metric_history(active.info.run_id, key)) == 100


def test_more_than_a_batch_holds_is_split_by_the_client(client: MlflowClient, name: str):
    mlflow.set_experiment(name)
    with mlflow.start_run() as active:
        mlflow.log_metrics({f"m{index}": index for index in range(2500)})
        mlflow.log_params({f"p{index}": index for index in range(250)})
        mlflow.set_tags({f"t{index}": index for index in range(250)})
    data = client.get_run(active.info.run_id).data
    assert len(data.metrics) == 2500 and len(data.params) == 250
    assert len([key for key in data.tags if not key.startswith("mlflow.")]) == 250


def test_artifacts_of_every_kind(client: MlflowClient, name: str, tmp_path: Path):
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    mlflow.set_experiment(name)
    (tmp_path / "folder/deep/er").mkdir(parents=True)
    (tmp_path / "folder/a b.txt").write_text("spaces")
    (tmp_path / "folder/deep/er/ü 日本.bin").write_bytes(b"\x00\x01" * 50)
    (tmp_path / "folder/empty").write_bytes(b"")
    (tmp_path / "folder/100% &+;.txt").write_text("odd")
    figure, axes = pyplot.subplots()
    axes.plot([1, 2, 3])
    image = np.random.default_rng(7).integers(0, 255, (8, 8, 3), dtype=np.uint8)
    with mlflow.start_run() as active:
        mlflow.log_figure(figure, "plots/line.png")
        mlflow.log_image(image, "images/one.png")
        for step in range(2):
            mlflow.log_image(image, key="batch", step=step)
        mlflow.log_table(pd.DataFrame({"a": [1], "b": ["x"]}), "table.json")
        mlflow.log_table({"a": [2], "b": ["y"]}, "table.json")
        mlflow.log_dict({"a": {"b": [1, None]}}, "data.json")
        mlflow.log_dict({"a": 1}, "data.yaml")
        mlflow.log_text("<b>bold</b>", "page.html")
        mlflow.log_artifacts(str(tmp_path / "folder"), "tree")
    pyplot.close(figure)
    run_id = active.info.run_id
    uri = client.get_run(run_id).info.artifact_uri
    assert mlflow.artifacts.load_image(f"{uri}/images/one.png").size == (8, 8)
    assert mlflow.artifacts.load_image(f"{uri}/plots/line.png").size[0] > 100
    assert mlflow.artifacts.load_dict(f"{uri}/data.json") == {"a": {"b": [1, None]}}
    assert mlflow.artifacts.load_text(f"{uri}/data.yaml") == "a: 1\n"
    assert mlflow.artifacts.load_text(f"{uri}/page.html") == "<b>bold</b>"
    assert list(mlflow.load_table("table.json", run_ids=[run_id])["a"]) == [1, 2]
    assert json.loads(client.get_run(run_id).data.tags["mlflow.loggedArtifacts"]) == [
        {"path": "table.json", "type": "table"}
    ]
    assert len([file for file in client.list_artifacts(run_id, "images") if file.path.endswith(".png")]) == 3
    copy = Path(client.download_artifacts(run_id, "tree", str(tmp_path)))
    originals = {path.relative_to(tmp_path / "folder") for path in (tmp_path / "folder").rglob("*") if path.is_file()}
    assert {path.relative_to(copy) for path in copy.rglob("*") if path.is_file()} == originals
    for path in originals:
        assert (copy / path).read_bytes() == (tmp_path / "folder" / path).read_bytes(), path
    sizes = {file.path: file.file_size for file in client.list_artifacts(run_id, "tree") if not file.is_dir}
    assert sizes["tree/a b.txt"] == 6 and sizes["tree/empty"] == 0
    with pytest.raises(MlflowException):
        client.download_artifacts(run_id, "none")


def test_nested_runs(client: MlflowClient, name: str):
    mlflow.set_experiment(name)
    with mlflow.start_run(run_name="parent") as parent:
        for index in range(3):
            with mlflow.start_run(run_name=f"child-{index}", nested=True) as child:
                mlflow.log_metric("m", index)
                with mlflow.start_run(nested=True) as grandchild:
                    mlflow.log_param("deep", index)
        assert mlflow.active_run().info.run_id == parent.info.run_id
        with pytest.raises(Exception, match="already active"):
            mlflow.start_run()
    children = client.search_runs(
        [parent.info.experiment_id], f"tags.mlflow.parentRunId = '{parent.info.run_id}'", order_by=["start_time"]
    )
    assert [run.info.run_name for run in children] == ["child-0", "child-1", "child-2"]
    assert mlflow.get_parent_run(grandchild.info.run_id).info.run_id == child.info.run_id
    assert mlflow.get_parent_run(child.info.run_id).info.run_id == parent.info.run_id
    assert mlflow.get_parent_run(parent.info.run_id) is None


def test_a_run_that_fails_and_is_taken_up_again(client: MlflowClient, name: str):
    mlflow.set_experiment(name)
    with pytest.raises(ZeroDivisionError), mlflow.start_run() as failed:
        mlflow.log_metric("m", 1)
        _ = 1 / 0
    assert client.get_run(failed.info.run_id).info.status == "FAILED"
    with mlflow.start_run(run_id=failed.info.run_id) as again:
        assert again.info.run_id == failed.info.run_id
        assert client.get_run(failed.info.run_id).info.status == "RUNNING"
        mlflow.log_metric("m", 2, step=1)
    stored = client.get_run(failed.info.run_id)
    assert stored.info.status == "FINISHED" and stored.data.metrics == {"m": 2}
    client.delete_run(failed.info.run_id)
    with pytest.raises(MlflowException, match="deleted"):
        mlflow.start_run(run_id=failed.info.run_id)


def test_set_experiment_in_every_way(client: MlflowClient, name: str):
    created = mlflow.set_experiment(name)
    assert mlflow.set_experiment(experiment_id=created.experiment_id).name == name
    mlflow.set_experiment_tag("owner", "ann")
    mlflow.set_experiment_tags({"team": "red", "year": 2026})
    assert mlflow.get_experiment_by_name(name).tags == {"owner": "ann", "team": "red", "year": "2026"}
    mlflow.delete_experiment_tag("owner")
    assert "owner" not in mlflow.get_experiment(created.experiment_id).tags
    mlflow.delete_experiment(created.experiment_id)
    with pytest.raises(MlflowException, match="deleted"):
        mlflow.set_experiment(name)
    client.restore_experiment(created.experiment_id)
    assert mlflow.set_experiment(name).lifecycle_stage == "active"
    with pytest.raises(MlflowException):
        mlflow.set_experiment(experiment_id="987654")
    # Without any, runs go to the experiment that every server has.
    mlflow.tracking.fluent._active_experiment_id = None
    os.environ.pop("MLFLOW_EXPERIMENT_ID", None)
    with mlflow.start_run() as active:
        pass
    assert active.info.experiment_id == "0" and mlflow.get_experiment("0").name == "Default"


def test_every_tracking_call_of_the_client(client: MlflowClient, name: str):
    experiment_id = client.create_experiment(name)
    run = client.create_run(experiment_id, start_time=5, tags={"t": "1"}, run_name="named")
    run_id = run.info.run_id
    assert (run.info.status, run.info.start_time, run.info.end_time) == ("RUNNING", 5, None)
    assert run.info.artifact_uri == f"mlflow-artifacts:/{experiment_id}/{run_id}/artifacts"
    client.log_metric(run_id, "m", 1.5, timestamp=10, step=2)
    assert client.log_param(run_id, "p", 5) == 5
    client.set_tag(run_id, "k", "v")
    client.delete_tag(run_id, "t")
    client.update_run(run_id, status="SCHEDULED", name="renamed")
    client.log_text(run_id, "text", "a/b.txt")
    client.log_dict(run_id, {"x": 1}, "c.json")
    stored = client.get_run(run_id)
    assert (stored.info.run_name, stored.info.status) == ("renamed", "SCHEDULED")
    assert stored.data.tags == {"k": "v", "mlflow.runName": "renamed"}
    client.set_terminated(run_id, "KILLED", end_time=99)
    assert (client.get_run(run_id).info.status, client.get_run(run_id).info.end_time) == ("KILLED", 99)
    assert client.get_experiment_by_name(name).experiment_id == experiment_id
    assert client.get_experiment_by_name(name + "?") is None
    client.delete_run(run_id)
    assert client.get_run(run_id).info.lifecycle_stage == "deleted"
    for forbidden in [
        lambda: client.log_metric(run_id, "m", 1),
        lambda: client.log_param(run_id, "q", 1),
        lambda: client.set_tag(run_id, "k", "w"),
        lambda: client.delete_tag(run_id, "k"),
        lambda: client.update_run(run_id, name="no"),
        lambda: client.log_batch(run_id, [Metric("m", 1, 1, 0)]),
    ]:
        assert error_code(forbidden) == "INVALID_PARAMETER_VALUE"
    client.restore_run(run_id)
    client.set_tag(run_id, "k", "w")
    missing = "0" * 32
    for absent in [
        lambda: client.get_run(missing),
        lambda: client.log_metric(missing, "m", 1),
        lambda: client.set_terminated(missing),
        lambda: client.delete_run(missing),
        lambda: client.restore_run(missing),
    ]:
        assert error_code(absent) == "RESOURCE_DOES_NOT_EXIST"


# Several writers at once


def test_eight_threads_log_to_one_run(client: MlflowClient, name: str):
    """No metric of eight writers is lost (D11)."""
    mlflow.set_experiment(name)
    with mlflow.start_run() as active:

        def write(writer: int) -> None:
            for step in range(20):
                mlflow.log_metric("shared", writer * 1000 + step, step=step, run_id=active.info.run_id)
                mlflow.log_metrics({f"w{writer}": step}, step=step, run_id=active.info.run_id)
            client.log_param(active.info.run_id, f"p{writer}", writer)
            client.set_tag(active.info.run_id, "same", writer)
            client.log_text(active.info.run_id, str(writer), f"texts/{writer}.txt")

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(write, range(8)))
    values = sorted(point.value for point in client.get_metric_history(active.info.run_id, "shared"))
    assert values == sorted(writer * 1000 + step for writer in range(8) for step in range(20))
    run = client.get_run(active.info.run_id)
    # Of the last step the latest by time is shown, whoever that was.
    assert run.data.metrics.pop("shared") % 1000 == 19
    assert run.data.metrics == {f"w{writer}": 19 for writer in range(8)}
    assert len(run.data.params) == 8 and run.data.tags["same"] in "01234567"
    assert len(client.list_artifacts(active.info.run_id, "texts")) == 8


def write_in_a_process(address: str, run_id: str, writer: int) -> None:
    """Logs fifty steps as a program of its own."""
    mlflow.set_tracking_uri(address)
    with mlflow.start_run(run_id=run_id, log_system_metrics=False):
        for step in range(50):
            mlflow.log_metric("shared", writer * 1000 + step, step=step)


def test_processes_log_to_one_run(client: MlflowClient, run):
    # Forked, since importing the client anew takes seconds.
    context = multiprocessing.get_context("fork")
    arguments = [(client.tracking_uri, run.info.run_id, writer) for writer in range(3)]
    processes = [context.Process(target=write_in_a_process, args=each) for each in arguments]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    values = sorted(point.value for point in client.get_metric_history(run.info.run_id, "shared"))
    assert values == sorted(writer * 1000 + step for writer in range(3) for step in range(50))
    assert client.get_run(run.info.run_id).info.status == "FINISHED"


def test_one_winner_of_racing_creates(client: MlflowClient, run, name: str):
    """Of 24 that create the same name, and of 24 that set a param to different values, one wins (D12)."""
    barrier = threading.Barrier(24)

    def outcome(action) -> str:
        barrier.wait()
        try:
            action()
        except MlflowException as error:
            return error.error_code
        return "won"

    def race(make, refusal: str) -> None:
        with ThreadPoolExecutor(24) as pool:
            outcomes = sorted(pool.map(lambda index: outcome(lambda: make(index)), range(24)))
        assert outcomes == sorted(["won"] + [refusal] * 23)

    race(lambda _: client.create_experiment(name + "-race"), "RESOURCE_ALREADY_EXISTS")
    race(lambda _: client.create_registered_model(name + "-race"), "RESOURCE_ALREADY_EXISTS")
    race(lambda index: client.log_param(run.info.run_id, "raced", index), "INVALID_PARAMETER_VALUE")
    with ThreadPoolExecutor(24) as pool:
        source = f"runs:/{run.info.run_id}/model"
        versions = list(
            pool.map(lambda _: client.create_model_version(name + "-race", source, run.info.run_id).version, range(24))
        )
    assert sorted(map(int, versions)) == list(range(1, 25))
