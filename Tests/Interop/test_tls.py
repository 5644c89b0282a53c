"""TLS: official clients with the usual settings, certificates that change while the server runs, bad handshakes."""

from __future__ import annotations

import base64
import contextlib
import http.client
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import grpc
import mlflow
import numpy as np
import pytest
import requests
import tritonclient.grpc as triton_grpc
import tritonclient.http as triton_http
from accounts import PASSWORD, Accounts
from gevent import ssl as gevent_ssl
from martlet_process import command, free_port, wait_until
from secure_server import Authority, SecureMartlet
from test_serving import Deployed
from tritonclient.grpc import service_pb2, service_pb2_grpc
from tritonclient.utils import InferenceServerException


@dataclass
class Secure:
    """A server with TLS and accounts, a model that it serves, and the port of gRPC."""

    server: SecureMartlet
    authority: Authority
    accounts: Accounts
    deployed: Deployed
    grpc_port: int

    @property
    def token(self) -> str:
        """The token of the administrator."""
        return self.accounts.administrator

    @property
    def bearer(self) -> dict[str, str]:
        """The token as a header."""
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def rows(self) -> np.ndarray:
        """The rows that the model knows."""
        return self.deployed.rows.values.astype(np.float32)


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secure]:
    """One server for the tests of this file that do not change its certificate."""
    folder = tmp_path_factory.mktemp("tls")
    authority = Authority(folder)
    authority.issue("localhost", "models.example")
    port = free_port()
    server = SecureMartlet(folder, "--auth", "required", "--grpc-port", str(port), *authority.arguments)
    with authority.trusted():
        server.start()
        accounts = Accounts(server)
        server.token = accounts.administrator
        with authority.trusted(MLFLOW_TRACKING_TOKEN=accounts.administrator):
            deployed = Deployed(server)
        yield Secure(server, authority, accounts, deployed, port)
        assert server.stop() == 0, server.log


