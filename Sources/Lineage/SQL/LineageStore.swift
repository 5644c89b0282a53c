package import Core
package import Storage

/// What was made of what, in the database of a workspace.
///
/// Rows are written in the transaction that makes them true, by `record`, and never changed by what is deleted later: a
/// walk passes through a run that is gone.
package struct LineageStore: Sendable {
    private let database: Database

    /// Uses `database`, to which `migrations` have been applied.
    package init(database: Database) {
        self.database = database
    }

    /// The tables.
    package static let migrations: [Migration] = [
        Migration(
            id: "lineage-0001",
            statements: [
                """
                CREATE TABLE lineage_nodes (
                    node TEXT PRIMARY KEY, facts TEXT NOT NULL, recorded_at BIGINT NOT NULL) WITHOUT ROWID
                """,
                """
                CREATE TABLE lineage_edges (
                    source TEXT NOT NULL, target TEXT NOT NULL, relation TEXT NOT NULL, recorded_at BIGINT NOT NULL,
                    PRIMARY KEY (source, target, relation)) WITHOUT ROWID
                """,
                "CREATE INDEX lineage_edges_by_target ON lineage_edges (target, source)",
            ]
        )
    ]

    /// Writes what happened, in the transaction that makes it true; what is there already stays, facts are renewed.
    ///
    /// More than `LineageLimits.recordedEdges` edges are cut, and the first node says how many; facts past
    /// `LineageLimits.factBytes` are replaced by their size.
    ///
    /// - Parameters:
    ///   - connection: the transaction.
    ///   - record: what happened.
    ///   - now: when.
    /// - Throws: what the database throws.
    package static func record(
        _ connection: Connection,
        _ record: LineageRecord,
        at now: Timestamp
    ) throws(MartletError) {
        let left = record.edges.count - LineageLimits.recordedEdges
        for (position, entry) in record.facts.enumerated() {
            var facts = entry.facts
            if position == 0, left > 0 { facts["omitted_edges"] = .int(left) }
            try put(connection, entry.node, bounded(facts), now)
        }
        for edge in record.edges.prefix(LineageLimits.recordedEdges) {
            try connection.execute(
                """
                INSERT INTO lineage_edges (source, target, relation, recorded_at) VALUES (?, ?, ?, ?)
                ON CONFLICT (source, target, relation) DO NOTHING
                """,
                [
                    .text(edge.source.description), .text(edge.target.description), .text(edge.relation.rawValue),
                    .integer(now.milliseconds),
                ]
            )
        }
    }

    private static func put(
        _ connection: Connection,
        _ node: LineageNode,
        _ facts: JSONObject,
        _ now: Timestamp
    ) throws(MartletError) {
        let action = facts.count == 0 ? "NOTHING" : "UPDATE SET facts = excluded.facts"
        try connection.execute(
            """
            INSERT INTO lineage_nodes (node, facts, recorded_at) VALUES (?, ?, ?)
            ON CONFLICT (node) DO \(action)
            """,
            [.text(node.description), .text(JSONValue.object(facts).description), .integer(now.milliseconds)]
        )
    }

    private static func bounded(_ facts: JSONObject) -> JSONObject {
        guard JSONValue.object(facts).serialized().count > LineageLimits.factBytes else { return facts }
        var kept = JSONObject()
        for (key, value) in facts.pairs {
            let size = value.serialized().count
            kept[key] = size <= LineageLimits.factBytes / 16 ? value : ["omitted_bytes": .int(size)]
        }
        // Many small values may still be too much.
        let size = JSONValue.object(kept).serialized().count
        return size <= LineageLimits.factBytes ? kept : ["omitted_bytes": .int(size)]
    }

    /// The edges that begin or end at some nodes, at most `limit`, in the order of their names.
    package func edges(
        of nodes: [LineageNode],
        _ direction: LineageDirection,
        limit: Int
    ) async throws(MartletError) -> [LineageEdge] {
        let column = direction == .up ? "target" : "source"
        return try await database.read { connection in
            var found: [LineageEdge] = []
            for chunk in nodes.chunks(of: LineageLimits.questionNodes) {
                guard found.count < limit else { break }
                let marks = repeatElement("?", count: chunk.count).joined(separator: ", ")
                let rows = try connection.query(
                    """
                    SELECT source, target, relation FROM lineage_edges WHERE \(column) IN (\(marks))
                    ORDER BY source, target, relation LIMIT ?
                    """,
                    chunk.map { .text($0.description) } + [.int(limit - found.count)]
                )
                for row in rows {
                    guard let relation = LineageEdge.Relation(rawValue: try row.text("relation")) else { continue }
                    let source = try LineageNode.parse(row.text("source"))
                    found.append(LineageEdge(source, relation, try LineageNode.parse(row.text("target"))))
                }
            }
            return found
        }
    }

    /// What is recorded of some nodes.
    func facts(
        of nodes: [LineageNode]
    ) async throws(MartletError) -> [LineageNode: (facts: JSONObject, at: Timestamp)] {
        try await database.read { connection in
            var found: [LineageNode: (facts: JSONObject, at: Timestamp)] = [:]
            for chunk in nodes.chunks(of: LineageLimits.questionNodes) {
                let marks = repeatElement("?", count: chunk.count).joined(separator: ", ")
                let rows = try connection.query(
                    "SELECT node, facts, recorded_at FROM lineage_nodes WHERE node IN (\(marks))",
                    chunk.map { .text($0.description) }
                )
                for row in rows {
                    let node = try LineageNode.parse(row.text("node"))
                    found[node] = (try row.json("facts").objectValue ?? [:], try row.timestamp("recorded_at"))
                }
            }
            return found
        }
    }

    /// The nodes whose names begin with a text, the newest first, at most `limit`.
    func nodes(beginning text: String, limit: Int) async throws(MartletError) -> [LineageNode] {
        try await database.read { connection in
            try connection.query(
                """
                SELECT node FROM lineage_nodes WHERE node >= ? AND node < ? ORDER BY recorded_at DESC, node LIMIT ?
                """,
                [.text(text), .text(text + "\u{10FFFF}"), .int(limit)]
            ).map { try LineageNode.parse($0.text("node")) }
        }
    }
}

extension Array {
    fileprivate func chunks(of size: Int) -> [ArraySlice<Element>] {
        stride(from: 0, to: count, by: size).map { self[$0..<Swift.min(count, $0 + size)] }
    }
}
