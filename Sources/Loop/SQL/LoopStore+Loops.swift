package import Core
import Storage

extension LoopStore {
    /// The loop with this id.
    package func loop(_ id: String) async throws -> LoopRecord {
        try await database.read { connection in try Self.loop(id, connection) }
    }

    /// The loop with this id and its timeline, read in one snapshot.
    package func detail(_ id: String) async throws -> LoopDetail {
        try await database.read { connection in
            let loop = try Self.loop(id, connection)
            let events = try connection.query(
                "SELECT * FROM loop_events WHERE loop_id = ? ORDER BY sequence",
                [.text(id)]
            )
            return LoopDetail(loop: loop, events: try events.map(LoopRows.event))
        }
    }

    /// Every open loop, oldest first.
    package func openLoops() async throws -> [LoopRecord] {
        try await database.read { connection in
            try connection.query("SELECT * FROM loops WHERE finished_at IS NULL ORDER BY opened_at, id", [])
                .map(LoopRows.loop)
        }
    }

    /// A page of loops, newest first, after the given place.
    ///
    /// - Parameters:
    ///   - filter: Which loops.
    ///   - place: The last one of the page before; nil for the first page.
    ///   - limit: How many at most.
    /// - Returns: The loops.
    /// - Throws: `dataLoss` for a loop that cannot be read.
    package func loops(
        _ filter: LoopFilter = LoopFilter(),
        after place: (openedAt: Timestamp, id: String)? = nil,
        limit: Int
    ) async throws -> [LoopRecord] {
        try await database.read { connection in
            var (conditions, arguments) = filter.sql
            if let place {
                conditions.append("(opened_at < ? OR (opened_at = ? AND id < ?))")
                arguments += [
                    .integer(place.openedAt.milliseconds), .integer(place.openedAt.milliseconds), .text(place.id),
                ]
            }
            let condition = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
            return try connection.query(
                "SELECT * FROM loops \(condition) ORDER BY opened_at DESC, id DESC LIMIT ?",
                arguments + [.integer(Int64(limit))]
            ).map(LoopRows.loop)
        }
    }

    /// When the last loop of the trigger that used its data was opened; `nil` when none did.
    ///
    /// A failed loop did not use its data: the next one may train on the same rows.
    package func dataUsedUntil(trigger: String) async throws -> Timestamp? {
        let row = try await database.read { connection in
            try connection.first(
                "SELECT max(opened_at) AS at FROM loops WHERE trigger_name = ? AND state <> ?",
                [.text(trigger), .text(LoopState.failed.rawValue)]
            )
        }
        return row?.optionalTimestamp("at")
    }

    private static func loop(_ id: String, _ connection: Connection) throws -> LoopRecord {
        guard let row = try connection.first("SELECT * FROM loops WHERE id = ?", [.text(id)]) else {
            throw MartletError(.notFound, "There is no loop '\(id)'; GET /api/martlet/v1/loops lists them.")
        }
        return try LoopRows.loop(row)
    }
}

extension LoopStore {
    /// Opens a loop, writes the first line of its timeline and forgets the signals that it answers.
    ///
    /// - Parameters:
    ///   - trigger: The trigger.
    ///   - signal: Why.
    ///   - answered: The standing signals that this loop answers, as they were read.
    ///   - now: The time.
    /// - Returns: The loop.
    /// - Throws: `alreadyExists` when the trigger, or the same model and alias, has an open loop.
    package func open(
        _ trigger: TriggerSpec,
        signal: LoopSignal,
        answering answered: [StandingSignal] = [],
        now: Timestamp
    ) async throws -> LoopRecord {
        let record = LoopRecord(
            id: Identifier.random(),
            trigger: trigger,
            signal: signal,
            openedAt: now,
            progress: LoopProgress(openedAt: now),
            revision: 0
        )
        let outbox = outbox
        try await database.write { connection in
            try LoopRows.insert(record, connection)
            for standing in answered {
                try connection.execute(
                    "DELETE FROM trigger_signals WHERE trigger_name = ? AND source = ? AND at = ?",
                    [.text(trigger.name), .text(standing.source), .integer(standing.at.milliseconds)]
                )
            }
            connection.note(
                Change(
                    object: "trigger:\(trigger.name)/loop:\(record.id)",
                    before: nil,
                    after: ["state": .string(record.progress.state.rawValue), "signal": .string(signal.message)]
                )
            )
            if let event = try LoopRows.append(record.openingEntry, to: record.id, at: now, connection) {
                try outbox(connection, record, event)
            }
        }
        return record
    }

    /// Stores what a step changed together with its timeline entries.
    ///
    /// - Throws: `failedPrecondition` when another writer has moved the loop on since `record` was read.
    package func save(
        _ record: LoopRecord,
        _ progress: LoopProgress,
        entries: [LoopStateMachine.Entry],
        now: Timestamp
    ) async throws -> LoopRecord {
        let outbox = outbox
        return try await database.write { connection in
            guard try LoopRows.update(record, progress, connection) == 1 else {
                throw MartletError(.failedPrecondition, "The loop \(record.id) was changed meanwhile; read it again.")
            }
            var saved = record
            saved.progress = progress
            saved.revision += 1
            for entry in entries {
                guard let event = try LoopRows.append(entry, to: record.id, at: now, connection) else { continue }
                try outbox(connection, saved, event)
            }
            if record.progress.state != progress.state {
                connection.note(
                    Change(
                        object: "trigger:\(record.trigger.name)/loop:\(record.id)",
                        before: ["state": .string(record.progress.state.rawValue)],
                        after: [
                            "state": .string(progress.state.rawValue),
                            "version": .optional(progress.version.map(Int64.init)),
                        ]
                    )
                )
            }
            return saved
        }
    }

    /// What the guards of a trigger need to know about its loops, read in one snapshot.
    package func history(_ trigger: TriggerSpec, now: Timestamp) async throws -> TriggerStateMachine.History {
        try await database.read { connection in try Self.history(trigger, now: now, connection) }
    }

    private static func history(
        _ trigger: TriggerSpec,
        now: Timestamp,
        _ connection: Connection
    ) throws -> TriggerStateMachine.History {
        let open = try connection.first(
            """
            SELECT id FROM loops
            WHERE finished_at IS NULL AND (trigger_name = ? OR (model = ? AND model_alias = ?))
            ORDER BY opened_at LIMIT 1
            """,
            [.text(trigger.name), .text(trigger.model), .text(trigger.alias)]
        )
        // What lies far ahead was written by a clock that was wrong.
        let horizon = SQLValue.integer((now + LoopLimits.clockTolerance).milliseconds)
        let finished = try connection.first(
            "SELECT max(finished_at) AS at FROM loops WHERE trigger_name = ? AND finished_at <= ?",
            [.text(trigger.name), horizon]
        )
        let windowStart = now - TriggerStateMachine.budgetWindow
        let recent = try connection.query(
            "SELECT opened_at FROM loops WHERE trigger_name = ? AND opened_at > ? ORDER BY opened_at",
            [.text(trigger.name), .integer(windowStart.milliseconds)]
        )
        return TriggerStateMachine.History(
            openLoop: try open?.text("id"),
            lastFinishedAt: finished?.optionalTimestamp("at"),
            openedAt: try recent.map { try $0.timestamp("opened_at") }
        )
    }
}
