"""`log_model` and `load_model` of each flavor, by every kind of address, with equal predictions."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.models import infer_signature
from mlflow.models.model import ModelInfo
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

pytest_plugins = ["mlflow_fixtures"]

DATA = load_breast_cancer(as_frame=True)
FEATURES, TARGET = DATA.data, DATA.target
SAMPLE = FEATURES.head(25)


class Doubler(mlflow.pyfunc.PythonModel):
    """A model written by hand, with a file that it reads when it is loaded."""

    def load_context(self, context):
        """Reads the artifact that was logged with the model."""
        self.offset = json.loads(Path(context.artifacts["offset"]).read_text())["offset"]

    def predict(self, context, model_input: pd.DataFrame, params: dict | None = None):
        """Doubles the first column."""
        return model_input.iloc[:, 0] * (params or {}).get("factor", 2) + self.offset


@dataclass
class Flavor:
    """How a flavor is trained, logged and loaded, and what its model predicts for `SAMPLE`."""

    log: Callable[..., ModelInfo]
    load: Callable[[str], object]
    predict: Callable[[object], np.ndarray]
    expected: np.ndarray
    generic: Callable[[mlflow.pyfunc.PyFuncModel], object] = lambda loaded: loaded.predict(SAMPLE)


def sklearn_flavor(folder: Path) -> Flavor:
    """A pipeline of scikit-learn."""
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(FEATURES, TARGET)
    return Flavor(
        lambda **options: mlflow.sklearn.log_model(model, input_example=SAMPLE, **options),
        mlflow.sklearn.load_model,
        lambda loaded: loaded.predict(SAMPLE),
        model.predict(SAMPLE),
    )


def xgboost_flavor(folder: Path) -> Flavor:
    """A booster of XGBoost."""
    import xgboost

    booster = xgboost.train({"max_depth": 3, "objective": "binary:logistic"}, xgboost.DMatrix(FEATURES, TARGET), 5)
    expected = booster.predict(xgboost.DMatrix(SAMPLE))
    return Flavor(
        lambda **options: mlflow.xgboost.log_model(booster, signature=infer_signature(SAMPLE, expected), **options),
        mlflow.xgboost.load_model,
        lambda loaded: loaded.predict(xgboost.DMatrix(SAMPLE)),
        expected,
    )


def lightgbm_flavor(folder: Path) -> Flavor:
    """A classifier of LightGBM."""
    import lightgbm

    model = lightgbm.LGBMClassifier(n_estimators=5, num_leaves=5, verbose=-1).fit(FEATURES, TARGET)
    return Flavor(
        lambda **options: mlflow.lightgbm.log_model(model, **options),
        mlflow.lightgbm.load_model,
        lambda loaded: loaded.predict(SAMPLE),
        model.predict(SAMPLE),
    )


def onnx_flavor(folder: Path) -> Flavor:
    """A model of scikit-learn in ONNX."""
    import onnxruntime
    from skl2onnx import to_onnx

    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(FEATURES.to_numpy(), TARGET)
    values = SAMPLE.to_numpy(dtype=np.float32)
    graph = to_onnx(model, values[:1], options={"zipmap": False})

    def run(loaded: object) -> np.ndarray:
        session = onnxruntime.InferenceSession(loaded.SerializeToString(), providers=["CPUExecutionProvider"])
        return session.run(None, {"X": values})[0]

    return Flavor(
        lambda **options: mlflow.onnx.log_model(graph, **options),
        mlflow.onnx.load_model,
        run,
        model.predict(values),
        # Of a table it would make a table, which no matrix of probabilities fits.
        lambda loaded: loaded.predict(values)["label"],
    )


def pyfunc_flavor(folder: Path) -> Flavor:
    """A Python function with an artifact and a parameter."""
    (folder / "offset.json").write_text('{"offset": 3}')
    expected = SAMPLE.iloc[:, 0] * 2 + 3
    signature = infer_signature(SAMPLE, expected, params={"factor": 2})
    artifacts = {"offset": str(folder / "offset.json")}
    return Flavor(
        lambda **options: mlflow.pyfunc.log_model(
            python_model=Doubler(), artifacts=artifacts, signature=signature, **options
        ),
        mlflow.pyfunc.load_model,
        lambda loaded: np.asarray(loaded.predict(SAMPLE)),
        expected.to_numpy(),
    )


FLAVORS = {
    "sklearn": sklearn_flavor,
    "xgboost": xgboost_flavor,
    "lightgbm": lightgbm_flavor,
    "onnx": onnx_flavor,
    "pyfunc": pyfunc_flavor,
}


@pytest.mark.parametrize("kind", FLAVORS)
def test_log_and_load_by_every_address(client: MlflowClient, name: str, kind: str, tmp_path: Path):
    flavor = FLAVORS[kind](tmp_path)
    mlflow.set_experiment(name)
    # What a model needs to run is written down without asking an index of packages.
    options = {"pip_requirements": ["mlflow"], "registered_model_name": name}
    with mlflow.start_run() as active:
        info = flavor.log(name="model", metadata={"origin": "test"}, **options)
        second = flavor.log(name="model", **options)
    run_id = active.info.run_id
    assert [str(each.registered_model_version) for each in (info, second)] == ["1", "2"]
    logged = client.get_logged_model(info.model_id)
    assert (logged.status, logged.name, logged.source_run_id) == ("READY", "model", run_id)
    versions = json.loads(logged.tags["mlflow.modelVersions"])
    assert {(each["name"], str(each["version"])) for each in versions} == {(name, "1")}
    version = client.get_model_version(name, "1")
    assert (version.run_id, version.source, version.status) == (run_id, f"models:/{info.model_id}", "READY")
    client.set_registered_model_alias(name, "champion", "1")
    client.transition_model_version_stage(name, "2", "Staging")
    addresses = [f"models:/{name}@champion", f"models:/{name}/2", f"models:/{name}/latest", f"models:/{name}/Staging"]
    addresses += [f"models:/{info.model_id}", info.model_uri, f"runs:/{run_id}/model"]
    for address in addresses:
        assert np.allclose(flavor.predict(flavor.load(address)), flavor.expected), address
    # Of artifacts there is an address, too, and every flavor is a Python function.
    artifacts = [logged.artifact_location, client.get_model_version_download_uri(name, "1")]
    for address in [f"models:/{name}@champion", *artifacts]:
        generic = flavor.generic(mlflow.pyfunc.load_model(address))
        assert np.allclose(np.asarray(generic).ravel(), flavor.expected), address
    found = mlflow.models.get_model_info(f"models:/{name}@champion")
    assert found.metadata == {"origin": "test"} and kind in {*found.flavors, "pyfunc"}
    assert found.model_uuid == info.model_uuid


def test_parameters_of_a_python_function(client: MlflowClient, name: str, tmp_path: Path):
    flavor = pyfunc_flavor(tmp_path)
    mlflow.set_experiment(name)
    info = flavor.log(name="model", pip_requirements=["mlflow"])
    loaded = mlflow.pyfunc.load_model(info.model_uri)
    assert np.allclose(loaded.predict(SAMPLE, params={"factor": 5}), SAMPLE.iloc[:, 0] * 5 + 3)
    assert loaded.metadata.get_input_schema().input_names() == list(SAMPLE.columns)


def test_what_is_said_of_a_model(client: MlflowClient, name: str):
    mlflow.set_experiment(name)
    experiment_id = client.get_experiment_by_name(name).experiment_id
    params = {f"p{index}": index for index in range(250)}
    model = mlflow.initialize_logged_model(name="drafted", params=params, tags={"a": "1"}, model_type="classifier")
    assert model.status == "PENDING"
    mlflow.set_logged_model_tags(model.model_id, {"b": "2", "c": "3"})
    mlflow.delete_logged_model_tag(model.model_id, "a")
    mlflow.log_model_params({"late": "yes"}, model_id=model.model_id)
    mlflow.finalize_logged_model(model.model_id, "READY")
    with mlflow.start_run() as active:
        dataset = mlflow.data.from_pandas(SAMPLE, name="sample")
        mlflow.log_metric("auc", 0.5, step=1, model_id=model.model_id, dataset=dataset)
        mlflow.log_metric("auc", 0.9, step=2, model_id=model.model_id, dataset=dataset)
        mlflow.log_metrics({"f1": 0.7}, model_id=model.model_id)
    stored = client.get_logged_model(model.model_id)
    assert (stored.name, stored.model_type, stored.status) == ("drafted", "classifier", "READY")
    assert stored.params == {key: str(value) for key, value in params.items()} | {"late": "yes"}
    assert {key: value for key, value in stored.tags.items() if not key.startswith("mlflow.")} == {"b": "2", "c": "3"}
    measured = {(metric.key, metric.value, metric.dataset_name) for metric in stored.metrics}
    assert {("auc", 0.9, "sample"), ("f1", 0.7, None)} <= measured
    assert all(metric.run_id == active.info.run_id for metric in stored.metrics)
    client.log_model_artifact(model.model_id, __file__)
    assert [file.path for file in client.list_logged_model_artifacts(model.model_id)] == [Path(__file__).name]
    assert mlflow.last_logged_model().model_id == model.model_id
    broken = mlflow.initialize_logged_model(name="broken")
    mlflow.finalize_logged_model(broken.model_id, "FAILED")
    assert client.get_logged_model(broken.model_id).status == "FAILED"
    client.delete_logged_model(broken.model_id)
    assert [found.name for found in client.search_logged_models([experiment_id])] == ["drafted"]


def test_a_model_that_is_external_or_created_around_a_block(client: MlflowClient, name: str):
    mlflow.set_experiment(name)
    external = mlflow.create_external_model(name="elsewhere", tags={"where": "edge"})
    assert client.get_logged_model(external.model_id).status == "READY"
    mlflow.set_active_model(name="agent")
    try:
        assert mlflow.get_active_model_id() in {
            found.model_id for found in mlflow.search_logged_models(output_format="list")
        }
    finally:
        mlflow.clear_active_model()
