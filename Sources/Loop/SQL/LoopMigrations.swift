package import Storage

extension LoopStore {
    /// The tables of triggers, loops and their timelines.
    package static let migrations: [Migration] = [
        Migration(
            id: "loop-0001",
            statements: [
                """
                CREATE TABLE triggers (
                    name TEXT PRIMARY KEY,
                    definition TEXT NOT NULL,
                    updated_at BIGINT NOT NULL
                )
                """,
                """
                CREATE TABLE loops (
                    id TEXT PRIMARY KEY,
                    trigger_name TEXT NOT NULL,
                    definition TEXT NOT NULL,
                    model TEXT NOT NULL,
                    model_alias TEXT NOT NULL,
                    signal_kind TEXT NOT NULL,
                    signal_message TEXT NOT NULL,
                    signal_evidence TEXT NOT NULL,
                    opened_at BIGINT NOT NULL,
                    state TEXT NOT NULL,
                    entered_at BIGINT NOT NULL,
                    finished_at BIGINT,
                    pipeline_run_id TEXT,
                    outputs TEXT NOT NULL,
                    model_version BIGINT,
                    rollout_requested INTEGER NOT NULL,
                    weight INTEGER,
                    failures INTEGER NOT NULL,
                    retry_at BIGINT,
                    revision BIGINT NOT NULL
                )
                """,
                // One open loop per trigger and per target, whatever the code does.
                "CREATE UNIQUE INDEX loops_open_trigger ON loops (trigger_name) WHERE finished_at IS NULL",
                "CREATE UNIQUE INDEX loops_open_target ON loops (model, model_alias) WHERE finished_at IS NULL",
                "CREATE INDEX loops_opened ON loops (opened_at, id)",
                "CREATE INDEX loops_of_trigger ON loops (trigger_name, opened_at)",
                """
                CREATE TABLE loop_events (
                    loop_id TEXT NOT NULL REFERENCES loops (id),
                    sequence BIGINT NOT NULL,
                    at BIGINT NOT NULL,
                    state TEXT NOT NULL,
                    message TEXT NOT NULL,
                    evidence TEXT NOT NULL,
                    links TEXT NOT NULL,
                    PRIMARY KEY (loop_id, sequence)
                )
                """,
            ]
        ),
        Migration(
            id: "loop-0002",
            statements: [
                // What is never searched by: champion, verdict, approvals, cancellation, outcome, commit.
                "ALTER TABLE loops ADD COLUMN details TEXT NOT NULL DEFAULT '{}'",
                "CREATE INDEX loops_of_state ON loops (state, opened_at)",
                "CREATE INDEX loops_of_model ON loops (model, opened_at)",
                """
                CREATE TABLE trigger_signals (
                    trigger_name TEXT NOT NULL,
                    source TEXT NOT NULL,
                    kind TEXT NOT NULL,
                    message TEXT NOT NULL,
                    evidence TEXT NOT NULL,
                    at BIGINT NOT NULL,
                    PRIMARY KEY (trigger_name, source)
                )
                """,
                """
                CREATE TABLE trigger_cursors (
                    trigger_name TEXT NOT NULL,
                    source TEXT NOT NULL,
                    place TEXT NOT NULL,
                    PRIMARY KEY (trigger_name, source)
                )
                """,
                """
                CREATE TABLE trigger_deliveries (
                    trigger_name TEXT NOT NULL,
                    delivery_id TEXT NOT NULL,
                    at BIGINT NOT NULL,
                    PRIMARY KEY (trigger_name, delivery_id)
                )
                """,
                "CREATE INDEX trigger_deliveries_at ON trigger_deliveries (trigger_name, at)",
            ]
        ),
    ]
}
