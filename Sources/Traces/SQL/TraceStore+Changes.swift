import Artifacts
package import Core
import Storage

/// Tags, links and deletion.
extension TraceStore {
    /// Sets a tag.
    ///
    /// - Throws: `notFound`, `invalidArgument` for a key that cannot be one or that only the server writes.
    package func setTag(_ traceID: String, _ tag: TracePair) async throws {
        try TraceRules.checkTagKey(tag.key)
        try Self.checkMutable(tag.key, "set")
        if tag.key == TraceKeys.name {
            try TraceRules.checkLength(tag.value, atMost: TracesLimits.nameCharacters, "Trace name")
        }
        let tag = TracePair(key: tag.key, value: TraceRules.cut(tag.value, TracesLimits.valueCharacters))
        try await database.write { try Self.putTag($0, Self.number(of: traceID, $0), tag) }
    }

    /// Deletes a tag.
    ///
    /// - Throws: `notFound`, also if there is no such tag, `invalidArgument` for one that only the server writes.
    package func deleteTag(_ traceID: String, key: String) async throws {
        if key != TraceKeys.archivalFailure { try Self.checkMutable(key, "deleted") }
        try await database.write { connection in
            let number = try Self.number(of: traceID, connection)
            let isName = key == TraceKeys.name
            let changed = try connection.execute(
                isName
                    ? """
                    UPDATE traces SET trace_name = NULL, name_head = NULL
                    WHERE trace_number = ? AND trace_name IS NOT NULL
                    """
                    : "DELETE FROM trace_tags WHERE trace_number = ? AND tag_key = ?",
                isName ? [.integer(number)] : [.integer(number), .text(key)]
            )
            guard changed > 0 else {
                throw MartletError(.notFound, "No trace tag with key '\(key)' for trace with ID '\(traceID)'")
            }
        }
    }

    private static func checkMutable(_ key: String, _ operation: String) throws(MartletError) {
        guard TraceKeys.fixedTags.contains(key) else { return }
        throw MartletError(.invalidArgument, "Tag '\(key)' is immutable and cannot be \(operation) on a trace.")
    }

    /// The number of a trace in the database.
    static func number(of traceID: String, _ connection: Connection) throws -> Int64 {
        let row = try connection.first("SELECT trace_number FROM traces WHERE trace_id = ?", [.text(traceID)])
        guard let row else { throw TraceRules.noTrace(traceID) }
        return try row.int("trace_number")
    }

    /// Links traces to a run, those that are linked already and those that are still to come too.
    ///
    /// - Throws: `invalidArgument` past `TracesLimits.linkedTraces`.
    package func link(_ traceIDs: [String], toRun runID: String) async throws {
        guard traceIDs.count <= TracesLimits.linkedTraces else {
            throw MartletError(
                .invalidArgument,
                "Cannot link more than \(TracesLimits.linkedTraces) traces to a run in a single request. Provided "
                    + "\(traceIDs.count) traces."
            )
        }
        try TraceRules.checkLength(runID, atMost: TracesLimits.idCharacters, "run_id")
        for id in traceIDs { try TraceRules.checkTraceID(id, "trace_ids") }
        try await database.write { connection in
            for id in traceIDs { try Self.link(connection, runID: runID, traceID: id) }
        }
    }

    static func link(_ connection: Connection, runID: String, traceID: String) throws {
        try connection.execute(
            "INSERT INTO trace_runs (run_id, trace_id) VALUES (?, ?) ON CONFLICT (run_id, trace_id) DO NOTHING",
            [.text(runID), .text(traceID)]
        )
    }

    /// Links versions of prompts to a trace, those that are linked already too.
    ///
    /// - Throws: `notFound`, `invalidArgument` past `TracesLimits.linkedPrompts`.
    package func link(prompts: [(name: String, version: Int64)], toTrace traceID: String) async throws {
        guard prompts.count <= TracesLimits.linkedPrompts else {
            throw MartletError(
                .invalidArgument,
                "At most \(TracesLimits.linkedPrompts) prompt versions can be linked at once. Got \(prompts.count)."
            )
        }
        for prompt in prompts {
            try TraceRules.checkLength(prompt.name, atMost: TracesLimits.keyCharacters, "prompt_versions.name")
        }
        try await database.write { connection in
            _ = try Self.number(of: traceID, connection)
            for prompt in prompts {
                try connection.execute(
                    """
                    INSERT INTO trace_prompts (prompt_name, prompt_version, trace_id) VALUES (?, ?, ?)
                    ON CONFLICT (prompt_name, prompt_version, trace_id) DO NOTHING
                    """,
                    [.text(prompt.name), .integer(prompt.version), .text(traceID)]
                )
            }
        }
    }

    /// Which traces of an experiment are to be deleted.
    package enum Deletion: Sendable {
        /// Those with these ids.
        case ids([String])
        /// Those that began at this moment or before it, the oldest first, at most so many.
        case until(Timestamp, atMost: Int)
    }

