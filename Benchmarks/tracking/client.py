"""A load generator over raw sockets: a process and a keep-alive connection each, the next request after the answer."""

from __future__ import annotations

import json
import multiprocessing
import socket
import time
from array import array
from collections.abc import Callable, Iterable
from multiprocessing.connection import Connection as Pipe
from multiprocessing.synchronize import Barrier

API = "/api/2.0/mlflow"
TIMEOUT_SECONDS = 120
RECEIVE_BYTES = 1 << 18

#: Makes the n-th request of a worker, given the worker's number and n.
RequestMaker = Callable[[int, int], bytes]


class RequestFailedError(Exception):
    """An answer that is not 200."""


class HTTPConnection:
    """One keep-alive connection that speaks as much HTTP/1.1 as the servers here answer."""

    def __init__(self, port: int) -> None:
        """Connects to a server on the loopback interface."""
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.rest = b""

    def send(self, request: bytes) -> bytes:
        """Sends one request and returns the body of its answer."""
        self.socket.sendall(request)
        data = self.rest
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += self._receive()
        head, data = data[:end].lower(), data[end + 4 :]
        if b"transfer-encoding: chunked" in head:
            body = self._chunks(data)
        else:
            length = int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
            parts, have = [data], len(data)
            while have < length:
                parts.append(self._receive())
                have += len(parts[-1])
            data = b"".join(parts)
            body, self.rest = data[:length], data[length:]
        if head[9:12] != b"200":
            raise RequestFailedError(f"{head[:60].decode()}… {body[:300].decode(errors='replace')}")
        return body

    def _receive(self) -> bytes:
        part = self.socket.recv(RECEIVE_BYTES)
        if not part:
            raise RequestFailedError("the server closed the connection")
        return part

    def _chunks(self, data: bytes) -> bytes:
        body = b""
        while True:
            while b"\r\n" not in data:
                data += self._receive()
            line, data = data.split(b"\r\n", 1)
            size = int(line.split(b";")[0], 16)
            while len(data) < size + 2:
                data += self._receive()
            body, data = body + data[:size], data[size + 2 :]
            if size == 0:
                self.rest = data
                return body

    def json(self, method: str, path: str, fields: dict | None = None) -> dict:
        """One request of the REST API with its answer decoded."""
        return json.loads(self.send(post(path, fields) if method == "POST" else get(path)))


def post(path: str, fields: dict | None) -> bytes:
    """A POST with a JSON body, head and body in one piece."""
    return post_bytes(path, json.dumps(fields or {}).encode())


def post_bytes(path: str, body: bytes) -> bytes:
    """A POST with a body that is JSON already."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    )
    return head.encode() + b"\r\n" + body


def get(path: str) -> bytes:
    """A GET."""
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


def _loop(port: int, make: RequestMaker, worker: int, seconds: float, least: int, gate: Barrier, pipe: Pipe) -> None:
    latencies = array("d")
    clock = time.perf_counter
    try:
        connection = HTTPConnection(port)
        gate.wait(TIMEOUT_SECONDS)
        started = now = clock()
        while now - started < seconds or len(latencies) < least:
            request = make(worker, len(latencies))
            before = clock()
            connection.send(request)
            now = clock()
            latencies.append(now - before)
        pipe.send((latencies.tobytes(), started, now, None))
    except (OSError, RequestFailedError) as error:
        gate.abort()
        pipe.send((b"", 0.0, 0.0, str(error)))


def run(port: int, make: RequestMaker, connections: int, seconds: float, cpu: Callable[[], float], least: int) -> dict:
    """Loads a server for some seconds and at least some requests, and says what that took; any failure ends it."""
    context = multiprocessing.get_context("fork")
    gate, pipes, workers = context.Barrier(connections + 1), [], []
    for number in range(connections):
        reader, writer = context.Pipe(duplex=False)
        worker = context.Process(target=_loop, args=(port, make, number, seconds, least, gate, writer), daemon=True)
        worker.start()
        pipes.append(reader)
        workers.append(worker)
    used = cpu()
    gate.wait(TIMEOUT_SECONDS)
    results = [pipe.recv() for pipe in pipes]
    used = cpu() - used
    for worker in workers:
        worker.join(TIMEOUT_SECONDS)
    if failures := [result[3] for result in results if result[3]]:
        raise SystemExit(f"a request failed: {failures[0]}")
    latencies = array("d")
    for result in results:
        latencies.frombytes(result[0])
    wall = max(result[2] for result in results) - min(result[1] for result in results)
    ordered = sorted(latencies)
    return {
        "connections": connections,
        "requests": len(ordered),
        "requests_per_second": len(ordered) / wall,
        "p50_ms": ordered[len(ordered) // 2] * 1e3,
        "p99_ms": ordered[int(len(ordered) * 0.99)] * 1e3,
        "cpu_ms": used * 1e3 / len(ordered),
    }


def spread(port: int, tasks: Iterable[int], work: Callable[[HTTPConnection, int], None], connections: int) -> None:
    """Does numbered pieces of work over several connections, for loading data; any failure ends it."""
    numbers = list(tasks)

    def part(worker: int, pipe: Pipe) -> None:
        try:
            connection = HTTPConnection(port)
            for number in numbers[worker::connections]:
                work(connection, number)
            pipe.send(None)
        except (OSError, RequestFailedError) as error:
            pipe.send(str(error))

    context = multiprocessing.get_context("fork")
    pipes = []
    for worker in range(connections):
        reader, writer = context.Pipe(duplex=False)
        context.Process(target=part, args=(worker, writer), daemon=True).start()
        pipes.append(reader)
    if failures := [failure for pipe in pipes if (failure := pipe.recv())]:
        raise SystemExit(f"loading data failed: {failures[0]}")
