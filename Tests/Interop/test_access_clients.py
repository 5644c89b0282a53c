"""Stock clients against a server that asks for log-in: MLflow's client, curl and the command line."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import mlflow
import pytest
import requests
from accounts import PASSWORD, Accounts, credentials
from martlet_process import Martlet, command
from mlflow.exceptions import MlflowException


@pytest.fixture(scope="module")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Accounts]:
    """A server with accounts that the tests of this file share."""
    server = Martlet(tmp_path_factory.mktemp("accounts"), "--auth", "required").start()
    made = Accounts(server)
    made.user("alice", default="editor")
    made.user("vera", default="viewer")
    yield made
    assert server.stop() == 0, server.log


def log_a_run(url: str, experiment: str) -> str:
    """What a training script does with the stock client; returns the run's id."""
    mlflow.set_tracking_uri(url)
    mlflow.set_experiment(experiment)
    with mlflow.start_run() as run:
        mlflow.log_param("depth", 3)
        mlflow.log_metric("accuracy", 0.9, step=1)
        mlflow.log_text("hello", "notes/hello.txt")
    client = mlflow.MlflowClient(url)
    found = client.get_run(run.info.run_id)
    assert found.data.params == {"depth": "3"}
    assert found.data.metrics == {"accuracy": 0.9}
    assert mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/notes/hello.txt") == "hello"
    return run.info.run_id


def test_mlflow_with_name_and_password(accounts: Accounts) -> None:
    with credentials(MLFLOW_TRACKING_USERNAME="alice", MLFLOW_TRACKING_PASSWORD=PASSWORD):
        log_a_run(accounts.server.url, "by password")


def test_mlflow_with_a_token(accounts: Accounts) -> None:
    token = accounts.service("trainer", {"default": "editor"})
    with credentials(MLFLOW_TRACKING_TOKEN=token):
        log_a_run(accounts.server.url, "by token")


def test_mlflow_with_a_token_as_password(accounts: Accounts) -> None:
    token = accounts.service("old-client", {"default": "editor"})
    with credentials(MLFLOW_TRACKING_USERNAME="anything", MLFLOW_TRACKING_PASSWORD=token):
        log_a_run(accounts.server.url, "by token as password")


def test_mlflow_without_log_in(accounts: Accounts) -> None:
    with credentials(), pytest.raises(MlflowException, match=r"(?i)logged in|unauthorized|401"):
        mlflow.MlflowClient(accounts.server.url).search_experiments()
    with (
        credentials(MLFLOW_TRACKING_USERNAME="alice", MLFLOW_TRACKING_PASSWORD="wrong horse battery"),
        pytest.raises(MlflowException, match=r"(?i)password is wrong|401"),
    ):
        mlflow.MlflowClient(accounts.server.url).search_experiments()


def test_a_viewer_sees_and_does_not_write(accounts: Accounts) -> None:
    with credentials(MLFLOW_TRACKING_USERNAME="vera", MLFLOW_TRACKING_PASSWORD=PASSWORD):
        client = mlflow.MlflowClient(accounts.server.url)
        assert client.search_experiments()
        with pytest.raises(MlflowException, match="may not do this"):
            client.create_experiment("of a viewer")
        with pytest.raises(MlflowException, match="may not do this"):
            client.create_registered_model("of-a-viewer")


def test_a_grant_opens_one_experiment(accounts: Accounts) -> None:
    root = {"MLFLOW_TRACKING_TOKEN": accounts.administrator}
    with credentials(**root):
        client = mlflow.MlflowClient(accounts.server.url)
        granted, other = client.create_experiment("granted"), client.create_experiment("not granted")
    guest = accounts.service("guest", {})
    body = {"account": "guest", "kind": "experiment", "id": granted, "permissions": ["read", "write"]}
    accounts.made("/grants", body)
    with credentials(MLFLOW_TRACKING_TOKEN=guest):
        client = mlflow.MlflowClient(accounts.server.url)
        run = client.create_run(granted)
        client.log_metric(run.info.run_id, "m", 1.0)
        assert client.get_run(run.info.run_id).data.metrics == {"m": 1.0}
        with pytest.raises(MlflowException):
            client.create_run(other)
        with pytest.raises(MlflowException):
            client.get_experiment(other)


def test_curl(accounts: Accounts) -> None:
    token = accounts.service("curl", {"default": "viewer"})
    url = f"{accounts.server.url}/api/2.0/mlflow/experiments/get?experiment_id=0"

    def curl(*arguments: str) -> int:
        line = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", *arguments, url]
        return int(subprocess.run(line, capture_output=True, text=True, timeout=60, check=True).stdout)

    assert curl() == 401
    assert curl("-u", f"alice:{PASSWORD}") == 200
    assert curl("-u", "alice:wrong horse battery") == 401
    assert curl("-u", f"x:{token}") == 200
    assert curl("-H", f"Authorization: Bearer {token}") == 200
    assert curl("-H", f"Authorization: Bearer {token[:-1]}") == 401
    assert curl("-H", "Authorization: Digest x") == 401


def test_every_message_of_a_failed_log_in_is_the_same(accounts: Accounts) -> None:
    answers = set()
    for name in ("vera", "no-such-user", "trainer"):
        answer = accounts.server.get("/api/martlet/v1/whoami", auth=(name, "wrong horse battery"))
        answers.add((answer.status_code, answer.json()["error"]["message"], answer.headers.get("WWW-Authenticate")))
    assert len(answers) == 1
    (status, _, challenge) = answers.pop()
    assert status == 401
    assert "Basic" in challenge