def curl(secure: Secure, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs curl with the authority."""
    return subprocess.run(
        ["curl", "--silent", "--cacert", str(secure.authority.root), *arguments],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_mlflow_with_a_certificate_of_its_own_and_a_token(secure: Secure) -> None:
    with secure.authority.trusted(MLFLOW_TRACKING_TOKEN=secure.token):
        mlflow.set_tracking_uri(secure.server.url)
        mlflow.set_experiment("over tls")
        with mlflow.start_run() as run:
            mlflow.log_metric("accuracy", 0.9)
            mlflow.log_text("hello", "notes.txt")
        assert mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/notes.txt") == "hello"


def test_curl(secure: Secure) -> None:
    url = f"{secure.server.url}/api/martlet/v1/whoami"
    assert curl(secure, "--fail", "-H", f"Authorization: Bearer {secure.token}", url).returncode == 0
    assert curl(secure, "--fail", "-u", f"anything:{secure.token}", url).returncode == 0
    assert curl(secure, "--fail", url).returncode == 22
    # A name that the certificate has, and one that it has not.
    place = ["--connect-to", f"models.example:{secure.server.port}:127.0.0.1:{secure.server.port}"]
    assert curl(secure, "--fail", *place, f"https://models.example:{secure.server.port}/health").stdout == "OK"
    assert curl(secure, "-o", "/dev/null", "-w", "%{http_code}", "-H", "Host: evil.example", url).stdout == "403"


def test_browsers_are_told_to_stay_with_tls(secure: Secure) -> None:
    assert secure.server.get("/api/martlet/v1/whoami").headers["Strict-Transport-Security"].startswith("max-age=")


def test_plain_http_on_the_port_is_told_to_use_tls(secure: Secure) -> None:
    answer = requests.get(f"http://127.0.0.1:{secure.server.port}/health", timeout=20)
    assert answer.status_code == 400
    assert "https://" in answer.text


def test_predictions_with_a_token(secure: Secure) -> None:
    """Both the lean lane, which takes this form, and the router, which gets what has a trace."""
    expected = secure.deployed.model.predict(secure.deployed.rows)
    for headers in [{}, {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}]:
        body = {"features": secure.deployed.rows.iloc[3].tolist(), "deployment": secure.deployed.name}
        answer = secure.server.post("/predict", body, headers=headers)
        assert answer.status_code == 200, answer.text
        found = answer.json()
        value = found["prediction"] if "probability" not in found else found["probability"]
        assert value == pytest.approx(float(expected[3]), abs=1e-6)
    url = f"{secure.server.url}/predict"
    assert requests.post(url, json=body, timeout=20).status_code == 401
    assert requests.post(url, json=body, timeout=20, headers={"Authorization": "Bearer wrong"}).status_code == 401


def test_triton_over_https(secure: Secure) -> None:
    client = triton_http.InferenceServerClient(
        f"localhost:{secure.server.port}",
        ssl=True,
        ssl_context_factory=lambda: gevent_ssl.create_default_context(cafile=str(secure.authority.root)),
    )
    rows = secure.rows[:4]
    tensor = triton_http.InferInput("input", list(rows.shape), "FP32")
    tensor.set_data_from_numpy(rows)
    answer = client.infer(secure.deployed.name, [tensor], headers=secure.bearer)
    expected = secure.deployed.model.predict(secure.deployed.rows)[:4]
    assert answer.as_numpy("predict").reshape(-1) == pytest.approx(expected, abs=1e-6)
    with pytest.raises(InferenceServerException) as refusal:
        client.infer(secure.deployed.name, [tensor])
    assert refusal.value.status() == "401"
    client.close()


def test_triton_over_grpc(secure: Secure) -> None:
    address = f"localhost:{secure.grpc_port}"
    client = triton_grpc.InferenceServerClient(address, ssl=True, root_certificates=str(secure.authority.root))
    assert client.is_server_live()
    rows = secure.rows[:4]
    tensor = triton_grpc.InferInput("input", list(rows.shape), "FP32")
    tensor.set_data_from_numpy(rows)
    expected = secure.deployed.model.predict(secure.deployed.rows)[:4]
    bearer = {"authorization": f"Bearer {secure.token}"}
    answer = client.infer(secure.deployed.name, [tensor], headers=bearer)
    assert answer.as_numpy("predict").reshape(-1) == pytest.approx(expected, abs=1e-6)
    for headers, status in [
        (None, "UNAUTHENTICATED"),
        ({"authorization": "Bearer wrong"}, "UNAUTHENTICATED"),
        ({**bearer, "x-mlflow-workspace": "nowhere"}, "NOT_FOUND"),
    ]:
        with pytest.raises(InferenceServerException) as refusal:
            client.infer(secure.deployed.name, [tensor], headers=headers)
        assert refusal.value.status() == f"StatusCode.{status}"
    client.close()


def test_grpc_asks_for_the_permission_of_each_method(secure: Secure) -> None:
    viewer = secure.accounts.service("grpc-viewer", {"default": "viewer"})
    credentials = grpc.ssl_channel_credentials(secure.authority.root.read_bytes())
    with grpc.secure_channel(f"localhost:{secure.grpc_port}", credentials) as channel:
        stub = service_pb2_grpc.GRPCInferenceServiceStub(channel)
        metadata = [("authorization", f"Bearer {viewer}")]
        name = secure.deployed.name
        assert stub.ModelMetadata(service_pb2.ModelMetadataRequest(name=name), metadata=metadata).name == name
        with pytest.raises(grpc.RpcError) as refusal:
            stub.RepositoryModelUnload(service_pb2.RepositoryModelUnloadRequest(model_name=name), metadata=metadata)
        assert refusal.value.code() == grpc.StatusCode.PERMISSION_DENIED


def test_passwords_work_over_grpc(secure: Secure) -> None:
    """The password is checked off the connection's thread, and the call waits for it."""
    user = secure.accounts.user("grpc-user", default="viewer")
    credentials = grpc.ssl_channel_credentials(secure.authority.root.read_bytes())
    with grpc.secure_channel(f"localhost:{secure.grpc_port}", credentials) as channel:
        stub = service_pb2_grpc.GRPCInferenceServiceStub(channel)
        for password, code in [(PASSWORD, None), ("wrong", grpc.StatusCode.UNAUTHENTICATED)]:
            basic = base64.b64encode(f"{user}:{password}".encode()).decode()
            metadata = [("authorization", f"Basic {basic}")]
            try:
                answer = stub.ServerMetadata(service_pb2.ServerMetadataRequest(), metadata=metadata, timeout=60)
                assert code is None and answer.name == "martlet"
            except grpc.RpcError as refusal:
                assert refusal.code() == code


@pytest.mark.parametrize(
    "sent",
    [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 32, b"\x00" * 64, b"\x16" * 20_000, b"\xff\xfe\xfd"],
)
def test_broken_handshakes_end_and_harm_nobody(secure: Secure, sent: bytes) -> None:
    for port in [secure.server.port, secure.grpc_port]:
        # The server may have hung up before all of it was sent.
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=40) as client:
            client.sendall(sent)
            client.shutdown(socket.SHUT_WR)
            while client.recv(65536):
                pass
    assert secure.server.get("/health").status_code == 200


