"""The gate over the built binary: every route by every kind of caller, and nothing of another workspace for anybody."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterator

import grpc
import pytest
import requests
from gate_callers import PASSWORD, ROLES, Caller, GatedServer, Route, bearer, prepare
from martlet_process import Martlet, free_port
from tritonclient.grpc import service_pb2 as messages
from tritonclient.grpc.service_pb2_grpc import GRPCInferenceServiceStub

WALKED = [
    "nobody",
    *ROLES,
    "server administrator",
    "narrow token",
    "token of alpha",
    "expired token",
    "revoked token",
    "unknown token",
    "Basic",
]
# What a route may say that was reached: anything but that the caller is unknown or may not, and no fault of the server.
# 501 and 503 say that something is not offered, or not by this server.
REACHED_FAULTS = {501, 503}
# Routes with a rule beside their permission, each with a test of its own below: `/` tells programs that the server is
# alive, the log-in wants its form, and the figures of the process are the default workspace's.
EXCEPTIONS = {"GET /", "POST /login", "GET /metrics"}


@pytest.fixture(scope="module")
def gated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatedServer]:
    """A server with accounts, and everybody who calls."""
    server = Martlet(tmp_path_factory.mktemp("gate"), "--auth", "required", "--grpc-port", str(free_port())).start()
    try:
        yield prepare(server)
    finally:
        status = server.stop()
    assert status == 0, server.log


def body_of(method: str) -> dict[str, object]:
    """What a request that may have a body is sent with."""
    return {} if method in ("GET", "HEAD", "DELETE") else {"json": {}}


def wrong(caller: Caller, route: Route, status: int) -> str | None:
    """Why an answer is not what the route's permission asks for."""
    shown = f"{route.method} {route.path} ({route.permission}): {status}"
    if f"{route.method} {route.path}" in EXCEPTIONS:
        return None
    if caller.permissions is None:
        # Credentials that are wrong are told so even where none are asked for.
        if route.permission == "open" and not caller.headers:
            return shown if status in (401, 403) else None
        return None if status == 401 else shown
    if route.permission not in caller.permissions:
        return None if status == 403 else shown
    # What concerns accounts has rules of its own beside the permission: nobody changes another's password.
    if status == 403 and route.permission in ("account", "admin", "server"):
        return None
    if status in (401, 403) or (status >= 500 and status not in REACHED_FAULTS):
        return shown
    return None


@pytest.mark.parametrize("name", WALKED)
def test_every_route(gated: GatedServer, name: str) -> None:
    """J1, J5: what each caller gets of each route follows from the route's permission alone."""
    caller = gated.callers[name]
    routes = gated.routes()
    assert len(routes) > 200
    answers = [
        (route, gated.ask(route.method, route.address(), caller.headers, **body_of(route.method)).status_code)
        for route in routes
    ]
    faults = [fault for route, status in answers if (fault := wrong(caller, route, status))]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("name", [*ROLES, "narrow token", "token of alpha", "Basic"])
def test_every_route_of_a_foreign_workspace(gated: GatedServer, name: str) -> None:
    """J3: whoever has no part in a workspace is told that there is none, whatever the route."""
    headers = gated.callers[name].headers | {"X-MLFLOW-WORKSPACE": "beta"}
    faults = []
    for route in gated.routes():
        status = gated.ask(route.method, route.address(), headers, **body_of(route.method)).status_code
        if status != 404:
            faults.append(f"{route.method} {route.path}: {status}")
    assert not faults, "\n".join(faults)


def test_a_foreign_workspace_is_like_none(gated: GatedServer) -> None:
    """Nobody learns which workspaces there are."""
    headers = gated.callers["administrator"].headers
    path = "/api/2.0/mlflow/experiments/get?experiment_id=0"
    foreign = gated.ask("GET", path, headers | {"X-MLFLOW-WORKSPACE": "beta"})
    missing = gated.ask("GET", path, headers | {"X-MLFLOW-WORKSPACE": "none"})
    assert (foreign.status_code, missing.status_code) == (404, 404)
    assert foreign.text.replace("beta", "none") == missing.text.replace("none", "none")
    listed = gated.ask("GET", "/api/martlet/v1/workspaces", headers).json()["items"]
    assert [workspace["name"] for workspace in listed] == ["alpha"]


