package import Core
import Storage

extension LedgerStore {
    /// What a version's classes are called, for versions whose schema was never written; nil when not known.
    package typealias Classes = @Sendable (_ deployment: String, _ version: Int) -> [String]?

    /// Writes rows in one transaction, together with the hourly sums they change and the labels that came before them.
    ///
    /// An id that one of the last `LedgerLimits.segmentRows` rows has keeps its first prediction.
    ///
    /// - Parameters:
    ///   - batch: What is written.
    ///   - classes: The classes of versions that have no schema.
    /// - Returns: what came of it.
    /// - Throws: What the database throws; then nothing was written.
    package func insert(
        _ batch: LedgerBatch,
        classes: @escaping Classes = { _, _ in nil }
    ) async throws(MartletError) -> LedgerInsertion {
        try await write { connection in try Self.insert(batch, classes, connection) }
    }

    /// Writes rows that are new.
    ///
    /// - Returns: how many were new.
    package func insert(_ records: [LedgerRecord]) async throws(MartletError) -> Int {
        try await insert(LedgerBatch(records: records)).inserted
    }

    static func insert(
        _ batch: LedgerBatch,
        _ classes: @escaping Classes,
        _ connection: Connection
    ) throws -> LedgerInsertion {
        var result = LedgerInsertion()
        var deltas = HourDeltas()
        for hour in batch.unkept { deltas.add(hour) }
        for (version, schema) in batch.schemas { try note(schema, version, connection) }
        var segment = try OpenSegment(connection)
        let new = try unknown(batch.records, segment: segment.segment, connection)
        result.duplicates = batch.records.count - new.count
        result.inserted = new.count
        var totals: [String: (rows: Int64, bytes: Int64)] = [:]
        var rows: [LedgerRow] = []
        rows.reserveCapacity(new.count)
        for record in new {
            deltas.add(row: record)
            deltas.add(label: record, times: 1)
            totals[record.deployment, default: (0, 0)].rows += 1
            totals[record.deployment, default: (0, 0)].bytes += record.storedBytes
            let number = try segment.next(record.createdAt, connection)
            rows.append(
                LedgerRow(position: LedgerPosition(createdAt: record.createdAt, number: number), record: record)
            )
        }
        try segment.save(connection)
        try write(rows, connection)
        try add(totals, specs: batch.specs, connection)
        var joining = LabelJoining(classes: classes, deltas: deltas)
        try joinPending(to: rows, &joining, connection)
        result.changes = joining.changes
        result.rejected = joining.rejected
        try apply(joining.deltas, connection)
        return result
    }

    /// The records whose ids are new: neither twice in the batch nor in this segment or the one before.
    private static func unknown(
        _ records: [LedgerRecord],
        segment: Int64,
        _ connection: Connection
    ) throws -> [LedgerRecord] {
        struct Key: Hashable {
            let id: String
            /// A mirrored row has its request's id; the version tells them apart.
            let mirror: Int?
        }
        func key(_ id: String, _ arm: LedgerArm, _ version: Int) -> Key {
            Key(id: id, mirror: arm == .shadow ? version : nil)
        }
        var known: Set<Key> = []
        var rest = records[...]
        while !rest.isEmpty {
            let part = rest.prefix(LedgerLimits.idsPerStatement)
            rest = rest.dropFirst(part.count)
            for chunk in SQLFragment.isInChunks("id", part.map { .text($0.id) }) {
                try connection.forEach(
                    "SELECT id, arm, version FROM ledger_rows WHERE segment IN (?, ?) AND \(chunk.sql)",
                    [.integer(segment), .integer(segment - 1)] + chunk.arguments
                ) { row in
                    known.insert(
                        key(try row.text(0), LedgerArm(rawValue: try row.text(1)), Int(try row.int(2)))
                    )
                }
            }
        }
        return records.filter { known.insert(key($0.id, $0.arm, $0.version)).inserted }
    }

