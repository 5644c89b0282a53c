"""MLflow's `AuthServiceClient`, unmodified: users, the roles of workspaces, and rights to single things."""

from __future__ import annotations

from collections.abc import Iterator

import mlflow
import pytest
import requests
from accounts import PASSWORD, Accounts, credentials
from martlet_process import Martlet
from mlflow.exceptions import MlflowException
from mlflow.server.auth.client import AuthServiceClient

NEW = "another long password"


@pytest.fixture(scope="module")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Accounts]:
    """A server with accounts that the tests of this file share."""
    server = Martlet(tmp_path_factory.mktemp("auth"), "--auth", "required").start()
    made = Accounts(server)
    made.user("lead", default="administrator")
    made.user("vera", default="viewer")
    yield made
    assert server.stop() == 0, server.log


@pytest.fixture
def client(accounts: Accounts) -> Iterator[AuthServiceClient]:
    """The client of a server administrator."""
    with credentials(MLFLOW_TRACKING_TOKEN=accounts.administrator):
        yield AuthServiceClient(accounts.server.url)


def role(client: AuthServiceClient, name: str, workspace: str = "default") -> object:
    """The role of a name."""
    return next(role for role in client.list_roles(workspace) if role.name == name)


def test_users_are_made_changed_and_deleted(client: AuthServiceClient, accounts: Accounts) -> None:
    made = client.create_user("newuser", PASSWORD)
    assert made.username == "newuser" and made.is_admin is False
    assert client.get_user("newuser").id == made.id
    with pytest.raises(MlflowException, match="already"):
        client.create_user("newuser", PASSWORD)
    with pytest.raises(MlflowException, match="password"):
        client.create_user("short", "x")
    client.update_user_admin("newuser", True)
    assert client.get_user("newuser").is_admin is True
    client.update_user_admin("newuser", False)
    client.update_user_password("newuser", NEW)
    url = f"{accounts.server.url}/api/2.0/mlflow/users/current"
    assert requests.get(url, auth=("newuser", PASSWORD), timeout=60).status_code == 401
    assert requests.get(url, auth=("newuser", NEW), timeout=60).json()["user"]["username"] == "newuser"
    client.delete_user("newuser")
    with pytest.raises(MlflowException, match="not found"):
        client.get_user("newuser")


def test_a_user_changes_the_own_password_by_showing_it(accounts: Accounts) -> None:
    accounts.user("petra", default="viewer")
    client = AuthServiceClient(accounts.server.url)
    with credentials(MLFLOW_TRACKING_USERNAME="petra", MLFLOW_TRACKING_PASSWORD=PASSWORD):
        with pytest.raises(MlflowException, match="current_password"):
            client.update_user_password("petra", NEW)
        with pytest.raises(MlflowException, match="wrong"):
            client.update_user_password("petra", NEW, current_password="not the password")
        with pytest.raises(MlflowException, match="server administrator"):
            client.update_user_password("vera", NEW)
        client.update_user_password("petra", NEW, current_password=PASSWORD)
    with credentials(MLFLOW_TRACKING_USERNAME="petra", MLFLOW_TRACKING_PASSWORD=NEW):
        assert client.get_user("petra").username == "petra"


def test_the_four_roles_can_be_assigned(client: AuthServiceClient, accounts: Accounts) -> None:
    accounts.user("rita")
    roles = client.list_roles("default")
    assert [role.name for role in roles] == ["viewer", "editor", "operator", "administrator"]
    assert {role.id for role in roles} <= {role.id for role in client.list_all_roles()}
    editor = role(client, "editor")
    assert client.get_role(editor.id).name == "editor"
    assert {entry.permission for entry in client.list_role_permissions(editor.id)} == {"EDIT"}
    assignment = client.assign_role("rita", editor.id)
    assert assignment.role_id == editor.id and assignment.user_id == client.get_user("rita").id
    assert [role.name for role in client.list_user_roles("rita")] == ["editor"]
    assert assignment.user_id in {entry.user_id for entry in client.list_role_users(editor.id)}
    with credentials(MLFLOW_TRACKING_USERNAME="rita", MLFLOW_TRACKING_PASSWORD=PASSWORD):
        mlflow.MlflowClient(accounts.server.url).create_experiment("by rita")
    with pytest.raises(MlflowException, match="has not been given"):
        client.unassign_role("rita", role(client, "viewer").id)
    client.unassign_role("rita", editor.id)
    assert client.list_user_roles("rita") == []
    with pytest.raises(MlflowException, match="not found"):
        client.get_role(1)


