"""`martlet serve`: folders, files, buckets and tracking servers as sources; what is damaged or missing is refused."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import lightgbm
import mlflow
import numpy as np
import pandas as pd
import pytest
import requests
import xgboost
from martlet_process import binary, environment, free_port
from mlflow import MlflowClient
from s3_servers import ACCESS_KEY, BUCKET, SECRET_KEY, Moto, client
from served_model import ServedModel, refused
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression

ROWS, TARGET = load_breast_cancer(return_X_y=True, as_frame=True)
SOME = ROWS.head(7)


@pytest.fixture(scope="module")
def booster() -> xgboost.XGBClassifier:
    """A small model of the breast-cancer data."""
    return xgboost.XGBClassifier(n_estimators=10, max_depth=3).fit(ROWS, TARGET)


def predictions(served: ServedModel, rows: pd.DataFrame = SOME) -> np.ndarray:
    """What the served model answers over V1."""
    body = {"instances": rows.to_numpy().tolist()}
    answer = requests.post(f"{served.url}/v1/models/{served.name}:predict", json=body, timeout=60)
    assert answer.status_code == 200, answer.text
    return np.array(answer.json()["predictions"], dtype=float)


@pytest.mark.parametrize("name", ["model.ubj", "model.json", "renamed.bin"])
def test_xgboost_file(tmp_path: Path, booster: xgboost.XGBClassifier, name: str) -> None:
    """An XGBoost file is known by its content; the checksum is checked when it is given."""
    path = tmp_path / name
    booster.save_model(tmp_path / ("model.json" if name == "model.json" else "model.ubj"))
    if name == "renamed.bin":
        (tmp_path / "model.ubj").rename(path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    with ServedModel(tmp_path, path, "--checksum", f"sha256:{digest}") as served:
        assert np.allclose(predictions(served), booster.predict_proba(SOME)[:, 1], atol=1e-6)
        assert "curl" in served.log
        # By name, because the file has the names of its columns.
        row = dict(zip(SOME.columns, SOME.iloc[0].tolist(), strict=True))
        answer = requests.post(f"{served.url}/v1/models/{served.name}:predict", json={"instances": [row]}, timeout=30)
        assert answer.status_code == 200, answer.text
    wrong = refused(tmp_path, str(path), "--checksum", f"sha256:{'0' * 64}")
    assert "SHA-256" in wrong and str(tmp_path) not in wrong


def test_lightgbm_file(tmp_path: Path) -> None:
    """A LightGBM text file."""
    model = lightgbm.train({"objective": "binary", "verbose": -1}, lightgbm.Dataset(ROWS, TARGET), 10)
    model.save_model(tmp_path / "model.txt")
    with ServedModel(tmp_path, "model.txt", "--name", "light") as served:
        assert served.name == "light"
        assert np.allclose(predictions(served), model.predict(SOME), atol=1e-6)


@pytest.mark.parametrize("flavor", ["xgboost", "lightgbm-booster", "onnx"])
def test_mlflow_folder(tmp_path: Path, booster: xgboost.XGBClassifier, flavor: str) -> None:
    """Folders of MLflow's flavors that run in this process."""
    folder = tmp_path / "saved"
    signature = mlflow.models.infer_signature(ROWS, booster.predict(ROWS))
    if flavor == "xgboost":
        mlflow.xgboost.save_model(booster, folder, signature=signature)
        expected = booster.predict_proba(SOME)[:, 1]
    elif flavor == "lightgbm-booster":
        model = lightgbm.train({"objective": "binary", "verbose": -1}, lightgbm.Dataset(ROWS, TARGET), 10)
        mlflow.lightgbm.save_model(model, folder, signature=signature)
        expected = model.predict(SOME)
    else:
        from skl2onnx import to_onnx

        model = LogisticRegression(max_iter=5000).fit(ROWS.to_numpy(np.float32), TARGET)
        graph = to_onnx(model, ROWS.to_numpy(np.float32)[:1], options={"zipmap": False})
        mlflow.onnx.save_model(graph, folder, signature=signature)
        expected = model.predict_proba(SOME.to_numpy(np.float32))[:, 1]
    with ServedModel(tmp_path, folder) as served:
        assert np.allclose(predictions(served), expected, atol=1e-5)
        body = {"dataframe_split": SOME.to_dict(orient="split")}
        answer = requests.post(f"{served.url}/invocations", json=body, timeout=30)
        assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("kind", ["sklearn", "lightgbm-sklearn", "pyfunc"])
