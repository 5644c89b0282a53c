import Core
package import Storage

/// Assessments: create, read, update, delete.
extension TraceStore {
    /// Stores an assessment; one that it overrides no longer counts.
    ///
    /// - Returns: the assessment with its id and times.
    /// - Throws: `notFound` for the trace or the one to override, `invalidArgument` naming the field that is wrong.
    package func create(_ assessment: TraceAssessment) async throws -> TraceAssessment {
        let assessment = try Self.prepared(assessment, of: assessment.traceID, now: clock.now)
        return try await database.write { connection in
            let number = try Self.number(of: assessment.traceID, connection)
            if let overridden = assessment.overrides {
                let changed = try connection.execute(
                    "UPDATE assessments SET is_valid = 0 WHERE assessment_id = ? AND trace_number = ?",
                    [.text(overridden), .integer(number)]
                )
                guard changed > 0 else { throw Self.noAssessment(overridden, assessment.traceID) }
            }
            let known = try connection.first(
                "SELECT assessment_id FROM assessments WHERE assessment_id = ?",
                [.text(assessment.id)]
            )
            guard known == nil else { throw Self.isTaken(assessment.id) }
            try Self.putAssessment(connection, number, assessment)
            return assessment
        }
    }

    /// An assessment of a trace.
    ///
    /// - Throws: `notFound` for either.
    package func assessment(_ id: String, traceID: String) async throws -> TraceAssessment {
        try await database.read { connection in
            let number = try Self.number(of: traceID, connection)
            guard let row = try Self.row(connection, number, id) else { throw Self.noAssessment(id, traceID) }
            return try Self.assessment(row, traceID: traceID)
        }
    }

    /// Changes an assessment; its metadata is added to what there is.
    ///
    /// - Throws: `notFound`, `invalidArgument` for a verdict of the other kind or a field that is wrong.
    package func update(_ id: String, traceID: String, _ change: AssessmentChange) async throws -> TraceAssessment {
        let now = clock.now
        return try await database.write { connection in
            let number = try Self.number(of: traceID, connection)
            guard let row = try Self.row(connection, number, id) else { throw Self.noAssessment(id, traceID) }
            var assessment = try Self.assessment(row, traceID: traceID)
            try Self.apply(change, to: &assessment)
            assessment.updated = now
            assessment = try Self.prepared(assessment, of: traceID, now: now)
            try Self.putAssessment(connection, number, assessment)
            return assessment
        }
    }

    private static func apply(_ change: AssessmentChange, to assessment: inout TraceAssessment) throws(MartletError) {
        guard change.feedback == nil || change.expectation == nil else {
            throw MartletError(
                .invalidArgument,
                "Cannot specify both `expectation` and `feedback` parameters."
            )
        }
        if let name = change.name { assessment.name = name }
        if let feedback = change.feedback {
            guard assessment.kind == .feedback else {
                throw MartletError(
                    .invalidArgument,
                    "Cannot update feedback value on an Expectation assessment."
                )
            }
            assessment.value = feedback.value
            assessment.error = feedback.error
        }
        if let expectation = change.expectation {
            guard assessment.kind == .expectation else {
                throw MartletError(
                    .invalidArgument,
                    "Cannot update expectation value on a Feedback assessment."
                )
            }
            assessment.value = expectation
        }
        if let rationale = change.rationale { assessment.rationale = rationale }
        if let isValid = change.isValid { assessment.isValid = isValid }
        for pair in change.metadata ?? [] {
            assessment.metadata.removeAll { $0.key == pair.key }
            assessment.metadata.append(pair)
        }
    }

    /// Deletes an assessment; one that it overrode counts again.
    ///
    /// Nothing happens if it is not there.
    package func deleteAssessment(_ id: String, traceID: String) async throws {
        try await database.write { connection in
            let trace = try connection.first("SELECT trace_number FROM traces WHERE trace_id = ?", [.text(traceID)])
            guard let number = try trace?.int("trace_number"), let row = try Self.row(connection, number, id) else {
                return
            }
            if let overridden = row.optionalText("overrides") {
                try connection.execute(
                    "UPDATE assessments SET is_valid = 1 WHERE assessment_id = ? AND trace_number = ?",
                    [.text(overridden), .integer(number)]
                )
            }
            try connection.execute("DELETE FROM assessments WHERE assessment_id = ?", [.text(id)])
        }
    }

    /// Deletes the assessments that a run made, in the transaction that deletes the run.
    package static func deleteAssessments(_ connection: Connection, runID: String) throws {
        try connection.execute("DELETE FROM assessments WHERE run_id = ?", [.text(runID)])
    }

    private static func row(_ connection: Connection, _ number: Int64, _ id: String) throws -> Row? {
        try connection.first(
            "SELECT * FROM assessments WHERE assessment_id = ? AND trace_number = ?",
            [.text(id), .integer(number)]
        )
    }

    private static func noAssessment(_ id: String, _ traceID: String) -> MartletError {
        MartletError(.notFound, "Assessment with ID '\(id)' not found for trace '\(traceID)'")
    }

