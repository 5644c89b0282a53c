package import Storage

extension TrackingStore {
    /// The tables of experiments, runs and logged models.
    ///
    /// Runs and metric keys have small integer keys beside their public names, and metrics are clustered by run, key
    /// and step, so that a history is one range of the table. The latest point of every metric stands in a table of its
    /// own, which is all that a list of runs reads. Tables without row ids are clustered by their primary key in SQLite;
    /// PostgreSQL has no such clause, its back end leaves it out. Why so: docs/decisions/0006.
    package static let migrations: [Migration] = [
        Migration(id: "tracking-0001", statements: experimentTables + runTables + metricTables),
        Migration(id: "tracking-0002", statements: inputTables + loggedModelTables),
        Migration(id: "tracking-0003", statements: deletionTables),
        Migration(id: "tracking-0004", statements: metricTail),
    ]

    /// When things were deleted, and the artifacts of what was removed for good that are still to be deleted.
    private static let deletionTables = [
        "ALTER TABLE experiments ADD COLUMN deleted_time BIGINT",
        "ALTER TABLE runs ADD COLUMN deleted_time BIGINT",
        "CREATE TABLE artifact_removals (artifact_path TEXT PRIMARY KEY, marked_time BIGINT NOT NULL)",
    ]

    /// Where points are appended before they are folded into their places, and latest points in the order of values.
    private static let metricTail = [
        """
        CREATE TABLE metric_tail (
            run_number BIGINT NOT NULL, key_number BIGINT NOT NULL, step BIGINT NOT NULL, metric_time BIGINT NOT NULL,
            metric_value DOUBLE PRECISION NOT NULL, is_nan INTEGER NOT NULL)
        """,
        "CREATE INDEX latest_metrics_by_value ON latest_metrics (key_number, is_nan, metric_value, run_number)",
    ]

    private static let experimentTables = [
        """
        CREATE TABLE experiments (
            experiment_id BIGINT PRIMARY KEY, name TEXT NOT NULL UNIQUE, artifact_location TEXT NOT NULL,
            lifecycle_stage TEXT NOT NULL, creation_time BIGINT NOT NULL, last_update_time BIGINT NOT NULL)
        """,
        """
        CREATE TABLE experiment_tags (
            experiment_id BIGINT NOT NULL REFERENCES experiments (experiment_id), tag_key TEXT NOT NULL,
            tag_value TEXT NOT NULL, PRIMARY KEY (experiment_id, tag_key))
        """,
    ]

    private static let runTables = [
        """
        CREATE TABLE runs (
            run_number BIGINT PRIMARY KEY, run_id TEXT NOT NULL UNIQUE,
            experiment_id BIGINT NOT NULL REFERENCES experiments (experiment_id), run_name TEXT NOT NULL,
            user_id TEXT NOT NULL, status TEXT NOT NULL, start_time BIGINT NOT NULL, end_time BIGINT,
            artifact_uri TEXT NOT NULL, lifecycle_stage TEXT NOT NULL) WITHOUT ROWID
        """,
        "CREATE INDEX runs_by_experiment ON runs (experiment_id, lifecycle_stage, start_time)",
        """
        CREATE TABLE run_params (
            run_number BIGINT NOT NULL REFERENCES runs (run_number), param_key TEXT NOT NULL, param_value TEXT NOT NULL,
            PRIMARY KEY (run_number, param_key)) WITHOUT ROWID
        """,
        """
        CREATE TABLE run_tags (
            run_number BIGINT NOT NULL REFERENCES runs (run_number), tag_key TEXT NOT NULL, tag_value TEXT NOT NULL,
            PRIMARY KEY (run_number, tag_key)) WITHOUT ROWID
        """,
    ]

