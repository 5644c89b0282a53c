package import Artifacts
import Core
import Storage

/// Reading traces and their spans.
extension TraceStore {
    /// What describes a trace.
    ///
    /// - Throws: `notFound`.
    package func info(_ id: String) async throws -> TraceInfo {
        try await database.read { try Self.requiredTrace($0, id) }
    }

    /// What describes those of some traces that there are, in the order in which they are named.
    ///
    /// - Parameters:
    ///   - ids: at most `TracesLimits.batchTraces`.
    ///   - experimentIDs: only traces of these experiments; nil for any.
    /// - Returns: the traces that there are, each once.
    /// - Throws: `invalidArgument` for too many ids.
    package func infos(_ ids: [String], experimentIDs: [String]? = nil) async throws -> [TraceInfo] {
        try Self.checkBatch(ids)
        return try await database.read { try Self.infos($0, ids: ids, experimentIDs: experimentIDs) }
    }

    /// A trace with its spans.
    ///
    /// Spans arrive after the description of their trace. Unless `allowsPartial`, this waits for those that are
    /// announced, as long as `TracesLimits` say.
    ///
    /// - Throws: `notFound`, also if spans are missing after the wait.
    package func trace(_ id: String, allowsPartial: Bool = false) async throws -> Trace {
        for attempt in 0... {
            let trace = try await withSpans([try await info(id)])[0]
            if allowsPartial || Self.isComplete(trace) { return trace }
            guard attempt < TracesLimits.spanWaits else { break }
            try await clock.sleep(for: .milliseconds(TracesLimits.spanWaitMilliseconds))
        }
        throw MartletError(
            .notFound,
            "Trace with ID \(id) is not fully exported yet, please try again later."
        )
    }

    /// Those of some traces whose spans are there, in the order in which they are named.
    ///
    /// - Parameters:
    ///   - ids: at most `TracesLimits.batchTraces`.
    ///   - experimentIDs: only traces of these experiments; nil for any.
    /// - Returns: the traces with all their spans, each once.
    /// - Throws: `invalidArgument` for too many ids, `dataLoss` for a damaged span.
    package func traces(_ ids: [String], experimentIDs: [String]? = nil) async throws -> [Trace] {
        try await withSpans(try await infos(ids, experimentIDs: experimentIDs)).filter(Self.isComplete)
    }

    private static func checkBatch(_ ids: [String]) throws(MartletError) {
        guard ids.count <= TracesLimits.batchTraces else {
            throw MartletError(
                .invalidArgument,
                "At most \(TracesLimits.batchTraces) traces can be read at once. Got \(ids.count)."
            )
        }
    }

    /// Whether there are as many spans as were announced, or any if nothing was.
    private static func isComplete(_ trace: Trace) -> Bool {
        let stats = trace.info.metadata(TraceKeys.sizeStats).flatMap(AttributeText.parse)
        let announced = stats?["num_spans"]?.integerValue ?? 1
        return !trace.spans.isEmpty && trace.spans.count >= announced
    }

    /// Adds spans, from the database or, where old clients put them, from the artifact store.
    private func withSpans(_ infos: [TraceInfo]) async throws -> [Trace] {
        let stored = try await storedSpans(
            of: infos.filter { $0.tag(TraceKeys.spansLocation) == TraceKeys.spansInStore }.map(\.id)
        )
        var traces: [Trace] = []
        for info in infos {
            let spans: [TraceSpan]
            if info.tag(TraceKeys.spansLocation) == TraceKeys.spansInStore {
                spans = stored[info.id] ?? []
            } else {
                spans = try await spansInArtifacts(of: info)
            }
            traces.append(Trace(info: info, spans: Self.sorted(spans)))
        }
        return traces
    }

    private static func sorted(_ spans: [TraceSpan]) -> [TraceSpan] {
        spans.sorted { left, right in
            let places = (left.parentID == nil ? 0 : 1, right.parentID == nil ? 0 : 1)
            return (places.0, left.startTime, left.id) < (places.1, right.startTime, right.id)
        }
    }

    private func storedSpans(of ids: [String]) async throws -> [String: [TraceSpan]] {
        let contents = try await database.read { connection -> [(String, String)] in
            try Self.inChunks(ids) { chunk in
                let condition = SQLFragment.isIn("t.trace_id", chunk.map(SQLValue.text))
                return try connection.query(
                    """
                    SELECT t.trace_id, c.content FROM traces t JOIN span_contents c ON c.trace_number = t.trace_number
                    WHERE \(condition.sql)
                    """,
                    condition.arguments
                )
                .map { (try $0.text("trace_id"), try $0.text("content")) }
            }
        }
        var spans: [String: [TraceSpan]] = [:]
        for (id, content) in contents {
            guard let value = AttributeText.parse(content) else {
                throw MartletError(.dataLoss, "A stored span of trace '\(id)' is damaged.")
            }
            spans[id, default: []].append(try TraceSpan(content: value))
        }
        return spans
    }

    /// The spans that a client put beside the trace's other files; none if there is no such file.
    private func spansInArtifacts(of info: TraceInfo) async throws -> [TraceSpan] {
        guard let path = try artifactPath(of: info, "traces.json"), try await artifacts.entry(path) != nil else {
            return []
        }
        let bytes = try await artifacts.readAll(path, limit: TracesLimits.traceFileBytes)
        let limits = JSONLimits(bytes: TracesLimits.traceFileBytes, allowsNonFinite: true)
        guard let spans = try JSONValue.parse(bytes, limits: limits)["spans"]?.arrayValue else {
            throw MartletError(.dataLoss, "The file of spans of trace '\(info.id)' is damaged.")
        }
        return try spans.map { try TraceSpan(content: $0) }
    }

