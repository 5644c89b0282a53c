package import Core
package import Storage

/// Scorers and evaluation datasets.
package final class EvaluationStore: Sendable {
    let database: Database
    let sources: EvaluationSources
    let clock: Clock

    /// Makes the store; its migrations must have run.
    package init(database: Database, sources: EvaluationSources, clock: Clock = .system) {
        self.database = database
        self.sources = sources
        self.clock = clock
    }

    /// The tables of scorers and evaluation datasets.
    package static let migrations: [Migration] = [
        Migration(id: "evaluations-0001", statements: scorerTables + datasetTables)
    ]

    private static let scorerTables = [
        """
        CREATE TABLE scorers (
            scorer_id TEXT PRIMARY KEY, experiment_id TEXT NOT NULL, scorer_name TEXT NOT NULL,
            UNIQUE (experiment_id, scorer_name))
        """,
        """
        CREATE TABLE scorer_versions (
            scorer_id TEXT NOT NULL REFERENCES scorers (scorer_id), version BIGINT NOT NULL,
            serialized_scorer TEXT NOT NULL, creation_time BIGINT NOT NULL, PRIMARY KEY (scorer_id, version))
        """,
        """
        CREATE TABLE online_scoring (
            scorer_id TEXT PRIMARY KEY REFERENCES scorers (scorer_id), config_id TEXT NOT NULL,
            sample_rate DOUBLE PRECISION NOT NULL, experiment_id TEXT NOT NULL, trace_filter TEXT)
        """,
    ]

    private static let datasetTables = [
        """
        CREATE TABLE evaluation_datasets (
            dataset_id TEXT PRIMARY KEY, name TEXT NOT NULL, record_schema TEXT, profile TEXT, digest TEXT NOT NULL,
            last_record BIGINT NOT NULL, creation_time BIGINT NOT NULL, last_update_time BIGINT NOT NULL,
            created_by TEXT, last_updated_by TEXT)
        """,
        """
        CREATE TABLE evaluation_dataset_tags (
            dataset_id TEXT NOT NULL REFERENCES evaluation_datasets (dataset_id), tag_key TEXT NOT NULL,
            tag_value TEXT NOT NULL, PRIMARY KEY (dataset_id, tag_key))
        """,
        """
        CREATE TABLE evaluation_dataset_experiments (
            dataset_id TEXT NOT NULL REFERENCES evaluation_datasets (dataset_id), experiment_id TEXT NOT NULL,
            PRIMARY KEY (dataset_id, experiment_id))
        """,
        "CREATE INDEX evaluation_datasets_of_experiment ON evaluation_dataset_experiments (experiment_id, dataset_id)",
        """
        CREATE TABLE evaluation_dataset_records (
            dataset_id TEXT NOT NULL REFERENCES evaluation_datasets (dataset_id), record_number BIGINT NOT NULL,
            record_id TEXT NOT NULL UNIQUE, input_hash TEXT NOT NULL, inputs TEXT NOT NULL, outputs TEXT,
            expectations TEXT, tags TEXT NOT NULL, source TEXT, source_id TEXT, source_type TEXT,
            creation_time BIGINT NOT NULL, last_update_time BIGINT NOT NULL, created_by TEXT, last_updated_by TEXT,
            PRIMARY KEY (dataset_id, record_number), UNIQUE (dataset_id, input_hash))
        """,
    ]
}