def test_python_folder(tmp_path: Path, kind: str) -> None:
    """What only Python reads runs in a worker."""
    folder = tmp_path / "saved"
    if kind == "sklearn":
        model = LogisticRegression(max_iter=5000).fit(ROWS, TARGET)
        mlflow.sklearn.save_model(model, folder, signature=mlflow.models.infer_signature(ROWS, TARGET))
    elif kind == "lightgbm-sklearn":
        model = lightgbm.LGBMClassifier(n_estimators=5, verbose=-1).fit(ROWS, TARGET)
        mlflow.lightgbm.save_model(model, folder, signature=mlflow.models.infer_signature(ROWS, TARGET))
    else:

        class Total(mlflow.pyfunc.PythonModel):
            def predict(self, context, model_input, params=None):
                return model_input.sum(axis=1)

        model = None
        mlflow.pyfunc.save_model(folder, python_model=Total(), signature=mlflow.models.infer_signature(ROWS, TARGET))
    expected = mlflow.pyfunc.load_model(str(folder)).predict(SOME)
    with ServedModel(tmp_path, folder, "--python", sys.executable) as served:
        body = {"dataframe_split": SOME.to_dict(orient="split")}
        answer = requests.post(f"{served.url}/invocations", json=body, timeout=60)
        assert answer.status_code == 200, answer.text
        assert np.allclose(np.array(answer.json()["predictions"], dtype=float).ravel(), np.asarray(expected).ravel())


def test_refusals(tmp_path: Path) -> None:
    """What cannot be served is refused at once, with the way out and without a path of the host."""
    (tmp_path / "model.pkl").write_bytes(b"\x80\x04\x95\x00")
    (tmp_path / "cut.ubj").write_bytes(b"{L\x00\x00")
    (tmp_path / "cut.onnx").write_bytes(b"\x08\x09\x3a\xff")
    (tmp_path / "empty").mkdir()
    for source, part in [
        ("model.pkl", "mlflow.sklearn.save_model"),
        ("missing.onnx", "no folder or file"),
        ("cut.ubj", "damaged"),
        ("cut.onnx", "damaged"),
        ("empty", "MLmodel"),
        ("models:/cancer", "It names no version"),
        ("models:/cancer/Production", "alias"),
        ("models:/cancer@champion", "--tracking-uri"),
        ("runs:/abc", "path among its artifacts"),
        ("gs://bucket/model", "does not read models over 'gs'"),
        ("s3://", "bucket is missing"),
    ]:
        text = refused(tmp_path, source)
        assert part in text, text
        assert str(tmp_path) not in text, text
    gone = refused(tmp_path, "models:/a@b", "--tracking-uri", f"http://127.0.0.1:{free_port()}")
    assert "No server answers" in gone
    assert "http" in refused(tmp_path, "models:/a@b", MLFLOW_TRACKING_URI="sqlite:///mlflow.db")


def test_nothing_is_left_behind(tmp_path: Path, booster: xgboost.XGBClassifier) -> None:
    """The temporary folder is gone when the command has ended, and the working folder is untouched."""
    booster.save_model(tmp_path / "model.ubj")
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    with ServedModel(tmp_path, "model.ubj", TMPDIR=str(scratch)) as served:
        assert any(scratch.iterdir())
        predictions(served)
    assert not any(scratch.iterdir())
    assert not (tmp_path / ".martlet").exists()


