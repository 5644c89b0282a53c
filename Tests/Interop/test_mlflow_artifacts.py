"""Artifacts over HTTP: paths that leave the store, ranges, uploads that are cut, race or are large."""

from __future__ import annotations

import socket
import threading

import pytest
import requests

pytest_plugins = ["mlflow_fixtures"]


@pytest.mark.parametrize(
    "path",
    ["../../etc/passwd", "%2e%2e/%2e%2e/etc/passwd", "/etc/passwd", "a/%252e%252e/b", "a%5cb", "a//b", "file:///etc"],
)
def test_paths_that_leave_the_store_are_refused(server, path: str):
    address = f"{server.url}/api/2.0/mlflow-artifacts/artifacts/{path}"
    for method in ["GET", "PUT", "DELETE"]:
        request = requests.Request(method, address, data=b"x" if method == "PUT" else None).prepare()
        request.url = address
        answer = requests.Session().send(request, timeout=30)
        assert answer.status_code == 400, (method, answer.text)
        assert answer.json()["error_code"] == "INVALID_PARAMETER_VALUE"


def test_download_headers_ranges_and_misses(server, name: str):
    address = f"{server.url}/api/2.0/mlflow-artifacts/artifacts/{name}/page ü.html"
    assert requests.put(address, data=b"0123456789", timeout=30).text == ""
    answer = requests.get(address, timeout=30)
    assert answer.content == b"0123456789"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    assert "filename*=UTF-8''page%20%C3%BC.html" in answer.headers["Content-Disposition"]
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    part = requests.get(address, headers={"Range": "bytes=2-4"}, timeout=30)
    assert (part.status_code, part.content) == (206, b"234")
    assert requests.get(address, headers={"Range": "bytes=99-"}, timeout=30).status_code == 416
    missing = requests.get(address + ".none", timeout=30)
    assert (missing.status_code, missing.json()["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
    folder = f"{server.url}/api/2.0/mlflow-artifacts/artifacts"
    listing = requests.get(folder, params={"path": name}, timeout=30).json()
    assert listing == {"files": [{"path": "page ü.html", "is_dir": False, "file_size": 10}]}
    assert requests.get(folder, params={"path": "../"}, timeout=30).status_code == 400
    assert requests.put(f"{address}/child", data=b"x", timeout=30).status_code == 400
    assert requests.delete(f"{folder}/{name}", timeout=30).status_code == 200
    assert requests.get(folder, params={"path": name}, timeout=30).json() == {}


def test_cut_uploads_leave_nothing(server, name: str):
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        head = f"PUT /api/2.0/mlflow-artifacts/artifacts/{name}/cut HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
        connection.sendall(head.encode() + b"Content-Length: 100\r\n\r\n" + b"half")
        connection.shutdown(socket.SHUT_WR)
        connection.recv(4096)
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(head.encode() + b"Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")
        connection.shutdown(socket.SHUT_WR)
        connection.recv(4096)
    folder = f"{server.url}/api/2.0/mlflow-artifacts/artifacts"
    assert requests.get(folder, params={"path": name}, timeout=30).json() == {}


def test_racing_uploads_leave_one_whole(server, name: str):
    address = f"{server.url}/api/2.0/mlflow-artifacts/artifacts/{name}/race"
    bodies = [bytes([index]) * 300_000 for index in range(8)]
    requests.put(address, data=bodies[0], timeout=30)
    seen = []

    def put(body: bytes):
        requests.put(address, data=body, timeout=30).raise_for_status()

    def get():
        seen.append(requests.get(address, timeout=30).content)

    threads = [threading.Thread(target=put, args=(body,)) for body in bodies]
    threads += [threading.Thread(target=get) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert requests.get(address, timeout=30).content in bodies
    assert all(content in bodies for content in seen)


def test_large_files_are_streamed(server, name: str):
    """64 MB go through without the server holding them."""
    address = f"{server.url}/api/2.0/mlflow-artifacts/artifacts/{name}/large.bin"
    block = bytes(range(256)) * 4096
    requests.put(address, data=(block for _ in range(64)), timeout=120).raise_for_status()
    with requests.get(address, stream=True, timeout=120) as answer:
        total = sum(len(chunk) for chunk in answer.iter_content(1 << 20))
    assert total == 64 * len(block)
    assert requests.get(address, headers={"Range": "bytes=-256"}, timeout=30).content == block[-256:]


def test_a_server_killed_during_an_upload_keeps_the_old_file(own_server):
    folder = f"{own_server.url}/api/2.0/mlflow-artifacts/artifacts"
    requests.put(f"{folder}/kept/file", data=b"old", timeout=30).raise_for_status()
    started = threading.Event()

    def halves():
        yield b"new" * 1_000_000
        started.set()
        stopped.wait(30)
        yield b"end"

    def upload():
        with pytest.raises(requests.RequestException):
            requests.put(f"{folder}/kept/file", data=halves(), timeout=30)

    stopped = threading.Event()
    uploader = threading.Thread(target=upload)
    uploader.start()
    assert started.wait(30)
    own_server.kill()
    stopped.set()
    uploader.join()
    own_server.start()
    assert requests.get(f"{folder}/kept/file", timeout=30).content == b"old"
    listing = requests.get(folder, timeout=30).json()
    assert listing == {"files": [{"path": "kept", "is_dir": True}]}
    incoming = next(own_server.data.rglob(".martlet-incoming"))
    assert list(incoming.iterdir()) == []
