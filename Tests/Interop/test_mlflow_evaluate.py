"""`mlflow.evaluate` and what `mlflow.genai` does without a language model: metrics, tables and plots on the server."""

from __future__ import annotations

import mlflow
import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, mean_squared_error
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

pytest_plugins = ["mlflow_fixtures"]

# Explanations need the shap library and are none of the server's.
CONFIG = {"log_model_explainability": False}


def test_a_classifier(client: MlflowClient, name: str):
    data = load_breast_cancer(as_frame=True)
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(data.data, data.target)
    table = data.data.head(200).assign(target=data.target.head(200))
    mlflow.set_experiment(name)
    with mlflow.start_run() as active:
        info = mlflow.sklearn.log_model(model, name="model", pip_requirements=["mlflow"])
        result = mlflow.models.evaluate(
            info.model_uri, table, targets="target", model_type="classifier", evaluator_config=CONFIG
        )
    run = client.get_run(active.info.run_id)
    expected = accuracy_score(table["target"], model.predict(table.drop(columns="target")))
    assert run.data.metrics["accuracy_score"] == expected == result.metrics["accuracy_score"]
    assert {"f1_score", "log_loss", "roc_auc", "precision_recall_auc", "true_positives"} <= set(run.data.metrics)
    files = {file.path for file in client.list_artifacts(active.info.run_id)}
    assert {"confusion_matrix.png", "roc_curve_plot.png", "calibration_curve_plot.png"} <= files
    assert set(result.artifacts) >= {"confusion_matrix", "roc_curve_plot"}
    measured = {metric.key for metric in client.get_logged_model(info.model_id).metrics}
    assert "accuracy_score" in measured
    (item,) = run.inputs.dataset_inputs
    assert item.dataset.digest
    with pytest.raises(MlflowException, match="threshold check failed"):
        mlflow.validate_evaluation_results(
            {"accuracy_score": mlflow.models.MetricThreshold(threshold=1.1, greater_is_better=True)}, result
        )


def test_a_regressor(client: MlflowClient, name: str):
    data = load_diabetes(as_frame=True)
    model = Ridge().fit(data.data, data.target)
    table = data.data.head(100).assign(target=data.target.head(100))

    def worst(predictions: pd.Series, targets: pd.Series) -> float:
        return float((predictions - targets).abs().max())

    mlflow.set_experiment(name)
    with mlflow.start_run() as active:
        info = mlflow.sklearn.log_model(model, name="model", pip_requirements=["mlflow"])
        custom = mlflow.models.make_metric(
            eval_fn=lambda predictions, targets, metrics: worst(predictions, targets),
            greater_is_better=False,
            name="worst",
        )
        result = mlflow.models.evaluate(
            info.model_uri,
            mlflow.data.from_pandas(table, targets="target", name="diabetes"),
            model_type="regressor",
            evaluator_config=CONFIG,
            extra_metrics=[custom],
        )
    run = client.get_run(active.info.run_id)
    expected = mean_squared_error(table["target"], model.predict(table.drop(columns="target")))
    assert run.data.metrics["mean_squared_error"] == pytest.approx(expected)
    assert run.data.metrics["worst"] == result.metrics["worst"] > 0
    assert [item.dataset.name for item in run.inputs.dataset_inputs] == ["diabetes"]
    with_dataset = [metric for metric in client.get_logged_model(info.model_id).metrics if metric.key == "worst"]
    assert {metric.dataset_name for metric in with_dataset} == {"diabetes"}
    found = client.search_logged_models(
        [active.info.experiment_id], filter_string="metrics.worst > 0", datasets=[{"dataset_name": "diabetes"}]
    )
    assert [model.model_id for model in found] == [info.model_id]


def test_predictions_that_are_there_already(client: MlflowClient, name: str):
    table = pd.DataFrame({"target": [1, 0, 1, 1], "prediction": [1, 0, 0, 1]})
    mlflow.set_experiment(name)
    with mlflow.start_run() as active:
        mlflow.models.evaluate(
            data=table, predictions="prediction", targets="target", model_type="classifier", evaluator_config=CONFIG
        )
    assert client.get_run(active.info.run_id).data.metrics["accuracy_score"] == 0.75


def test_text_with_a_table_of_results(client: MlflowClient, name: str):
    table = pd.DataFrame({"inputs": ["a", "b"], "answer": ["x", "y"], "truth": ["x", "z"]})
    exact = mlflow.models.make_metric(
        eval_fn=lambda predictions, targets: mlflow.metrics.MetricValue(
            scores=[float(left == right) for left, right in zip(predictions, targets, strict=True)],
            aggregate_results={"mean": 0.5},
        ),
        greater_is_better=True,
        name="exact",
    )
    mlflow.set_experiment(name)
    with mlflow.start_run() as active:
        result = mlflow.models.evaluate(data=table, predictions="answer", targets="truth", extra_metrics=[exact])
    assert client.get_run(active.info.run_id).data.metrics["exact/mean"] == 0.5
    stored = mlflow.load_table("eval_results_table.json", run_ids=[active.info.run_id])
    assert list(stored["exact/score"]) == [1.0, 0.0] == list(result.tables["eval_results_table"]["exact/score"])


def test_genai_evaluation_with_scorers_in_code(client: MlflowClient, name: str):
    @mlflow.genai.scorer
    def is_short(outputs: str) -> bool:
        return len(outputs) < 10

    @mlflow.genai.scorer
    def length(outputs: str) -> int:
        return len(outputs)

    mlflow.set_experiment(name)
    data = [{"inputs": {"question": text}} for text in ("short", "a question that is rather long")]
    result = mlflow.genai.evaluate(data=data, predict_fn=lambda question: question, scorers=[is_short, length])
    run = client.get_run(result.run_id)
    assert run.data.metrics["is_short/mean"] == 0.5 and run.data.metrics["length/mean"] == 17.5
    traces = client.search_traces(locations=[run.info.experiment_id], run_id=result.run_id)
    assert len(traces) == 2
    values = {(feedback.name, feedback.value) for trace in traces for feedback in trace.info.assessments}
    assert values == {("is_short", True), ("is_short", False), ("length", 5), ("length", 30)}


def test_prompts_and_their_versions(client: MlflowClient, name: str):
    first = mlflow.genai.register_prompt(name=name, template="Hello {{who}}", tags={"tone": "warm"})
    second = mlflow.genai.register_prompt(name=name, template="Good day {{who}}", commit_message="formal")
    assert (first.version, second.version) == (1, 2)
    mlflow.genai.set_prompt_alias(name, alias="production", version=1)
    loaded = mlflow.genai.load_prompt(f"prompts:/{name}@production")
    assert loaded.format(who="Ann") == "Hello Ann" and loaded.tags == {"tone": "warm"}
    assert mlflow.genai.load_prompt(f"prompts:/{name}@latest").version == 2
    assert [prompt.name for prompt in mlflow.genai.search_prompts(f"name = '{name}'")] == [name]
