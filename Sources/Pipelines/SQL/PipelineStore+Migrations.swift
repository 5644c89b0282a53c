package import Storage

extension PipelineStore {
    /// The tables of pipelines, runs, task attempts, their logs, their cache, and the offers to workers.
    package static let migrations: [Migration] = ownMigrations + OfferStore.migrations

    private static let ownMigrations: [Migration] = [
        Migration(
            id: "pipelines-0001",
            statements: [
                """
                CREATE TABLE pipelines (
                    name TEXT PRIMARY KEY, spec TEXT NOT NULL, directory TEXT NOT NULL, created_at BIGINT NOT NULL,
                    updated_at BIGINT NOT NULL
                )
                """,
                """
                CREATE TABLE pipeline_runs (
                    id TEXT PRIMARY KEY, pipeline TEXT NOT NULL, spec TEXT NOT NULL, directory TEXT NOT NULL,
                    parameters TEXT NOT NULL, cause TEXT NOT NULL, idempotency_key TEXT UNIQUE, state TEXT NOT NULL,
                    error TEXT, cancel_requested INTEGER NOT NULL, lease_owner TEXT, fence BIGINT NOT NULL,
                    heartbeat_at BIGINT, created_at BIGINT NOT NULL, started_at BIGINT, finished_at BIGINT
                )
                """,
                "CREATE INDEX pipeline_runs_by_pipeline ON pipeline_runs (pipeline, created_at, id)",
                "CREATE INDEX pipeline_runs_by_time ON pipeline_runs (created_at, id)",
                "CREATE INDEX pipeline_runs_by_state ON pipeline_runs (state, created_at)",
                """
                CREATE TABLE task_runs (
                    run_id TEXT NOT NULL, task TEXT NOT NULL, attempt INTEGER NOT NULL, position INTEGER NOT NULL,
                    state TEXT NOT NULL, fraction DOUBLE PRECISION NOT NULL, message TEXT, error TEXT, outputs TEXT,
                    lease_owner TEXT, fence BIGINT, heartbeat_at BIGINT, marker TEXT, not_before BIGINT,
                    started_at BIGINT, finished_at BIGINT, PRIMARY KEY (run_id, task, attempt)
                )
                """,
                "CREATE INDEX task_runs_by_lease ON task_runs (lease_owner, state)",
                """
                CREATE TABLE task_logs (
                    run_id TEXT NOT NULL, task TEXT NOT NULL, position BIGINT NOT NULL, attempt INTEGER NOT NULL,
                    logged_at BIGINT NOT NULL, stream TEXT NOT NULL, line TEXT NOT NULL,
                    PRIMARY KEY (run_id, task, position)
                )
                """,
            ]
        ),
        Migration(
            id: "pipelines-0002",
            statements: [
                "ALTER TABLE pipeline_runs ADD COLUMN priority BIGINT NOT NULL DEFAULT 0",
                "ALTER TABLE pipeline_runs ADD COLUMN concurrency BIGINT",
                "ALTER TABLE pipeline_runs ADD COLUMN cause_kind TEXT",
                "ALTER TABLE pipeline_runs ADD COLUMN cause_trigger TEXT",
                "ALTER TABLE pipeline_runs ADD COLUMN logical_at BIGINT",
                "ALTER TABLE pipeline_runs ADD COLUMN origin TEXT",
                "ALTER TABLE task_runs ADD COLUMN part BIGINT NOT NULL DEFAULT 0",
                "ALTER TABLE task_runs ADD COLUMN parent TEXT",
                "ALTER TABLE task_runs ADD COLUMN item TEXT",
                "ALTER TABLE task_runs ADD COLUMN instances BIGINT",
                "ALTER TABLE task_runs ADD COLUMN skip_cause TEXT",
                "ALTER TABLE task_runs ADD COLUMN cached_run TEXT",
                "ALTER TABLE task_runs ADD COLUMN cached_task TEXT",
                "ALTER TABLE task_runs ADD COLUMN artifacts TEXT",
                "ALTER TABLE task_runs ADD COLUMN code_hash TEXT",
                "ALTER TABLE task_runs ADD COLUMN usage TEXT",
                "CREATE INDEX task_runs_by_place ON task_runs (run_id, position, part, task)",
                "CREATE INDEX pipeline_runs_active ON pipeline_runs (pipeline, state)",
                """
                CREATE TABLE pipeline_cache (
                    cache_key TEXT PRIMARY KEY, run_id TEXT NOT NULL, task TEXT NOT NULL, attempt INTEGER NOT NULL,
                    outputs TEXT NOT NULL, artifacts TEXT NOT NULL, created_at BIGINT NOT NULL
                )
                """,
            ]
        ),
    ]
}
