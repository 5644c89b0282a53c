package import Storage

extension LedgerStore {
    /// The ledger's part of the schema.
    package static let migrations: [Migration] = [first, rows]

    /// The first form; its rows are brought over by `bringOver`, and its table stays empty.
    private static let first = Migration(
        id: "serving-ledger-0001",
        statements: [
            """
            CREATE TABLE predictions (
                deployment TEXT NOT NULL,
                seq BIGINT NOT NULL,
                id TEXT NOT NULL UNIQUE,
                version BIGINT NOT NULL,
                arm TEXT NOT NULL,
                rollout TEXT,
                step INTEGER NOT NULL,
                via TEXT NOT NULL,
                features BLOB NOT NULL,
                prediction TEXT NOT NULL,
                score DOUBLE PRECISION,
                shadow_version BIGINT,
                shadow_prediction TEXT,
                shadow_score DOUBLE PRECISION,
                latency_us BIGINT NOT NULL,
                drift INTEGER NOT NULL,
                created_at BIGINT NOT NULL,
                label TEXT,
                labelled_at BIGINT,
                PRIMARY KEY (deployment, seq)
            )
            """
        ]
    )

    private static let rows = Migration(
        id: "ledger-0002",
        statements: [
            """
            CREATE TABLE ledger_rows (
                deployment TEXT NOT NULL,
                created_at BIGINT NOT NULL,
                seq BIGINT NOT NULL,
                segment BIGINT NOT NULL,
                id TEXT NOT NULL,
                version BIGINT NOT NULL,
                arm TEXT NOT NULL,
                rollout TEXT,
                step INTEGER NOT NULL,
                via TEXT NOT NULL,
                features BLOB NOT NULL,
                prediction TEXT NOT NULL,
                score DOUBLE PRECISION,
                shadow_version BIGINT,
                shadow_prediction TEXT,
                shadow_score DOUBLE PRECISION,
                latency_us BIGINT NOT NULL,
                drift INTEGER NOT NULL,
                is_cut INTEGER NOT NULL,
                entity TEXT,
                bytes BIGINT NOT NULL,
                label TEXT,
                labelled_at BIGINT,
                observed_at BIGINT,
                PRIMARY KEY (deployment, created_at, seq)
            )
            """,
            "CREATE INDEX ledger_rows_id ON ledger_rows (segment, id)",
            "CREATE INDEX ledger_rows_entity ON ledger_rows (segment, entity) WHERE entity IS NOT NULL",
            """
            CREATE INDEX ledger_rows_labelled ON ledger_rows (deployment, created_at, seq) WHERE label IS NOT NULL
            """,
            """
            CREATE TABLE ledger_segments (
                segment BIGINT PRIMARY KEY, first_at BIGINT NOT NULL, last_at BIGINT NOT NULL, written BIGINT NOT NULL,
                kept BIGINT NOT NULL) WITHOUT ROWID
            """,
            """
            CREATE TABLE ledger_hours (
                deployment TEXT NOT NULL, hour BIGINT NOT NULL, version BIGINT NOT NULL, arm TEXT NOT NULL,
                predictions BIGINT NOT NULL, kept BIGINT NOT NULL, labelled BIGINT NOT NULL, correct BIGINT NOT NULL,
                measured BIGINT NOT NULL, absolute_error TEXT NOT NULL, squared_error TEXT NOT NULL,
                latency_us BIGINT NOT NULL, drifted BIGINT NOT NULL,
                PRIMARY KEY (deployment, hour, version, arm)) WITHOUT ROWID
            """,
            """
            CREATE TABLE ledger_deployments (
                deployment TEXT PRIMARY KEY, kept BIGINT NOT NULL, bytes BIGINT NOT NULL, revision BIGINT NOT NULL,
                spec TEXT) WITHOUT ROWID
            """,
            """
            CREATE TABLE ledger_schemas (
                deployment TEXT NOT NULL, version BIGINT NOT NULL, column_names TEXT NOT NULL, class_names TEXT,
                PRIMARY KEY (deployment, version)) WITHOUT ROWID
            """,
            """
            CREATE TABLE ledger_labels (
                seq BIGINT NOT NULL, number BIGINT NOT NULL, label TEXT NOT NULL, observed_at BIGINT NOT NULL,
                received_at BIGINT NOT NULL, PRIMARY KEY (seq, number)) WITHOUT ROWID
            """,
            """
            CREATE TABLE ledger_pending (
                number BIGINT PRIMARY KEY, subject TEXT NOT NULL, deployment TEXT, from_at BIGINT, until_at BIGINT,
                label TEXT NOT NULL, observed_at BIGINT NOT NULL, is_timed INTEGER NOT NULL,
                received_at BIGINT NOT NULL, expires_at BIGINT NOT NULL, joined INTEGER NOT NULL) WITHOUT ROWID
            """,
            "CREATE INDEX ledger_pending_subject ON ledger_pending (subject)",
            "CREATE INDEX ledger_pending_expiry ON ledger_pending (expires_at)",
        ]
    )
}