def test_missing_library(tmp_path: Path) -> None:
    """Without its library an ONNX model is refused with the command that installs it."""
    from skl2onnx import to_onnx

    rows = ROWS.to_numpy(np.float32)
    graph = to_onnx(LogisticRegression(max_iter=5000).fit(rows, TARGET), rows[:1])
    (tmp_path / "model.onnx").write_bytes(graph.SerializeToString())
    elsewhere = tmp_path / "bin"
    elsewhere.mkdir()
    # The binary looks beside itself, so it has to stand where no library is.
    try:
        os.link(binary(), elsewhere / "martlet")
    except OSError:
        shutil.copy(binary(), elsewhere / "martlet")
    result = subprocess.run(
        [str(elsewhere / "martlet"), "serve", "model.onnx", "--port", "0"],
        cwd=tmp_path,
        env=environment() | {"MARTLET_NATIVE": str(tmp_path / "nowhere")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode != 0
    assert "fetch-native" in result.stderr and "onnxruntime" in result.stderr, result.stderr


class Upstream:
    """A model logged and registered on a tracking server."""

    def __init__(self, url: str, booster: xgboost.XGBClassifier, name: str) -> None:
        """Logs, registers and points an alias at the version."""
        mlflow.set_tracking_uri(url)
        mlflow.set_registry_uri(url)
        with mlflow.start_run() as run:
            info = mlflow.xgboost.log_model(
                booster,
                name="model",
                registered_model_name=name,
                signature=mlflow.models.infer_signature(ROWS, TARGET),
            )
        self.run = run.info.run_id
        self.model_id = info.model_id
        MlflowClient(url).set_registered_model_alias(name, "champion", "1")
        self.sources = [
            f"models:/{name}@champion",
            f"models:/{name}/1",
            f"models:/{name}/latest",
            f"models:/{self.model_id}",
            f"runs:/{self.run}/model",
        ]


def check_sources(tmp_path: Path, upstream: Upstream, url: str, booster: xgboost.XGBClassifier) -> None:
    """Serves the model from each of its addresses."""
    for source in upstream.sources:
        with ServedModel(tmp_path, source, MLFLOW_TRACKING_URI=url) as served:
            assert np.allclose(predictions(served), booster.predict_proba(SOME)[:, 1], atol=1e-6)
    for source in ["models:/none@champion", f"models:/{upstream.run}@none", "runs:/" + "0" * 32 + "/model"]:
        assert refused(tmp_path, source, "--tracking-uri", url)


def test_from_martlet(tmp_path: Path, new_server, booster: xgboost.XGBClassifier) -> None:
    """Every address of a model on a Martlet server, and a file that was changed there."""
    server = new_server()
    upstream = Upstream(server.url, booster, "cancer")
    check_sources(tmp_path, upstream, server.url, booster)
    stored = next(path for path in server.data.rglob("model.*") if path.suffix in {".ubj", ".xgb", ".json"})
    content = bytearray(stored.read_bytes())
    content[len(content) // 2] ^= 1
    stored.write_bytes(content)
    damaged = refused(tmp_path, "models:/cancer/1", "--tracking-uri", server.url)
    assert "SHA-256" in damaged or "damaged" in damaged, damaged


def test_from_mlflow_server(tmp_path: Path, booster: xgboost.XGBClassifier) -> None:
    """Every address of a model on MLflow's own server."""
    port = free_port()
    folder = tmp_path / "mlflow"
    folder.mkdir()
    command = [sys.executable, "-m", "mlflow", "server", "--port", str(port), "--workers", "1"]
    command += [
        "--backend-store-uri",
        f"sqlite:///{folder}/mlflow.db",
        "--artifacts-destination",
        str(folder / "files"),
    ]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, start_new_session=True)
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline:
            try:
                if requests.get(f"{url}/health", timeout=2).status_code == 200:
                    break
            except requests.ConnectionError:
                time.sleep(0.2)
        check_sources(tmp_path, Upstream(url, booster, "cancer"), url, booster)
    finally:
        process.terminate()
        process.wait(timeout=20)


def test_from_bucket(tmp_path: Path, booster: xgboost.XGBClassifier) -> None:
    """A folder and a single object of a bucket."""
    folder = tmp_path / "saved"
    mlflow.xgboost.save_model(booster, folder)
    booster.save_model(tmp_path / "model.ubj")
    moto = Moto(tmp_path)
    try:
        store = client(moto.url)
        for path in folder.rglob("*"):
            if path.is_file():
                store.upload_file(str(path), BUCKET, f"models/cancer/{path.relative_to(folder)}")
        store.upload_file(str(tmp_path / "model.ubj"), BUCKET, "files/model.ubj")
        variables = {
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_ENDPOINT_URL": moto.url,
            "AWS_REGION": "us-east-1",
        }
        for source in ["models/cancer", "files/model.ubj"]:
            with ServedModel(tmp_path, f"s3://{BUCKET}/{source}", **variables) as served:
                assert np.allclose(predictions(served), booster.predict_proba(SOME)[:, 1], atol=1e-6)
        assert "nothing at" in refused(tmp_path, f"s3://{BUCKET}/none/model", **variables)
    finally:
        moto.stop()