    private static let metricTables = [
        "CREATE TABLE metric_keys (key_number BIGINT PRIMARY KEY, metric_key TEXT NOT NULL UNIQUE) WITHOUT ROWID",
        """
        CREATE TABLE metrics (
            run_number BIGINT NOT NULL, key_number BIGINT NOT NULL, step BIGINT NOT NULL, metric_time BIGINT NOT NULL,
            metric_value DOUBLE PRECISION NOT NULL, is_nan INTEGER NOT NULL,
            PRIMARY KEY (run_number, key_number, step, metric_time, metric_value, is_nan)) WITHOUT ROWID
        """,
        """
        CREATE TABLE latest_metrics (
            run_number BIGINT NOT NULL, key_number BIGINT NOT NULL, step BIGINT NOT NULL, metric_time BIGINT NOT NULL,
            metric_value DOUBLE PRECISION NOT NULL, is_nan INTEGER NOT NULL,
            PRIMARY KEY (run_number, key_number)) WITHOUT ROWID
        """,
    ]

    private static let inputTables = [
        """
        CREATE TABLE input_datasets (
            dataset_number BIGINT PRIMARY KEY, experiment_id BIGINT NOT NULL, name TEXT NOT NULL, digest TEXT NOT NULL,
            source_type TEXT NOT NULL, source TEXT NOT NULL, dataset_schema TEXT, profile TEXT,
            UNIQUE (experiment_id, name, digest))
        """,
        """
        CREATE TABLE run_datasets (
            run_number BIGINT NOT NULL REFERENCES runs (run_number),
            dataset_number BIGINT NOT NULL REFERENCES input_datasets (dataset_number), position BIGINT NOT NULL,
            PRIMARY KEY (run_number, dataset_number))
        """,
        """
        CREATE TABLE run_dataset_tags (
            run_number BIGINT NOT NULL, dataset_number BIGINT NOT NULL, tag_key TEXT NOT NULL, tag_value TEXT NOT NULL,
            PRIMARY KEY (run_number, dataset_number, tag_key))
        """,
        """
        CREATE TABLE run_model_inputs (
            run_number BIGINT NOT NULL REFERENCES runs (run_number), model_id TEXT NOT NULL,
            PRIMARY KEY (run_number, model_id))
        """,
        """
        CREATE TABLE run_model_outputs (
            run_number BIGINT NOT NULL REFERENCES runs (run_number), position BIGINT NOT NULL, model_id TEXT NOT NULL,
            step BIGINT NOT NULL, PRIMARY KEY (run_number, position))
        """,
    ]

    private static let loggedModelTables = [
        """
        CREATE TABLE logged_models (
            model_id TEXT PRIMARY KEY, experiment_id BIGINT NOT NULL REFERENCES experiments (experiment_id),
            name TEXT NOT NULL, artifact_uri TEXT NOT NULL, status INTEGER NOT NULL, model_type TEXT NOT NULL,
            source_run_id TEXT, lifecycle_stage TEXT NOT NULL, creation_time BIGINT NOT NULL,
            last_update_time BIGINT NOT NULL)
        """,
        "CREATE INDEX logged_models_by_experiment ON logged_models (experiment_id, creation_time)",
        """
        CREATE TABLE logged_model_params (
            model_id TEXT NOT NULL REFERENCES logged_models (model_id), param_key TEXT NOT NULL,
            param_value TEXT NOT NULL, PRIMARY KEY (model_id, param_key))
        """,
        """
        CREATE TABLE logged_model_tags (
            model_id TEXT NOT NULL REFERENCES logged_models (model_id), tag_key TEXT NOT NULL, tag_value TEXT NOT NULL,
            PRIMARY KEY (model_id, tag_key))
        """,
        """
        CREATE TABLE logged_model_metrics (
            model_id TEXT NOT NULL REFERENCES logged_models (model_id), metric_key TEXT NOT NULL,
            metric_time BIGINT NOT NULL, step BIGINT NOT NULL, run_id TEXT NOT NULL,
            metric_value DOUBLE PRECISION NOT NULL, is_nan INTEGER NOT NULL, dataset_name TEXT NOT NULL,
            dataset_digest TEXT NOT NULL,
            PRIMARY KEY (model_id, metric_key, metric_time, step, run_id, dataset_name, dataset_digest))
        """,
    ]
}
