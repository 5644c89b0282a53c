import Core
import Storage

/// How loops and timeline entries become rows and come back.
enum LoopRows {
    static func insert(_ record: LoopRecord, _ connection: Connection) throws {
        let trigger = record.trigger
        try connection.execute(
            """
            INSERT INTO loops (
                id, trigger_name, definition, model, model_alias, signal_kind, signal_message, signal_evidence,
                opened_at, state, entered_at, outputs, rollout_requested, failures, revision
            ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '{}', 0, 0, 0)
            """,
            [
                .text(record.id), .text(trigger.name), json(trigger.definition), .text(trigger.model),
                .text(trigger.alias), .text(record.signal.kind.rawValue), .text(record.signal.message),
                json(record.signal.evidence), .integer(record.openedAt.milliseconds),
                .text(record.progress.state.rawValue), .integer(record.progress.enteredAt.milliseconds),
            ]
        )
    }

    /// Updates the changing columns when the stored revision is still the one that was read.
    static func update(_ record: LoopRecord, _ progress: LoopProgress, _ connection: Connection) throws -> Int {
        try connection.execute(
            """
            UPDATE loops SET state = ?, entered_at = ?, finished_at = ?, pipeline_run_id = ?, outputs = ?,
                model_version = ?, rollout_requested = ?, weight = ?, failures = ?, retry_at = ?, revision = ?,
                details = ?
            WHERE id = ? AND revision = ?
            """,
            [
                .text(progress.state.rawValue), .integer(progress.enteredAt.milliseconds),
                SQLValue(progress.finishedAt?.milliseconds), SQLValue(progress.runID), json(progress.outputs),
                SQLValue(progress.version.map(Int64.init)), .bool(progress.rolloutRequested),
                SQLValue(progress.weight.map(Int64.init)), .integer(Int64(progress.failures)),
                SQLValue(progress.retryAt?.milliseconds), .integer(record.revision + 1),
                json(details(progress)), .text(record.id), .integer(record.revision),
            ]
        )
    }

    /// Appends one entry and returns the line; past the limit of entries only outcomes are still kept.
    static func append(
        _ entry: LoopStateMachine.Entry,
        to loopID: String,
        at now: Timestamp,
        _ connection: Connection
    ) throws -> LoopEvent? {
        let last = try connection.first(
            "SELECT max(sequence) AS last FROM loop_events WHERE loop_id = ?",
            [.text(loopID)]
        )
        let sequence = (last?.optionalInt("last") ?? 0) + 1
        guard sequence <= LoopLimits.maximumEventsPerLoop || entry.state.isFinal else { return nil }
        let event = LoopEvent(
            sequence: sequence,
            at: now,
            state: entry.state,
            message: String(entry.message.prefix(LoopLimits.maximumMessageCharacters)),
            evidence: bounded(entry.evidence),
            links: entry.links
        )
        try connection.execute(
            """
            INSERT INTO loop_events (loop_id, sequence, at, state, message, evidence, links)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .text(loopID), .integer(sequence), .integer(now.milliseconds), .text(event.state.rawValue),
                .text(event.message), json(event.evidence), json(event.links),
            ]
        )
        return event
    }

    static func loop(_ row: Row) throws -> LoopRecord {
        LoopRecord(
            id: try row.text("id"),
            trigger: try TriggerSpec(
                name: try row.text("trigger_name"),
                definition: .object(try object(row, "definition"))
            ),
            signal: LoopSignal(
                kind: try value(row, "signal_kind"),
                message: try row.text("signal_message"),
                evidence: try object(row, "signal_evidence")
            ),
            openedAt: try row.timestamp("opened_at"),
            progress: try progress(row),
            revision: try row.int("revision")
        )
    }

    static func event(_ row: Row) throws -> LoopEvent {
        LoopEvent(
            sequence: try row.int("sequence"),
            at: try row.timestamp("at"),
            state: try value(row, "state"),
            message: try row.text("message"),
            evidence: try object(row, "evidence"),
            links: try object(row, "links")
        )
    }

    private static func progress(_ row: Row) throws -> LoopProgress {
        var progress = LoopProgress(
            state: try value(row, "state"),
            enteredAt: try row.timestamp("entered_at"),
            finishedAt: row.optionalTimestamp("finished_at"),
            runID: row.optionalText("pipeline_run_id"),
            outputs: try object(row, "outputs"),
            version: row.optionalInt("model_version").map { Int($0) },
            rolloutRequested: try row.bool("rollout_requested"),
            weight: row.optionalInt("weight").map { Int($0) },
            failures: Int(try row.int("failures")),
            retryAt: row.optionalTimestamp("retry_at")
        )
        let details = JSONFields(try object(row, "details"), path: "details")
        progress.champion = try details.optionalInt("champion").map { Int(clamping: $0) }
        progress.verdict = try details.optionalObject("verdict")
        progress.approvals = try (details.optionalArray("approvals") ?? []).map { try LoopApproval($0) }
        progress.awaiting = try details.optionalString("awaiting").flatMap(ApprovalStage.init)
        progress.cancellation = try details.value("cancellation").map { try LoopCancellation($0) }
        progress.outcome = try details.optionalString("outcome").flatMap(LoopState.init)
        progress.commit = try details.optionalString("commit")
        return progress
    }

    private static func details(_ progress: LoopProgress) -> JSONObject {
        var details: JSONObject = [:]
        if let champion = progress.champion { details["champion"] = .int(champion) }
        if let verdict = progress.verdict { details["verdict"] = .object(verdict) }
        if !progress.approvals.isEmpty { details["approvals"] = .array(progress.approvals.map(\.json)) }
        if let awaiting = progress.awaiting { details["awaiting"] = .string(awaiting.rawValue) }
        if let cancellation = progress.cancellation { details["cancellation"] = cancellation.json }
        if let outcome = progress.outcome { details["outcome"] = .string(outcome.rawValue) }
        if let commit = progress.commit { details["commit"] = .string(commit) }
        return details
    }

    static func signal(_ row: Row) throws -> StandingSignal {
        StandingSignal(
            source: try row.text("source"),
            signal: LoopSignal(
                kind: try value(row, "kind"),
                message: try row.text("message"),
                evidence: try object(row, "evidence")
            ),
            at: try row.timestamp("at")
        )
    }

    static func json(_ object: JSONObject) -> SQLValue {
        .text(JSONValue.object(object).description)
    }

    private static func object(_ row: Row, _ column: String) throws -> JSONObject {
        guard let object = try row.json(column).objectValue else {
            throw MartletError(.dataLoss, "The stored loop has a malformed '\(column)'; restore the database.")
        }
        return object
    }

    private static func value<T: RawRepresentable<String>>(_ row: Row, _ column: String) throws -> T {
        let text = try row.text(column)
        guard let value = T(rawValue: text) else {
            throw MartletError(.dataLoss, "The stored loop has an unknown '\(column)': '\(text)'.")
        }
        return value
    }

    static func bounded(_ evidence: JSONObject) -> JSONObject {
        let size = JSONValue.object(evidence).serialized().count
        guard size > LoopLimits.maximumEvidenceBytes else { return evidence }
        return ["omitted_bytes": .integer(Int64(size))]
    }
}
