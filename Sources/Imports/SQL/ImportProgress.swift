package import Core
package import Storage

/// What has been imported completely, kept in the destination: where a killed import goes on.
package struct ImportProgress: Sendable {
    /// The kinds of things that are recorded.
    package enum Kind: String, Sendable {
        case experiment, run, loggedModel, model
    }

    /// How a thing was when it was imported.
    package struct Record: Sendable, Equatable {
        /// What it is here, if that is not what it was there.
        package var destination = ""
        /// Changes when the thing changes at the source.
        package var fingerprint = ""
        /// Points of its metrics.
        package var points = 0
        /// Its files.
        package var files = 0
        /// Bytes of its files.
        package var bytes: Int64 = 0

        /// Makes a record.
        package init(
            destination: String = "",
            fingerprint: String = "",
            points: Int = 0,
            files: Int = 0,
            bytes: Int64 = 0
        ) {
            self.destination = destination
            self.fingerprint = fingerprint
            self.points = points
            self.files = files
            self.bytes = bytes
        }
    }

    /// The table of what was imported.
    package static let migrations: [Migration] = [
        Migration(
            id: "imports-0001",
            statements: [
                """
                CREATE TABLE imported_items (
                    source TEXT NOT NULL, kind TEXT NOT NULL, item TEXT NOT NULL, destination TEXT NOT NULL,
                    fingerprint TEXT NOT NULL, points BIGINT NOT NULL, files BIGINT NOT NULL, bytes BIGINT NOT NULL,
                    finished_time BIGINT NOT NULL, PRIMARY KEY (source, kind, item))
                """
            ]
        )
    ]

    private let database: Database
    private let source: String

    /// The progress of one source, known by its identity.
    package init(database: Database, source: String) {
        self.database = database
        self.source = source
    }

    /// What is recorded about a thing; nil if it was never imported to its end.
    package func record(_ kind: Kind, _ item: String) async throws -> Record? {
        let key: [SQLValue] = [.text(source), .text(kind.rawValue), .text(item)]
        return try await database.read { connection in
            let row = try connection.first(
                "SELECT * FROM imported_items WHERE source = ? AND kind = ? AND item = ?",
                key
            )
            return try row.map { row in
                Record(
                    destination: try row.text("destination"),
                    fingerprint: try row.text("fingerprint"),
                    points: Int(try row.int("points")),
                    files: Int(try row.int("files")),
                    bytes: try row.int("bytes")
                )
            }
        }
    }

    /// Records that a thing is complete, in the transaction that completes it.
    package func write(
        _ record: Record,
        _ kind: Kind,
        _ item: String,
        now: Timestamp,
        in connection: Connection
    ) throws {
        try connection.execute(
            """
            INSERT INTO imported_items (source, kind, item, destination, fingerprint, points, files, bytes,
                finished_time) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (source, kind, item) DO UPDATE SET destination = excluded.destination,
                fingerprint = excluded.fingerprint, points = excluded.points, files = excluded.files,
                bytes = excluded.bytes, finished_time = excluded.finished_time
            """,
            [
                .text(source), .text(kind.rawValue), .text(item), .text(record.destination), .text(record.fingerprint),
                .int(record.points), .int(record.files), .integer(record.bytes), .integer(now.milliseconds),
            ]
        )
    }
}
