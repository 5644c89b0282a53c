"""Prompts by MLflow's client: texts and chats with versions, aliases and tags, and their links to traces."""

from __future__ import annotations

from collections.abc import Iterator

import mlflow
import pytest
from martlet_process import Martlet
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

pytest_plugins = ["mlflow_fixtures"]


@pytest.fixture(autouse=True)
def here(server: Martlet) -> Iterator[None]:
    """Points the fluent API at the server."""
    before = mlflow.get_tracking_uri(), mlflow.get_registry_uri()
    mlflow.set_tracking_uri(server.url)
    mlflow.set_registry_uri(server.url)
    yield
    mlflow.set_tracking_uri(before[0])
    mlflow.set_registry_uri(before[1])


def test_register_and_load(name: str):
    made = mlflow.genai.register_prompt(
        name, "Hello {{name}}, {{name}} and {{other}}.", commit_message="first", tags={"team": "red"}
    )
    assert (made.name, made.version, made.commit_message) == (name, 1, "first")
    assert made.variables == {"name", "other"}
    assert made.tags == {"team": "red"}
    assert made.format(name="a", other="b") == "Hello a, a and b."
    again = mlflow.genai.register_prompt(name, "Hi {{name}}.", commit_message="second")
    assert again.version == 2
    for address in (f"prompts:/{name}/1", f"prompts:/{name}@latest"):
        loaded = mlflow.genai.load_prompt(address)
        assert loaded.template == {1: made.template, 2: again.template}[loaded.version]
    assert mlflow.genai.load_prompt(name, version=1).template == made.template
    assert mlflow.genai.load_prompt(f"prompts:/{name}@latest").version == 2
    with pytest.raises(MlflowException, match="not found"):
        mlflow.genai.load_prompt(name, version=3)
    assert mlflow.genai.load_prompt(f"{name}-none", version=1, allow_missing=True) is None


def test_chat(name: str):
    messages = [{"role": "system", "content": "Be {{style}}."}, {"role": "user", "content": "{{question}}"}]
    made = mlflow.genai.register_prompt(name, messages, response_format={"type": "object"})
    loaded = mlflow.genai.load_prompt(name, version=made.version)
    assert loaded.template == messages
    assert not loaded.is_text_prompt
    assert loaded.response_format == {"type": "object"}
    assert loaded.format(style="kind", question="why?")[1] == {"role": "user", "content": "why?"}


def test_aliases(client: MlflowClient, name: str):
    for text in ("one", "two"):
        mlflow.genai.register_prompt(name, text)
    mlflow.genai.set_prompt_alias(name, alias="production", version=1)
    assert mlflow.genai.load_prompt(f"prompts:/{name}@production").template == "one"
    mlflow.genai.set_prompt_alias(name, alias="production", version=2)
    mlflow.genai.set_prompt_alias(name, alias="second", version=2)
    assert client.get_prompt_version_by_alias(name, "production").template == "two"
    assert set(client.get_prompt_version(name, "2").aliases) == {"production", "second"}
    mlflow.genai.delete_prompt_alias(name, alias="production")
    with pytest.raises(MlflowException, match="production"):
        client.get_prompt_version_by_alias(name, "production")
    with pytest.raises(MlflowException, match="reserved"):
        mlflow.genai.set_prompt_alias(name, alias="latest", version=1)


def test_tags(client: MlflowClient, name: str):
    mlflow.genai.register_prompt(name, "text", tags={"of": "version"})
    mlflow.genai.set_prompt_tag(name, "of", "prompt")
    mlflow.genai.set_prompt_version_tag(name, 1, "more", "x")
    assert mlflow.genai.get_prompt_tags(name)["of"] == "prompt"
    assert mlflow.genai.load_prompt(name, version=1).tags == {"of": "version", "more": "x"}
    mlflow.genai.delete_prompt_tag(name, "of")
    mlflow.genai.delete_prompt_version_tag(name, 1, "more")
    assert "of" not in mlflow.genai.get_prompt_tags(name)
    assert client.get_prompt_version(name, "1").tags == {"of": "version"}


def test_search(client: MlflowClient, name: str):
    for number in range(3):
        mlflow.genai.register_prompt(f"{name}-{number}", "text")
        client.set_prompt_tag(f"{name}-{number}", "n", str(number))
    client.create_registered_model(f"{name}-model")
    found = mlflow.genai.search_prompts(f"name LIKE '{name}%'")
    assert [prompt.name for prompt in found] == [f"{name}-{number}" for number in range(3)]
    assert [prompt.name for prompt in mlflow.genai.search_prompts(f"name LIKE '{name}%' AND tags.n = '1'")] == [
        f"{name}-1"
    ]
    assert [model.name for model in client.search_registered_models(f"name LIKE '{name}%'")] == [f"{name}-model"]
    assert client.search_model_versions(f"name LIKE '{name}%'") == []
    versions = client.search_prompt_versions(f"{name}-1")
    versions = getattr(versions, "prompt_versions", versions)
    assert [version.version for version in versions] == [1]


def test_models_and_prompts_share_names(client: MlflowClient, name: str):
    client.create_registered_model(name)
    with pytest.raises(MlflowException, match="exists with the same name") as failure:
        mlflow.genai.register_prompt(name, "text")
    assert failure.value.error_code in ("RESOURCE_ALREADY_EXISTS", "INVALID_PARAMETER_VALUE")
    mlflow.genai.register_prompt(f"{name}-prompt", "text")
    with pytest.raises(MlflowException, match="already taken by a prompt"):
        client.create_registered_model(f"{name}-prompt")


def test_texts_that_are_too_long(name: str):
    mlflow.genai.register_prompt(name, "x" * 100_000)
    with pytest.raises(MlflowException, match="100000"):
        mlflow.genai.register_prompt(name, "x" * 100_001)


def test_delete(client: MlflowClient, name: str):
    for text in ("one", "two"):
        mlflow.genai.register_prompt(name, text)
    client.delete_prompt_version(name, "1")
    with pytest.raises(MlflowException, match="not found"):
        client.get_prompt_version(name, "1") or mlflow.genai.load_prompt(name, version=1)
    client.delete_prompt_version(name, "2")
    client.delete_prompt(name)
    assert client.get_prompt(name) is None


def test_linked_to_a_run(client: MlflowClient, name: str):
    prompt = mlflow.genai.register_prompt(name, "Hello {{name}}.")
    mlflow.set_experiment(name)
    with mlflow.start_run() as run:
        mlflow.genai.load_prompt(name, version=1)
        client.link_prompt_version_to_run(run.info.run_id, prompt)
    tag = client.get_run(run.info.run_id).data.tags["mlflow.linkedPrompts"]
    assert f'"{name}"' in tag
