import Core
import Storage

/// Storing spans as they arrive, and keeping what they say about their traces up to date.
extension TraceStore {
    /// Stores the spans of an export, all or nothing; a span that is there already is replaced.
    ///
    /// - Parameters:
    ///   - spans: spans of any traces.
    ///   - experimentID: where traces that are not there yet are made.
    ///   - runID: a run that the traces whose root span is here are linked to.
    /// - Throws: `notFound` for an unknown experiment, `invalidArgument` for a deleted one.
    package func log(_ spans: [TraceSpan], experimentID: String, runID: String? = nil) async throws {
        guard !spans.isEmpty else { return }
        let (experiment, number) = try await activeExperiment(experimentID)
        let batches = SpanBatch.batches(of: spans)
        for batch in batches {
            guard let session = batch.session else { continue }
            try TraceRules.checkLength(session, atMost: TracesLimits.sessionCharacters, "Session ID")
        }
        if let runID { try TraceRules.checkLength(runID, atMost: TracesLimits.idCharacters, "x-mlflow-run-id") }
        // Formatting is the larger part of the work; it need not keep other writers waiting.
        let rows = batches.map { $0.spans.map(SpanRow.init) }
        try await database.write { connection in
            for (batch, rows) in zip(batches, rows) {
                let location = Self.artifactLocation(of: batch.traceID, in: experiment)
                let trace = try Self.trace(of: batch, connection, experiment: number, location: location)
                for row in rows { try row.put(connection, trace: trace.number) }
                try Self.update(trace, from: batch, connection)
                if let runID, batch.root != nil { try Self.link(connection, runID: runID, traceID: batch.traceID) }
            }
        }
    }

    /// A trace as far as its spans change it.
    private struct Known {
        let number: Int64
        let requestTime: Int64
        let duration: Int64?
        let state: TraceState
        let session: String?
        let isFinalized: Bool
        let ownsUsage: Bool
        let ownsCost: Bool
        let isNew: Bool
    }

    private static func trace(
        of batch: SpanBatch,
        _ connection: Connection,
        experiment: Int64,
        location: String
    ) throws -> Known {
        let row = try connection.first("SELECT * FROM traces WHERE trace_id = ?", [.text(batch.traceID)])
        if let row {
            return Known(
                number: try row.int("trace_number"),
                requestTime: try row.int("request_time"),
                duration: row.optionalInt("duration"),
                state: TraceState(rawValue: try row.text("state")) ?? .unspecified,
                session: row.optionalText("session_id"),
                isFinalized: try row.bool("is_finalized"),
                ownsUsage: try row.bool("has_own_usage"),
                ownsCost: try row.bool("has_own_cost"),
                isNew: false
            )
        }
        let number = try nextTraceNumber(connection)
        let duration = batch.endTime.map { $0 - batch.startTime }
        try connection.execute(
            """
            INSERT INTO traces (trace_number, trace_id, experiment_id, request_time, duration, state, is_finalized,
                has_own_usage, has_own_cost)
            VALUES (?, ?, ?, ?, ?, ?, 0, 0, 0)
            """,
            [
                .integer(number), .text(batch.traceID), .integer(experiment), .integer(batch.startTime),
                SQLValue(duration), .text(TraceState.inProgress.rawValue),
            ]
        )
        try putTag(connection, number, TracePair(key: TraceKeys.artifactLocation, value: location))
        try putTag(connection, number, TracePair(key: TraceKeys.spansLocation, value: TraceKeys.spansInStore))
        return Known(
            number: number,
            requestTime: batch.startTime,
            duration: duration,
            state: .inProgress,
            session: nil,
            isFinalized: false,
            ownsUsage: false,
            ownsCost: false,
            isNew: true
        )
    }

