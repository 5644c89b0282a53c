"""Signatures and checksums of versions: keys of OpenSSL, protected aliases, and files that somebody changed."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path

import mlflow
import pytest
from martlet_process import Martlet, command, wait_until
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression

ROWS, TARGET = load_breast_cancer(return_X_y=True, as_frame=True)


def martlet(server: Martlet, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs a command against the server."""
    return command(*arguments, "--server", server.url, cwd=folder)


def supply(server: Martlet, version: int) -> dict:
    """What the server knows of where a version comes from."""
    return server.get(f"/api/martlet/v1/models/cancer/versions/{version}/supply").json()


@pytest.fixture
def registry(own_server: Martlet, tmp_path: Path) -> tuple[Martlet, MlflowClient]:
    """A server with two versions of a scikit-learn model."""
    mlflow.set_tracking_uri(own_server.url)
    model = LogisticRegression(max_iter=5).fit(ROWS.iloc[:, :4], TARGET)
    for _ in range(2):
        with mlflow.start_run():
            mlflow.sklearn.log_model(
                model,
                name="model",
                registered_model_name="cancer",
                pip_requirements=[],
                serialization_format=mlflow.sklearn.SERIALIZATION_FORMAT_CLOUDPICKLE,
            )
    return own_server, MlflowClient(own_server.url, own_server.url)


def test_protected_alias(registry: tuple[Martlet, MlflowClient], tmp_path: Path) -> None:
    """MLflow's client moves a protected alias to a signed version, and to no other; revoking ends that."""
    server, client = registry
    made = command("model", "keygen", "release.key", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    assert (tmp_path / "release.key").stat().st_mode & 0o777 == 0o600
    assert command("model", "keygen", "release.key", cwd=tmp_path).returncode != 0
    trusted = martlet(server, tmp_path, "model", "trust", "release", "--key", "release.key.pub")
    assert trusted.returncode == 0, trusted.stderr
    protected = martlet(server, tmp_path, "model", "policy", "cancer", "production", "--key", "release")
    assert protected.returncode == 0, protected.stderr
    with pytest.raises(MlflowException, match="protected"):
        client.set_registered_model_alias("cancer", "production", 1)
    signed = martlet(server, tmp_path, "model", "sign", "cancer", "1", "--key", "release.key")
    assert signed.returncode == 0, signed.stderr
    client.set_registered_model_alias("cancer", "production", 1)
    with pytest.raises(MlflowException, match="protected"):
        client.set_registered_model_alias("cancer", "production", 2)
    with pytest.raises(MlflowException, match="protected"):
        client.rename_registered_model("cancer", "other")
    good = martlet(server, tmp_path, "model", "verify", "cancer", "1", "--key", "release.key.pub")
    assert good.returncode == 0 and "valid" in good.stdout, good.stdout + good.stderr
    bad = martlet(server, tmp_path, "model", "verify", "cancer", "2", "--key", "release.key.pub")
    assert bad.returncode != 0 and "no valid signature" in bad.stderr
    (tmp_path / "release.key").chmod(0o644)
    loose = martlet(server, tmp_path, "model", "sign", "cancer", "2", "--key", "release.key")
    assert loose.returncode != 0 and "chmod 600" in loose.stderr
    assert martlet(server, tmp_path, "model", "trust", "release", "--revoke").returncode == 0
    with pytest.raises(MlflowException, match="revoked"):
        client.set_registered_model_alias("cancer", "production", 1)


def test_keys_of_openssl(registry: tuple[Martlet, MlflowClient], tmp_path: Path) -> None:
    """OpenSSL makes the key and the signature over the manifest's text."""
    server, _ = registry

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=tmp_path, check=True, capture_output=True)

    openssl("genpkey", "-algorithm", "ed25519", "-out", "ssl.key")
    openssl("pkey", "-in", "ssl.key", "-pubout", "-out", "ssl.pub")
    trusted = martlet(server, tmp_path, "model", "trust", "ssl", "--key", "ssl.pub")
    assert trusted.returncode == 0, trusted.stderr
    manifest = supply(server, 1)["manifest"]
    assert manifest.splitlines()[:3] == ["martlet-model-manifest-1", "model cancer", "version 1"]
    (tmp_path / "manifest").write_text(manifest)
    openssl("pkeyutl", "-sign", "-rawin", "-inkey", "ssl.key", "-in", "manifest", "-out", "signature")
    signature = base64.b64encode((tmp_path / "signature").read_bytes()).decode()
    path = "/api/martlet/v1/models/cancer/versions/{}/signatures"
    assert server.post(path.format(1), {"key": "ssl", "signature": signature}).status_code == 201
    assert server.post(path.format(2), {"key": "ssl", "signature": signature}).status_code == 400
    assert [one["is_valid"] for one in supply(server, 1)["signatures"]] == [True]


def test_changed_files_are_not_loaded(registry: tuple[Martlet, MlflowClient], tmp_path: Path) -> None:
    """A file that was changed or added in the store is named; pickles are flagged."""
    server, _ = registry
    report = supply(server, 1)
    assert report["has_pickle"] and {"MLmodel", "model.pkl"} <= {one["path"] for one in report["pickles"]}
    folder = next(path.parent for path in (server.data / "artifacts").rglob("MLmodel"))
    numbers = [n for n in (1, 2) if martlet(server, tmp_path, "model", "verify", "cancer", str(n)).returncode == 0]
    assert numbers == [1, 2]
    (folder / "sitecustomize.py").write_text("import os\n")
    added = [martlet(server, tmp_path, "model", "verify", "cancer", str(n)) for n in (1, 2)]
    assert sorted(one.returncode == 0 for one in added) == [False, True]
    assert any("sitecustomize.py" in one.stderr and "was added" in one.stderr for one in added)
    (folder / "sitecustomize.py").unlink()
    with (folder / "model.pkl").open("ab") as file:
        file.write(b"x")
    changed = [martlet(server, tmp_path, "model", "verify", "cancer", str(n)) for n in (1, 2)]
    assert any("model.pkl" in one.stderr and "changed" in one.stderr for one in changed)
    folder = server.folder / "manifest"
    folder.mkdir()
    text = "version: 1\ndeployments: {cancer: {model: cancer, alias: live}}\n"
    assert server.post("/api/martlet/v1/apply", {"manifest": text, "directory": str(folder)}).status_code == 200
    broken = 1 if changed[0].returncode != 0 else 2
    MlflowClient(server.url, server.url).set_registered_model_alias("cancer", "live", broken)
    path = "/api/martlet/v1/deployments/cancer"
    wait_until(lambda: "model.pkl" in server.get(path).text, what="the refusal to load, with the file's name")
    assert server.post("/v2/models/cancer/infer", {"inputs": []}).status_code != 200
