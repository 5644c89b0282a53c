package import Core
import Storage

/// Describing traces: what clients send when a trace is complete, and the calls of clients before version 3.
extension TraceStore {
    /// Stores the description of a trace, or completes the one that its spans began.
    ///
    /// What is given here wins over what was inferred from spans; tags and assessments are added to those there are.
    ///
    /// - Returns: the trace as it is now.
    /// - Throws: `notFound` for an unknown experiment, `invalidArgument` naming the field that is wrong.
    package func start(_ trace: TraceInfo) async throws -> TraceInfo {
        try TraceRules.checkTraceID(trace.id)
        let (experiment, number) = try await activeExperiment(trace.experimentID)
        var trace = trace
        trace.metadata = try TraceRules.checked(trace.metadata, "trace_metadata")
        trace.tags = try TraceRules.checked(trace.tags, "tags")
        if let id = trace.clientRequestID {
            try TraceRules.checkLength(id, atMost: TracesLimits.idCharacters, "client_request_id")
        }
        guard trace.assessments.count <= TracesLimits.assessments else {
            throw MartletError(.invalidArgument, "A trace has at most \(TracesLimits.assessments) assessments at once.")
        }
        let now = clock.now
        trace.assessments = try trace.assessments.map { try Self.prepared($0, of: trace.id, now: now) }
        let location = TracePair(
            key: TraceKeys.artifactLocation,
            value: Self.artifactLocation(of: trace.id, in: experiment)
        )
        trace.tags = trace.tags.filter { $0.key != TraceKeys.artifactLocation } + [location]
        trace.metadata.append(TracePair(key: TraceKeys.infoFinalized, value: "true"))
        let complete = trace
        return try await database.write { connection in
            let traceNumber = try Self.putTrace(connection, complete, experiment: number)
            for assessment in complete.assessments { try Self.putAssessment(connection, traceNumber, assessment) }
            return try Self.requiredTrace(connection, complete.id)
        }
    }

    /// Stores what clients before version 3 know when a trace begins.
    ///
    /// - Returns: the trace, with the id that it was given.
    /// - Throws: `notFound` for an unknown experiment, `invalidArgument` naming the field that is wrong.
    package func startOld(
        experimentID: String,
        requestTime: Timestamp,
        metadata: [TracePair],
        tags: [TracePair]
    ) async throws -> TraceInfo {
        let (experiment, number) = try await activeExperiment(experimentID)
        let id = Identifier.random()
        let location = TracePair(key: TraceKeys.artifactLocation, value: Self.artifactLocation(of: id, in: experiment))
        let trace = TraceInfo(
            id: id,
            experimentID: experiment.id,
            requestTime: requestTime,
            metadata: try TraceRules.checked(metadata, "trace_metadata"),
            tags: try TraceRules.checked(tags, "tags") + [location]
        )
        return try await database.write { connection in
            _ = try Self.putTrace(connection, trace, experiment: number)
            return try Self.requiredTrace(connection, id)
        }
    }

    /// Stores what clients before version 3 know when a trace ends.
    ///
    /// - Throws: `notFound`, `invalidArgument` naming the field that is wrong.
    package func endOld(
        id: String,
        endTime: Timestamp,
        state: TraceState,
        metadata: [TracePair],
        tags: [TracePair]
    ) async throws -> TraceInfo {
        let metadata = try TraceRules.checked(metadata, "trace_metadata")
        let tags = try TraceRules.checked(tags, "tags")
        return try await database.write { connection in
            guard
                let row = try connection.first(
                    "SELECT trace_number, request_time FROM traces WHERE trace_id = ?",
                    [.text(id)]
                )
            else { throw TraceRules.noTrace(id) }
            let number = try row.int("trace_number")
            let (duration, overflow) = endTime.milliseconds.subtractingReportingOverflow(try row.int("request_time"))
            try connection.execute(
                "UPDATE traces SET duration = ?, state = ? WHERE trace_number = ?",
                [.integer(overflow ? 0 : duration), .text(state.rawValue), .integer(number)]
            )
            for pair in metadata { try Self.putMetadata(connection, number, pair) }
            for pair in tags { try Self.putTag(connection, number, pair) }
            return try Self.requiredTrace(connection, id)
        }
    }

