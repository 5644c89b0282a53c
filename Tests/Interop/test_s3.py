"""Artifacts in a bucket: the MLflow client end to end, and a store that is slow, cut, overloaded or wrongly set up."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import mlflow
import mlflow.sklearn
import numpy as np
import pytest
import requests
import s3_servers
from martlet_process import Martlet, command, wait_until
from mlflow import MlflowClient
from s3_servers import BLOCK, BUCKET, FaultProxy, Moto, Sink

MIB = 1 << 20
# The whole of the promise is 5 GiB; that many are sent when asked for, fewer in everyday runs.
LARGE_BYTES = int(float(os.environ.get("MARTLET_LARGE_GIB", "0.5")) * 1024) * MIB
LARGE_RSS_MIB = 150


@pytest.fixture(scope="module")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moto]:
    """A bucket server for the tests of this file."""
    server = Moto(tmp_path_factory.mktemp("moto"))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def module_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Martlet]]:
    """Makes servers over a bucket: `module_servers(address)`."""
    made: list[Martlet] = []

    def make(url: str, location: str = f"s3://{BUCKET}/artifacts") -> Martlet:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in s3_servers.environment(url).items():
                patch.setenv(name, value)
            made.append(Martlet(tmp_path_factory.mktemp("bucket"), "--artifacts", location).start())
        return made[-1]

    yield make
    for martlet in made:
        martlet.kill()


@pytest.fixture(scope="module")
def server(moto: Moto, module_servers) -> Martlet:
    """A Martlet over the bucket."""
    return module_servers(moto.url)


@pytest.fixture
def folder(server: Martlet, request: pytest.FixtureRequest) -> str:
    """The address of an empty folder of the proxy."""
    return f"{server.url}/api/2.0/mlflow-artifacts/artifacts/{request.node.name.replace('[', '-').strip(']')}"


@pytest.fixture
def client(server: Martlet) -> Iterator[MlflowClient]:
    """An MLflow client of the server."""
    mlflow.set_tracking_uri(server.url)
    mlflow.set_registry_uri(server.url)
    yield MlflowClient(server.url)
    while mlflow.active_run():
        mlflow.end_run()


def peak_rss_mib(server: Martlet) -> float:
    """The most memory that the server's process ever had."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


def test_artifacts_and_models_through_the_client(client: MlflowClient, tmp_path: Path):
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "note ü.txt").write_text("hello")
    (tmp_path / "in" / "deep" / "big.bin").write_bytes(os.urandom(9 * MIB))
    mlflow.set_experiment("bucket")
    with mlflow.start_run() as run:
        mlflow.log_artifacts(str(tmp_path / "in"), "files")
        mlflow.log_dict({"a": [1]}, "config.json")
        mlflow.log_image(np.zeros((4, 4, 3), dtype=np.uint8), "image.png")
        from sklearn.linear_model import LinearRegression

        model = LinearRegression().fit([[0.0], [1.0]], [1.0, 3.0])
        info = mlflow.sklearn.log_model(model, name="line", registered_model_name="bucket-line")
    run_id = run.info.run_id
    assert run.info.artifact_uri.startswith("mlflow-artifacts:/")
    assert [(f.path, f.is_dir) for f in client.list_artifacts(run_id, "files")] == [
        ("files/deep", True),
        ("files/note ü.txt", False),
    ]
    copy = Path(client.download_artifacts(run_id, "files", str(tmp_path)))
    for name in ["note ü.txt", "deep/big.bin"]:
        assert (copy / name).read_bytes() == (tmp_path / "in" / name).read_bytes()
    assert mlflow.artifacts.load_dict(f"runs:/{run_id}/config.json") == {"a": [1]}
    assert mlflow.sklearn.load_model(info.model_uri).predict([[2.0]])[0] == pytest.approx(5)
    loaded = mlflow.pyfunc.load_model("models:/bucket-line/1")
    assert loaded.predict(np.array([[3.0]]))[0] == pytest.approx(7)


def test_objects_lie_under_the_prefix_and_are_whole(moto: Moto, folder: str, request):
    content = os.urandom(20 * MIB + 5)
    requests.put(f"{folder}/two parts+é&.bin", data=content, timeout=60).raise_for_status()
    key = f"artifacts/{request.node.name}/two parts+é&.bin"
    stored = s3_servers.client(moto.url).get_object(Bucket=BUCKET, Key=key)
    assert stored["Body"].read() == content
    assert stored["ETag"].strip('"').endswith("-3")
    assert s3_servers.client(moto.url).list_multipart_uploads(Bucket=BUCKET).get("Uploads", []) == []


