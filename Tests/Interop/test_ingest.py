"""A real paged API over HTTP: pages, groups, days, retries, failures in the middle, kill -9, other servers."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from martlet_process import Martlet

ROWS_A_PAGE = 500


class PagedAPI:
    """An API of 3 groups and 2 days with pages of rows, which can be told to misbehave."""

    def __init__(self) -> None:
        """Starts the server on a free port."""
        self.asked: list[str] = []
        self.fail_at = 0
        self.busy: set[str] = set()
        self.redirect = ""
        self.delay = 0.0
        self.rows_of_slice = 1700
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                """Answers one page."""
                api.asked.append(self.path)
                time.sleep(api.delay)
                if self.headers.get("X-Key") != "k":
                    return self.answer(401, {})
                if api.redirect:
                    return self.answer(302, {}, {"Location": api.redirect})
                if api.fail_at and len(api.asked) >= api.fail_at:
                    return self.answer(400, {"error": "broken"})
                if self.path not in api.busy:
                    api.busy.add(self.path)
                    if len(api.busy) % 5 == 0:
                        return self.answer(429, {}, {"Retry-After": "0"})
                query = {key: values[0] for key, values in parse_qs(urlsplit(self.path).query).items()}
                self.answer(200, {"data": {"items": api.page(query)}})
                return None

            def answer(self, status: int, document: dict[str, Any], headers: dict[str, str] | None = None) -> None:
                body = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                for name, value in (headers or {}).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        """The address of the API."""
        return f"http://127.0.0.1:{self.server.server_port}/v1/readings"

    def page(self, query: dict[str, str]) -> list[dict[str, Any]]:
        """The rows of one page."""
        first = (int(query["page"]) - 1) * ROWS_A_PAGE
        slice_name = f"{query['date']}/{query['group']}"
        last = min(self.rows_of_slice, first + ROWS_A_PAGE)
        return [
            {"id": f"{slice_name}/{row}", "group": query["group"], "day": query["date"], "value": row / 4}
            for row in range(first, last)
        ]

    def stop(self) -> None:
        """Ends the server."""
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def api() -> Iterator[PagedAPI]:
    """An API that is ended after the test."""
    made = PagedAPI()
    yield made
    made.stop()


EGRESS = ("--egress-scheme", "http", "--egress-allow-private", "127.0.0.0/8")


def declare(server: Martlet, url: str, **more: object) -> None:
    """Declares the dataset `readings`."""
    source = {
        "http": {
            "url": url,
            "headers": {"X-Key": "k"},
            "rows": "/data/items",
            "page": {"size": ROWS_A_PAGE, "size_parameter": "size"},
            "groups": {"parameter": "group", "values": ["a", "b", "c"]},
            "dates": {"parameter": "date", "from": "2026-01-01", "to": "2026-01-02"},
        },
        "block_rows": 1000,
    }
    manifest = json.dumps({"version": 1, "data": {"readings": {"source": source, "key": ["id"], **more}}})
    answer = requests.post(f"{server.api}/apply", json={"manifest": manifest}, timeout=60)
    assert answer.status_code == 200, answer.text


def ingest(server: Martlet) -> requests.Response:
    """Reads the dataset and waits for the end."""
    return requests.post(f"{server.api}/data/readings/ingest", json={}, timeout=120)


def test_groups_and_days_go_in_once(new_server: Any, api: PagedAPI) -> None:
    """All pages of all slices, in the declared order, through answers of 429."""
    server = new_server(*EGRESS)
    declare(server, api.url)
    report = ingest(server)
    assert report.status_code == 200, report.text
    assert report.json()["rows"] == 6 * api.rows_of_slice
    assert len(set(api.asked)) == 6 * 4
    detail = requests.get(f"{server.api}/data/readings", timeout=30).json()
    assert detail["tables"] == ["raw_readings", "clean_readings"]
    assert detail["versions"][0]["version"] == report.json()["version"]
    again = ingest(server).json()
    assert again["new_blocks"] == 0
    assert again["version"] == report.json()["version"]
    events = requests.get(f"{server.api}/events", timeout=30).json()["items"]
    assert [event["type"] for event in events].count("martlet.dataset.updated") == 1


def test_a_failure_in_the_middle_keeps_what_was_read(new_server: Any, api: PagedAPI) -> None:
    """The next run asks for nothing that was read already."""
    server = new_server(*EGRESS)
    declare(server, api.url)
    api.fail_at = 12
    failed = ingest(server)
    assert failed.status_code == 409, failed.text
    assert "status 400" in failed.text
    kept = requests.get(f"{server.api}/data/readings", timeout=30).json()["raw_rows"]
    assert kept > 0
    api.fail_at = 0
    api.asked.clear()
    report = ingest(server).json()
    assert report["resumed_at_row"] == kept
    assert report["rows"] == 6 * api.rows_of_slice
    assert len(set(api.asked)) <= 6 * 4 - kept // ROWS_A_PAGE + 4


def test_killed_it_goes_on_at_the_block(new_server: Any, api: PagedAPI) -> None:
    """kill -9 in the middle: nothing is lost, nothing comes twice."""
    server = new_server(*EGRESS)
    declare(server, api.url)
    api.delay = 0.03

    def ask() -> None:
        with contextlib.suppress(requests.RequestException):
            ingest(server)

    thread = threading.Thread(target=ask)
    thread.start()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if requests.get(f"{server.api}/data/readings", timeout=30).json()["raw_rows"] >= 3000:
            break
    server.kill()
    thread.join(60)
    server.start()
    kept = requests.get(f"{server.api}/data/readings", timeout=30).json()["raw_rows"]
    assert kept >= 3000
    api.delay = 0
    report = ingest(server).json()
    assert report["resumed_at_row"] >= kept
    assert report["rows"] == 6 * api.rows_of_slice
    page = requests.get(f"{server.api}/data/readings/rows", params={"limit": 1000}, timeout=30).json()
    names = [row[page["columns"].index("id")] for row in page["items"]]
    assert len(set(names)) == len(names) == 1000


def test_other_servers_are_not_asked(new_server: Any, api: PagedAPI) -> None:
    """Private addresses are refused without a setting, and redirects to them with it."""
    server = new_server()
    declare(server, api.url.replace("http://", "https://"))
    refused = ingest(server)
    assert refused.status_code == 403, refused.text
    assert "non-public" in refused.text
    assert api.asked == []
    open_server = new_server(*EGRESS)
    api.redirect = "http://169.254.169.254/latest/meta-data/"
    declare(open_server, api.url)
    redirected = ingest(open_server)
    assert redirected.status_code == 403, redirected.text
    assert "redirects to" in redirected.text