    private static func write(_ rows: [LedgerRow], _ connection: Connection) throws {
        var arguments: [SQLValue] = []
        arguments.reserveCapacity(LedgerLimits.rowsPerStatement * columnCount)
        for start in stride(from: 0, to: rows.count, by: LedgerLimits.rowsPerStatement) {
            let chunk = rows[start..<min(start + LedgerLimits.rowsPerStatement, rows.count)]
            let isFull = chunk.count == LedgerLimits.rowsPerStatement
            for row in chunk {
                bind(row, &arguments)
                if !isFull {
                    try connection.execute(insertOne, arguments)
                    arguments.removeAll(keepingCapacity: true)
                }
            }
            if isFull {
                try connection.execute(insertMany, arguments)
                arguments.removeAll(keepingCapacity: true)
            }
        }
    }

    private static let columnCount = 24
    private static let insertHead = """
        INSERT INTO ledger_rows (deployment, created_at, seq, segment, id, version, arm, rollout, step, via, features, \
        prediction, score, shadow_version, shadow_prediction, shadow_score, latency_us, drift, is_cut, entity, bytes, \
        label, labelled_at, observed_at) VALUES
        """
    private static let placeholders = "(\(SQLFragment.placeholders(columnCount)))"
    private static let insertOne = "\(insertHead) \(placeholders)"
    private static let insertMany =
        "\(insertHead) \(Array(repeating: placeholders, count: LedgerLimits.rowsPerStatement).joined(separator: ", "))"

    private static func bind(_ row: LedgerRow, _ arguments: inout [SQLValue]) {
        let record = row.record
        arguments.append(.text(record.deployment))
        arguments.append(.integer(record.createdAt.milliseconds))
        arguments.append(.integer(row.position.number))
        arguments.append(.integer(row.position.number / LedgerLimits.segmentRows))
        arguments.append(.text(record.id))
        arguments.append(.int(record.version))
        arguments.append(.text(record.arm.rawValue))
        arguments.append(SQLValue(record.rollout))
        arguments.append(.int(record.step))
        arguments.append(.text(record.via))
        arguments.append(.blob(FeatureBlob.encode(record.features)))
        arguments.append(.text(record.prediction))
        arguments.append(SQLValue(record.score))
        arguments.append(SQLValue(record.shadowVersion.map(Int64.init)))
        arguments.append(SQLValue(record.shadowPrediction))
        arguments.append(SQLValue(record.shadowScore))
        arguments.append(.integer(record.microseconds))
        arguments.append(.bool(record.drift))
        arguments.append(.bool(record.isCut))
        arguments.append(SQLValue(record.entity))
        arguments.append(.integer(record.storedBytes))
        arguments.append(SQLValue(record.label))
        arguments.append(SQLValue(record.labelledAt?.milliseconds))
        arguments.append(SQLValue(record.label == nil ? nil : (record.observedAt ?? record.labelledAt)?.milliseconds))
    }
}

/// The segment that rows are being written to.
private struct OpenSegment {
    private(set) var segment: Int64
    private var written: Int64
    private var kept: Int64
    private var firstAt: Int64
    private var lastAt: Int64

    init(_ connection: Connection) throws {
        let row = try connection.first("SELECT * FROM ledger_segments ORDER BY segment DESC LIMIT 1")
        segment = try row?.int("segment") ?? 1
        written = try row?.int("written") ?? 0
        kept = try row?.int("kept") ?? 0
        firstAt = try row?.int("first_at") ?? .max
        lastAt = try row?.int("last_at") ?? .min
    }

    /// The number of the next row.
    mutating func next(_ createdAt: Timestamp, _ connection: Connection) throws -> Int64 {
        if written >= LedgerLimits.segmentRows {
            try save(connection)
            (segment, written, kept, firstAt, lastAt) = (segment + 1, 0, 0, .max, .min)
        }
        defer { written += 1 }
        kept += 1
        firstAt = min(firstAt, createdAt.milliseconds)
        lastAt = max(lastAt, createdAt.milliseconds)
        return segment * LedgerLimits.segmentRows + written
    }

    func save(_ connection: Connection) throws {
        guard written > 0 else { return }
        try connection.execute(
            """
            INSERT INTO ledger_segments (segment, first_at, last_at, written, kept) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (segment) DO UPDATE SET first_at = excluded.first_at, last_at = excluded.last_at,
                written = excluded.written, kept = excluded.kept
            """,
            [.integer(segment), .integer(firstAt), .integer(lastAt), .integer(written), .integer(kept)]
        )
    }
}