def test_handshakes_that_never_end_are_cut(secure: Secure) -> None:
    waiting = [socket.create_connection(("127.0.0.1", secure.server.port), timeout=60) for _ in range(200)]
    started = time.monotonic()
    try:
        for index, client in enumerate(waiting):
            if index % 2:
                client.sendall(b"\x16\x03\x01\x02\x00")
        assert secure.server.get("/health").status_code == 200
        for client in waiting:
            with contextlib.suppress(ConnectionError):
                assert client.recv(100) == b""
        assert time.monotonic() - started < 40
    finally:
        for client in waiting:
            client.close()


def test_old_versions_are_refused(secure: Secure) -> None:
    context = ssl.create_default_context(cafile=str(secure.authority.root))
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    with (
        pytest.raises((ssl.SSLError, ConnectionError)),
        socket.create_connection(("127.0.0.1", secure.server.port), timeout=20) as plain,
    ):
        context.wrap_socket(plain, server_hostname="localhost")


def serial(authority: Authority, port: int) -> int:
    """The serial number of the certificate that a new connection is shown."""
    context = ssl.create_default_context(cafile=str(authority.root))
    with (
        socket.create_connection(("127.0.0.1", port), timeout=20) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as client,
    ):
        return int(client.getpeercert()["serialNumber"], 16)


def answer(connection: http.client.HTTPConnection, host: str) -> int:
    """The status of a request for health by a name of the server."""
    connection.request("GET", "/health", headers={"Host": host})
    response = connection.getresponse()
    response.read()
    return response.status


def test_a_changed_certificate_is_for_new_connections_and_drops_none(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    first = authority.issue("localhost")
    port = free_port()
    server = SecureMartlet(tmp_path, "--grpc-port", str(port), *authority.arguments)
    try:
        with authority.trusted():
            server.start()
            context = ssl.create_default_context(cafile=str(authority.root))
            kept = http.client.HTTPSConnection("localhost", server.port, timeout=20, context=context)
            kept.connect()
            kept.auto_open = 0
            assert answer(kept, f"localhost:{server.port}") == 200
            assert serial(authority, server.port) == serial(authority, port) == first
            # A new certificate with the old key, as a renewal leaves it for a moment, changes nothing.
            chain, key, second = authority.made("localhost", "new.example")
            authority.certificate.write_bytes(chain)
            wait_until(lambda: "certificate stays as it was" in server.log, what="the complaint")
            assert serial(authority, server.port) == first
            authority.certificate_key.write_bytes(key)
            wait_until(lambda: serial(authority, server.port) == second, what="the new certificate")
            assert serial(authority, port) == second
            # The first connection stands, and the server knows its new name.
            assert answer(kept, f"new.example:{server.port}") == 200
            kept.close()
    finally:
        server.kill()


def test_a_server_without_usable_files_does_not_start(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    authority.issue("localhost")
    data = ["--data", str(tmp_path / "data"), "--port", str(free_port())]
    missing = command("up", *data, "--tls-certificate", str(authority.certificate), cwd=tmp_path)
    assert missing.returncode != 0 and "--tls-key" in missing.stderr
    _, other, _ = authority.made("localhost")
    authority.certificate_key.write_bytes(other)
    wrong = command("up", *data, *authority.arguments, cwd=tmp_path)
    assert wrong.returncode != 0 and "not the certificate's key" in wrong.stderr
    authority.certificate_key.unlink()
    gone = command("up", *data, *authority.arguments, cwd=tmp_path)
    assert gone.returncode != 0 and "--tls-key" in gone.stderr
