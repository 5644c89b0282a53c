"""Connections as no good client makes them: malformed, slow, half-open, reset, and under way when the server stops."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import struct
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from martlet_process import Martlet

pytestmark = pytest.mark.alone

TARGETS = ["/predict", "/api/2.0/mlflow/experiments/search"]
FIELDS = "Host: 127.0.0.1\r\nContent-Type: application/json\r\n"


def connect(server: Martlet, timeout: float = 20) -> socket.socket:
    """An open connection."""
    return socket.create_connection(("127.0.0.1", server.port), timeout=timeout)


def answer(server: Martlet, sent: bytes) -> bytes:
    """All that comes back for some bytes until the server closes."""
    with connect(server) as client:
        client.sendall(sent)
        received = b""
        while chunk := client.recv(65536):
            received += chunk
        return received


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    "rest",
    [
        "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} ",
        "Content-Length: +2\r\n\r\n{}",
        "Content-Length: 99999999999999999999\r\n\r\n{}",
        "Transfer-Encoding: chunked\r\n\r\n-1\r\n{}\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n100000000000000000\r\n{}\r\n0\r\n\r\n",
        "Content-Length: 2\r\nX-Name: a\0b\r\n\r\n{}",
        "Host: 127.0.0.1\r\nContent-Length: 2\r\n\r\n{}",
        "Content-Length : 2\r\n\r\n{}",
    ],
)
def test_malformed_heads_are_refused_and_the_connection_ends(server: Martlet, target: str, rest: str) -> None:
    received = answer(server, f"POST {target} HTTP/1.1\r\n{FIELDS}{rest}".encode())
    assert received.startswith(b"HTTP/1.1 400"), received[:200]
    assert received.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: 127.0.0.1\r\n\r\n",
        b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n",
        b"GET http://example.com/ HTTP/1.1\r\nHost: example.com\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
    ],
)
def test_what_is_no_request_of_ours_is_refused(server: Martlet, sent: bytes) -> None:
    status = answer(server, sent)[:12]
    assert status in (b"HTTP/1.1 400", b"HTTP/1.1 405", b"HTTP/1.1 505")


def test_pipelined_requests_are_answered_in_order_whatever_lane_they_take(server: Martlet) -> None:
    bad = b"POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
    health = b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    last = b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    received = answer(server, bad + health + bad + last)
    statuses = [part[:3] for part in received.split(b"HTTP/1.1 ")[1:]]
    assert statuses[1] == statuses[3] == b"200"
    assert statuses[0] == statuses[2] != b"200"


def test_slow_clients_are_cut(server: Martlet) -> None:
    """A head that trickles, bodies that stand still in either lane, a chunked body: each within its time."""
    head = f"POST {{}} HTTP/1.1\r\n{FIELDS}Content-Length: 9\r\n\r\n{{{{}}}}"
    stalled = [head.format(target).encode() for target in TARGETS]
    stalled.append(f"POST /predict HTTP/1.1\r\n{FIELDS}Transfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n".encode())
    times: dict[str, float] = {}

    def trickle() -> None:
        with connect(server, 60) as client:
            started = time.monotonic()
            try:
                for byte in stalled[0][:60]:
                    client.send(bytes([byte]))
                    client.settimeout(1)
                    try:
                        if not client.recv(100):
                            break
                    except TimeoutError:
                        continue
            except OSError:
                pass
            times["head"] = time.monotonic() - started

    def stall(name: str, sent: bytes) -> None:
        with connect(server, 60) as client:
            started = time.monotonic()
            client.sendall(sent)
            try:
                while client.recv(65536):
                    pass
            except ConnectionError:
                pass
            times[name] = time.monotonic() - started

    threads = [threading.Thread(target=trickle)]
    threads += [threading.Thread(target=stall, args=(str(index), sent)) for index, sent in enumerate(stalled)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert times["head"] <= 30
    assert all(times[str(index)] <= 45 for index in range(len(stalled))), times


def test_five_hundred_half_open_connections_harm_nobody(server: Martlet) -> None:
    waiting = [connect(server) for _ in range(500)]
    try:
        for index, client in enumerate(waiting):
            if index % 2:
                client.send(b"POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        started = time.monotonic()
        assert server.get("/health").status_code == 200
        assert time.monotonic() - started < 2
    finally:
        for client in waiting:
            client.close()


def test_ten_thousand_resets_leave_no_descriptor_open(own_server: Martlet) -> None:
    folder = Path(f"/proc/{own_server.process.pid}/fd")
    before = len(list(folder.iterdir()))
    request = f"POST /predict HTTP/1.1\r\n{FIELDS}Content-Length: 2\r\n\r\n{{}}".encode()
    for _ in range(10_000):
        client = connect(own_server)
        client.send(request)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
    limit = time.monotonic() + 20
    while time.monotonic() < limit and len(list(folder.iterdir())) > before + 5:
        time.sleep(0.2)
    assert len(list(folder.iterdir())) <= before + 5
    assert own_server.get("/health").status_code == 200


@pytest.mark.parametrize("target", ["/health", "/predict"])
def test_no_request_is_lost_when_the_server_stops(new_server: Callable[..., Martlet], target: str) -> None:
    """Clients with open connections learn with an answer that the connection ends, and never find it cut."""
    server = new_server()
    failures: list[str] = []
    answered = [0] * 8
    announced = [False] * 8

    def drive(index: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        connection.connect()
        connection.auto_open = 0
        try:
            while True:
                method = "GET" if target == "/health" else "POST"
                body = None if method == "GET" else "{}"
                connection.request(method, target, body, {"Content-Type": "application/json"} if body else {})
                response = connection.getresponse()
                response.read()
                answered[index] += 1
                if response.getheader("Connection") == "close":
                    announced[index] = True
                    return
        except Exception as error:
            failures.append(repr(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=drive, args=(index,)) for index in range(len(answered))]
    for thread in threads:
        thread.start()
    time.sleep(1)
    os.kill(server.process.pid, signal.SIGTERM)
    for thread in threads:
        thread.join()
    assert not failures
    assert all(announced) and all(answered)
    assert server.process.wait(timeout=40) == 0
