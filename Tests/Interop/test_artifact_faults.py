"""Bad input to the artifact routes (reliability catalogue, section E) and a full disk."""

from __future__ import annotations

import base64
import hashlib
import io
import shlex
import subprocess
import threading
import zipfile
from pathlib import Path

import martlet_process
import pytest
import requests
from martlet_process import Martlet

pytest_plugins = ["mlflow_fixtures"]

TRAVERSALS = [
    "../../etc/passwd",
    "%2e%2e/%2e%2e/etc/passwd",
    "..%2f..%2fetc%2fpasswd",
    "%252e%252e/%252e%252e/etc/passwd",
    "%25252e%25252e%25252fetc",
    "a/../../../etc/passwd",
    "a/..%5c..%5cetc",
    "/etc/passwd",
    "%2Fetc%2Fpasswd",
    "file:///etc/passwd",
    "a%00b",
    "a%23b",
    "a/./b",
    "%ff%fe",
    ".martlet-incoming/x",
]


def _send(method: str, address: str, **options: object) -> requests.Response:
    """Sends the address as it is: the client would tidy dots and slashes away."""
    request = requests.Request(method, "http://placeholder/", **options).prepare()
    request.url = address
    return requests.Session().send(request, timeout=30)


@pytest.fixture
def proxy(server) -> str:
    """The address of the artifact proxy."""
    return f"{server.url}/api/2.0/mlflow-artifacts/artifacts"


@pytest.mark.parametrize("path", TRAVERSALS)
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_paths_that_leave_the_store(server, proxy: str, method: str, path: str):
    """E1, E3, E7."""
    answer = _send(method, f"{proxy}/{path}", data=b"x" if method == "PUT" else None)
    assert answer.status_code == 400
    if method != "HEAD":
        assert answer.json() == {"error_code": "INVALID_PARAMETER_VALUE", "message": "Invalid path"}
    assert not list(server.data.parent.rglob("passwd"))


@pytest.mark.parametrize("path", ["../", "..", "a/../../b", "/", "/etc", "%2e%2e/", "a%2523", "\\etc"])
def test_listings_that_leave_the_store(server, proxy: str, run, path: str):
    """E5, in each of the lists."""
    runs = f"{server.url}/api/2.0/mlflow/artifacts/list?run_id={run.info.run_id}"
    for address in [f"{proxy}?path={path}", f"{runs}&path={path}"]:
        answer = _send("GET", address)
        assert (answer.status_code, answer.json()["message"]) == (400, "Invalid path"), address


@pytest.mark.parametrize("path", ["../x", "%2e%2e%2fx", "/etc/passwd", "a/../../x"])
def test_downloads_that_leave_the_run(server, client, run, name: str, path: str):
    """E1 beside the proxy: runs, logged models, versions of models, and the upload of pages."""
    model = client.create_logged_model(run.info.experiment_id, name)
    client.create_registered_model(name)
    client.create_model_version(name, f"{run.info.artifact_uri}/model", run.info.run_id)
    for address in [
        f"/get-artifact?run_id={run.info.run_id}&path={path}",
        f"/get-artifact?run_uuid={run.info.run_id}&path={path}",
        f"/model-versions/get-artifact?name={name}&version=1&path={path}",
        f"/ajax-api/2.0/mlflow/logged-models/{model.model_id}/artifacts/files?artifact_file_path={path}",
    ]:
        answer = _send("GET", server.url + address)
        assert (answer.status_code, answer.json()["message"]) == (400, "Invalid path"), address
    upload = f"{server.url}/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run.info.run_id}&path={path}"
    assert _send("POST", upload, data=b"x").json()["message"] == "Invalid path"