class Things:
    """A run with an artifact, a registered model and a trace in the workspace `alpha`."""

    def __init__(self, gated: GatedServer) -> None:
        """Makes them as the editor of `alpha`."""
        self.gated = gated
        self.headers = gated.callers["editor"].headers
        self.name = f"secret-{secrets.token_hex(4)}"
        self.experiment = self.call("experiments/create", {"name": self.name})["experiment_id"]
        run = self.call("runs/create", {"experiment_id": self.experiment, "run_name": self.name, "start_time": 1})
        self.run = run["run"]["info"]["run_id"]
        self.call("runs/log-metric", {"run_id": self.run, "key": "loss", "value": 0.5, "timestamp": 1})
        self.artifact = f"{self.experiment}/{self.run}/artifacts/note.txt"
        put = gated.ask("PUT", self.proxy, self.headers, data=self.name)
        assert put.status_code == 200, put.text
        self.call("registered-models/create", {"name": self.name})

    @property
    def proxy(self) -> str:
        """The artifact's address at the proxy."""
        return f"/api/2.0/mlflow-artifacts/artifacts/{self.artifact}"

    def call(self, method: str, body: dict) -> dict:
        """Calls a method of MLflow's API."""
        answer = self.gated.ask("POST", f"/api/2.0/mlflow/{method}", self.headers, json=body)
        assert answer.status_code == 200, f"{method}: {answer.text}"
        return answer.json()


@pytest.fixture(scope="module")
def things(gated: GatedServer) -> Things:
    """What there is in `alpha`."""
    return Things(gated)


@pytest.fixture(scope="module")
def stranger(gated: GatedServer) -> dict[str, str]:
    """The headers of an administrator of `beta`, who has no part in `alpha`."""
    gated.account("stranger", {"beta": "administrator"})
    return bearer(gated.token("stranger")["secret"], "beta")


def addresses(things: Things) -> list[tuple[str, str, dict | None]]:
    """Requests that name what there is in `alpha`."""
    run, experiment, name = things.run, things.experiment, things.name
    mpu = "/api/2.0/mlflow-artifacts/mpu"
    folder = things.artifact.rpartition("/")[0]
    return [
        ("GET", f"/api/2.0/mlflow/runs/get?run_id={run}", None),
        ("GET", f"/api/2.0/mlflow/metrics/get-history?run_id={run}&metric_key=loss", None),
        ("GET", f"/api/2.0/mlflow/artifacts/list?run_id={run}", None),
        ("GET", f"/get-artifact?run_uuid={run}&path=note.txt", None),
        ("GET", things.proxy, None),
        ("POST", f"{mpu}/create/{folder}", {"path": "note.txt", "num_parts": 1}),
        ("POST", f"{mpu}/complete/{folder}", {"path": "note.txt", "upload_id": "x", "parts": []}),
        ("POST", f"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run}&path=note.txt", {"a": 1}),
        ("POST", "/api/2.0/mlflow/runs/update", {"run_id": run, "status": "FAILED"}),
        ("POST", "/api/2.0/mlflow/runs/delete", {"run_id": run}),
        ("POST", "/api/2.0/mlflow/runs/set-tag", {"run_id": run, "key": "a", "value": "b"}),
        ("GET", f"/api/2.0/mlflow/experiments/get?experiment_id={experiment}", None),
        ("GET", f"/api/2.0/mlflow/experiments/get-by-name?experiment_name={name}", None),
        ("GET", f"/api/2.0/mlflow/registered-models/get?name={name}", None),
        ("POST", "/api/2.0/mlflow/registered-models/alias", {"name": name, "alias": "a", "version": "1"}),
    ]


@pytest.mark.parametrize("index", range(15))
def test_things_of_another_workspace(gated: GatedServer, things: Things, stranger: dict[str, str], index: int) -> None:
    """J3: a run, an artifact, an upload in parts and a model of another workspace are not there."""
    method, path, body = addresses(things)[index]
    answer = gated.ask(method, path, stranger, json=body) if body else gated.ask(method, path, stranger)
    # A store on disk has no uploads in parts, wherever they would lead.
    expected = (404, 501) if "/mpu/" in path else (404,)
    # As in MLflow, the history of a run that is not there is empty.
    assert answer.status_code in expected or answer.json() == {}, f"{method} {path}: {answer.status_code} {answer.text}"
    assert things.name not in answer.text.replace(path, "") or "get-by-name" in path or "registered-models" in path
    own = gated.ask("GET", f"/api/2.0/mlflow/runs/get?run_id={things.run}", things.headers).json()["run"]
    assert own["info"]["status"] == "RUNNING" and own["info"]["lifecycle_stage"] == "active"


