"""MLflow's own workspace functions, unmodified: making, changing and deleting workspaces, and working in one."""

from __future__ import annotations

from collections.abc import Iterator

import mlflow
import pytest
import requests
from accounts import PASSWORD, Accounts, credentials
from martlet_process import Martlet
from mlflow.exceptions import MlflowException
from mlflow.utils import server_info


@pytest.fixture(scope="module")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Accounts]:
    """A server with accounts that the tests of this file share."""
    server = Martlet(tmp_path_factory.mktemp("workspaces"), "--auth", "required").start()
    made = Accounts(server)
    made.workspace("team-a")
    made.workspace("team-b")
    made.user("alice", team_a="editor")
    made.user("bob", team_b="editor")
    yield made
    assert server.stop() == 0, server.log


@pytest.fixture(autouse=True)
def no_workspace(accounts: Accounts) -> Iterator[None]:
    """Points the client at the server, and lets it forget the workspace afterwards."""
    server_info._SERVER_INFO_CACHE.clear()
    mlflow.set_tracking_uri(accounts.server.url)
    yield
    mlflow.set_workspace(None)


def names() -> list[str]:
    """The names of the workspaces that the client is shown."""
    return sorted(workspace.name for workspace in mlflow.list_workspaces())


def test_an_administrator_makes_changes_and_deletes_workspaces(accounts: Accounts) -> None:
    with credentials(MLFLOW_TRACKING_TOKEN=accounts.administrator):
        made = mlflow.create_workspace("team-c", description="the third")
        assert (made.name, made.description) == ("team-c", "the third")
        assert mlflow.get_workspace("team-c").description == "the third"
        assert "team-c" in names() and "default" in names()
        assert mlflow.update_workspace("team-c", description="changed").description == "changed"
        with pytest.raises(MlflowException, match="already"):
            mlflow.create_workspace("team-c")
        mlflow.delete_workspace("team-c")
        assert "team-c" not in names()
        with pytest.raises(MlflowException, match="no workspace"):
            mlflow.get_workspace("team-c")


def test_what_cannot_be_chosen_is_refused(accounts: Accounts) -> None:
    with credentials(MLFLOW_TRACKING_TOKEN=accounts.administrator):
        with pytest.raises(MlflowException, match="default_artifact_root"):
            mlflow.create_workspace("elsewhere", default_artifact_root="s3://other/place")
        with pytest.raises(MlflowException, match="reserved"):
            mlflow.delete_workspace("default")
        with pytest.raises(MlflowException, match="SET_DEFAULT"):
            mlflow.delete_workspace("team-b", mode="SET_DEFAULT")
        headers = {"Authorization": f"Bearer {accounts.administrator}"}
        url = f"{accounts.server.url}/api/3.0/mlflow/workspaces"
        for body in ({}, {"name": "Upper"}, {"name": "-a"}, {"name": "default"}, {"name": 7}, {"name": "a" * 64}):
            assert requests.post(url, json=body, headers=headers, timeout=60).status_code == 400, body
        assert requests.patch(f"{url}/team-b", json={}, headers=headers, timeout=60).status_code == 400


def test_people_see_their_own_workspaces_only(accounts: Accounts) -> None:
    with credentials(MLFLOW_TRACKING_USERNAME="alice", MLFLOW_TRACKING_PASSWORD=PASSWORD):
        assert names() == ["team-a"]
        with pytest.raises(MlflowException, match="no workspace"):
            mlflow.get_workspace("team-b")
        with pytest.raises(MlflowException, match="server administrator"):
            mlflow.create_workspace("mine")


def test_work_in_one_workspace_is_not_there_in_another(accounts: Accounts) -> None:
    with credentials(MLFLOW_TRACKING_TOKEN=accounts.administrator):
        mlflow.set_workspace("team-a")
        mlflow.set_experiment("of team a")
        with mlflow.start_run() as run:
            mlflow.log_metric("m", 1.0)
        assert mlflow.MlflowClient().get_run(run.info.run_id).data.metrics == {"m": 1.0}
        mlflow.set_workspace("team-b")
        with pytest.raises(MlflowException, match=r"not found|does not exist|No run"):
            mlflow.MlflowClient().get_run(run.info.run_id)
        assert mlflow.get_experiment_by_name("of team a") is None
        with pytest.raises(MlflowException, match="still has"):
            mlflow.delete_workspace("team-a")
    with credentials(MLFLOW_TRACKING_USERNAME="bob", MLFLOW_TRACKING_PASSWORD=PASSWORD):
        mlflow.set_workspace("team-a")
        with pytest.raises(MlflowException, match="no workspace"):
            mlflow.search_experiments()


def test_a_server_without_accounts_says_when_it_has_workspaces(server: Martlet) -> None:
    info = requests.get(f"{server.url}/api/3.0/mlflow/server-info", timeout=60).json()
    assert info["workspaces_enabled"] is False