    /// Where a file of a trace lies in the artifact store; nil if the trace keeps its files elsewhere.
    ///
    /// The tag that says where is the client's to change: only a folder of this very trace is believed.
    package func artifactPath(of info: TraceInfo, _ file: String) throws -> ArtifactPath? {
        guard let location = info.tag(TraceKeys.artifactLocation), let base = ArtifactURI.path(of: location),
            base.components.suffix(3) == ["traces", info.id, "artifacts"]
        else { return nil }
        return try base.appending(file)
    }

    // MARK: rows

    /// Runs a query for some keys, `TracesLimits.keysPerStatement` at a time.
    static func inChunks<Key, Element>(
        _ keys: [Key],
        _ query: (ArraySlice<Key>) throws -> [Element]
    ) throws -> [Element] {
        var elements: [Element] = []
        var rest = keys[...]
        while !rest.isEmpty {
            let chunk = rest.prefix(TracesLimits.keysPerStatement)
            rest = rest.dropFirst(chunk.count)
            elements += try query(chunk)
        }
        return elements
    }

    /// A trace that must be there.
    static func requiredTrace(_ connection: Connection, _ id: String) throws -> TraceInfo {
        guard let info = try infos(connection, ids: [id], experimentIDs: nil).first else {
            throw TraceRules.noTrace(id)
        }
        return info
    }

    private static func infos(
        _ connection: Connection,
        ids: [String],
        experimentIDs: [String]?
    ) throws -> [TraceInfo] {
        var positions: [String: Int] = [:]
        for id in ids where positions[id] == nil { positions[id] = positions.count }
        let names = positions.keys.sorted { (positions[$0] ?? 0) < (positions[$1] ?? 0) }
        let rows = try inChunks(names) { chunk in
            let condition = SQLFragment.isIn("trace_id", chunk.map(SQLValue.text))
            return try connection.query("SELECT * FROM traces WHERE \(condition.sql)", condition.arguments)
        }
        let wanted = experimentIDs.map { Set($0.compactMap { Int64($0) }) }
        let infos = try infos(connection, rows.filter { row in try wanted?.contains(row.int("experiment_id")) ?? true })
        return infos.sorted { (positions[$0.id] ?? 0) < (positions[$1.id] ?? 0) }
    }

    /// Reads traces by their numbers, in that order.
    static func infos(_ connection: Connection, numbers: [Int64]) throws -> [TraceInfo] {
        var rows: [Int64: Row] = [:]
        let found = try inChunks(numbers) { chunk in
            let condition = SQLFragment.isIn("trace_number", chunk.map(SQLValue.integer))
            return try connection.query("SELECT * FROM traces WHERE \(condition.sql)", condition.arguments)
        }
        for row in found { rows[try row.int("trace_number")] = row }
        return try infos(connection, numbers.compactMap { rows[$0] })
    }

    /// Reads traces from their rows and adds previews, tags, metadata and assessments.
    static func infos(_ connection: Connection, _ rows: [Row]) throws -> [TraceInfo] {
        let numbers = try rows.map { try $0.int("trace_number") }
        let previews = try grouped(connection, "trace_previews", numbers, order: "trace_number") { $0 }
        let tags = try grouped(connection, "trace_tags", numbers, order: "tag_key") { row in
            TracePair(key: try row.text("tag_key"), value: try row.text("tag_value"))
        }
        let metadata = try grouped(connection, "trace_metadata", numbers, order: "metadata_key") { row in
            TracePair(key: try row.text("metadata_key"), value: try row.text("metadata_value"))
        }
        let assessments = try grouped(connection, "assessments", numbers, order: "created_at, assessment_id") { $0 }
        return try rows.map { row in
            let number = try row.int("trace_number")
            let id = try row.text("trace_id")
            return TraceInfo(
                id: id,
                experimentID: String(try row.int("experiment_id")),
                requestTime: try row.timestamp("request_time"),
                duration: row.optionalInt("duration"),
                state: TraceState(rawValue: try row.text("state")) ?? .unspecified,
                clientRequestID: row.optionalText("client_request_id"),
                requestPreview: previews[number]?.first?.optionalText("request_preview"),
                responsePreview: previews[number]?.first?.optionalText("response_preview"),
                metadata: Self.adding(TraceKeys.session, row.optionalText("session_id"), to: metadata[number] ?? []),
                tags: Self.adding(TraceKeys.name, row.optionalText("trace_name"), to: tags[number] ?? []),
                assessments: try (assessments[number] ?? []).map { try Self.assessment($0, traceID: id) }
            )
        }
    }

    private static func adding(_ key: String, _ value: String?, to pairs: [TracePair]) -> [TracePair] {
        guard let value else { return pairs }
        return (pairs + [TracePair(key: key, value: value)]).sorted { $0.key < $1.key }
    }

    /// Reads the rows of a side table that belong to some traces, grouped by trace.
    private static func grouped<Element>(
        _ connection: Connection,
        _ table: String,
        _ numbers: [Int64],
        order: String,
        _ element: (Row) throws -> Element
    ) throws -> [Int64: [Element]] {
        var groups: [Int64: [Element]] = [:]
        let rows = try inChunks(numbers) { chunk in
            let condition = SQLFragment.isIn("trace_number", chunk.map(SQLValue.integer))
            return try connection.query(
                "SELECT * FROM \(table) WHERE \(condition.sql) ORDER BY \(order)",
                condition.arguments
            )
        }
        for row in rows { groups[try row.int("trace_number"), default: []].append(try element(row)) }
        return groups
    }
}
