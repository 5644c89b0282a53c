"""People log in through an identity provider, machines show its tokens: a provider of its own process on loopback."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from accounts import Accounts
from martlet_process import Martlet, command, free_port
from oidc_issuer import CLIENT, SECRET

AUDIENCE = "https://martlet.example"


class Issuer:
    """The provider's process."""

    def __init__(self) -> None:
        """Starts it on a free port and waits for it."""
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        script = Path(__file__).with_name("oidc_issuer.py")
        self.process = subprocess.Popen([sys.executable, str(script), str(port)])
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                if requests.get(f"{self.url}/keys", timeout=5).ok:
                    return
            except requests.ConnectionError:
                time.sleep(0.05)
        raise AssertionError("the provider did not start")

    def control(self, **wish: object) -> dict:
        """Tells the provider what to do."""
        return requests.post(f"{self.url}/control", json=wish, timeout=30).json()

    def token(self, forge: str = "", **claims: object) -> str:
        """A token of a machine."""
        claims = {"sub": "repo:acme/models", "aud": AUDIENCE, "repository": "acme/models"} | claims
        return self.control(token=claims, forge=forge)["token"]

    @property
    def asked(self) -> list[str]:
        """The pages that were asked for."""
        return requests.get(f"{self.url}/control/asked", timeout=30).json()

    def end(self) -> None:
        """Ends the process."""
        self.process.kill()
        self.process.wait(timeout=10)


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    """A running provider."""
    made = Issuer()
    yield made
    made.end()


@pytest.fixture(scope="module")
def accounts(tmp_path_factory: pytest.TempPathFactory, issuer: Issuer) -> Iterator[Accounts]:
    """A server that believes the provider, with rules that turn its groups into roles."""
    folder = tmp_path_factory.mktemp("oidc")
    (folder / "secret").write_text(SECRET + "\n")
    section = {
        "name": "corp",
        "issuer": issuer.url,
        "label": "Example Corp",
        "client_id": CLIENT,
        "client_secret_file": str(folder / "secret"),
        "audiences": [AUDIENCE],
        "claim_groups": [{"when": {"repository": "acme/models"}, "groups": ["ci"]}],
    }
    (folder / "martlet.yaml").write_text(json.dumps({"version": 1, "server": {"oidc": [section]}}))
    server = Martlet(folder, "--auth", "required", "--egress-scheme", "http", "--egress-scheme", "https").start()
    made = Accounts(server)
    rules = [
        {"group": "ml", "workspace": "default", "role": "editor"},
        {"group": "ci", "workspace": "default", "role": "operator"},
        {"group": "ops", "role": "administrator", "server_administrator": True},
    ]
    assert made.call("PUT", "/group-rules", {"items": rules}).status_code == 200
    yield made
    assert server.stop() == 0, server.log
    assert SECRET not in server.log


def whoami(server: Martlet, **options: object) -> requests.Response:
    return requests.get(f"{server.api}/whoami", timeout=30, **options)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def log_in(server: Martlet, next_page: str = "/models") -> requests.Session:
    """What a browser does: follows every redirect and keeps the cookies."""
    browser = requests.Session()
    answer = browser.get(f"{server.url}/auth/oidc/login", params={"issuer": "corp", "next": next_page}, timeout=30)
    assert answer.status_code == 200, answer.text
    assert urlsplit(answer.url).path == next_page
    return browser


def test_a_person_logs_in_and_out(accounts: Accounts, issuer: Issuer) -> None:
    server = accounts.server
    page = requests.get(f"{server.url}/login", timeout=30)
    assert "Example Corp" in page.text
    assert "/auth/oidc/login?issuer=corp" in page.text
    browser = log_in(server)
    me = browser.get(f"{server.api}/whoami", timeout=30).json()
    assert me["name"] == "ada"
    assert not browser.cookies.get("martlet_oidc")
    form = browser.get(f"{server.url}/models", timeout=30).text
    assert "ada" in form
    # Logging out ends the session, also for who has copied the cookie.
    cookie = {"martlet_session": browser.cookies["martlet_session"]}
    token = form.split('name="csrf-token" content="')[-1].split('"')[0]
    if 'name="csrf-token"' not in form:
        token = form.split('name="csrf" value="')[-1].split('"')[0]
    browser.post(f"{server.url}/logout", data={"csrf": token}, headers={"X-Martlet-CSRF": token}, timeout=30)
    assert whoami(server, cookies=cookie).status_code == 401


