package import Core
package import Storage

/// The ledger's table: one row a prediction, found by id, read by deployment in order of arrival.
package struct LedgerStore: Sendable {
    private let database: Database

    /// Uses `database`, to which `migrations` were applied.
    package init(database: Database) {
        self.database = database
    }

    func read<T: Sendable>(_ body: @escaping @Sendable (Connection) throws -> T) async throws(MartletError) -> T {
        try await database.read(body)
    }

    /// The ledger's part of the schema.
    package static let migrations: [Migration] = [
        Migration(
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
    ]

    static let columns = """
        id, deployment, version, arm, rollout, step, via, features, prediction, score, shadow_version, \
        shadow_prediction, shadow_score, latency_us, drift, created_at, label, labelled_at
        """

    /// Writes predictions in one transaction; an id that is there already keeps its first prediction.
    ///
    /// - Returns: how many rows were new.
    package func insert(_ records: [LedgerRecord]) async throws(MartletError) -> Int {
        try await database.write { connection in
            var next: [String: Int64] = [:]
            var inserted = 0
            for start in stride(from: 0, to: records.count, by: Self.rowsPerStatement) {
                let chunk = records[start..<min(start + Self.rowsPerStatement, records.count)]
                if chunk.count == Self.rowsPerStatement {
                    inserted += try Self.insert(chunk, &next, connection)
                } else {
                    for record in chunk { inserted += try Self.insert([record], &next, connection) }
                }
            }
            return inserted
        }
    }

    private static let rowsPerStatement = 32

    private static func insert(
        _ records: some Collection<LedgerRecord>,
        _ next: inout [String: Int64],
        _ connection: Connection
    ) throws -> Int {
        var arguments: [SQLValue] = []
        arguments.reserveCapacity(records.count * 17)
        for record in records {
            let number = try next[record.deployment] ?? nextNumber(record.deployment, connection)
            next[record.deployment] = number + 1
            arguments.append(.text(record.deployment))
            arguments.append(.integer(number))
            arguments.append(contentsOf: bindings(record))
        }
        return try connection.execute(records.count == 1 ? insertOne : insertMany, arguments)
    }

    private static let insertHead = """
        INSERT INTO predictions (deployment, seq, id, version, arm, rollout, step, via, features, prediction, score, \
        shadow_version, shadow_prediction, shadow_score, latency_us, drift, created_at) VALUES
        """
    private static let placeholders = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    private static let insertOne = "\(insertHead) \(placeholders) ON CONFLICT (id) DO NOTHING"
    private static let insertMany =
        "\(insertHead) \(Array(repeating: placeholders, count: rowsPerStatement).joined(separator: ", "))"
        + " ON CONFLICT (id) DO NOTHING"

    private static func nextNumber(_ deployment: String, _ connection: Connection) throws -> Int64 {
        let row = try connection.first(
            "SELECT MAX(seq) AS last FROM predictions WHERE deployment = ?",
            [.text(deployment)]
        )
        return (row?.optionalInt("last") ?? 0) + 1
    }

    private static func bindings(_ record: LedgerRecord) -> [SQLValue] {
        [
            .text(record.id), .int(record.version), .text(record.arm.rawValue), SQLValue(record.rollout),
            .int(record.step), .text(record.via), .blob(FeatureBlob.encode(record.features)),
            .text(record.prediction), SQLValue(record.score), SQLValue(record.shadowVersion.map(Int64.init)),
            SQLValue(record.shadowPrediction), SQLValue(record.shadowScore), .integer(record.microseconds),
            .bool(record.drift), .integer(record.createdAt.milliseconds),
        ]
    }

    /// What came of a label.
    package enum LabelResult: Sendable, Equatable {
        /// Stored now.
        case stored(LedgerRecord)
        /// The same label was there.
        case repeated
        /// Another label was there.
        case conflicting(String)
        /// No prediction has this id.
        case unknown
    }

    /// Joins a label to the prediction `id`.
    ///
    /// `canonical` turns what the client sent into the class's name, knowing deployment and version; it throws when it
    /// is no label of that model.
    package func label(
        _ id: String,
        at now: Timestamp,
        canonical: @escaping @Sendable (_ deployment: String, _ version: Int) throws -> String
    ) async throws(MartletError) -> LabelResult {
        try await database.write { connection in
            guard
                let row = try connection.first("SELECT \(Self.columns) FROM predictions WHERE id = ?", [.text(id)])
            else { return .unknown }
            var record = try LedgerRecord(row)
            let label = try canonical(record.deployment, record.version)
            if let known = record.label { return known == label ? .repeated : .conflicting(known) }
            try connection.execute(
                "UPDATE predictions SET label = ?, labelled_at = ? WHERE id = ?",
                [.text(label), .integer(now.milliseconds), .text(id)]
            )
            record.label = label
            record.labelledAt = now
            return .stored(record)
        }
    }

    /// Removes predictions older than `earliest` and, per deployment, all but the newest `rows`.
    package func prune(before earliest: Timestamp, keeping rows: Int64) async throws(MartletError) {
        try await database.write { connection in
            let lasts = try connection.query("SELECT deployment, MAX(seq) AS last FROM predictions GROUP BY deployment")
            for row in lasts {
                try connection.execute(
                    "DELETE FROM predictions WHERE deployment = ? AND (seq <= ? OR created_at < ?)",
                    [
                        .text(try row.text("deployment")), .integer(try row.int("last") - rows),
                        .integer(earliest.milliseconds),
                    ]
                )
            }
        }
    }
}
