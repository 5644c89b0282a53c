package import Storage

extension PipelineStore {
    /// The tables of pipelines, runs, task attempts and their logs.
    package static let migrations: [Migration] = [
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
        )
    ]
}
