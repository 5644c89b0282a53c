"""Evaluation datasets and scorers by MLflow's client."""

from __future__ import annotations

import json
from collections.abc import Iterator

import mlflow
import pandas as pd
import pytest
import requests
from martlet_process import Martlet
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.genai import datasets
from mlflow.genai.judges import make_judge
from mlflow.genai.scorers import RelevanceToQuery, delete_scorer, get_scorer, list_scorers

pytest_plugins = ["mlflow_fixtures"]


@pytest.fixture(autouse=True)
def experiment(server: Martlet, name: str) -> Iterator[str]:
    """An experiment of the test's own, made active."""
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(server.url)
    yield mlflow.set_experiment(name).experiment_id
    mlflow.set_tracking_uri(before)


def record(number: int, **more: object) -> dict:
    """A record with inputs that nothing else has."""
    return {"inputs": {"question": f"number {number}", "depth": number}} | more


def test_life_of_a_dataset(client: MlflowClient, name: str, experiment: str):
    made = datasets.create_dataset(name, experiment_id=experiment, tags={"team": "red"})
    assert made.dataset_id.startswith("d-") and len(made.dataset_id) == 34
    assert (made.name, made.tags["team"], made.experiment_ids) == (name, "red", [experiment])
    assert made.to_df().empty
    found = datasets.get_dataset(dataset_id=made.dataset_id)
    assert (found.name, found.digest, found.experiment_ids) == (name, made.digest, [experiment])
    datasets.set_dataset_tags(dataset_id=made.dataset_id, tags={"team": "blue", "more": "x"})
    datasets.delete_dataset_tag(dataset_id=made.dataset_id, key="more")
    assert datasets.get_dataset(dataset_id=made.dataset_id).tags["team"] == "blue"
    assert "more" not in datasets.get_dataset(dataset_id=made.dataset_id).tags
    other = client.create_experiment(f"{name}-other")
    datasets.add_dataset_to_experiments(dataset_id=made.dataset_id, experiment_ids=[other])
    assert set(datasets.get_dataset(dataset_id=made.dataset_id).experiment_ids) == {experiment, other}
    datasets.remove_dataset_from_experiments(dataset_id=made.dataset_id, experiment_ids=[experiment])
    assert datasets.get_dataset(dataset_id=made.dataset_id).experiment_ids == [other]
    with pytest.raises(MlflowException, match="No Experiment with id=987654") as failure:
        datasets.add_dataset_to_experiments(dataset_id=made.dataset_id, experiment_ids=["987654"])
    assert failure.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    datasets.delete_dataset(dataset_id=made.dataset_id)
    with pytest.raises(MlflowException, match="not found"):
        datasets.get_dataset(dataset_id=made.dataset_id)


def test_records_are_merged_by_their_inputs(name: str, experiment: str):
    dataset = datasets.create_dataset(name, experiment_id=experiment)
    dataset.merge_records([record(1, expectations={"answer": "a"}, tags={"k": "v"}), record(2)])
    frame = dataset.to_df()
    assert len(frame) == 2
    dataset = datasets.get_dataset(dataset_id=dataset.dataset_id)
    digest = dataset.digest
    dataset.merge_records(
        [
            {"inputs": {"depth": 1, "question": "number 1"}, "expectations": {"more": [1, 2.5, None, True]}},
            record(3, outputs={"answer": "x"}, source={"source_type": "HUMAN", "source_data": {"user": "me"}}),
        ]
    )
    dataset = datasets.get_dataset(dataset_id=dataset.dataset_id)
    records = dataset.to_df().to_dict("records")
    assert [found["inputs"]["depth"] for found in records] == [1, 2, 3]
    assert records[0]["expectations"] == {"answer": "a", "more": [1, 2.5, None, True]}
    assert records[0]["tags"]["k"] == "v"
    assert records[2]["outputs"] == {"answer": "x"}
    assert records[2]["source"].source_type == "HUMAN"
    assert dataset.digest != digest
    assert json.loads(dataset.profile) == {"num_records": 3}
    schema = json.loads(dataset.schema)
    assert schema["inputs"] == {"question": "string", "depth": "integer"}
    assert schema["expectations"] == {"answer": "string", "more": "array"}
    assert dataset.delete_records([records[0]["dataset_record_id"], "dr-none"]) == 1
    assert len(datasets.get_dataset(dataset_id=dataset.dataset_id).to_df()) == 2


def test_records_of_a_frame_and_many_pages(name: str, experiment: str):
    dataset = datasets.create_dataset(name, experiment_id=experiment)
    frame = pd.DataFrame({"inputs": [{"n": number, "x": number / 7} for number in range(2500)]})
    dataset.merge_records(frame)
    found = datasets.get_dataset(dataset_id=dataset.dataset_id).to_df()
    assert [inputs["n"] for inputs in found["inputs"]] == list(range(2500))
    assert [inputs["x"] for inputs in found["inputs"]] == [number / 7 for number in range(2500)]


