import Core
import Storage

/// Reads what a query asks for in slices of bounded size.
struct LedgerScan {
    private let query: LedgerQuery
    private let range: LedgerRange
    private let condition: SQLFragment
    /// What the rows of each version mean.
    let schemas: [Int: LedgerSchema]
    /// Whether rows that SQL lets through must be looked at once more.
    private let looksAtFeatures: Bool

    /// Prepares a query.
    ///
    /// - Throws: `invalidArgument` for a column of the inputs that no version has.
    init(_ query: LedgerQuery, _ connection: Connection) throws {
        self.query = query
        range = LedgerRange(query)
        condition = query.filter.sql
        schemas = try LedgerStore.schemas(query.deployment, connection)
        let features = query.filter.features
        looksAtFeatures = !features.isEmpty
        for name in features where !schemas.values.contains(where: { $0.columns.contains(name) }) {
            let known = schemas.max { $0.key < $1.key }?.value.columns ?? []
            let hint = NearestName.of(name, among: known).map { "; did you mean '\($0)'?" } ?? ""
            throw MartletError(
                .invalidArgument,
                "'features.\(name)' is not a column of any version of '\(query.deployment)'\(hint)"
                    + (hint.isEmpty ? "; known are \(known.prefix(50).joined(separator: ", "))." : "")
            )
        }
    }

    /// Reads a page.
    func page(after position: LedgerPosition?, limit: Int, _ connection: Connection) throws -> LedgerPage {
        if query.filter == .everything { return try plain(after: position, limit: limit, connection) }
        if let entity = query.filter.entity { return try about(entity, after: position, limit: limit, connection) }
        var rows: [LedgerRow] = []
        var place = position
        var scanned = 0
        while scanned < LedgerLimits.scannedRows {
            guard let slice = try slice(after: place, connection) else {
                return LedgerPage(rows: rows, next: nil, scanned: scanned)
            }
            var isFull = false
            try matches(slice.range, connection, limit: limit - rows.count) { row in
                rows.append(row)
                isFull = rows.count >= limit
                return !isFull
            }
            scanned += slice.count
            if isFull { return LedgerPage(rows: rows, next: rows.last?.position, scanned: scanned) }
            place = slice.last
            if slice.count < LedgerLimits.sliceRows { return LedgerPage(rows: rows, next: nil, scanned: scanned) }
        }
        return LedgerPage(rows: rows, next: place, scanned: scanned)
    }

    /// A page of all rows: the primary key is enough.
    private func plain(after position: LedgerPosition?, limit: Int, _ connection: Connection) throws -> LedgerPage {
        let range = range.after(position, query.order)
        let rows = try connection.ledgerRows(
            "ledger_rows WHERE \(range.sql) ORDER BY \(query.order.sql) LIMIT ?",
            range.arguments + [.int(limit + 1)]
        )
        let page = Array(rows.prefix(limit))
        return LedgerPage(rows: page, next: rows.count > limit ? page.last?.position : nil, scanned: rows.count)
    }

    /// A page of one entity's rows, segment by segment.
    private func about(
        _ entity: String,
        after position: LedgerPosition?,
        limit: Int,
        _ connection: Connection
    ) throws -> LedgerPage {
        let segments = try connection.query(
            "SELECT segment FROM ledger_segments WHERE first_at < ? AND last_at >= ?",
            [.integer(query.until?.milliseconds ?? .max), .integer(query.since?.milliseconds ?? .min)]
        ).map { SQLValue.integer(try $0.int("segment")) }
        let part = LedgerRange(query, isByEntity: true).after(position, query.order)
        var rows: [LedgerRow] = []
        for chunk in SQLFragment.isInChunks("segment", segments) {
            try connection.forEach(
                """
                SELECT \(LedgerStore.columns) FROM ledger_rows WHERE \(chunk.sql) AND entity = ? AND \(part.sql)
                AND \(condition.sql) LIMIT \(LedgerLimits.scannedRows)
                """,
                chunk.arguments + [.text(entity)] + part.arguments + condition.arguments
            ) { cursor in
                let row = try LedgerRow(cursor)
                if accepts(row) { rows.append(row) }
            }
        }
        rows.sort { query.order == .newest ? $0.position > $1.position : $0.position < $1.position }
        let page = Array(rows.prefix(limit))
        return LedgerPage(rows: page, next: rows.count > limit ? page.last?.position : nil, scanned: rows.count)
    }

    /// A stretch of rows that one statement reads.
    struct Slice {
        let range: LedgerRange
        let last: LedgerPosition
        let count: Int
    }

    /// The next rows after a place, at most `LedgerLimits.sliceRows`; nil when there are none.
    func slice(after position: LedgerPosition?, _ connection: Connection) throws -> Slice? {
        let rest = range.after(position, query.order)
        var last: LedgerPosition?
        var count = 0
        try connection.forEach(
            "SELECT created_at, seq FROM ledger_rows WHERE \(rest.sql) ORDER BY \(query.order.sql) LIMIT ?",
            rest.arguments + [.int(LedgerLimits.sliceRows)]
        ) { row in
            count += 1
            last = LedgerPosition(createdAt: Timestamp(milliseconds: try row.int(0)), number: try row.int(1))
        }
        guard let last else { return nil }
        return Slice(range: rest.upTo(last, query.order), last: last, count: count)
    }

    /// Calls `body` for the rows of a slice that meet the filter, in order, until it returns false.
    private func matches(
        _ range: LedgerRange,
        _ connection: Connection,
        limit: Int,
        _ body: (LedgerRow) throws -> Bool
    ) throws {
        // Rows that are looked at again may be turned down, so no number of them is enough.
        let bound = looksAtFeatures ? LedgerLimits.sliceRows : limit
        var goesOn = true
        try connection.forEach(
            """
            SELECT \(LedgerStore.columns) FROM ledger_rows WHERE \(range.sql) AND \(condition.sql)
            ORDER BY \(query.order.sql) LIMIT ?
            """,
            range.arguments + condition.arguments + [.int(bound)]
        ) { cursor in
            guard goesOn else { return }
            let row = try LedgerRow(cursor)
            if accepts(row) { goesOn = try body(row) }
        }
    }

    private func accepts(_ row: LedgerRow) -> Bool {
        !looksAtFeatures || query.filter.holds(row.record, schemas)
    }

    /// Calls `body` for every matching row, slice by slice, newest or oldest first.
    ///
    /// - Returns: how many rows were looked at, and whether that was all.
    func all(
        atMost bound: Int,
        _ connection: Connection,
        _ body: (LedgerRecord) throws -> Void
    ) throws -> (scanned: Int, isComplete: Bool) {
        var place: LedgerPosition?
        var scanned = 0
        while let slice = try slice(after: place, connection) {
            guard scanned < bound else { return (scanned, false) }
            try matches(slice.range, connection, limit: LedgerLimits.sliceRows) { row in
                try body(row.record)
                return true
            }
            scanned += slice.count
            place = slice.last
        }
        return (scanned, true)
    }
}