    /// Deletes traces with their spans, assessments, links and files.
    ///
    /// - Returns: how many there were, at most `TracesLimits.deletedTraces` for one call.
    package func delete(_ deletion: Deletion, experimentID: String) async throws -> Int {
        guard let experiment = Int64(experimentID) else {
            throw MartletError(.invalidArgument, "Invalid experiment ID: '\(experimentID.prefix(80))'.")
        }
        let doomed = try await database.read { try Self.ids(of: deletion, experiment: experiment, $0) }
        // Files first: a deletion that fails halfway can be repeated as long as the trace is there.
        for info in doomed {
            if let path = try artifactPath(of: info, "traces.json") { try await artifacts.delete(path.parent.parent) }
        }
        return try await deleteRows(doomed.map(\.id))
    }

    private static func ids(
        of deletion: Deletion,
        experiment: Int64,
        _ connection: Connection
    ) throws -> [TraceInfo] {
        let columns = """
            SELECT t.trace_id, l.tag_value FROM traces t LEFT JOIN trace_tags l
            ON l.trace_number = t.trace_number AND l.tag_key = ?
            """
        let key = SQLValue.text(TraceKeys.artifactLocation)
        let rows: [Row]
        switch deletion {
        case .ids(let ids):
            rows = try inChunks(Array(Set(ids).sorted().prefix(TracesLimits.deletedTraces))) { chunk in
                let condition = SQLFragment.isIn("t.trace_id", chunk.map(SQLValue.text))
                return try connection.query(
                    "\(columns) WHERE t.experiment_id = ? AND \(condition.sql)",
                    [key, .integer(experiment)] + condition.arguments
                )
            }
        case .until(let time, let limit):
            rows = try connection.query(
                """
                \(columns) WHERE t.experiment_id = ? AND t.request_time <= ?
                ORDER BY t.request_time, t.trace_id LIMIT ?
                """,
                [key, .integer(experiment), .integer(time.milliseconds), .int(min(limit, TracesLimits.deletedTraces))]
            )
        }
        return try rows.map { row in
            TraceInfo(
                id: try row.text("trace_id"),
                experimentID: String(experiment),
                requestTime: Timestamp(milliseconds: 0),
                tags: row.optionalText("tag_value").map { [TracePair(key: TraceKeys.artifactLocation, value: $0)] }
                    ?? []
            )
        }
    }

    /// Deletes everything that the database has of some traces; returns how many there were.
    private func deleteRows(_ ids: [String]) async throws -> Int {
        guard !ids.isEmpty else { return 0 }
        return try await database.write { connection in
            let deleted = try Self.inChunks(ids) { chunk in
                let names = SQLFragment.isIn("trace_id", chunk.map(SQLValue.text))
                for table in ["trace_runs", "trace_prompts"] {
                    try connection.execute("DELETE FROM \(table) WHERE \(names.sql)", names.arguments)
                }
                let rows = try connection.query("SELECT trace_number FROM traces WHERE \(names.sql)", names.arguments)
                let numbers = SQLFragment.isIn("trace_number", try rows.map { .integer(try $0.int("trace_number")) })
                for table in [
                    "assessments", "span_contents", "spans", "trace_metadata", "trace_tags", "trace_previews", "traces",
                ] {
                    try connection.execute("DELETE FROM \(table) WHERE \(numbers.sql)", numbers.arguments)
                }
                return rows
            }
            let named = ids.prefix(TracesLimits.notedTraces).map(JSONValue.string)
            connection.note(
                Change(object: "traces", before: ["count": .int(deleted.count), "ids": .array(named)], after: nil)
            )
            return deleted.count
        }
    }

    // MARK: cleaning up

    /// Those of some ids that traces have.
    package func existing(_ ids: [String]) async throws -> Set<String> {
        try await database.read { connection in
            let rows = try Self.inChunks(ids) { chunk in
                let condition = SQLFragment.isIn("trace_id", chunk.map(SQLValue.text))
                return try connection.query(
                    "SELECT trace_id FROM traces WHERE \(condition.sql)",
                    condition.arguments
                )
            }
            return Set(try rows.map { try $0.text("trace_id") })
        }
    }

    /// Deletes the records of all traces of experiments that are gone for good; their files are not touched.
    package func purge(experimentIDs: [String]) async throws {
        for id in experimentIDs {
            guard let experiment = Int64(id) else { continue }
            while true {
                let ids = try await database.read { connection in
                    try connection.query(
                        "SELECT trace_id FROM traces WHERE experiment_id = ? LIMIT ?",
                        [.integer(experiment), .int(TracesLimits.keysPerStatement)]
                    )
                    .map { try $0.text("trace_id") }
                }
                if ids.isEmpty { break }
                _ = try await deleteRows(ids)
            }
        }
    }
}