def test_groups_become_roles_and_stop_being_them(accounts: Accounts, issuer: Issuer) -> None:
    server = accounts.server
    for groups, status in ((["ml"], 200), (["other"], 403), (["ops"], 200), ([], 403)):
        issuer.control(claims={"sub": "u2", "preferred_username": "grace", "groups": groups})
        browser = requests.Session()
        browser.get(f"{server.url}/auth/oidc/login?issuer=corp&next=/healthz", timeout=30)
        answer = browser.post(
            f"{server.url}/api/2.0/mlflow/experiments/search",
            json={"max_results": 1},
            headers={"X-Martlet-CSRF": csrf(browser, server)},
            timeout=30,
        )
        assert (answer.status_code == 200) == (status == 200), (groups, answer.status_code, answer.text)
        users = browser.get(f"{server.api}/users", timeout=30).status_code
        assert (users == 200) == (groups == ["ops"])
    issuer.control(claims={"sub": "u1", "preferred_username": "ada", "groups": ["ml"]})


def csrf(browser: requests.Session, server: Martlet) -> str:
    """The form token of the session, as a page shows it."""
    page = browser.get(f"{server.url}/account", timeout=30).text
    for start in ('name="csrf-token" content="', 'name="csrf" value="', 'data-csrf="'):
        if start in page:
            return page.split(start)[1].split('"')[0]
    raise AssertionError("the page has no form token")