def test_search_for_datasets(client: MlflowClient, name: str, experiment: str):
    for number in range(5):
        datasets.create_dataset(f"{name}-{number}", experiment_id=experiment, tags={"even": str(number % 2 == 0)})

    def names(**options: object) -> list[str]:
        found = datasets.search_datasets(experiment_ids=[experiment], **options)
        return [dataset.name.removeprefix(f"{name}-") for dataset in found]

    assert names() == list("43210")
    assert names(order_by=["name ASC"]) == list("01234")
    assert names(filter_string="tags.even = 'True'", order_by=["name"]) == list("024")
    assert names(filter_string=f"name = '{name}-3'") == ["3"]
    assert names(filter_string=f"name IN ('{name}-3', '{name}-1')", order_by=["name"]) == list("13")
    assert names(filter_string="name LIKE '%-4' AND created_time > 0") == ["4"]
    assert names(filter_string="name ILIKE '%NONE%'") == []
    assert datasets.search_datasets(experiment_ids=["987654"]) == []
    for bad in ("stage = 'x'", "metrics.a > 1", "name > 'a'", "created_time = 'x'"):
        with pytest.raises(MlflowException) as failure:
            names(filter_string=bad)
        assert failure.value.error_code == "INVALID_PARAMETER_VALUE"


def test_what_records_must_be(server: Martlet, name: str, experiment: str):
    dataset = datasets.create_dataset(name, experiment_id=experiment)
    address = f"{server.url}/api/3.0/mlflow/datasets/{dataset.dataset_id}/records"
    for text in ("", "{", "{}", "[1]", '[{"inputs": 5}]', '[{"inputs": {}, "source": {"source_type": "STARS"}}]'):
        answer = requests.post(address, json={"records": text}, timeout=30)
        assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE"), text
    missing = requests.get(f"{server.url}/api/3.0/mlflow/datasets/d-none", timeout=30)
    assert (missing.status_code, missing.json()["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
    for page in ("max_results=-1", "page_token=x"):
        assert requests.get(f"{address}?{page}", timeout=30).status_code == 400


def test_scorers(experiment: str, name: str):
    judge = make_judge(
        name="polite",
        instructions="Is {{ outputs }} a polite answer to {{ inputs }}?",
        model="openai:/gpt-4o-mini",
        feedback_value_type=str,
    )
    judge.register(experiment_id=experiment)
    assert get_scorer(name="polite", experiment_id=experiment).instructions == judge.instructions
    other = make_judge(
        name="polite", instructions="Rate {{ outputs }}.", model="openai:/gpt-4o", feedback_value_type=str
    )
    other.register(experiment_id=experiment)
    RelevanceToQuery(name="relevant").register(experiment_id=experiment)
    assert {scorer.name for scorer in list_scorers(experiment_id=experiment)} == {"polite", "relevant"}
    assert get_scorer(name="polite", experiment_id=experiment).instructions == other.instructions
    first = get_scorer(name="polite", experiment_id=experiment, version=1)
    assert first.instructions == judge.instructions
    delete_scorer(name="polite", experiment_id=experiment, version=2)
    assert get_scorer(name="polite", experiment_id=experiment).instructions == judge.instructions
    delete_scorer(name="polite", experiment_id=experiment, version="all")
    with pytest.raises(MlflowException, match="Scorer with name 'polite' not found for experiment"):
        get_scorer(name="polite", experiment_id=experiment)


def test_scorers_over_the_wire(server: Martlet, experiment: str):
    base = f"{server.url}/api/3.0/mlflow/scorers"

    def register(text: str, **more: str) -> requests.Response:
        body = {"experiment_id": experiment, "name": "s", "serialized_scorer": text} | more
        return requests.post(f"{base}/register", json=body, timeout=30)

    gateway = json.dumps({"name": "s", "instructions_judge_pydantic_data": {"model": "gateway:/mine"}})
    made = register(gateway).json()
    assert (made["version"], made["name"], made["experiment_id"]) == (1, "s", experiment)
    listed = requests.get(f"{base}/list", params={"experiment_id": experiment}, timeout=30).json()["scorers"]
    assert [(scorer["scorer_name"], scorer["scorer_version"]) for scorer in listed] == [("s", 1)]
    versions = requests.get(f"{base}/versions", params={"experiment_id": experiment, "name": "s"}, timeout=30).json()
    assert versions["scorers"][0]["serialized_scorer"] == gateway
    config = {"experiment_id": experiment, "name": "s", "sample_rate": 0.5, "filter_string": "tags.a = 'b'"}
    put = requests.put(f"{base}/online-config", json=config, timeout=30).json()["config"]
    assert (put["sample_rate"], put["filter_string"]) == (0.5, "tags.a = 'b'")
    got = requests.get(f"{base}/online-configs", params={"scorer_ids": made["scorer_id"]}, timeout=30).json()
    assert got == {"configs": [put]}
    for bad in ("no JSON", "[]", json.dumps({"call_source": "import os"}), json.dumps({"a": [{"call_source": "x"}]})):
        answer = register(bad)
        assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE"), bad
    assert register("{}", name="  ").status_code == 400
    assert register("{}", experiment_id="987654").status_code == 404
    wrong = requests.put(f"{base}/online-config", json=config | {"sample_rate": 1.5}, timeout=30)
    assert wrong.status_code == 400