@pytest.mark.parametrize(
    ("method", "kind"),
    [
        ("experiments/search", "experiments"),
        ("runs/search", "runs"),
        ("registered-models/search", "registered_models"),
        ("model-versions/search", "model_versions"),
        ("logged-models/search", "models"),
    ],
)
def test_searches_find_nothing_of_another_workspace(
    gated: GatedServer, things: Things, stranger: dict[str, str], method: str, kind: str
) -> None:
    """J3: searches end at the workspace, also when they name the ids of another one."""
    verb = "GET" if kind in ("registered_models", "model_versions") else "POST"
    body = {"max_results": 100, "experiment_ids": [things.experiment]}
    path = f"/api/2.0/mlflow/{method}" + ("?max_results=100" if verb == "GET" else "")
    answer = gated.ask(verb, path, stranger, **({} if verb == "GET" else {"json": body}))
    assert answer.status_code in (200, 404), answer.text
    assert things.name not in answer.text and things.run not in answer.text


def unsigned_token() -> str:
    """A JSON web token that says `alg: none`."""
    parts = [{"alg": "none", "typ": "JWT"}, {"sub": "admin", "aud": "martlet", "exp": 4102444800}]
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts) + "."


@pytest.mark.parametrize(
    "value",
    [
        "Bearer " + unsigned_token(),
        "Bearer a.b.c",
        "Bearer",
        "Bearer ",
        "Basic",
        "Basic !!!",
        "Basic " + base64.b64encode(b"no colon").decode(),
        "Basic " + base64.b64encode(b"\xff\xfe:x").decode(),
        "Negotiate YII=",
        "Bearer mlt_" + "A" * 5000,
        "mlt_" + "A" * 43,
    ],
)
def test_credentials_that_are_none(gated: GatedServer, value: str) -> None:
    """J5: what is no credential opens nothing, and is told apart from nothing."""
    for path in ("/api/2.0/mlflow/experiments/get?experiment_id=0", "/metrics", "/api/martlet/v1/whoami"):
        answer = gated.ask("GET", path, {"Authorization": value})
        assert answer.status_code == 401, f"{path}: {answer.status_code} {answer.text}"


def test_pages_ask_for_a_login(gated: GatedServer) -> None:
    """The console leads people to its log-in page, and programs get 401."""
    for path in ("/", "/experiments", "/models", "/deployments"):
        answer = gated.ask("GET", path, {"Accept": "text/html"})
        assert answer.status_code == 303, f"{path}: {answer.status_code}"
        assert answer.headers["Location"].startswith("/login")
        if path != "/":
            assert gated.ask("GET", path, {"Accept": "application/json"}).status_code == 401
    assert gated.ask("GET", "/", {"Accept": "application/json"}).json() == {"status": "alive"}
    assert gated.ask("POST", "/login", {}, data={"name": "person", "password": PASSWORD}).status_code == 403


def test_metrics_are_for_server_administrators(gated: GatedServer) -> None:
    """The figures of the process tell of every workspace."""
    for name in WALKED:
        caller = gated.callers[name]
        headers = {key: value for key, value in caller.headers.items() if key != "X-MLFLOW-WORKSPACE"}
        status = gated.ask("GET", "/metrics", headers).status_code
        if caller.permissions is None:
            assert status == 401, name
        else:
            assert status == (200 if name == "server administrator" else 403), name


# Routes of MLflow that its own check did not cover in 2026, and other ways around a check by prefix or by method.
BYPASSES = [
    ("POST", "/v1/traces"),
    ("GET", "/ajax-api/3.0/mlflow/traces/search"),
    ("POST", "/api/3.0/mlflow/traces/search"),
    ("POST", "/ajax-api/3.0/jobs"),
    ("GET", "/ajax-api/3.0/jobs/1"),
    ("GET", "/get-artifact?run_uuid=a&path=b"),
    ("GET", "/model-versions/get-artifact?name=a&version=1&path=b"),
    ("POST", "/ajax-api/2.0/mlflow/upload-artifact?run_uuid=a&path=b"),
    ("POST", "/api/2.0/mlflow-artifacts/mpu/create/0"),
    ("GET", "/api/2.0/mlflow-artifacts/presigned/0/a"),
    ("POST", "/ajax-api/2.0/mlflow/get-trace-artifact?request_id=a"),
    ("GET", "/ajax-api/2.0/mlflow/get-trace-artifact?request_id=a"),
    ("GET", "/api/2.0/mlflow/users/get?username=admin"),
    ("POST", "/graphql"),
    ("POST", "/ajax-api/2.0/mlflow/gateway-proxy"),
    ("HEAD", "/api/2.0/mlflow/experiments/get?experiment_id=0"),
    ("OPTIONS", "/api/2.0/mlflow/experiments/search"),
    ("GET", "//api/2.0/mlflow/experiments/get?experiment_id=0"),
    ("GET", "/api/2.0/mlflow/experiments/get/?experiment_id=0"),
    ("GET", "/api/2.0/mlflow/%65xperiments/get?experiment_id=0"),
    ("GET", "/API/2.0/mlflow/experiments/get?experiment_id=0"),
    ("GET", "/health/../api/2.0/mlflow/experiments/get?experiment_id=0"),
    ("GET", "/api/2.0/mlflow/experiments/get;x=/health?experiment_id=0"),
    ("GET", "/static-files/../api/2.0/mlflow/experiments/get?experiment_id=0"),
]