def test_logins_that_did_not_begin_here(accounts: Accounts, issuer: Issuer) -> None:
    server = accounts.server
    mine, other = requests.Session(), requests.Session()
    start = mine.get(f"{server.url}/auth/oidc/login?issuer=corp", allow_redirects=False, timeout=30)
    assert start.status_code == 303
    asked = parse_qs(urlsplit(start.headers["Location"]).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert len(asked["code_challenge"][0]) == 43
    assert asked["nonce"] != asked["state"]
    back = requests.get(start.headers["Location"], allow_redirects=False, timeout=30).headers["Location"]
    # Whoever is sent this address by somebody else is not logged in as them.
    refused = other.get(back, allow_redirects=False, timeout=30)
    assert refused.status_code == 403
    assert "Set-Cookie" not in refused.headers
    # And now it is used up.
    assert mine.get(back, allow_redirects=False, timeout=30).status_code == 403
    for query in ("", "?state=x&code=y", "?error=access_denied", "?state=a&state=b"):
        answer = mine.get(f"{server.url}/auth/oidc/callback{query}", allow_redirects=False, timeout=30)
        assert answer.status_code in (400, 403)
    away = mine.get(f"{server.url}/auth/oidc/login?issuer=corp&next=//evil.example", timeout=30)
    assert urlsplit(away.url).netloc == urlsplit(server.url).netloc


def test_a_machine_shows_a_token(accounts: Accounts, issuer: Issuer) -> None:
    server = accounts.server
    token = issuer.token(preferred_username="ci-models")
    for _ in range(2):
        me = whoami(server, headers=bearer(token))
        assert me.status_code == 200, me.text
        assert me.json()["name"] == "ci-models"
    made = requests.post(
        f"{server.url}/api/2.0/mlflow/experiments/create",
        json={"name": "made by a machine"},
        headers=bearer(token),
        timeout=30,
    )
    assert made.status_code == 200, made.text
    result = command("experiment", "list", "--server", server.url, cwd=server.folder, MARTLET_TOKEN=token)
    assert "made by a machine" in result.stdout, result.stderr
    # Another repository is known, and may do nothing.
    stranger = issuer.token(sub="repo:acme/other", repository="acme/other")
    answer = requests.post(
        f"{server.url}/api/2.0/mlflow/experiments/create", json={"name": "x"}, headers=bearer(stranger), timeout=30
    )
    assert answer.status_code in (403, 404)


def unsigned(token: str, **header: object) -> str:
    """The token with another head and no signature."""
    head = base64.urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=")
    return f"{head}.{token.split('.')[1]}."


def test_tokens_that_are_not_believed(accounts: Accounts, issuer: Issuer) -> None:
    server, now = accounts.server, int(time.time())
    good = issuer.token()
    tokens = {
        "alg=none": unsigned(good, alg="none", typ="JWT"),
        "alg=None with a signature": unsigned(good, alg="None") + good.split(".")[2],
        "the public key as an HMAC's": issuer.token("HS256"),
        "a stranger's key": issuer.token("stranger"),
        "another audience": issuer.token(aud="https://other.example"),
        "the audience of the login": issuer.token(aud=CLIENT),
        "no audience": issuer.token(aud=None),
        "another issuer": issuer.token(iss="https://evil.example"),
        "expired": issuer.token(exp=now - 120),
        "no end": issuer.token(exp=None),
        "not yet valid": issuer.token(nbf=now + 600),
        "from the future": issuer.token(iat=now + 600),
        "no subject": issuer.token(sub=None),
        "changed": good[:-8] + ("A" * 8 if not good.endswith("A" * 8) else "B" * 8),
        "cut": good[:-20],
        "huge": issuer.token(padding="x" * 14_000),
        "no token": "a.b.c",
    }
    for what, token in tokens.items():
        answer = whoami(server, headers=bearer(token))
        assert answer.status_code == 401, (what, answer.status_code, answer.text)
        assert "Traceback" not in answer.text
    assert whoami(server, headers=bearer(good)).status_code == 200


def test_keys_are_exchanged(accounts: Accounts, issuer: Issuer) -> None:
    server = accounts.server
    issuer.control(rotate="ES256")
    token = issuer.token()
    deadline = time.monotonic() + 90
    # A key that is not known makes the keys be read again, at most every half minute.
    while whoami(server, headers=bearer(token)).status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(1)
    before = issuer.asked.count("/keys")
    for number in range(30):
        head = {"alg": "ES256", "kid": f"invented-{number}", "typ": "JWT"}
        assert whoami(server, headers=bearer(unsigned(token, **head) + token.split(".")[2])).status_code == 401
    assert issuer.asked.count("/keys") <= before + 1


def test_settings_that_do_not_fit(tmp_path: Path, issuer: Issuer) -> None:
    for arguments, remedy in (
        (("--oidc-issuer", issuer.url, "--oidc-client-id", "x"), "--auth required"),
        (("--auth", "required", "--oidc-issuer", issuer.url, "--oidc-client-id", "x"), "--egress-scheme"),
        (("--auth", "required", "--oidc-issuer", issuer.url), "client_id"),
        (
            (
                "--auth",
                "required",
                "--oidc-issuer",
                "https://token.actions.githubusercontent.com",
                "--oidc-audience",
                "x",
            ),
            "repository_owner",
        ),
        (("--oidc-client-id", "x"), "--oidc-issuer"),
        (("--egress-allow-private", "10.0.0.0/99"), "10.0.0.0/8"),
        (("--egress-scheme", "ftp"), "https"),
        (("--egress-allow-host", "a/b"), "api.example.com"),
    ):
        ended = command("up", "--port", str(free_port()), "--data", str(tmp_path / "data"), *arguments, cwd=tmp_path)
        assert ended.returncode != 0, arguments
        assert remedy in ended.stderr + ended.stdout, (arguments, ended.stderr)