    /// The assessment with an id and times, its fields checked.
    static func prepared(_ assessment: TraceAssessment, of traceID: String, now: Timestamp) throws -> TraceAssessment {
        var assessment = assessment
        assessment.traceID = traceID
        guard !assessment.name.isEmpty else { throw TraceRules.missing("assessment.assessment_name") }
        try TraceRules.checkLength(
            assessment.name,
            atMost: TracesLimits.assessmentNameCharacters,
            "assessment.assessment_name"
        )
        for (text, field) in [
            (assessment.id, "assessment.assessment_id"), (assessment.spanID ?? "", "assessment.span_id"),
            (assessment.overrides ?? "", "assessment.overrides"),
        ] {
            try TraceRules.checkLength(text, atMost: TracesLimits.idCharacters, field)
        }
        try TraceRules.checkLength(
            assessment.sourceID ?? "",
            atMost: TracesLimits.assessmentNameCharacters,
            "assessment.source.source_id"
        )
        let limit = TracesLimits.assessmentTextCharacters
        try TraceRules.checkLength(AttributeText.json(assessment.value), atMost: limit, "assessment.value")
        try TraceRules.checkLength(assessment.rationale ?? "", atMost: limit, "assessment.rationale")
        try TraceRules.checkLength(metadataText(assessment) ?? "", atMost: limit, "assessment.metadata")
        if let error = assessment.error {
            try TraceRules.checkLength(AttributeText.json(.object(error)), atMost: limit, "assessment.error")
        }
        if assessment.id.isEmpty { assessment.id = "a-" + Identifier.timeOrdered(now: now) }
        if assessment.created == nil { assessment.created = now }
        if assessment.updated == nil { assessment.updated = now }
        return assessment
    }

    private static func metadataText(_ assessment: TraceAssessment) -> String? {
        guard !assessment.metadata.isEmpty else { return nil }
        return AttributeText.json(.object(JSONObject(assessment.metadata.map { ($0.key, .string($0.value)) })))
    }

    /// The verdict as a number that `<` and `>` compare; nil if it is none.
    private static func number(_ value: JSONValue) -> Double? {
        value.doubleValue.flatMap { $0.isFinite ? $0 : nil }
    }

    private static func isTaken(_ id: String) -> MartletError {
        MartletError(.alreadyExists, "Assessment with ID '\(id)' already exists.")
    }

    /// Stores an assessment that `prepared` returned, replacing the one of the same trace with its id.
    static func putAssessment(_ connection: Connection, _ number: Int64, _ assessment: TraceAssessment) throws {
        let changed = try connection.execute(
            """
            INSERT INTO assessments (assessment_id, trace_number, assessment_name, kind, assessment_value, number_value,
                error, source_type, source_id, created_at, updated_at, span_id, run_id, rationale, overrides, is_valid,
                is_about_session, metadata)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (assessment_id) DO UPDATE SET
                assessment_name = excluded.assessment_name, kind = excluded.kind,
                assessment_value = excluded.assessment_value, number_value = excluded.number_value,
                error = excluded.error, updated_at = excluded.updated_at, run_id = excluded.run_id,
                rationale = excluded.rationale, is_valid = excluded.is_valid,
                is_about_session = excluded.is_about_session, metadata = excluded.metadata
            WHERE assessments.trace_number = excluded.trace_number
            """,
            [
                .text(assessment.id), .integer(number), .text(assessment.name), .text(assessment.kind.rawValue),
                .text(AttributeText.json(assessment.value)), SQLValue(Self.number(assessment.value)),
                SQLValue(assessment.error.map { AttributeText.json(.object($0)) }),
                .text(assessment.sourceType.rawValue), SQLValue(assessment.sourceID),
                SQLValue(assessment.created?.milliseconds), SQLValue(assessment.updated?.milliseconds),
                SQLValue(assessment.spanID), SQLValue(assessment.runID), SQLValue(assessment.rationale),
                SQLValue(assessment.overrides), .integer(assessment.isValid ? 1 : 0),
                .integer(assessment.isAboutSession ? 1 : 0), SQLValue(Self.metadataText(assessment)),
            ]
        )
        guard changed > 0 else { throw isTaken(assessment.id) }
    }

    /// Reads an assessment from its row.
    static func assessment(_ row: Row, traceID: String) throws -> TraceAssessment {
        let damaged = MartletError(.dataLoss, "A stored assessment of trace '\(traceID)' is damaged.")
        guard let kind = TraceAssessment.Kind(rawValue: try row.text("kind")),
            let value = AttributeText.parse(try row.text("assessment_value"))
        else { throw damaged }
        let metadata = row.optionalText("metadata").flatMap { AttributeText.parse($0)?.objectValue } ?? [:]
        return TraceAssessment(
            id: try row.text("assessment_id"),
            traceID: traceID,
            name: try row.text("assessment_name"),
            kind: kind,
            value: value,
            error: row.optionalText("error").flatMap { AttributeText.parse($0)?.objectValue },
            sourceType: TraceAssessment.SourceType(rawValue: try row.text("source_type")) ?? .unspecified,
            sourceID: row.optionalText("source_id"),
            created: try row.timestamp("created_at"),
            updated: try row.timestamp("updated_at"),
            spanID: row.optionalText("span_id"),
            rationale: row.optionalText("rationale"),
            overrides: row.optionalText("overrides"),
            isValid: try row.bool("is_valid"),
            metadata: metadata.pairs.map { TracePair(key: $0.key, value: $0.value.stringValue ?? "") }
        )
    }
}
