package import Core
package import Storage

/// Triggers, their firings and backfills in the database.
///
/// What a trigger fires for has one row: its key is unique, and the row is written in the transaction of the run that it
/// starts. So nothing fires twice, whichever server looks, however often it is killed and whatever its clock does.
package struct TriggerStore: Sendable {
    let database: Database
    let clock: Clock

    /// Uses `database`, to which `migrations` have been applied.
    package init(database: Database, clock: Clock) {
        self.database = database
        self.clock = clock
    }

    /// The tables.
    package static let migrations: [Migration] = [
        Migration(
            id: "triggers-0001",
            statements: [
                """
                CREATE TABLE pipeline_triggers (
                    pipeline TEXT NOT NULL, name TEXT NOT NULL, document TEXT NOT NULL, is_declared INTEGER NOT NULL,
                    declared_at BIGINT NOT NULL, settled_at BIGINT NOT NULL, paused_at BIGINT, paused_by TEXT,
                    missed BIGINT NOT NULL, PRIMARY KEY (pipeline, name))
                """,
                """
                CREATE TABLE trigger_firings (
                    pipeline TEXT NOT NULL, trigger_name TEXT NOT NULL, firing_key TEXT NOT NULL,
                    logical_at BIGINT NOT NULL, fired_at BIGINT NOT NULL, run_id TEXT, error TEXT, event TEXT,
                    fired_by TEXT, backfill_id TEXT, PRIMARY KEY (pipeline, trigger_name, firing_key))
                """,
                "CREATE INDEX trigger_firings_by_time ON trigger_firings (pipeline, trigger_name, fired_at)",
                "CREATE INDEX trigger_firings_by_logical ON trigger_firings (pipeline, trigger_name, logical_at)",
                "CREATE INDEX trigger_firings_by_backfill ON trigger_firings (backfill_id)",
                "CREATE TABLE trigger_positions (name TEXT PRIMARY KEY, position BIGINT NOT NULL)",
                """
                CREATE TABLE pipeline_backfills (
                    id TEXT PRIMARY KEY, pipeline TEXT NOT NULL, trigger_name TEXT NOT NULL, document TEXT NOT NULL,
                    from_at BIGINT NOT NULL, through_at BIGINT NOT NULL, chunk BIGINT NOT NULL, times BIGINT NOT NULL,
                    runs BIGINT NOT NULL, active BIGINT NOT NULL, rerun TEXT NOT NULL, parameters TEXT NOT NULL,
                    priority BIGINT NOT NULL, position BIGINT, started BIGINT NOT NULL, skipped BIGINT NOT NULL,
                    refused BIGINT NOT NULL, state TEXT NOT NULL, created_at BIGINT NOT NULL, created_by TEXT,
                    finished_at BIGINT, error TEXT)
                """,
                "CREATE INDEX pipeline_backfills_by_time ON pipeline_backfills (created_at)",
            ]
        )
    ]
}