def test_headers_ranges_conditions_and_misses(folder: str):
    address = f"{folder}/page ü.html"
    assert requests.put(address, data=b"0123456789", timeout=30).text == ""
    answer = requests.get(address, timeout=30)
    assert answer.content == b"0123456789"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Last-Modified"].endswith("GMT")
    head = requests.head(address, timeout=30)
    assert (head.status_code, head.headers["Content-Length"], head.content) == (200, "10", b"")
    tag = answer.headers["ETag"]
    assert head.headers["ETag"] == tag
    assert requests.get(address, headers={"If-None-Match": tag}, timeout=30).status_code == 304
    for text, expected in [("bytes=2-4", b"234"), ("bytes=-3", b"789"), ("bytes=8-", b"89"), ("bytes=0-99", None)]:
        part = requests.get(address, headers={"Range": text}, timeout=30)
        assert (part.status_code, part.content) == (206, expected or b"0123456789")
    past = requests.get(address, headers={"Range": "bytes=99-"}, timeout=30)
    assert (past.status_code, past.headers["Content-Range"]) == (416, "bytes */10")
    missing = requests.get(f"{folder}/none", timeout=30)
    assert (missing.status_code, missing.json()["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
    assert requests.put(f"{address}/child", data=b"x", timeout=30).status_code == 400
    assert requests.put(folder, data=b"x", timeout=30).status_code == 400
    assert requests.get(folder, timeout=30).status_code == 400
    assert requests.delete(folder, timeout=30).json() == {}
    assert requests.get(address, timeout=30).status_code == 404


def test_direct_uploads_and_downloads(server: Martlet, client: MlflowClient, tmp_path: Path, monkeypatch):
    info = requests.get(f"{server.url}/api/3.0/mlflow/server-info", timeout=30).json()
    assert info["multipart_uploads_enabled"] is True
    assert info["multipart_downloads_enabled"] is True
    monkeypatch.setenv("MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD", "true")
    monkeypatch.setenv("MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD", "true")
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE", str(6 * MIB))
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE", str(5 * MIB))
    monkeypatch.setenv("MLFLOW_MULTIPART_DOWNLOAD_MINIMUM_FILE_SIZE", str(6 * MIB))
    monkeypatch.setenv("MLFLOW_MULTIPART_DOWNLOAD_CHUNK_SIZE", str(5 * MIB))
    file = tmp_path / "direct.bin"
    file.write_bytes(os.urandom(12 * MIB))
    run = client.create_run(client.create_experiment("direct"))
    client.log_artifact(run.info.run_id, str(file), "parts")
    copy = Path(client.download_artifacts(run.info.run_id, "parts/direct.bin", str(tmp_path / "copy")))
    assert copy.read_bytes() == file.read_bytes()
    root = run.info.artifact_uri.removeprefix("mlflow-artifacts:/")
    proxy = f"{server.url}/api/2.0/mlflow-artifacts"
    signed = requests.get(f"{proxy}/presigned/{root}/parts/direct.bin", timeout=30).json()
    assert signed["file_size"] == 12 * MIB
    assert requests.get(signed["url"], timeout=30).content == file.read_bytes()
    assert requests.get(f"{proxy}/presigned/{root}/none", timeout=30).status_code == 404


def test_an_upload_by_the_client_can_be_given_up(server: Martlet, moto: Moto):
    proxy = f"{server.url}/api/2.0/mlflow-artifacts/mpu"
    body = {"path": "/home/me/model.bin", "num_parts": 2}
    upload = requests.post(f"{proxy}/create/given/up", json=body, timeout=30).json()
    assert [part["part_number"] for part in upload["credentials"]] == [1, 2]
    assert requests.put(upload["credentials"][0]["url"], data=b"x", timeout=30).status_code == 200
    finish = {"path": "model.bin", "upload_id": upload["upload_id"]}
    assert requests.post(f"{proxy}/abort/given/up", json=finish, timeout=30).json() == {}
    assert s3_servers.client(moto.url).list_multipart_uploads(Bucket=BUCKET).get("Uploads", []) == []
    for wrong in [{}, finish, finish | {"parts": []}, finish | {"parts": [{"part_number": "x", "etag": "y"}]}]:
        assert requests.post(f"{proxy}/complete/given/up", json=wrong, timeout=30).status_code == 400
    for number in [0, -1, 10_001, "many"]:
        answer = requests.post(f"{proxy}/create/given/up", json={"path": "f", "num_parts": number}, timeout=30)
        assert answer.status_code == 400, number
    assert requests.post(f"{proxy}/create/a/..%2f..", json=body, timeout=30).json()["message"] == "Invalid path"


def test_cut_uploads_leave_nothing(moto: Moto, folder: str):
    def halves():
        yield os.urandom(20 * MIB)
        raise ConnectionError("the client dies")

    with pytest.raises((ConnectionError, requests.RequestException)):
        requests.put(f"{folder}/cut", data=halves(), timeout=30)
    bucket = s3_servers.client(moto.url)
    wait_until(lambda: not bucket.list_multipart_uploads(Bucket=BUCKET).get("Uploads"), what="the upload's end")
    assert requests.get(f"{folder}/cut", timeout=30).status_code == 404


def test_racing_uploads_leave_one_whole(folder: str):
    bodies = [bytes([index]) * 300_000 for index in range(8)]
    address = f"{folder}/race"
    requests.put(address, data=bodies[0], timeout=30).raise_for_status()
    seen: list[bytes] = []

    def put(body: bytes):
        requests.put(address, data=body, timeout=60).raise_for_status()

    def get():
        seen.append(requests.get(address, timeout=60).content)

    threads = [threading.Thread(target=put, args=(body,)) for body in bodies]
    threads += [threading.Thread(target=get) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert requests.get(address, timeout=30).content in bodies
    assert len(seen) == 8
    assert all(content in bodies for content in seen)


def test_no_client_notices_a_store_in_trouble(moto: Moto, module_servers):
    """Of all requests 5 % are answered SlowDown, and as many again are cut, dropped or held up."""
    proxy = FaultProxy(moto, {"slow down": 0.05, "reset": 0.02, "truncate": 0.02, "stall": 0.01})
    try:
        folder = f"{module_servers(proxy.url).url}/api/2.0/mlflow-artifacts/artifacts/trouble"
        errors: list[object] = []

        def work(worker: int):
            for number in range(12):
                content = os.urandom(17 * MIB if number == 5 else 40_000)
                address = f"{folder}/{worker}/{number}"
                put = requests.put(address, data=content, timeout=120)
                get = requests.get(address, timeout=120)
                if put.status_code != 200 or get.content != content:
                    errors.append((address, put.text, get.status_code, len(get.content)))
            names = requests.get(f"{folder.rsplit('/', 1)[0]}", params={"path": f"trouble/{worker}"}, timeout=60)
            if len(names.json().get("files", [])) != 12:
                errors.append(names.text)
            deleted = requests.delete(f"{folder}/{worker}", timeout=60)
            if deleted.status_code != 200:
                errors.append(deleted.text)

        threads = [threading.Thread(target=work, args=(worker,)) for worker in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert errors == []
        assert proxy.counts["slow down"] > 10
        assert {"reset", "truncate", "stall"} <= set(proxy.counts)
    finally:
        proxy.stop()


@pytest.mark.parametrize(
    ("url", "location", "text"),
    [
        ("moto", "s3://no-such-bucket-here", "does not exist"),
        ("nobody", f"s3://{BUCKET}", "cannot be reached"),
    ],
)
def test_a_store_that_cannot_be_used_is_explained(moto: Moto, module_servers, url: str, location: str, text: str):
    server = module_servers(moto.url if url == "moto" else "http://127.0.0.1:9", location)
    for method in ["PUT", "GET", "DELETE"]:
        answer = requests.request(method, f"{server.url}/api/2.0/mlflow-artifacts/artifacts/a/b", data=b"x", timeout=90)
        assert answer.status_code in (400, 503)
        assert text in answer.json()["message"]
        assert s3_servers.SECRET_KEY not in answer.text
        assert "127.0.0.1" not in answer.text
    assert s3_servers.SECRET_KEY not in server.log


def test_doctor_looks_at_the_bucket(moto: Moto, tmp_path: Path):
    variables = s3_servers.environment(moto.url)
    good = command("doctor", "--artifacts", f"s3://{BUCKET}/p", "--port", "0", cwd=tmp_path, **variables)
    assert f"s3://{BUCKET}/p can be written, read and deleted from" in good.stdout
    bad = command("doctor", "--artifacts", "s3://not-there-at-all", "--port", "0", cwd=tmp_path, **variables)
    assert bad.returncode == 1
    assert "does not exist" in bad.stdout


def _send(address: str, size: int) -> str:
    digest = hashlib.sha256()

    def blocks():
        for _ in range(size // len(BLOCK)):
            digest.update(BLOCK)
            yield BLOCK

    requests.put(address, data=blocks(), timeout=1800).raise_for_status()
    return digest.hexdigest()


def _fetch(address: str) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    with requests.get(address, stream=True, timeout=1800) as answer:
        answer.raise_for_status()
        for chunk in answer.iter_content(MIB):
            digest.update(chunk)
            size += len(chunk)
    return size, digest.hexdigest()


def test_large_artifacts_pass_through_a_small_server(module_servers, new_server):
    """Both stores: the server's memory does not grow with the artifact."""
    sink = Sink(LARGE_BYTES)
    try:
        for server in [module_servers(sink.url), new_server()]:
            address = f"{server.url}/api/2.0/mlflow-artifacts/artifacts/large/file.bin"
            sent = _send(address, LARGE_BYTES)
            assert _fetch(address) == (LARGE_BYTES, sent)
            peak = peak_rss_mib(server)
            print(f"{LARGE_BYTES // MIB} MiB up and down: peak {peak:.0f} MiB")
            assert peak < LARGE_RSS_MIB
        assert sum(size for size, _ in sink.parts.values()) == LARGE_BYTES
        assert requests.delete(address, timeout=60).status_code == 200
    finally:
        sink.stop()
