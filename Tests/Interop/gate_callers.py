"""A server with accounts, two workspaces and a caller of every kind, and the list of routes that it says it has."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field

import requests
from martlet_process import Martlet

TOKEN = re.compile(r"mlt_[A-Za-z0-9_-]{43}")
PASSWORD = "a long enough passphrase 4711"
PERMISSIONS = ["open", "account", "read", "predict", "write", "operate", "admin", "metrics", "server"]
ROLES = {
    "viewer": {"open", "account", "read", "predict"},
    "editor": {"open", "account", "read", "predict", "write"},
    "operator": {"open", "account", "read", "predict", "write", "operate"},
    "administrator": {"open", "account", "read", "predict", "write", "operate", "admin"},
}


@dataclass
class Route:
    """One route as the server describes it."""

    method: str
    path: str
    permission: str

    def address(self) -> str:
        """The path with names in its places that nothing has."""
        path = re.sub(r"\{[^}]*\}", "gate-none", self.path)
        return path.replace("**", "gate/none").replace("*", "gate-none")


@dataclass
class Caller:
    """Somebody who calls, and what they may do; nothing for callers whom nobody knows."""

    name: str
    headers: dict[str, str]
    permissions: set[str] | None
    token_id: str = ""


@dataclass
class GatedServer:
    """A running server with accounts."""

    server: Martlet
    administrator: dict[str, str]
    callers: dict[str, Caller] = field(default_factory=dict)

    def ask(self, method: str, path: str, headers: dict[str, str], **options: object) -> requests.Response:
        """Sends one request; nothing is followed."""
        return requests.request(
            method, self.server.url + path, headers=headers, timeout=30, allow_redirects=False, **options
        )

    def manage(self, method: str, path: str, body: dict | None = None, headers: dict | None = None) -> dict:
        """Calls the access API as the administrator of the server."""
        answer = self.ask(method, "/api/martlet/v1" + path, headers or self.administrator, json=body)
        assert answer.status_code < 300, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def routes(self) -> list[Route]:
        """Every route of the server."""
        items = self.manage("GET", "/permissions")["items"]
        return [Route(item["method"], item["path"], item["permission"]) for item in items]

    def account(self, name: str, roles: dict[str, str], administrator: bool = False) -> None:
        """Makes a service account: its tokens are for administrators to make."""
        body = {"name": name, "roles": roles, "server_administrator": administrator}
        self.manage("POST", "/service-accounts", body)

    def token(self, account: str, **options: object) -> dict:
        """Makes a token for an account."""
        return self.manage(
            "POST", "/tokens", {"name": f"{account}-{time.monotonic_ns()}", "account": account, **options}
        )


def bearer(secret: str, workspace: str | None = None) -> dict[str, str]:
    """The headers of a token."""
    headers = {"Authorization": f"Bearer {secret}"}
    return headers | ({"X-MLFLOW-WORKSPACE": workspace} if workspace else {})


def first_token(server: Martlet) -> str:
    """The token that the server shows at its first start."""
    found = TOKEN.search(server.log)
    assert found, server.log
    return found.group()


def prepare(server: Martlet) -> GatedServer:
    """Makes the workspaces and everybody who calls."""
    gated = GatedServer(server, bearer(first_token(server)))
    for workspace in ("alpha", "beta"):
        gated.manage("POST", "/workspaces", {"name": workspace})
    callers = gated.callers
    callers["nobody"] = Caller("nobody", {}, None)
    for role, permissions in ROLES.items():
        gated.account(role, {"alpha": role})
        token = gated.token(role)
        callers[role] = Caller(role, bearer(token["secret"], "alpha"), permissions, token["id"])
    gated.account("root", {}, administrator=True)
    # Without scopes of its own a token is for no server's affairs, whoever has it.
    token = gated.token("root", scopes=PERMISSIONS)
    callers["server administrator"] = Caller("root", bearer(token["secret"], "alpha"), set(PERMISSIONS), token["id"])
    token = gated.token("administrator", scopes=["read"])
    callers["narrow token"] = Caller("administrator", bearer(token["secret"], "alpha"), {"open", "read"}, token["id"])
    token = gated.token("editor", workspace="alpha")
    callers["token of alpha"] = Caller("editor", bearer(token["secret"]), ROLES["editor"], token["id"])
    token = gated.token("editor", expires_in="1s")
    callers["expired token"] = Caller("editor", bearer(token["secret"], "alpha"), None)
    revoked = gated.token("administrator")
    gated.manage("DELETE", f"/tokens/{revoked['id']}")
    callers["revoked token"] = Caller("administrator", bearer(revoked["secret"], "alpha"), None)
    callers["unknown token"] = Caller("nobody", bearer("mlt_" + "A" * 43), None)
    gated.manage("POST", "/users", {"name": "person", "password": PASSWORD, "roles": {"alpha": "viewer"}})
    headers = basic("person", PASSWORD) | {"X-MLFLOW-WORKSPACE": "alpha"}
    callers["Basic"] = Caller("person", headers, ROLES["viewer"])
    time.sleep(1.2)
    return gated


def basic(name: str, password: str) -> dict[str, str]:
    """The headers of a name and a password."""
    request = requests.Request("GET", "http://x/", auth=(name, password)).prepare()
    return {"Authorization": request.headers["Authorization"]}
