"""A server that asks for log-in, and the people and programs that tests make on it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

import requests
from martlet_process import Martlet

TOKEN = re.compile(r"\bmlt_[A-Za-z0-9_-]{43}\b")
PASSWORD = "correct horse battery staple"
CREDENTIALS = ("MLFLOW_TRACKING_TOKEN", "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD", "MLFLOW_WORKSPACE")


class Accounts:
    """The accounts of a running server, managed with the token of its first start."""

    def __init__(self, server: Martlet) -> None:
        """Takes over a server that was started with `--auth required`."""
        found = TOKEN.search(server.log)
        assert found, f"no token was shown at the first start:\n{server.log}"
        self.server = server
        self.administrator = found.group()

    def call(self, method: str, path: str, body: object = None, token: str | None = None) -> requests.Response:
        """Calls a path of Martlet's own API as the first administrator, or with another token."""
        headers = {"Authorization": f"Bearer {token or self.administrator}"}
        return requests.request(method, f"{self.server.api}{path}", json=body, headers=headers, timeout=60)

    def made(self, path: str, body: object, token: str | None = None) -> dict:
        """POSTs and returns what was made."""
        answer = self.call("POST", path, body, token)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def workspace(self, name: str, **quota: object) -> str:
        """Makes a workspace."""
        self.made("/workspaces", {"name": name, "quota": quota})
        return name

    def user(self, name: str, **roles: str) -> str:
        """Makes a user with the password that all have; underscores in names of workspaces stand for hyphens."""
        named = {workspace.replace("_", "-"): role for workspace, role in roles.items()}
        self.made("/users", {"name": name, "password": PASSWORD, "roles": named})
        return name

    def service(self, name: str, roles: dict[str, str], **token: object) -> str:
        """Makes a service account and returns a token of it."""
        self.made("/service-accounts", {"name": name, "roles": roles})
        return self.made("/tokens", {"name": "test", "account": name, **token})["secret"]


@contextmanager
def credentials(**variables: str) -> Iterator[None]:
    """Lets stock MLflow clients in this process log in by these `MLFLOW_…` variables and no others."""
    before = {name: os.environ.pop(name, None) for name in CREDENTIALS}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