def test_downloads_by_run_model_and_version(server, client, run, name: str):
    root = run.info.artifact_uri.removeprefix("mlflow-artifacts:/")
    put = f"{server.url}/api/2.0/mlflow-artifacts/artifacts/{root}/model/MLmodel"
    requests.put(put, data=b"flavors: {}", timeout=30).raise_for_status()
    client.create_registered_model(name)
    client.create_model_version(name, f"{run.info.artifact_uri}/model", run.info.run_id)
    for address in [
        f"/get-artifact?run_id={run.info.run_id}&path=model/MLmodel",
        f"/model-versions/get-artifact?name={name}&version=1&path=MLmodel",
        f"//model-versions/get-artifact?name={name}&version=1&path=MLmodel",
    ]:
        answer = requests.get(server.url + address, timeout=30)
        assert (answer.status_code, answer.content) == (200, b"flavors: {}"), address
        assert answer.headers["Content-Type"].startswith("text/plain")
        assert requests.head(server.url + address, timeout=30).headers["Content-Length"] == "11"
    for query in [f"name={name}&version=2&path=a", f"name={name}-no&version=1&path=a"]:
        assert server.get(f"/model-versions/get-artifact?{query}").status_code == 404
    for query in [f"name={name}&version=x&path=a", f"name={name}&version=1", "version=1&path=a"]:
        assert server.get(f"/model-versions/get-artifact?{query}").status_code == 400


def test_links_are_not_followed(server, proxy: str, name: str):
    """E4."""
    requests.put(f"{proxy}/{name}/file", data=b"x", timeout=30).raise_for_status()
    folder = server.data / "artifacts" / name
    (folder / "link").symlink_to("/etc/passwd")
    (folder / "up").symlink_to("..")
    for path in ["link", "up/file", f"up/{name}/file"]:
        answer = requests.get(f"{proxy}/{name}/{path}", timeout=30)
        assert answer.status_code == 400, path
        assert "root:" not in answer.text
    listing = requests.get(proxy, params={"path": name}, timeout=30).json()
    assert [file["path"] for file in listing["files"]] == ["file"]
    assert requests.put(f"{proxy}/{name}/up/new", data=b"x", timeout=30).status_code == 400


def test_misses_and_absurd_ranges(proxy: str, name: str):
    """E9."""
    missing = requests.get(f"{proxy}/{name}/none", timeout=30)
    assert missing.status_code == 404
    assert missing.json() == {
        "error_code": "RESOURCE_DOES_NOT_EXIST",
        "message": f"No such artifact: '{name}/none'",
    }
    assert requests.head(f"{proxy}/{name}/none", timeout=30).status_code == 404
    requests.put(f"{proxy}/{name}/ten", data=b"0123456789", timeout=30).raise_for_status()
    for text, status, content in [
        ("bytes=99-", 416, None),
        ("bytes=10-10", 416, None),
        (f"bytes={2**70}-", 416, None),
        ("bytes=-0", 416, None),
        (f"bytes=-{2**70}", 206, b"0123456789"),
        (f"bytes=9-{2**70}", 206, b"9"),
        ("bytes=-2", 206, b"89"),
        ("bytes=5-2", 200, b"0123456789"),
        ("bytes=0-1,4-5", 200, b"0123456789"),
        ("bytes=a-b", 200, b"0123456789"),
        ("lines=1-2", 200, b"0123456789"),
    ]:
        answer = requests.get(f"{proxy}/{name}/ten", headers={"Range": text}, timeout=30)
        assert answer.status_code == status, text
        if content is None:
            assert answer.headers["Content-Range"] == "bytes */10"
        else:
            assert answer.content == content, text
    tag = requests.head(f"{proxy}/{name}/ten", timeout=30).headers["ETag"]
    for condition, status in [(tag, 206), ('"other"', 200)]:
        headers = {"Range": "bytes=1-1", "If-Range": condition}
        assert requests.get(f"{proxy}/{name}/ten", headers=headers, timeout=30).status_code == status


