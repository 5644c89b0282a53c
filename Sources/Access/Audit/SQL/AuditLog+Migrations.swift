package import Storage

extension AuditLog {
    /// The table of the audit log, which refuses to be changed in any way but by new records.
    ///
    /// Whoever owns the database can take the triggers away; that is what the hashes are for.
    package static let migrations: [Migration] = [
        Migration(
            id: "audit-0001",
            statements: [table] + indexes,
            sqlite: ["UPDATE", "DELETE"].map(sqliteTrigger) + [sqliteReplacement],
            postgres: [postgresFunction, postgresTrigger]
        )
    ]

    /// What the database says when somebody tries.
    private static let refusal = "The audit log is append-only."

    private static let table = """
        CREATE TABLE audit_records (
            sequence BIGINT PRIMARY KEY, time BIGINT NOT NULL, actor TEXT NOT NULL, token TEXT, workspace TEXT NOT NULL,
            action TEXT NOT NULL, object TEXT NOT NULL, value_before TEXT, value_after TEXT, request_id TEXT,
            address TEXT, outcome TEXT NOT NULL, reason TEXT, previous_hash TEXT NOT NULL, hash TEXT NOT NULL)
        """

    private static let indexes = [
        "CREATE INDEX audit_records_by_actor ON audit_records (actor, sequence)",
        "CREATE INDEX audit_records_by_object ON audit_records (object, sequence)",
        "CREATE INDEX audit_records_by_time ON audit_records (time, sequence)",
    ]

    private static func sqliteTrigger(_ event: String) -> String {
        """
        CREATE TRIGGER audit_records_no_\(event.lowercased()) BEFORE \(event) ON audit_records
        BEGIN SELECT RAISE(ABORT, '\(refusal)'); END
        """
    }

    /// `INSERT OR REPLACE` deletes without a trigger for deletes, unless recursive triggers are on.
    private static let sqliteReplacement = """
        CREATE TRIGGER audit_records_no_replace BEFORE INSERT ON audit_records
        WHEN EXISTS (SELECT 1 FROM audit_records WHERE sequence = NEW.sequence)
        BEGIN SELECT RAISE(ABORT, '\(refusal)'); END
        """

    private static let postgresFunction = """
        CREATE FUNCTION audit_records_refuse() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN RAISE EXCEPTION ''\(refusal)''; END'
        """

    private static let postgresTrigger = """
        CREATE TRIGGER audit_records_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_records
        FOR EACH STATEMENT EXECUTE FUNCTION audit_records_refuse()
        """
}
