"""Too many connections, too few file descriptors: nobody is hindered for long, all is well afterwards (A15, L11)."""

from __future__ import annotations

import resource
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
import requests
from martlet_process import Martlet, wait_until
from test_restart import create_run, history

pytestmark = pytest.mark.alone

MLFLOW = "/api/2.0/mlflow"


@contextmanager
def idle_connections(server: Martlet, count: int, first_bytes: bytes = b"") -> Iterator[int]:
    """Holds as many connections open as the server takes, up to `count`, and gives their number."""
    with ExitStack() as stack:
        opened = 0
        for _ in range(count):
            try:
                connection = socket.create_connection(("127.0.0.1", server.port), timeout=2)
            except OSError:
                break
            stack.enter_context(connection)
            if first_bytes:
                connection.sendall(first_bytes)
            opened += 1
        yield opened


@pytest.mark.parametrize(
    "first_bytes", [b"", b"POST /api/2.0/mlflow/runs/search HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-"]
)
def test_five_hundred_idle_connections_hinder_nobody(own_server: Martlet, first_bytes: bytes):
    with idle_connections(own_server, 500, first_bytes) as opened:
        assert opened == 500
        started = time.monotonic()
        assert own_server.get("/health").status_code == 200
        assert own_server.post(f"{MLFLOW}/experiments/search", {"max_results": 5}).status_code == 200
        assert time.monotonic() - started < 2


def test_too_few_file_descriptors(own_server: Martlet):
    run_id = create_run(own_server, "scarce")
    pid = own_server.process.pid
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (128, 128))
    acknowledged = []

    def log(step: int) -> bool:
        body = {"run_id": run_id, "key": "m", "value": step, "timestamp": step, "step": step}
        try:
            answer = requests.post(f"{own_server.url}{MLFLOW}/runs/log-metric", json=body, timeout=1)
        except requests.RequestException:
            return False
        if answer.status_code == 200:
            acknowledged.append(step)
        return answer.status_code == 200

    assert log(0)
    with idle_connections(own_server, 400):
        for step in range(1, 4):
            log(step)
        assert own_server.process.poll() is None, own_server.log
    wait_until(lambda: log(10 + len(acknowledged)), 10, "the server to work again")
    # Files need descriptors as well.
    address = f"{own_server.url}/api/2.0/mlflow-artifacts/artifacts/scarce/file"
    assert requests.put(address, data=b"whole", timeout=10).status_code == 200
    assert requests.get(address, timeout=10).content == b"whole"
    assert set(acknowledged) <= {int(value) for value in history(own_server, run_id, "m")}
    assert own_server.stop() == 0, own_server.log