def test_conditions(proxy: str, name: str):
    address = f"{proxy}/{name}/file"
    requests.put(address, data=b"one", timeout=30).raise_for_status()
    first = requests.get(address, timeout=30).headers
    for headers in [
        {"If-None-Match": first["ETag"]},
        {"If-None-Match": f'"x", W/{first["ETag"]}'},
        {"If-None-Match": "*"},
        {"If-Modified-Since": first["Last-Modified"]},
    ]:
        answer = requests.get(address, headers=headers, timeout=30)
        assert (answer.status_code, answer.content, answer.headers["ETag"]) == (304, b"", first["ETag"])
    requests.put(address, data=b"two", timeout=30).raise_for_status()
    assert requests.get(address, headers={"If-None-Match": first["ETag"]}, timeout=30).content == b"two"


def test_wrong_checksum(proxy: str, name: str):
    """E10."""

    def digest(content: bytes) -> dict[str, str]:
        return {"Content-Digest": f"sha-256=:{base64.b64encode(hashlib.sha256(content).digest()).decode()}:"}

    address = f"{proxy}/{name}/file"
    assert requests.put(address, data=b"data", headers=digest(b"other"), timeout=30).status_code == 400
    assert requests.put(address, data=b"data", headers={"Content-Digest": "sha-256=:x:"}, timeout=30).status_code == 400
    assert requests.get(address, timeout=30).status_code == 404
    assert requests.put(address, data=b"data", headers=digest(b"data"), timeout=30).status_code == 200