    /// Inserts a trace, or completes the one that is there; returns its number.
    private static func putTrace(_ connection: Connection, _ trace: TraceInfo, experiment: Int64) throws -> Int64 {
        let isFinalized = trace.metadata(TraceKeys.infoFinalized) != nil
        let own = [TraceKeys.tokenUsage, TraceKeys.cost].map { SQLValue.integer(trace.metadata($0) == nil ? 0 : 1) }
        let known = try connection.first("SELECT trace_number FROM traces WHERE trace_id = ?", [.text(trace.id)])
        let number: Int64
        if let known {
            number = try known.int("trace_number")
            try connection.execute(
                """
                UPDATE traces SET experiment_id = ?, request_time = ?, duration = ?, state = ?, client_request_id = ?,
                is_finalized = ?, has_own_usage = ?, has_own_cost = ? WHERE trace_number = ?
                """,
                [
                    .integer(experiment), .integer(trace.requestTime.milliseconds), SQLValue(trace.duration),
                    .text(trace.state.rawValue), SQLValue(trace.clientRequestID), .integer(isFinalized ? 1 : 0),
                ] + own + [.integer(number)]
            )
        } else {
            number = try nextTraceNumber(connection)
            try connection.execute(
                """
                INSERT INTO traces (trace_number, trace_id, experiment_id, request_time, duration, state,
                    client_request_id, is_finalized, has_own_usage, has_own_cost)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    .integer(number), .text(trace.id), .integer(experiment), .integer(trace.requestTime.milliseconds),
                    SQLValue(trace.duration), .text(trace.state.rawValue), SQLValue(trace.clientRequestID),
                    .integer(isFinalized ? 1 : 0),
                ] + own
            )
        }
        try putPreviews(connection, number, request: trace.requestPreview, response: trace.responsePreview)
        for pair in trace.metadata { try putMetadata(connection, number, pair) }
        for pair in trace.tags { try putTag(connection, number, pair) }
        return number
    }

    /// The number for a new trace.
    static func nextTraceNumber(_ connection: Connection) throws -> Int64 {
        let last = try connection.first("SELECT COALESCE(MAX(trace_number), 0) AS last FROM traces")
        return try (last?.int("last") ?? 0) + 1
    }

    /// Sets those previews that are not nil.
    static func putPreviews(_ connection: Connection, _ number: Int64, request: String?, response: String?) throws {
        guard request != nil || response != nil else { return }
        try connection.execute(
            """
            INSERT INTO trace_previews (trace_number, request_preview, response_preview) VALUES (?, ?, ?)
            ON CONFLICT (trace_number) DO UPDATE SET
                request_preview = COALESCE(excluded.request_preview, trace_previews.request_preview),
                response_preview = COALESCE(excluded.response_preview, trace_previews.response_preview)
            """,
            [.integer(number), SQLValue(request), SQLValue(response)]
        )
    }

    /// Sets a tag; the tag `mlflow.traceName` is a column of its own.
    static func putTag(_ connection: Connection, _ number: Int64, _ pair: TracePair) throws {
        if pair.key == TraceKeys.name {
            try connection.execute(
                "UPDATE traces SET trace_name = ?, name_head = ? WHERE trace_number = ?",
                [.text(pair.value), .text(TraceRules.head(pair.value)), .integer(number)]
            )
            return
        }
        try connection.execute(
            """
            INSERT INTO trace_tags (trace_number, tag_key, tag_value, tag_head) VALUES (?, ?, ?, ?)
            ON CONFLICT (trace_number, tag_key)
            DO UPDATE SET tag_value = excluded.tag_value, tag_head = excluded.tag_head
            """,
            [.integer(number), .text(pair.key), .text(pair.value), .text(TraceRules.head(pair.value))]
        )
    }

    /// Sets a piece of metadata; the session is a column of its own.
    static func putMetadata(_ connection: Connection, _ number: Int64, _ pair: TracePair) throws {
        if pair.key == TraceKeys.session {
            try connection.execute(
                "UPDATE traces SET session_id = ? WHERE trace_number = ?",
                [.text(pair.value), .integer(number)]
            )
            return
        }
        try connection.execute(
            """
            INSERT INTO trace_metadata (trace_number, metadata_key, metadata_value, metadata_head) VALUES (?, ?, ?, ?)
            ON CONFLICT (trace_number, metadata_key)
            DO UPDATE SET metadata_value = excluded.metadata_value, metadata_head = excluded.metadata_head
            """,
            [.integer(number), .text(pair.key), .text(pair.value), .text(TraceRules.head(pair.value))]
        )
    }
}
