"""A server that speaks TLS with a certificate made for the test, and what its clients need to trust it."""

from __future__ import annotations

import datetime
import ipaddress
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from martlet_process import Martlet


class Authority:
    """A certificate authority of a test, and a server's certificate and key in files."""

    def __init__(self, folder: Path) -> None:
        """Makes the authority; `issue` makes certificates."""
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Authority of a test")])
        self.root = folder / "root.pem"
        self.certificate = folder / "server.pem"
        self.certificate_key = folder / "server.key"
        identifier = x509.SubjectKeyIdentifier.from_public_key(self.key.public_key())
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        root = (
            self._builder(self.name, self.key.public_key(), days=30)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(identifier, critical=False)
            .sign(self.key, hashes.SHA256())
        )
        self.root.write_bytes(root.public_bytes(serialization.Encoding.PEM))

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePublicKey, days: float) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=days))
        )

    def made(self, *names: str) -> tuple[bytes, bytes, int]:
        """A new certificate for some names, its key, and its serial number."""
        key = ec.generate_private_key(ec.SECP256R1())
        alternatives: list[x509.GeneralName] = [x509.DNSName(name) for name in names]
        alternatives.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        certificate = (
            self._builder(x509.Name([]), key.public_key(), days=20)
            .add_extension(x509.SubjectAlternativeName(alternatives), critical=True)
            .add_extension(identifier, critical=False)
            .sign(self.key, hashes.SHA256())
        )
        secret = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        chain = certificate.public_bytes(serialization.Encoding.PEM) + self.root.read_bytes()
        return chain, secret, certificate.serial_number

    def issue(self, *names: str) -> int:
        """Writes a new certificate and key into the server's files; returns the serial number."""
        chain, secret, number = self.made(*names)
        self.certificate.write_bytes(chain)
        self.certificate_key.write_bytes(secret)
        self.certificate_key.chmod(0o600)
        return number

    @property
    def arguments(self) -> list[str]:
        """The flags of a server with the certificate."""
        return ["--tls-certificate", str(self.certificate), "--tls-key", str(self.certificate_key)]

    @contextmanager
    def trusted(self, **variables: str) -> Iterator[None]:
        """Lets `requests` and MLflow's client trust the authority; further variables are set too."""
        # MLflow's own variable is how its users name a certificate; `requests` takes the other.
        names = {"MLFLOW_TRACKING_SERVER_CERT_PATH": str(self.root), "REQUESTS_CA_BUNDLE": str(self.root), **variables}
        before = {name: os.environ.get(name) for name in names}
        os.environ.update(names)
        try:
            yield
        finally:
            for name, value in before.items():
                os.environ.pop(name, None)
                if value is not None:
                    os.environ[name] = value


class SecureMartlet(Martlet):
    """A server with TLS; its clients must run where its authority is trusted."""

    token: str | None = None

    @property
    def url(self) -> str:
        """Address of the server, by a name of its certificate."""
        return f"https://localhost:{self.port}"

    def get(self, path: str, **options: object) -> requests.Response:
        """GETs a path, with the token if there is one."""
        return super().get(path, **self._with_token(options))

    def post(self, path: str, body: object = None, **options: object) -> requests.Response:
        """POSTs JSON to a path, with the token if there is one."""
        return super().post(path, body, **self._with_token(options))

    def _with_token(self, options: dict[str, object]) -> dict[str, object]:
        if self.token is None:
            return options
        headers = {"Authorization": f"Bearer {self.token}", **options.get("headers", {})}
        return {**options, "headers": headers}