def test_archives_stay_files(server, proxy: str, name: str):
    """E11: nothing is ever unpacked."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("../../escaped", "x")
    requests.put(f"{proxy}/{name}/evil.zip", data=buffer.getvalue(), timeout=30).raise_for_status()
    assert requests.get(f"{proxy}/{name}/evil.zip", timeout=30).content == buffer.getvalue()
    assert not list(server.data.parent.rglob("escaped"))


def test_names_that_no_file_can_have(proxy: str, name: str):
    """E12."""
    requests.put(f"{proxy}/{name}/d/file", data=b"x", timeout=30).raise_for_status()
    for path in ["d", "d/file/child", "n" * 300, "/".join("n" * 40)]:
        answer = requests.put(f"{proxy}/{name}/{path}", data=b"y", timeout=30)
        assert answer.status_code == 400, path
        assert answer.json()["error_code"] == "INVALID_PARAMETER_VALUE"
    directory = requests.get(f"{proxy}/{name}/d", timeout=30)
    assert directory.status_code == 400
    assert directory.json()["detail"].startswith("Artifact path refers to a directory")
    assert _send("PUT", f"{proxy}/{name}/d/", data=b"y").status_code == 400
    assert requests.get(f"{proxy}/{name}/d/file", timeout=30).content == b"x"
    assert requests.delete(f"{proxy}/{name}/none", timeout=30).json() == {}
    assert _send("DELETE", f"{proxy}/").status_code in (400, 404, 405)


def test_racing_uploads_and_readers(proxy: str, name: str):
    """E14."""
    address = f"{proxy}/{name}/race"
    bodies = [bytes([index]) * 700_000 for index in range(8)]
    requests.put(address, data=bodies[0], timeout=30)
    seen: list[bytes] = []
    threads = [
        threading.Thread(target=lambda body=body: requests.put(address, data=body, timeout=60)) for body in bodies
    ]
    threads += [
        threading.Thread(target=lambda: seen.append(requests.get(address, timeout=60).content)) for _ in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert requests.get(address, timeout=30).content in bodies
    assert len(seen) == 16
    assert all(content in bodies for content in seen)


@pytest.mark.parametrize("file", ["page.html", "picture.svg", "script.js", "data.xml", "model.bin", "note.txt"])
def test_active_content_is_not_run(proxy: str, name: str, file: str):
    """E15."""
    requests.put(f"{proxy}/{name}/{file}", data=b"<script>alert(1)</script>", timeout=30).raise_for_status()
    headers = requests.get(f"{proxy}/{name}/{file}", headers={"Accept": "text/html"}, timeout=30).headers
    assert headers["Content-Disposition"].startswith("attachment")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in headers["Content-Security-Policy"]
    if file in ("script.js", "data.xml", "note.txt"):
        assert headers["Content-Type"].startswith("text/plain")


def test_uploads_of_pages(server, run):
    address = f"{server.url}/ajax-api/2.0/mlflow/upload-artifact"
    mine = {"run_uuid": run.info.run_id, "path": "dir/small.txt"}
    for parameters, body, text in [
        ({}, b"x", "Request must specify run_uuid."),
        ({"run_uuid": run.info.run_id}, b"x", "Request must specify path."),
        (mine, b"", "Request must specify data."),
        (mine, b"x" * (10 * 1024 * 1024 + 1), "Artifact size is too large. Max size is 10MB."),
    ]:
        answer = requests.post(address, params=parameters, data=body, timeout=30)
        assert (answer.status_code, answer.json()["message"]) == (400, text)
    for size in [1, 10 * 1024 * 1024]:
        assert requests.post(address, params=mine, data=b"x" * size, timeout=30).status_code == 200
        stored = server.get(f"/get-artifact?run_id={run.info.run_id}&path=dir/small.txt")
        assert len(stored.content) == size


@pytest.mark.parametrize("step", ["mpu/create", "mpu/complete", "mpu/abort", "presigned"])
def test_a_folder_has_no_direct_transfers(server, step: str):
    method = "GET" if step == "presigned" else "POST"
    body = None if step == "presigned" else {"path": "f", "num_parts": 1, "upload_id": "u", "parts": []}
    answer = requests.request(method, f"{server.url}/api/2.0/mlflow-artifacts/{step}/a/b", json=body, timeout=30)
    what = "download" if step == "presigned" else "upload"
    assert answer.status_code == 501
    assert answer.json() == {
        "error_code": "NOT_IMPLEMENTED",
        "message": f"Multipart {what} is not supported for the current artifact repository",
    }


@pytest.fixture
def small_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Martlet:
    """A server whose artifacts lie on a disk of 8 MiB that only it sees."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = f"mount -t tmpfs -o size=8m none {shlex.quote(str(folder))}"
    unshare = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
    if subprocess.run([*unshare, mount], capture_output=True, check=False).returncode != 0:
        pytest.skip("this system gives processes no mounts of their own")
    script = tmp_path / "martlet"
    real = martlet_process.binary()
    script.write_text(f'#!/bin/sh\nexec {shlex.join(unshare)} \'{mount} && exec "$0" "$@"\' {real} "$@"\n')
    script.chmod(0o755)
    monkeypatch.setattr(martlet_process, "binary", lambda: script)
    server = Martlet(tmp_path, "--artifacts", str(folder)).start()
    yield server
    server.kill()


def test_a_full_disk_is_said_and_left(small_disk: Martlet):
    """E, L3: 507 that clients do not repeat, nothing half stored, reading goes on, room helps at once."""
    proxy = f"{small_disk.url}/api/2.0/mlflow-artifacts/artifacts"
    requests.put(f"{proxy}/first", data=b"x" * (5 << 20), timeout=30).raise_for_status()
    for _ in range(3):
        full = requests.put(f"{proxy}/second", data=b"y" * (5 << 20), timeout=30)
        assert (full.status_code, full.json()["error_code"]) == (507, "RESOURCE_EXHAUSTED")
        assert "No space left" in full.json()["message"]
        assert "Retry-After" not in full.headers
    assert requests.get(f"{proxy}/second", timeout=30).status_code == 404
    assert len(requests.get(f"{proxy}/first", timeout=30).content) == 5 << 20
    requests.delete(f"{proxy}/first", timeout=30).raise_for_status()
    requests.put(f"{proxy}/second", data=b"y" * (5 << 20), timeout=30).raise_for_status()
