/// What each empty list says, the same wherever the list appears.
extension EmptyState {
    /// No deployments.
    package static let deployments = EmptyState(
        "No deployments yet. Declare one in martlet.yaml and apply it.",
        command: "martlet apply martlet.yaml"
    )
    /// No pipelines.
    package static let pipelines = EmptyState(
        "No pipelines yet. Declare one in martlet.yaml and apply it.",
        command: "martlet apply martlet.yaml"
    )
    /// No runs of any pipeline.
    package static let pipelineRuns = EmptyState(
        "No pipeline has run yet.",
        command: "martlet pipeline run <name>"
    )
    /// No loops.
    package static let loops = EmptyState(
        "No loop has been opened. A trigger opens one when its monitor reports drift.",
        command: "martlet loop fire <trigger>"
    )
    /// No predictions.
    package static let predictions = EmptyState("No predictions in this time.")
    /// No experiments.
    package static let experiments = EmptyState(
        "No experiments yet. Point the MLflow client here and log a run.",
        command: "export MLFLOW_TRACKING_URI=http://127.0.0.1:5000"
    )
    /// No models.
    package static let models = EmptyState(
        "No registered models yet. Log one with the MLflow client, or let a pipeline register it.",
        command: "mlflow.sklearn.log_model(model, name=\"model\", registered_model_name=\"<name>\")"
    )
    /// No monitors.
    package static let monitors = EmptyState(
        "No monitors yet. Declare one for a deployment in martlet.yaml and apply it.",
        command: "martlet apply martlet.yaml"
    )
    /// No datasets.
    package static let datasets = EmptyState(
        "No datasets yet. Declare one in martlet.yaml and ingest it with a pipeline.",
        command: "martlet apply martlet.yaml"
    )
}
