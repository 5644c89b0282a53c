"""The console under accounts as a browser meets it: log-in, form tokens, log-out, accounts, tokens, workspaces."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

import pytest
import requests
from accounts import PASSWORD, Accounts
from martlet_process import Martlet

PAGE = {"Accept": "text/html,application/xhtml+xml"}


class Browser:
    """Cookies, pages and forms: what a person does without the script."""

    def __init__(self, url: str) -> None:
        """Begins without cookies."""
        self.url = url
        self.session = requests.Session()

    def get(self, path: str, **options: object) -> requests.Response:
        """Goes to a page; redirects are left to the test."""
        return self.session.get(f"{self.url}{path}", headers=PAGE, allow_redirects=False, timeout=60, **options)

    def token(self, path: str = "/") -> str:
        """The form token that a page carries."""
        found = re.search(r'name="csrf" value="([^"]+)"', self.get(path).text)
        assert found, f"no form token on {path}"
        return found[1]

    def post(self, path: str, fields: dict[str, object], site: str | None = "same-origin") -> requests.Response:
        """Sends a form as it stands."""
        headers = PAGE | ({"Sec-Fetch-Site": site} if site else {})
        return self.session.post(f"{self.url}{path}", data=fields, headers=headers, allow_redirects=False, timeout=60)

    def submit(self, path: str, page: str = "/account", **fields: object) -> requests.Response:
        """Sends a form of a page, with its token."""
        return self.post(path, fields | {"csrf": self.token(page)})

    def log_in(self, name: str, password: str = PASSWORD, next: str = "/") -> requests.Response:
        """Sends the log-in."""
        return self.post("/login", {"name": name, "password": password, "next": next})


@pytest.fixture(scope="module")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Accounts]:
    """A server with accounts that the tests of this file share."""
    server = Martlet(tmp_path_factory.mktemp("console"), "--auth", "required").start()
    made = Accounts(server)
    made.user("anna", default="administrator")
    made.user("vera", default="viewer")
    made.user("oleg", default="operator")
    yield made
    assert server.stop() == 0, server.log


@pytest.fixture
def browser(accounts: Accounts) -> Browser:
    """A browser that is not logged in."""
    return Browser(accounts.server.url)


def test_pages_lead_people_to_the_login_and_programs_to_a_401(accounts: Accounts, browser: Browser) -> None:
    answer = browser.get("/experiments?filter=a")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/login?next=/experiments%3Ffilter%3Da"
    assert requests.get(f"{accounts.server.url}/experiments", timeout=60).status_code == 401
    login = browser.get("/login?next=/experiments")
    assert login.status_code == 200 and 'name="password"' in login.text
    policy = login.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
    assert "Signed in as" not in login.text


def test_a_login_sets_a_cookie_that_scripts_cannot_read(browser: Browser) -> None:
    answer = browser.log_in("anna", next="/models")
    assert answer.status_code == 303 and answer.headers["Location"] == "/models"
    cookie = answer.headers["Set-Cookie"]
    assert re.match(r"martlet_session=[A-Za-z0-9_-]{43}; Path=/; ", cookie)
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Domain" not in cookie
    page = browser.get("/models")
    assert page.status_code == 200 and "Signed in as" in page.text and "anna" in page.text


@pytest.mark.parametrize("next", ["//evil.example", "https://evil.example/", "/\\evil.example", "/login"])
def test_a_login_leads_to_own_pages_only(browser: Browser, next: str) -> None:
    assert browser.log_in("anna", next=next).headers["Location"] == "/"


def test_a_wrong_login_says_nothing_about_the_account(browser: Browser) -> None:
    wrong = browser.log_in("anna", "not the password")
    unknown = browser.log_in("nobody-here", "not the password")
    assert wrong.status_code == unknown.status_code == 401
    notices = [re.search(r'class="notice bad"><span>([^<]+)', answer.text)[1] for answer in (wrong, unknown)]
    assert notices[0] == notices[1]
    assert "Set-Cookie" not in wrong.headers
    assert "not the password" not in wrong.text


def test_a_login_from_another_site_is_refused(browser: Browser) -> None:
    fields = {"name": "anna", "password": PASSWORD}
    for site in ("cross-site", "same-site", None):
        assert browser.post("/login", fields, site=site).status_code == 403
    assert browser.get("/").status_code == 303


def test_many_wrong_logins_are_slowed_down_and_say_so(browser: Browser) -> None:
    answers = [browser.log_in("somebody", "wrong password") for _ in range(12)]
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["Retry-After"]) >= 1
    assert "Try again in" in unescape(answers[-1].text)


def test_a_planted_session_never_becomes_valid(browser: Browser) -> None:
    planted = "A" * 43
    browser.session.cookies.set("martlet_session", planted)
    assert browser.get("/").status_code == 303
    answer = browser.log_in("anna")
    assert planted not in answer.headers["Set-Cookie"]
    fixed = Browser(browser.url)
    fixed.session.cookies.set("martlet_session", planted)
    assert fixed.get("/").status_code == 303


def test_requests_with_the_cookie_need_the_form_token(browser: Browser) -> None:
    browser.log_in("anna")
    url = f"{browser.url}/api/2.0/mlflow/experiments/create"
    body = {"name": "forged"}
    assert browser.session.post(url, json=body, timeout=60).status_code == 403
    assert browser.session.post(url, json=body, headers={"X-Martlet-CSRF": "x" * 43}, timeout=60).status_code == 403
    assert browser.post("/account/tokens", {"name": "forged", "scopes": "read"}).status_code == 403
    other = Browser(browser.url)
    other.log_in("vera")
    headers = {"X-Martlet-CSRF": other.token()}
    assert browser.session.post(url, json=body, headers=headers, timeout=60).status_code == 403
    headers = {"X-Martlet-CSRF": browser.token()}
    crossing = headers | {"Sec-Fetch-Site": "cross-site"}
    assert browser.session.post(url, json=body, headers=crossing, timeout=60).status_code == 403
    assert browser.session.post(url, json={"name": "own"}, headers=headers, timeout=60).status_code == 200


def test_logging_out_ends_the_session(browser: Browser) -> None:
    browser.log_in("vera")
    secret = browser.session.cookies["martlet_session"]
    answer = browser.submit("/logout")
    assert answer.status_code == 303 and answer.headers["Location"] == "/login"
    assert "Max-Age=0" in answer.headers["Set-Cookie"]
    again = Browser(browser.url)
    again.session.cookies.set("martlet_session", secret)
    assert again.get("/").status_code == 303


def test_logging_out_everywhere_ends_all_sessions_and_no_others(browser: Browser) -> None:
    second, other = Browser(browser.url), Browser(browser.url)
    browser.log_in("oleg")
    second.log_in("oleg")
    other.log_in("vera")
    assert second.get("/").status_code == 200
    assert browser.submit("/account/sessions/end-all").status_code == 303
    assert second.get("/").status_code == 303
    assert other.get("/").status_code == 200


def test_a_changed_password_ends_other_sessions_and_renews_this_one(accounts: Accounts, browser: Browser) -> None:
    accounts.user("petra", default="viewer")
    second = Browser(browser.url)
    browser.log_in("petra")
    second.log_in("petra")
    before = browser.session.cookies["martlet_session"]
    new = "another long password"
    wrong = browser.submit("/account/password", current=PASSWORD, password=new, again="something else here")
    assert wrong.status_code == 400 and "not the same" in wrong.text
    assert browser.submit("/account/password", current="wrong", password=new, again=new).status_code == 401
    assert browser.submit("/account/password", current=PASSWORD, password=new, again=new).status_code == 303
    assert browser.session.cookies["martlet_session"] != before
    assert browser.get("/account").status_code == 200
    assert second.get("/").status_code == 303
    assert Browser(browser.url).log_in("petra", new).status_code == 303


def test_a_token_is_shown_once_and_works_until_it_is_revoked(browser: Browser) -> None:
    browser.log_in("vera")
    made = browser.submit("/account/tokens", name="laptop", scopes=["read"], days="30")
    assert made.status_code == 200 and made.headers["Cache-Control"] == "no-store"
    secret = re.search(r"mlt_[A-Za-z0-9_-]{43}", made.text)[0]
    page = browser.get("/account").text
    assert secret not in page and secret[:10] in page
    url = f"{browser.url}/api/2.0/mlflow/experiments/search?max_results=1"
    headers = {"Authorization": f"Bearer {secret}"}
    assert requests.get(url, headers=headers, timeout=60).status_code == 200
    identifier = re.search(r'name="id" value="([^"]+)">', page[page.index(secret[:10]) :])[1]
    assert browser.submit("/account/tokens/revoke", id=identifier).status_code == 303
    assert requests.get(url, headers=headers, timeout=60).status_code == 401


def test_a_session_begun_with_a_token_does_no_more_than_the_token(accounts: Accounts, browser: Browser) -> None:
    browser.log_in("anna")
    made = browser.submit("/account/tokens", name="looking", scopes=["read"], days="30")
    secret = re.search(r"mlt_[A-Za-z0-9_-]{43}", made.text)[0]
    small = Browser(browser.url)
    assert small.post("/login", {"token": secret}).status_code == 303
    assert small.get("/experiments").status_code == 200
    assert small.get("/access").status_code == 403
    headers = {"X-Martlet-CSRF": small.token()}
    url = f"{browser.url}/api/2.0/mlflow/experiments/create"
    assert small.session.post(url, json={"name": "wide"}, headers=headers, timeout=60).status_code == 403


def test_roles_are_offered_what_they_may_do(browser: Browser) -> None:
    for name, manages in (("vera", False), ("oleg", False), ("anna", True)):
        person = Browser(browser.url)
        person.log_in(name)
        page = person.get("/").text
        for path in ("/access", "/audit", "/secrets"):
            assert (f'href="{path}"' in page) == manages, (name, path)
            assert person.get(path).status_code == (200 if manages else 403), (name, path)


def test_the_server_decides_whatever_the_page_offers(browser: Browser) -> None:
    browser.log_in("vera")
    for path, fields in (
        ("/access/people", {"name": "mallory", "password": PASSWORD, "role": "administrator"}),
        ("/access/role", {"name": "vera", "role": "administrator"}),
        ("/access/workspaces", {"name": "mine"}),
        ("/secrets", {"name": "a", "value": "b"}),
    ):
        assert browser.submit(path, **fields).status_code == 403, path
    anna = Browser(browser.url)
    anna.log_in("anna")
    assert anna.submit("/access/people", name="mallory", password=PASSWORD).status_code == 403
    assert anna.submit("/access/administrator", name="anna", administrator="yes").status_code == 403


def test_an_administrator_gives_roles_and_rights(accounts: Accounts, browser: Browser) -> None:
    accounts.user("nina")
    browser.log_in("anna")
    assert browser.submit("/access/role", page="/access", name="nina", role="viewer").status_code == 303
    assert "nina" in browser.get("/access").text
    right = {"account": "nina", "kind": "registered_model", "resource": "churn-*", "permissions": ["read", "write"]}
    assert browser.submit("/access/grants", page="/access/grants", **right).status_code == 303
    assert "churn-*" in browser.get("/access/grants").text
    bad = browser.submit("/access/grants", page="/access/grants", **(right | {"permissions": []}))
    assert bad.status_code == 400 and 'class="notice bad"' in bad.text


def test_secrets_can_be_set_and_never_read(browser: Browser) -> None:
    browser.log_in("anna")
    assert browser.submit("/secrets", page="/secrets", name="lake-key", value="hunter2hunter2").status_code == 303
    page = browser.get("/secrets").text
    assert "lake-key" in page and "hunter2" not in page
    assert "hunter2" not in browser.get("/audit").text
    assert browser.submit("/secrets/delete", page="/secrets", name="lake-key").status_code == 303
    assert "lake-key" not in browser.get("/secrets").text


def test_the_audit_page_shows_changes_refusals_and_the_chain(browser: Browser) -> None:
    browser.log_in("anna")
    headers = {"X-Martlet-CSRF": browser.token()}
    url = f"{browser.url}/api/2.0/mlflow/registered-models/create"
    created = browser.session.post(url, json={"name": "audited <b>"}, headers=headers, timeout=60)
    assert created.status_code == 200
    page = browser.get("/audit?object=registered_model").text
    assert "audited &lt;b&gt;" in page and "audited <b>" not in page
    assert re.search(r'class="badge (good|idle)">(chain whole|[0-9,]+ records)', page)
    assert browser.get("/audit?log=server").status_code == 403
    assert "No record matches" in browser.get("/audit?actor=nobody-at-all").text


def test_the_workspace_is_a_choice_among_ones_own(accounts: Accounts, browser: Browser) -> None:
    accounts.workspace("team-a")
    accounts.workspace("team-b")
    accounts.user("tara", **{"default": "viewer", "team-a": "viewer"})
    browser.log_in("tara")
    page = browser.get("/").text
    assert '<option value="team-a">' in page and "team-b" not in page
    answer = browser.submit("/workspace", workspace="team-a")
    assert answer.status_code == 303 and answer.headers["Set-Cookie"].startswith("martlet_workspace=team-a;")
    assert '<option value="team-a" selected>' in browser.get("/").text
    assert browser.submit("/workspace", workspace="team-b").status_code == 404
    browser.session.cookies.set("martlet_workspace", "team-b")
    assert "team-b" not in browser.get("/").text


def test_without_accounts_nothing_is_in_the_way(server: Martlet) -> None:
    local = Browser(server.url)
    page = local.get("/")
    assert page.status_code == 200 and "Signed in as" not in page.text and "/login" not in page.text
    for path in ("/access", "/access/tokens", "/access/grants", "/access/workspaces", "/audit", "/secrets"):
        assert local.get(path).status_code == 200, path
    assert local.get("/login").headers["Location"] == "/"
    made = local.post("/access/programs", {"name": "made-locally", "role": "viewer"})
    assert made.status_code == 303
    assert local.post("/access/programs", {"name": "forged"}, site="cross-site").status_code == 403