def test_the_command_line(accounts: Accounts, tmp_path: Path) -> None:
    def martlet(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return command(*arguments, "--server", accounts.server.url, cwd=tmp_path, **variables)

    root = {"MARTLET_TOKEN": accounts.administrator}
    assert martlet("whoami").returncode != 0
    assert "admin" in martlet("whoami", **root).stdout
    (tmp_path / "password").write_text("a password of carol\n")
    made = martlet(
        "user", "create", "carol", "--password-file", "password", "--role", "default=editor", "--json", **root
    )
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["roles"] == {"default": "editor"}
    by_name = {"MARTLET_USERNAME": "carol", "MARTLET_PASSWORD": "a password of carol"}
    made = martlet("token", "create", "laptop", "--scope", "account", "--scope", "read", "--expires", "1d", **by_name)
    assert made.returncode == 0, made.stderr
    (tmp_path / "token").write_text(made.stdout)
    listed = martlet("token", "list", "--token-file", "token", "--json")
    (token,) = json.loads(listed.stdout)["items"]
    assert token["scopes"] == ["account", "read"]
    assert made.stdout.strip() not in listed.stdout
    assert martlet("experiment", "list", "--token-file", "token").returncode == 0
    refused = martlet("experiment", "create", "x", "--token-file", "token")
    assert refused.returncode != 0
    assert "may not do this" in refused.stderr
    assert martlet("token", "revoke", token["id"], **by_name).returncode == 0
    assert martlet("experiment", "list", "--token-file", "token").returncode != 0
    assert martlet("workspace", "create", "cli-team", "--storage", "1GiB", **root).returncode == 0
    assert martlet("workspace", "role", "set", "cli-team", "carol", "viewer", **root).returncode == 0
    shown = martlet("whoami", "--workspace", "cli-team", "--json", **by_name)
    assert json.loads(shown.stdout)["role"] == "viewer"
    assert martlet("user", "disable", "carol", **root).returncode == 0
    assert martlet("whoami", **by_name).returncode != 0


def test_what_was_revoked_is_over_at_once(accounts: Accounts) -> None:
    token = accounts.service("leaver", {"default": "viewer"})
    headers = {"Authorization": f"Bearer {token}"}
    assert accounts.server.get("/api/martlet/v1/deployments", headers=headers).status_code == 200
    assert accounts.call("PATCH", "/service-accounts/leaver", {"disabled": True}).status_code == 200
    assert accounts.server.get("/api/martlet/v1/deployments", headers=headers).status_code == 401
    assert accounts.call("PATCH", "/service-accounts/leaver", {"disabled": False}).status_code == 200
    assert accounts.server.get("/api/martlet/v1/deployments", headers=headers).status_code == 200
    assert accounts.call("DELETE", "/service-accounts/leaver").status_code == 200
    assert accounts.server.get("/api/martlet/v1/deployments", headers=headers).status_code == 401


def test_rates_of_a_token(accounts: Accounts) -> None:
    token = accounts.service("slow", {"default": "viewer"}, rate_per_second=2)
    headers = {"Authorization": f"Bearer {token}"}
    answers = [accounts.server.get("/api/martlet/v1/deployments", headers=headers) for _ in range(30)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert all(int(answer.headers["Retry-After"]) >= 1 for answer in refused)


def test_a_thousand_bad_log_ins_are_throttled(accounts: Accounts) -> None:
    accounts.user("target", default="viewer")
    token = accounts.service("steady", {"default": "viewer"})
    session = requests.Session()
    statuses: dict[int, int] = {}
    for number in range(1000):
        text = base64.b64encode(f"target:guess number {number}".encode()).decode()
        headers = {"Authorization": f"Basic {text}"}
        answer = session.get(f"{accounts.server.api}/whoami", headers=headers, timeout=60)
        statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1
        if answer.status_code == 429:
            assert int(answer.headers["Retry-After"]) >= 1
    assert set(statuses) == {401, 429}
    assert statuses[401] < 20
    # Neither tokens nor other names suffer.
    headers = {"Authorization": f"Bearer {token}"}
    assert accounts.server.get("/api/martlet/v1/whoami", headers=headers).status_code == 200
    assert accounts.server.get("/api/martlet/v1/whoami", auth=("vera", PASSWORD)).status_code == 200


def test_the_way_in_for_who_is_locked_out(tmp_path: Path) -> None:
    server = Martlet(tmp_path, "--auth", "required").start()
    try:
        accounts = Accounts(server)
        arguments = ("token", "create", "rescue", "--offline", "--data", str(server.data))
        busy = command(*arguments, cwd=tmp_path)
        assert busy.returncode != 0
        assert "used by another martlet server" in busy.stderr
        # Once it was used, the first token is not shown again, even when it is lost.
        assert accounts.call("GET", "/whoami").status_code == 200
        assert server.stop() == 0
        made = command(*arguments, cwd=tmp_path)
        assert made.returncode == 0, made.stderr
        before = len(server.log)
        server.start()
        assert "mlt_" not in server.log[before:]
        assert accounts.call("GET", "/users", token=made.stdout.strip()).status_code == 200
    finally:
        server.kill()
