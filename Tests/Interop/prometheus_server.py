"""A Prometheus for tests: the real one when it is installed, else a small server that speaks its query API."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import requests
from martlet_process import free_port


class SmallPrometheus:
    """Answers `/api/v1/query` with a number for `vector(N)`, and with no series for anything else."""

    def __init__(self) -> None:
        """Starts serving."""
        self.authorizations: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            """One request."""

            def do_POST(self) -> None:
                """Answers a query."""
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                query = urllib.parse.parse_qs(body).get("query", [""])[0]
                outer.authorizations.append(self.headers.get("Authorization", ""))
                series = []
                if query.startswith("vector(") and query.endswith(")"):
                    series = [{"metric": {}, "value": [time.time(), query[len("vector(") : -1]]}]
                status = 400 if query.count("(") != query.count(")") else 200
                data = {"status": "success", "data": {"resultType": "vector", "result": series}}
                if status == 400:
                    data = {
                        "status": "error",
                        "errorType": "bad_data",
                        "error": "parse error: unclosed left parenthesis",
                    }
                answer = json.dumps(data).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def stop(self) -> None:
        """Ends it."""
        self.server.shutdown()
        self.server.server_close()


class RealPrometheus:
    """The program `prometheus` over an empty folder."""

    def __init__(self, program: str, folder: Path) -> None:
        """Starts it and waits until it answers."""
        port = free_port()
        (folder / "prometheus.yml").write_text("global: {}\n")
        self.url = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            [
                program,
                f"--config.file={folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                if requests.get(f"{self.url}/-/ready", timeout=1).status_code == 200:
                    return
            except requests.ConnectionError:
                pass
            time.sleep(0.05)
        self.stop()
        raise AssertionError("Prometheus does not answer")

    def stop(self) -> None:
        """Ends it."""
        self.process.terminate()
        self.process.wait(timeout=20)


def start(folder: Path) -> SmallPrometheus | RealPrometheus:
    """The real one where it is installed."""
    program = shutil.which("prometheus")
    return RealPrometheus(program, folder) if program else SmallPrometheus()
