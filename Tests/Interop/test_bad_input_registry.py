"""Sources, versions and aliases that are none, and questions that would make the server a client (F)."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from urllib.parse import quote

import pytest
import requests
from databases import DATABASES
from mlflow_contract import Entities, leak, served

pytest_plugins = ["postgres_fixtures"]

SECRET = "martlet-secret-outside"


@pytest.fixture(scope="module", params=DATABASES)
def entities(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Entities]:
    """A server of this file's own over each database, beside a file that it must never show."""
    folder = tmp_path_factory.mktemp("registry")
    (folder / "secret.txt").write_text(SECRET)
    with served(folder, request, unchanged=True) as made:
        yield made


def call(entities: Entities, method: str, path: str, **values: object) -> requests.Response:
    """Calls an MLflow method with fields in the query for GET and in the body otherwise."""
    where = {"params": values} if method == "GET" else {"json": values}
    answer = entities.session.request(method, f"{entities.server.url}/api/2.0/mlflow/{path}", timeout=30, **where)
    assert answer.status_code < 500, answer.text
    assert SECRET not in answer.text
    return answer


def assert_refused(answer: requests.Response, *statuses: int) -> None:
    """The answer is MLflow's refusal and tells nothing of the machine."""
    assert answer.status_code in (statuses or (400,)), (answer.status_code, answer.text)
    assert answer.json()["error_code"] and answer.json()["message"]
    text = answer.text.replace("/etc", "")
    assert leak(text) is None, text


SOURCES = [
    *["file:///etc", "file:/etc", "FILE:///etc/passwd", "file://localhost/etc", "/etc/passwd", "//etc/passwd"],
    *["etc/passwd", "./x", "../x", "~/x", ".", "..", "C:\\x", "\\\\host\\share", " /etc", "\t/etc"],
    *["http://169.254.169.254/latest/meta-data", "http:///#/../../etc", "https://127.0.0.1/x", "ftp://127.0.0.1/x"],
    *["http://localhost:{port}/x", "http://[::1]/x", "http://0/x", "jar:file:/x!/y"],
    *[
        "runs:/{run}/../../etc",
        "runs:/{run}/%2e%2e/x",
        "runs:/{run}/a/../../..",
        "runs:/{other}/model",
        "runs:/",
        "runs:",
    ],
    *["runs:/../x", "runs:///etc/passwd", "runs://host/{run}/x", "runs:/{run}/%252e%252e/x", "runs:/{run}/a\\..\\b"],
    *["mlflow-artifacts:/../etc", "mlflow-artifacts:/{experiment}/{other}/artifacts/x", "mlflow-artifacts:/"],
    *[
        "mlflow-artifacts://elsewhere/{experiment}/{run}/artifacts",
        "mlflow-artifacts:/{experiment}/{run}/artifacts/../../x",
    ],
    *["mlflow-artifacts:/{experiment}/{run}/artifacts/%2e%2e/%2e%2e/x", "mlflow-artifacts:/{experiment}/{run}"],
    *["models:/none/1", "models:/entity/9", "models:/entity/-1", "models:/entity/x", "models:/../x", "models:/"],
    *[
        "models:/m-" + "0" * 32,
        "models:/m-../../etc",
        "m-" + "0" * 32,
        "m-{run}",
        "models:/entity@none",
        "models:/entity",
    ],
    *[
        "s3://bucket/../x",
        "s3://bucket/%2e%2e/x",
        "data:text/plain,x",
        "javascript:alert(1)",
        "x" * 5000,
        "\u0000",
    ],
]


@pytest.mark.parametrize("source", SOURCES)
def test_sources_that_are_refused(entities: Entities, source: str):
    text = source
    for name, value in [("run", entities.run_id), ("other", "0" * 32), ("port", entities.server.port)]:
        text = text.replace("{" + name + "}", str(value))
    text = text.replace("{experiment}", entities.experiment_id)
    assert_refused(
        call(entities, "POST", "model-versions/create", name="entity", source=text, run_id=entities.run_id), 400, 404
    )
    if "{other}" not in source or "mlflow-artifacts" in source:
        assert_refused(call(entities, "POST", "model-versions/create", name="entity", source=text), 400, 404)


def test_no_source_makes_the_server_a_client(entities: Entities):
    """Nothing connects to the address that a source names (F7)."""
    connections = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        listener.settimeout(1.0)

        def accept() -> None:
            try:
                connections.append(listener.accept()[1])
            except TimeoutError:
                return

        waiting = threading.Thread(target=accept)
        waiting.start()
        call(entities, "POST", "registered-models/create", name="listened")
        for scheme in ["http", "https", "ftp", "mlflow-artifacts", "s3", "gs"]:
            source = f"{scheme}://127.0.0.1:{port}/model"
            answer = call(entities, "POST", "model-versions/create", name="listened", source=source)
            if answer.status_code == 200:
                version = answer.json()["model_version"]["version"]
                call(entities, "GET", "model-versions/get-download-uri", name="listened", version=version)
                call(entities, "DELETE", "model-versions/delete", name="listened", version=version)
        call(entities, "DELETE", "registered-models/delete", name="listened")
        waiting.join()
    assert connections == []