    private static func update(_ trace: Known, from batch: SpanBatch, _ connection: Connection) throws {
        let number = trace.number
        var (start, duration) = (trace.requestTime, trace.duration)
        if !trace.isFinalized {
            start = min(start, batch.startTime)
            let ends = [trace.duration.map { trace.requestTime + $0 }, batch.endTime].compactMap(\.self)
            duration = ends.max().map { $0 - start }
        }
        let isOpen = trace.state == .inProgress || trace.state == .unspecified
        let state = isOpen ? batch.state ?? trace.state : trace.state
        if start != trace.requestTime || duration != trace.duration || state != trace.state {
            try connection.execute(
                "UPDATE traces SET request_time = ?, duration = ?, state = ? WHERE trace_number = ?",
                [.integer(start), SQLValue(duration), .text(state.rawValue), .integer(number)]
            )
        }
        if let root = batch.root { try putMissingPreviews(connection, number, root) }
        if !trace.isNew {
            try putTag(connection, number, TracePair(key: TraceKeys.spansLocation, value: TraceKeys.spansInStore))
        }
        for tag in batch.tags { try putTag(connection, number, tag) }
        if let session = batch.session, trace.session == nil {
            try putMetadata(connection, number, TracePair(key: TraceKeys.session, value: session))
        }
        if let user = batch.user {
            let known = try connection.first(
                "SELECT metadata_key FROM trace_metadata WHERE trace_number = ? AND metadata_key = ?",
                [.integer(number), .text(TraceKeys.user)]
            )
            let value = TraceRules.cut(user, TracesLimits.valueCharacters)
            if known == nil { try putMetadata(connection, number, TracePair(key: TraceKeys.user, value: value)) }
        }
        if !trace.ownsUsage, batch.spans.contains(where: { $0.attribute(TraceKeys.spanTokenUsage) != nil }) {
            try putTotal(connection, number, TraceKeys.tokenUsage, .tokens, column: "token_usage")
        }
        if !trace.ownsCost, batch.spans.contains(where: { $0.attribute(TraceKeys.spanCost) != nil }) {
            try putTotal(connection, number, TraceKeys.cost, .cost, column: "llm_cost")
        }
    }

    private static func putMissingPreviews(_ connection: Connection, _ number: Int64, _ root: TraceSpan) throws {
        let row = try connection.first(
            "SELECT request_preview, response_preview FROM trace_previews WHERE trace_number = ?",
            [.integer(number)]
        )
        let inputs = root.attribute(TraceKeys.spanInputs)
        let outputs = root.attribute(TraceKeys.spanOutputs)
        let hasRequest = row?.optionalText("request_preview") != nil
        let hasResponse = row?.optionalText("response_preview") != nil
        try putPreviews(
            connection,
            number,
            request: hasRequest ? nil : inputs.map { TracePreview.make(of: $0, role: "user") },
            response: hasResponse ? nil : outputs.map { TracePreview.make(of: $0, role: "assistant") }
        )
    }

    /// Adds up over all spans of the trace that are stored by now, those of earlier exports too.
    private static func putTotal(
        _ connection: Connection,
        _ number: Int64,
        _ key: String,
        _ kind: SpanTotals.Kind,
        column: String
    ) throws {
        let nodes = try connection.query(
            "SELECT span_id, parent_id, \(column) FROM spans WHERE trace_number = ?",
            [.integer(number)]
        )
        .map { row in
            SpanTotals.Node(
                id: try row.text("span_id"),
                parentID: row.optionalText("parent_id"),
                figures: row.optionalText(column)
            )
        }
        guard let sum = SpanTotals.sum(nodes, kind) else { return }
        try putMetadata(connection, number, TracePair(key: key, value: sum))
    }
}

/// A span as its two rows hold it.
struct SpanRow: Sendable {
    private let values: [SQLValue]
    private let id: String
    private let content: String

    init(_ span: TraceSpan) {
        id = span.id
        content = AttributeText.json(.object(span.content))
        let type = span.attributeString(TraceKeys.spanType)
        values = [
            .text(span.id), SQLValue(span.parentID), .text(span.name), .text(TraceRules.head(span.name)),
            SQLValue(type), SQLValue(type.map(TraceRules.head)), .text(span.status.word), .integer(span.startTime),
            SQLValue(span.endTime), SQLValue(span.attribute(TraceKeys.spanTokenUsage)),
            SQLValue(span.attribute(TraceKeys.spanCost)),
        ]
    }

    func put(_ connection: Connection, trace: Int64) throws {
        try connection.execute(
            """
            INSERT INTO spans (trace_number, span_id, parent_id, span_name, name_head, span_type, type_head,
                span_status, start_time, end_time, token_usage, llm_cost)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (trace_number, span_id) DO UPDATE SET
                parent_id = excluded.parent_id, span_name = excluded.span_name, name_head = excluded.name_head,
                span_type = excluded.span_type, type_head = excluded.type_head,
                span_status = excluded.span_status, start_time = excluded.start_time, end_time = excluded.end_time,
                token_usage = excluded.token_usage, llm_cost = excluded.llm_cost
            """,
            [.integer(trace)] + values
        )
        try connection.execute(
            """
            INSERT INTO span_contents (trace_number, span_id, content) VALUES (?, ?, ?)
            ON CONFLICT (trace_number, span_id) DO UPDATE SET content = excluded.content
            """,
            [.integer(trace), .text(id), .text(content)]
        )
    }
}
