"""The console under accounts in a real browser, with its script: log-in, buttons, a new token, log-out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import chromium
import pytest
import requests
from accounts import PASSWORD, Accounts
from martlet_process import Martlet

pytestmark = pytest.mark.skipif(chromium.program() is None, reason="no Chromium on this machine")

PAGES = (
    "/",
    "/access",
    "/access/tokens",
    "/access/grants",
    "/access/workspaces",
    "/audit",
    "/secrets",
    "/account",
    "/deployments/churn",
    "/declare?deployment=churn",
    "/ledger?deployment=churn",
    "/ledger/quality?deployment=churn",
    "/replays?deployment=churn",
    "/loop",
    "/events",
)
DEPLOYMENT = {"model": "churn", "alias": "production", "rollout": {"steps": [10, 50, 100], "bake": "5m"}}


@pytest.fixture(scope="module")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Accounts]:
    """A server with accounts, something to see, and an administrator with a password."""
    server = Martlet(tmp_path_factory.mktemp("browser"), "--auth", "required").start()
    made = Accounts(server)
    made.made("/users", {"name": "anna", "password": PASSWORD, "server_administrator": True})
    made.user("ben", default="viewer")
    made.service("training-ci", {"default": "editor"})
    made.workspace("team-a", storage_bytes=50_000_000, concurrent_tasks=4)
    headers = {"Authorization": f"Bearer {made.administrator}"}
    url = f"{server.url}/api/2.0/mlflow/registered-models/create"
    assert requests.post(url, json={"name": "churn"}, headers=headers, timeout=60).status_code == 200
    declared = made.call("PUT", "/deployments/churn", DEPLOYMENT)
    assert declared.status_code < 300, declared.text
    yield made
    assert server.stop() == 0, server.log


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[chromium.Chromium]:
    """A browser that is not logged in."""
    made = chromium.Chromium(tmp_path / "profile")
    yield made
    made.close()


def log_in(browser: chromium.Chromium, url: str, name: str, password: str = PASSWORD) -> None:
    """Logs in as a person does."""
    browser.fill("input[name=name]", name)
    browser.fill("input[name=password]", password)
    browser.press("form button[type=submit]")


def test_a_person_logs_in_acts_and_logs_out(accounts: Accounts, browser: chromium.Chromium) -> None:
    url = accounts.server.url
    browser.go(f"{url}/models")
    assert browser.run("location.pathname + location.search") == "/login?next=/models"
    log_in(browser, url, "anna", "not the password")
    assert browser.run("location.pathname") == "/login"
    assert "wrong" in browser.run("document.querySelector('.notice.bad').innerText")
    log_in(browser, url, "anna")
    assert browser.run("location.pathname") == "/models"
    assert "anna" in browser.run("document.querySelector('.visit').innerText")
    assert browser.run("document.cookie") == "", "no script may read the session"
    browser.go(f"{url}/account")
    browser.fill("form[action='/account/tokens'] input[name=name]", "from the browser")
    browser.press("form[action='/account/tokens'] button[type=submit]")
    secret = browser.run("document.querySelector('.command code').innerText")
    headers = {"Authorization": f"Bearer {secret}"}
    assert requests.get(f"{url}/api/martlet/v1/whoami", headers=headers, timeout=60).status_code == 200
    forged = "fetch('/api/2.0/mlflow/experiments/create', {method: 'POST', body: '{\"name\": \"forged\"}', "
    forged += "headers: {'Content-Type': 'application/json'}}).then((answer) => answer.status)"
    assert browser.run(forged) == 403, "the cookie alone changes nothing"
    browser.go(f"{url}/")
    browser.press("form[action='/logout'] button")
    assert browser.run("location.pathname") == "/login"
    browser.go(f"{url}/account")
    assert browser.run("location.pathname") == "/login"


def test_every_page_keeps_to_its_policy_in_both_themes(
    accounts: Accounts, browser: chromium.Chromium, tmp_path: Path
) -> None:
    url = accounts.server.url
    folder = Path(os.environ.get("MARTLET_PICTURES", tmp_path))
    for theme in ("light", "dark"):
        browser.look(theme)
        browser.go(f"{url}/login")
        browser.picture(folder / f"login-{theme}.png")
    log_in(browser, url, "anna")
    for theme in ("light", "dark"):
        browser.look(theme)
        for path in PAGES:
            browser.go(f"{url}{path}")
            wide = browser.run("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, f"{path} scrolls sideways by {wide}"
            name = path.split("?")[0].strip("/").replace("/", "-") or "overview"
            browser.picture(folder / f"{name}-{theme}.png")
    browser.look("light", width=420, height=800)
    for path in PAGES:
        browser.go(f"{url}{path}")
        wide = browser.run("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{path} scrolls sideways by {wide} on a phone"
    assert browser.problems == []


def test_a_session_that_ends_leads_back_to_the_login(accounts: Accounts, browser: chromium.Chromium) -> None:
    url = accounts.server.url
    browser.go(f"{url}/login?next=/deployments")
    log_in(browser, url, "ben")
    assert browser.run("location.pathname") == "/deployments"
    assert accounts.call("PUT", "/users/ben/password", {"password": "yet another password"}).status_code < 300
    browser.wait("location.pathname === '/login'")


def test_a_deployment_is_declared_after_a_review(accounts: Accounts, browser: chromium.Chromium) -> None:
    url = accounts.server.url
    browser.go(f"{url}/login?next=/declare?deployment=churn")
    log_in(browser, url, "anna")
    browser.go(f"{url}/declare?deployment=churn")
    form = "form:has(input[name=kind][value=fields])"
    assert browser.run(f"document.querySelector('{form} input[name=steps]').value") == "10, 50, 100"
    browser.fill(f"{form} input[name=steps]", "5, 4, 100")
    browser.press(f"{form} button[type=submit]")
    assert "rising" in browser.run("document.querySelector('.wrong .problem').innerText")
    browser.fill(f"{form} input[name=steps]", "5, 25, 100")
    browser.press(f"{form} button[type=submit]")
    assert "rollout.steps" in browser.run("document.querySelector('.diff').innerText")
    browser.press("form[action='/declare/apply'] button")
    assert browser.run("location.pathname") == "/deployments/churn"
    spec = accounts.call("GET", "/deployments/churn").json()["spec"]
    assert spec["rollout"]["steps"] == [5, 25, 100] and spec["rollout"]["bake"] == "300000ms"
    assert browser.problems == ["Failed to load resource: the server responded with a status of 400 (Bad Request)"]


def test_events_are_followed_while_they_happen(accounts: Accounts, browser: chromium.Chromium) -> None:
    url = accounts.server.url
    headers = {"Authorization": f"Bearer {accounts.administrator}"}
    browser.go(f"{url}/login?next=/events")
    log_in(browser, url, "anna")
    browser.wait("document.documentElement.dataset.stream === 'open'")
    made = f"{url}/api/2.0/mlflow/model-versions/create"
    body = {"name": "churn", "source": "models:/m-none"}
    answer = requests.post(made, json=body | {"source": "s3://bucket/model"}, headers=headers, timeout=60)
    assert answer.status_code == 200, answer.text
    browser.wait("document.querySelector('.feed')?.innerText.includes('has a version 1')")
    browser.go(f"{url}/events?kind=loops")
    assert "Nothing has happened yet." in browser.run("document.querySelector('main').innerText")
    assert browser.problems == []