def test_roles_cannot_be_made_or_changed(client: AuthServiceClient) -> None:
    viewer = role(client, "viewer")
    for change in (
        lambda: client.create_role("default", "auditor"),
        lambda: client.update_role(viewer.id, name="other"),
        lambda: client.delete_role(viewer.id),
        lambda: client.add_role_permission(viewer.id, "experiment", "*", "EDIT"),
    ):
        with pytest.raises(MlflowException, match="no others can be made"):
            change()


def test_rights_to_single_things_are_given_and_taken(client: AuthServiceClient, accounts: Accounts) -> None:
    accounts.user("gina")
    url = accounts.server.url
    mine = mlflow.MlflowClient(url).create_experiment("for gina")
    other = mlflow.MlflowClient(url).create_experiment("not for gina")
    assert client.get_user_permission("gina", "experiment", mine).permission == "NO_PERMISSIONS"
    client.grant_user_permission("gina", "experiment", mine, "EDIT")
    found = client.get_user_permission("gina", "experiment", mine)
    assert found.permission == "EDIT" and found.allowed is True
    with credentials(MLFLOW_TRACKING_USERNAME="gina", MLFLOW_TRACKING_PASSWORD=PASSWORD):
        gina = mlflow.MlflowClient(url)
        assert gina.get_experiment(mine).name == "for gina"
        gina.create_run(mine)
        with pytest.raises(MlflowException):
            gina.create_run(other)
    client.revoke_user_permission("gina", "experiment", mine)
    assert client.get_user_permission("gina", "experiment", mine).permission == "NO_PERMISSIONS"
    with pytest.raises(MlflowException, match="no right"):
        client.revoke_user_permission("gina", "experiment", mine)
    for kind, permission in (("experiment", "DENY"), ("experiment", "ALL"), ("gateway_secret", "READ")):
        with pytest.raises(MlflowException, match="Invalid"):
            client.grant_user_permission("gina", kind, mine, permission)


def test_others_are_not_there_for_those_who_manage_nothing(accounts: Accounts) -> None:
    client = AuthServiceClient(accounts.server.url)
    with credentials(MLFLOW_TRACKING_USERNAME="vera", MLFLOW_TRACKING_PASSWORD=PASSWORD):
        assert client.get_user("vera").username == "vera"
        for name in ("lead", "nobody"):
            with pytest.raises(MlflowException, match="not found"):
                client.get_user(name)
        for refused in (
            lambda: client.create_user("mallory", PASSWORD),
            lambda: client.delete_user("lead"),
            lambda: client.update_user_admin("vera", True),
            lambda: client.list_roles("default"),
            lambda: client.grant_user_permission("vera", "experiment", "0", "MANAGE"),
        ):
            with pytest.raises(MlflowException, match=r"may not|server administrator"):
                refused()
        permissions = requests.get(
            f"{accounts.server.url}/api/3.0/mlflow/users/current/permissions", auth=("vera", PASSWORD), timeout=60
        ).json()
        assert permissions["is_admin"] is False
        assert {row["permission"] for row in permissions["permissions"]} == {"USE"}


def test_an_administrator_of_a_workspace_manages_that_one_only(accounts: Accounts) -> None:
    accounts.workspace("far-away")
    client = AuthServiceClient(accounts.server.url)
    with credentials(MLFLOW_TRACKING_TOKEN=accounts.administrator):
        foreign = role(client, "viewer", "far-away")
    with credentials(MLFLOW_TRACKING_USERNAME="lead", MLFLOW_TRACKING_PASSWORD=PASSWORD):
        assert client.list_roles("default")
        with pytest.raises(MlflowException, match="no workspace"):
            client.list_roles("far-away")
        with pytest.raises(MlflowException, match="not found"):
            client.assign_role("vera", foreign.id)
        assert client.get_user("vera").username == "vera"
