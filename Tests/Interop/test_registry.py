"""Every registry call of MLflow's client: models, versions, stages, aliases, tags, copies and searches."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
import requests
from martlet_process import Martlet
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

pytest_plugins = ["mlflow_fixtures"]


def version(client: MlflowClient, name: str, **options: object):
    """Registers a version that lies where clients reach it themselves."""
    return client.create_model_version(name, "s3://bucket/model", **options)


def test_life_of_a_model(client: MlflowClient, name: str):
    made = client.create_registered_model(name, {"k": "v", "n": 1}, "text")
    assert (made.name, made.tags, made.description) == (name, {"k": "v", "n": "1"}, "text")
    assert client.get_registered_model(name).tags == made.tags
    with pytest.raises(MlflowException, match=r"Registered Model \(name=.*\) already exists") as failure:
        client.create_registered_model(name)
    assert failure.value.error_code == "RESOURCE_ALREADY_EXISTS"
    assert client.update_registered_model(name, "other").description == "other"
    client.set_registered_model_tag(name, "k", "")
    client.delete_registered_model_tag(name, "n")
    client.delete_registered_model_tag(name, "n")
    assert client.get_registered_model(name).tags == {"k": ""}
    version(client, name)
    client.rename_registered_model(name, f"{name} new")
    assert [found.name for found in client.get_registered_model(f"{name} new").latest_versions] == [f"{name} new"]
    with pytest.raises(MlflowException, match=f"Registered Model with name={name} not found"):
        client.get_registered_model(name)
    client.delete_registered_model(f"{name} new")
    with pytest.raises(MlflowException, match="not found") as failure:
        client.delete_registered_model(f"{name} new")
    assert failure.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_life_of_a_version(client: MlflowClient, name: str):
    client.create_registered_model(name)
    made = version(client, name, run_id="r1", tags={"k": "v"}, run_link="http://elsewhere/r1", description="text")
    assert (made.name, made.version, made.run_id, made.tags) == (name, "1", "r1", {"k": "v"})
    assert (made.status, made.current_stage, made.run_link) == ("READY", "None", "http://elsewhere/r1")
    assert client.get_model_version(name, "1") == made
    assert client.update_model_version(name, "1", "other").description == "other"
    client.set_model_version_tag(name, "1", "a", "b")
    client.delete_model_version_tag(name, "1", "k")
    assert client.get_model_version(name, "1").tags == {"a": "b"}
    assert client.get_model_version_download_uri(name, "1") == "s3://bucket/model"
    version(client, name)
    client.delete_model_version(name, "2")
    assert version(client, name).version == "3"
    for call in (client.get_model_version, client.delete_model_version, client.get_model_version_download_uri):
        with pytest.raises(MlflowException, match=r"Model Version \(name=.*, version=2\) not found"):
            call(name, "2")
    with pytest.raises(MlflowException, match="Parameter 'version' must be an integer, got 'two'"):
        client.get_model_version(name, "two")


def test_times_tell_what_changed(client: MlflowClient, name: str):
    client.create_registered_model(name)
    version(client, name)

    def times() -> tuple[int, int]:
        model = client.get_registered_model(name)
        return model.last_updated_timestamp, int(model.latest_versions[0].last_updated_timestamp)

    def changed(call) -> tuple[bool, bool]:
        before = times()
        time.sleep(0.01)
        call()
        after = times()
        return before[0] != after[0], before[1] != after[1]

    assert changed(lambda: client.update_model_version(name, "1", "text")) == (False, True)
    assert changed(lambda: client.set_model_version_tag(name, "1", "k", "v")) == (False, False)
    assert changed(lambda: client.set_registered_model_tag(name, "k", "v")) == (False, False)
    assert changed(lambda: client.set_registered_model_alias(name, "live", "1")) == (False, False)
    assert changed(lambda: client.transition_model_version_stage(name, "1", "Staging")) == (True, True)
    assert changed(lambda: client.update_registered_model(name, "text")) == (True, False)


def test_stages(client: MlflowClient, name: str):
    client.create_registered_model(name)
    for number, stage in enumerate(["Archived", "Production", "Archived", "production", "Staging", "STAGING", None], 1):
        version(client, name)
        if stage:
            client.transition_model_version_stage(name, str(number), stage)

    def latest(stages=None) -> dict[str, str]:
        return {found.current_stage: found.version for found in client.get_latest_versions(name, stages)}

    everything = {"Production": "4", "Staging": "6", "Archived": "3", "None": "7"}
    assert latest() == latest([]) == everything
    assert latest(["staging"]) == {"Staging": "6"}
    assert latest(["None", "Archived"]) == {"None": "7", "Archived": "3"}
    moved = client.transition_model_version_stage(name, "7", "Production", archive_existing_versions=True)
    assert moved.current_stage == "Production"
    assert {number: client.get_model_version(name, number).current_stage for number in "247"} == {
        "2": "Archived",
        "4": "Archived",
        "7": "Production",
    }
    for stage, archiving in (("Nowhere", False), ("None", True), ("Archived", True)):
        with pytest.raises(MlflowException, match=r"stage|Stage") as failure:
            client.transition_model_version_stage(name, "1", stage, archive_existing_versions=archiving)
        assert failure.value.error_code == "INVALID_PARAMETER_VALUE"


def test_aliases(client: MlflowClient, name: str):
    client.create_registered_model(name)
    with pytest.raises(MlflowException, match="Latest version not found for model") as failure:
        client.get_model_version_by_alias(name, "latest")
    assert failure.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    for _ in range(2):
        version(client, name)
    client.set_registered_model_alias(name, "live", "1")
    client.set_registered_model_alias(name, "live", "2")
    client.set_registered_model_alias(name, "other-1_ü", "2")
    assert client.get_registered_model(name).aliases == {"live": "2", "other-1_ü": "2"}
    assert client.get_model_version_by_alias(name, "live").aliases == ["live", "other-1_ü"]
    assert client.get_model_version_by_alias(name, "Latest").version == "2"
    client.delete_registered_model_alias(name, "live")
    client.delete_registered_model_alias(name, "live")
    with pytest.raises(MlflowException, match="Registered model alias live not found") as failure:
        client.get_model_version_by_alias(name, "live")
    assert failure.value.error_code == "INVALID_PARAMETER_VALUE"
    client.delete_model_version(name, "2")
    assert client.get_registered_model(name).aliases == {}


@pytest.mark.parametrize(
    ("alias", "reason"),
    [
        ("latest", "'latest' alias name"),
        ("LATEST", "'latest' alias name"),
        ("v1", "Version alias name 'v1' is reserved"),
        ("V12", "Version alias name 'V12' is reserved"),
        ("a/b", "Invalid alias name"),
        ("a b", "Invalid alias name"),
        ("x" * 256, "exceeds the maximum length of 255 characters"),
    ],
)
def test_aliases_that_are_refused(client: MlflowClient, server: Martlet, name: str, alias: str, reason: str):
    client.create_registered_model(name)
    version(client, name)
    body = {"name": name, "alias": alias, "version": "1"}
    answer = requests.post(f"{server.url}/api/2.0/mlflow/registered-models/alias", json=body, timeout=30)
    assert answer.status_code == 400
    assert reason in answer.json()["message"]


def test_copies(client: MlflowClient, name: str):
    client.create_registered_model(name)
    source = version(client, name, run_id="r1", tags={"k": "v"}, description="text")
    client.set_registered_model_alias(name, "live", "1")
    for address in (f"models:/{name}@live", f"models:/{name}/1"):
        copy = client.copy_model_version(address, f"{name}-copy")
        assert (copy.name, copy.source, copy.run_id) == (f"{name}-copy", f"models:/{name}/1", "r1")
        assert (copy.tags, copy.description) == ({"k": "v"}, "text")
        assert client.get_model_version_download_uri(copy.name, copy.version) == source.source
    again = client.copy_model_version(f"models:/{name}-copy/1", name)
    assert client.get_model_version_download_uri(name, again.version) == source.source
    with pytest.raises(MlflowException, match=r"Model Version \(name=.*, version=9\) not found"):
        client.copy_model_version(f"models:/{name}/9", name)


def test_sources_of_runs_and_logged_models(client: MlflowClient, run, name: str):
    client.create_registered_model(name)
    source = f"runs:/{run.info.run_id}/model"
    made = client.create_model_version(name, source, run.info.run_id)
    assert (made.source, made.run_id) == (source, run.info.run_id)
    assert client.get_model_version_download_uri(name, made.version) == source
    elsewhere = client.create_model_version(name, "runs:/elsewhere/model", "elsewhere")
    assert client.get_model_version_download_uri(name, elsewhere.version) == "runs:/elsewhere/model"
    inside = client.create_model_version(name, f"{run.info.artifact_uri}/model/", run.info.run_id)
    assert inside.run_id == run.info.run_id
    model = client.create_logged_model(experiment_id=run.info.experiment_id)
    first = client.create_model_version(name, model.model_uri, model_id=model.model_id)
    second = client.create_model_version(name, model.artifact_location, model_id=model.model_id)
    assert client.get_model_version_download_uri(name, first.version) == model.artifact_location
    tag = client.get_logged_model(model.model_id).tags["mlflow.modelVersions"]
    assert [found in tag for found in (f'"version": {first.version}', f'"version": {second.version}')] == [True, True]


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("runs:/{run}/model", "run_id request parameter must identify"),
        ("models:/m-0123456789abcdef0123456789abcdef", "model_id request parameter must identify"),
        ("mlflow-artifacts:/models", "run_id request parameter must identify"),
        ("mlflow-artifacts://host:9000/models/../../../", "If supplying a source as an http, https,"),
        ("mlflow-artifacts://host:9000/models/..%2f..%2fartifacts", "If supplying a source as an http, https,"),
        ("mlflow-artifacts://host:9000/models/artifact%00", "If supplying a source as an http, https,"),
        ("http://host:9000/models/../../../", "If supplying a source as an http, https,"),
        ("https://host/api/2.0/mlflow-artifacts/artifacts/../../../", "If supplying a source as an http, https,"),
        ("s3a://my_bucket/api/2.0/mlflow-artifacts/artifacts/../../../", "If supplying a source as an http, https,"),
        ("dbfs:/x/artifacts/a%3f/../../../../../", "Invalid model version source"),
        ("http://169.254.169.254/latest/meta-data", "cannot use the 'http' scheme"),
        ("/tmp", "To use a local path as a model version"),
        ("file:///tmp", "To use a local path as a model version"),
        ("file://123.456.789.123/path", "To use a local path as a model version"),
    ],
)
def test_sources_that_are_refused(client: MlflowClient, server: Martlet, run, name: str, source: str, reason: str):
    client.create_registered_model(name)
    body = {"name": name, "source": source.format(run=run.info.run_id)}
    answer = requests.post(f"{server.url}/api/2.0/mlflow/model-versions/create", json=body, timeout=30)
    assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert reason in answer.json()["message"]
    assert client.search_model_versions(f"name = '{name}'") == []


@pytest.mark.parametrize("bad", ["a/b", "a:b", "..", ".", "  "])
def test_names_that_are_refused(client: MlflowClient, bad: str):
    with pytest.raises(MlflowException) as failure:
        client.create_registered_model(bad)
    assert failure.value.error_code == "INVALID_PARAMETER_VALUE"


@pytest.fixture(scope="module")
def many(server: Martlet) -> Iterator[MlflowClient]:
    client = MlflowClient(server.url, server.url)
    for number in range(30):
        client.create_registered_model(f"paged{number:03}", {"even": str(number % 2 == 0), "n": str(number)})
        version(client, f"paged{number:03}", tags={"n": str(number)})
    yield client
    for number in range(30):
        client.delete_registered_model(f"paged{number:03}")


@pytest.mark.parametrize("size", [1, 8, 100])
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("name LIKE 'paged%'", range(30)),
        ("name LIKE 'paged%7'", [7, 17, 27]),
        ("name ILIKE 'PAGED%1_'", range(10, 20)),
        ("name LIKE 'PAGED%'", []),
        ("name = 'paged003'", [3]),
        ("name IN ('paged003', 'paged001', 'none')", [1, 3]),
        ("name LIKE 'paged00%' AND tags.even = 'True'", [0, 2, 4, 6, 8]),
        ("name LIKE 'paged00%' AND tags.even != 'True'", [1, 3, 5, 7, 9]),
        ("name LIKE 'paged%' AND tags.n LIKE '1%' AND tags.n LIKE '%5'", [15]),
        ("name LIKE 'paged%' AND tag.n = '4' AND tags.`mlflow.prompt.is_prompt` != 'true'", [4]),
        ("name LIKE 'paged%' AND tags.`mlflow.prompt.is_prompt` = 'true'", []),
    ],
)
def test_searches_for_models_page(many: MlflowClient, query: str, expected, size: int):
    found: list[str] = []
    token = None
    while True:
        page = many.search_registered_models(query, max_results=size, page_token=token)
        assert len(page) <= size
        found += [model.name for model in page]
        token = page.token
        if not token:
            break
    assert found == [f"paged{number:03}" for number in expected]


def test_orders_of_models_and_versions(many: MlflowClient):
    query = "name LIKE 'paged%'"
    names = [model.name for model in many.search_registered_models(query, order_by=["name DESC"])]
    assert names == sorted(names, reverse=True)
    times = [model.last_updated_timestamp for model in many.search_registered_models(query, order_by=["timestamp"])]
    assert times == sorted(times)
    versions = many.search_model_versions(query)
    assert [found.name for found in versions] == [f"paged{number:03}" for number in reversed(range(30))]
    assert all(found.tags["n"] == str(int(found.name[-3:])) for found in versions)
    assert many.search_model_versions(f"{query} AND version_number > 1") == []
    for order in (["version"], ["name", "name DESC"], ["timestamp", "last_updated_timestamp"]):
        with pytest.raises(MlflowException) as failure:
            many.search_registered_models(query, order_by=order)
        assert failure.value.error_code == "INVALID_PARAMETER_VALUE"
