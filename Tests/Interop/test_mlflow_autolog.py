"""`autolog` of scikit-learn, XGBoost and LightGBM: parameters, metrics, model and datasets are there afterwards."""

from __future__ import annotations

import json
from collections.abc import Iterator

import mlflow
import pandas as pd
import pytest
import sklearn.metrics
from mlflow import MlflowClient
from mlflow.entities import Run
from sklearn.datasets import load_diabetes, load_iris
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

pytest_plugins = ["mlflow_fixtures"]


@pytest.fixture(scope="module")
def iris() -> tuple[pd.DataFrame, pd.DataFrame, pd.Series, pd.Series]:
    """Training and test features, then training and test targets."""
    data = load_iris(as_frame=True)
    return train_test_split(data.data, data.target, test_size=0.3, random_state=7)


@pytest.fixture
def autolog(client: MlflowClient, name: str) -> Iterator[None]:
    """An experiment with autologging of every library on, which is off again afterwards."""
    mlflow.set_experiment(name)
    libraries = (mlflow.sklearn, mlflow.xgboost, mlflow.lightgbm)
    for library in libraries:
        library.autolog(log_input_examples=True, silent=True)
    yield
    for library in libraries:
        library.autolog(disable=True, silent=True)


def dataset_contexts(run: Run) -> set[str]:
    """What the datasets of a run were used for."""
    return {tag.value for item in run.inputs.dataset_inputs for tag in item.tags if tag.key == "mlflow.data.context"}


def logged_model(client: MlflowClient, run: Run):
    """The one model of a run, which must be ready."""
    (output,) = run.outputs.model_outputs
    model = client.get_logged_model(output.model_id)
    assert model.status == "READY" and model.source_run_id == run.info.run_id
    return model


def test_a_pipeline_of_scikit_learn(client: MlflowClient, autolog, iris):
    features, test_features, target, test_target = iris
    with mlflow.start_run() as active:
        pipeline = make_pipeline(StandardScaler(), LogisticRegression(C=0.5)).fit(features, target)
        accuracy = sklearn.metrics.accuracy_score(test_target, pipeline.predict(test_features))
        score = pipeline.score(test_features, test_target)
    run = client.get_run(active.info.run_id)
    assert run.data.params["logisticregression__C"] == "0.5"
    assert run.data.params["steps"].startswith("[('standardscaler'")
    assert run.data.tags["estimator_name"] == "Pipeline"
    training = {key for key in run.data.metrics if key.startswith("training_")}
    assert {"training_score", "training_f1_score", "training_log_loss", "training_roc_auc"} <= training
    assert run.data.metrics["accuracy_score_test_features"] == accuracy
    assert run.data.metrics["Pipeline_score_test_features"] == score
    assert dataset_contexts(run) == {"train", "eval"}
    files = {file.path for file in client.list_artifacts(run.info.run_id)}
    assert {"training_confusion_matrix.png", "estimator.html", "metric_info.json"} <= files
    model = logged_model(client, run)
    assert model.params["logisticregression__C"] == "0.5"
    assert {metric.key for metric in model.metrics} >= {"training_score"}
    loaded = mlflow.sklearn.load_model(f"models:/{model.model_id}")
    assert (loaded.predict(test_features) == pipeline.predict(test_features)).all()
    info = mlflow.models.get_model_info(f"models:/{model.model_id}")
    assert [column.name for column in info.signature.inputs] == list(features.columns)


def test_a_grid_search_has_child_runs(client: MlflowClient, autolog, iris):
    features, _, target, _ = iris
    with mlflow.start_run() as active:
        search = GridSearchCV(LogisticRegression(max_iter=300), {"C": [0.01, 0.1, 1.0]}, cv=2).fit(features, target)
    parent = client.get_run(active.info.run_id)
    assert parent.data.params["best_C"] == str(search.best_params_["C"])
    assert parent.data.metrics["best_cv_score"] == pytest.approx(search.best_score_)
    query = f"tags.mlflow.parentRunId = '{parent.info.run_id}'"
    children = client.search_runs(
        [parent.info.experiment_id], query, order_by=["metrics.mean_test_score DESC", "params.C"]
    )
    assert sorted(run.data.params["C"] for run in children) == ["0.01", "0.1", "1.0"]
    assert children[0].data.metrics["mean_test_score"] == pytest.approx(search.best_score_)
    assert all(run.info.status == "FINISHED" for run in children)
    names = {model.name for model in client.search_logged_models([parent.info.experiment_id])}
    assert names == {"model", "best_estimator"}
    assert "cv_results.csv" in {file.path for file in client.list_artifacts(parent.info.run_id)}