VERSIONS = [
    "-1",
    "abc",
    str(2**63),
    str(2**64),
    "0",
    "1.5",
    "1e3",
    " 1",
    "0x1",
    "1;",
    "٣",
    "latest",
    "../1",
    "9" * 400,
]


@pytest.mark.parametrize("version", VERSIONS)
def test_versions_that_are_none(entities: Entities, version: str):
    for method, path, more in [
        ("GET", "model-versions/get", {}),
        ("GET", "model-versions/get-download-uri", {}),
        ("DELETE", "model-versions/delete", {}),
        ("PATCH", "model-versions/update", {"description": "x"}),
        ("POST", "model-versions/transition-stage", {"stage": "Staging", "archive_existing_versions": False}),
        ("POST", "model-versions/set-tag", {"key": "k", "value": "v"}),
        ("DELETE", "model-versions/delete-tag", {"key": "k"}),
        ("POST", "registered-models/alias", {"alias": "new"}),
    ]:
        assert_refused(call(entities, method, path, name="entity", version=version, **more), 400, 404)


ALIASES = [
    "latest",
    "LATEST",
    "Latest",
    "v1",
    "V12",
    "v0",
    "a/b",
    "a b",
    "a.b",
    "a:b",
    "a@b",
    "..",
    "%2e",
    "é",
    "",
    "x" * 256,
]


@pytest.mark.parametrize("alias", ALIASES)
def test_aliases_that_are_none(entities: Entities, alias: str):
    # Letters of every script are letters for MLflow.
    if alias == "é":
        return
    assert_refused(call(entities, "POST", "registered-models/alias", name="entity", alias=alias, version="1"))


@pytest.mark.parametrize("stage", ["", "production!", "None ", "deleted_internal", "Deleted_Internal", "1", "../x"])
def test_stages_that_are_none(entities: Entities, stage: str):
    values = {"name": "entity", "version": "1", "stage": stage, "archive_existing_versions": False}
    assert_refused(call(entities, "POST", "model-versions/transition-stage", **values))
    assert_refused(
        call(entities, "POST", "registered-models/get-latest-versions", name="entity", stages=[stage or "x"])
    )


@pytest.mark.parametrize("stage", ["None", "Archived"])
def test_archiving_others_of_a_stage_that_has_none(entities: Entities, stage: str):
    values = {"name": "entity", "version": "1", "stage": stage, "archive_existing_versions": True}
    assert_refused(call(entities, "POST", "model-versions/transition-stage", **values))


PATHS = [
    "../secret.txt",
    "../../secret.txt",
    "..%2fsecret.txt",
    "%2e%2e/secret.txt",
    "%252e%252e/secret.txt",
    "/etc/passwd",
]
PATHS += [
    "a/../../../secret.txt",
    "..\\secret.txt",
    "....//secret.txt",
    "file:///etc/passwd",
    "a/./../../x",
    "\u2025/x",
]


@pytest.mark.parametrize("path", PATHS)
def test_artifacts_that_lie_elsewhere(entities: Entities, path: str):
    for address, values in [
        ("/get-artifact", {"run_id": entities.run_id}),
        ("/get-artifact", {"run_uuid": entities.run_id}),
        ("/model-versions/get-artifact", {"name": "entity", "version": "1"}),
        (f"/ajax-api/2.0/mlflow/logged-models/{entities.logged_model}/artifacts/files", {}),
        ("/api/2.0/mlflow/artifacts/list", {"run_id": entities.run_id}),
        ("/api/2.0/mlflow-artifacts/artifacts", {}),
    ]:
        # As it is, and escaped once more by the client.
        for text in (path, quote(path, safe="")):
            field = "artifact_file_path" if "logged-models" in address else "path"
            query = "&".join(f"{key}={value}" for key, value in (values | {field: text}).items())
            answer = entities.session.get(f"{entities.server.url}{address}?{query}", timeout=30)
            assert SECRET not in answer.text and "root:" not in answer.text
            nothing = answer.status_code == 200 and not answer.json().get("files")
            assert answer.status_code in (400, 404) or nothing, (address, text, answer.status_code, answer.text[:200])
            assert leak(answer.text) is None


@pytest.mark.parametrize(
    "query",
    [
        "{" + " ".join(f"a{index}: test" for index in range(5000)) + "}",
        "{" * 5000 + "a" + "}" * 5000,
        "query { __schema { types { fields { type { fields { name } } } } } }",
        "{ mlflowGetRun(input: {runId: 5}) }",
        "not a query",
        "",
    ],
)
def test_graphql_is_absent_or_bounded(entities: Entities, query: str):
    for body in ({"query": query}, [{"query": query}] * 100):
        answer = entities.session.post(f"{entities.server.url}/graphql", json=body, timeout=30)
        assert answer.status_code in (400, 404, 405, 413, 501), (answer.status_code, answer.text[:300])
        assert leak(answer.text) is None