@pytest.mark.parametrize(("method", "path"), BYPASSES)
@pytest.mark.parametrize("override", [None, "X-HTTP-Method-Override", "X-Original-URL", "X-Forwarded-User"])
def test_ways_around(gated: GatedServer, method: str, path: str, override: str | None) -> None:
    """No route, no spelling and no header leads past the gate."""
    headers = {override: "/health" if override == "X-Original-URL" else "GET"} if override else {}
    with requests.Session() as session:
        request = requests.Request(method, gated.server.url, headers=headers).prepare()
        request.url = gated.server.url + path
        answer = session.send(request, timeout=30, allow_redirects=False)
    assert answer.status_code in (400, 401, 404, 405), f"{method} {path}: {answer.status_code} {answer.text[:200]}"
    assert "Default" not in answer.text


@pytest.fixture(scope="module")
def stub(gated: GatedServer) -> Iterator[GRPCInferenceServiceStub]:
    """A client of the inference service."""
    found = next(line for line in gated.server.log.splitlines() if "gRPC" in line and "127.0.0.1:" in line)
    port = found.partition("127.0.0.1:")[2].split()[0].strip('",.')
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield GRPCInferenceServiceStub(channel)


def code(call, message, caller: dict[str, str]) -> grpc.StatusCode:
    """What a call ends with."""
    metadata = [(name.lower(), value) for name, value in caller.items()]
    try:
        call(message, metadata=metadata, timeout=20)
    except grpc.RpcError as error:
        return error.code()
    return grpc.StatusCode.OK


# The methods, a message, and what they ask for.
METHODS = [
    ("ServerLive", messages.ServerLiveRequest(), "open"),
    ("ServerReady", messages.ServerReadyRequest(), "open"),
    ("ServerMetadata", messages.ServerMetadataRequest(), "read"),
    ("ModelReady", messages.ModelReadyRequest(name="none"), "read"),
    ("ModelMetadata", messages.ModelMetadataRequest(name="none"), "read"),
    ("ModelConfig", messages.ModelConfigRequest(name="none"), "read"),
    ("ModelStatistics", messages.ModelStatisticsRequest(name="none"), "read"),
    ("ModelInfer", messages.ModelInferRequest(model_name="none"), "predict"),
    ("RepositoryIndex", messages.RepositoryIndexRequest(), "read"),
    ("RepositoryModelLoad", messages.RepositoryModelLoadRequest(model_name="none"), "operate"),
    ("RepositoryModelUnload", messages.RepositoryModelUnloadRequest(model_name="none"), "operate"),
]


@pytest.mark.parametrize(("method", "message", "permission"), METHODS, ids=[method[0] for method in METHODS])
def test_every_method_of_grpc(
    gated: GatedServer, stub: GRPCInferenceServiceStub, method: str, message: object, permission: str
) -> None:
    """The gate stands before gRPC as it stands before HTTP."""
    call = getattr(stub, method)
    for name in WALKED:
        caller = gated.callers[name]
        found = code(call, message, caller.headers)
        if permission == "open":
            continue
        if caller.permissions is None:
            assert found == grpc.StatusCode.UNAUTHENTICATED, f"{name}: {found}"
        elif permission not in caller.permissions:
            assert found == grpc.StatusCode.PERMISSION_DENIED, f"{name}: {found}"
        else:
            assert found not in (
                grpc.StatusCode.UNAUTHENTICATED,
                grpc.StatusCode.PERMISSION_DENIED,
                grpc.StatusCode.INTERNAL,
                grpc.StatusCode.UNKNOWN,
            ), f"{name}: {found}"
    foreign = gated.callers["administrator"].headers | {"X-MLFLOW-WORKSPACE": "beta"}
    if permission != "open":
        assert code(call, message, foreign) == grpc.StatusCode.NOT_FOUND


def test_nothing_of_a_password_is_logged(gated: GatedServer) -> None:
    """Neither passwords nor tokens stand in the log, but for the first one, which is shown."""
    assert PASSWORD not in gated.server.log
    for caller in gated.callers.values():
        secret = caller.headers.get("Authorization", "").removeprefix("Bearer ")
        assert not secret.startswith("mlt_") or secret not in gated.server.log