def test_a_regression_without_a_run_of_its_own(client: MlflowClient, autolog):
    data = load_diabetes(as_frame=True)
    Ridge(alpha=2.0).fit(data.data, data.target)
    run = mlflow.last_active_run()
    assert run.info.status == "FINISHED" and run.data.params["alpha"] == "2.0"
    assert {"training_r2_score", "training_mean_absolute_error"} <= set(run.data.metrics)
    (item,) = client.get_run(run.info.run_id).inputs.dataset_inputs
    assert json.loads(item.dataset.profile) == {"num_rows": 442, "num_elements": 4420}
    columns = [column["name"] for column in json.loads(item.dataset.schema)["mlflow_colspec"]]
    assert columns == [*data.data.columns]


def test_xgboost(client: MlflowClient, autolog, iris):
    import xgboost

    features, test_features, target, test_target = iris
    training, evaluation = xgboost.DMatrix(features, target), xgboost.DMatrix(test_features, test_target)
    parameters = {"objective": "multi:softprob", "num_class": 3, "max_depth": 3, "eval_metric": ["mlogloss", "merror"]}
    with mlflow.start_run() as active:
        booster = xgboost.train(
            parameters, training, 8, evals=[(evaluation, "test")], early_stopping_rounds=20, verbose_eval=False
        )
    run = client.get_run(active.info.run_id)
    assert run.data.params["max_depth"] == "3" and run.data.params["num_boost_round"] == "8"
    history = client.get_metric_history(run.info.run_id, "test-mlogloss")
    # The value of the best iteration comes once more at the end.
    assert [point.step for point in history] == list(range(9))
    assert {"best_iteration", "stopped_iteration", "test-merror"} <= set(run.data.metrics)
    files = {file.path for file in client.list_artifacts(run.info.run_id)}
    assert {"feature_importance_weight.json", "feature_importance_weight.png"} <= files
    assert "train" in dataset_contexts(run)
    loaded = mlflow.xgboost.load_model(f"models:/{logged_model(client, run).model_id}")
    assert (loaded.predict(evaluation) == booster.predict(evaluation)).all()


def test_xgboost_with_the_interface_of_scikit_learn(client: MlflowClient, autolog, iris):
    import xgboost

    features, test_features, target, _ = iris
    with mlflow.start_run() as active:
        model = xgboost.XGBClassifier(n_estimators=4, max_depth=2).fit(features, target)
    run = client.get_run(active.info.run_id)
    assert run.data.params["max_depth"] == "2" and len(run.outputs.model_outputs) == 1
    loaded = mlflow.xgboost.load_model(f"models:/{logged_model(client, run).model_id}")
    assert (loaded.predict(test_features) == model.predict(test_features)).all()


def test_lightgbm(client: MlflowClient, autolog, iris):
    import lightgbm

    features, test_features, target, test_target = iris
    training = lightgbm.Dataset(features, target)
    with mlflow.start_run() as active:
        booster = lightgbm.train(
            {"objective": "multiclass", "num_class": 3, "num_leaves": 5, "verbose": -1},
            training,
            6,
            valid_sets=[training, lightgbm.Dataset(test_features, test_target, reference=training)],
            valid_names=["train", "valid"],
        )
    run = client.get_run(active.info.run_id)
    assert run.data.params["num_leaves"] == "5" and run.data.params["num_boost_round"] == "6"
    assert len(client.get_metric_history(run.info.run_id, "valid-multi_logloss")) == 6
    assert dataset_contexts(run) == {"train", "eval"}
    files = {file.path for file in client.list_artifacts(run.info.run_id)}
    assert {"feature_importance_gain.json", "feature_importance_split.png"} <= files
    loaded = mlflow.lightgbm.load_model(f"models:/{logged_model(client, run).model_id}")
    assert (loaded.predict(test_features) == booster.predict(test_features)).all()
