package import Core
package import Storage

/// Loops, their timelines and the triggers, in SQL; the only place where a loop's truth lives.
package struct LoopStore: Sendable {
    private let database: Database

    /// A store over a database whose migrations have run.
    package init(database: Database) {
        self.database = database
    }

    /// Inserts or replaces triggers, all or none.
    package func save(_ triggers: [TriggerSpec], now: Timestamp) async throws {
        try await database.write { connection in
            for trigger in triggers {
                let old = try connection.first("SELECT definition FROM triggers WHERE name = ?", [.text(trigger.name)])
                let before = try old?.json("definition")
                connection.note(
                    Change(object: "trigger:\(trigger.name)", before: before, after: .object(trigger.definition))
                )
                try connection.execute(
                    """
                    INSERT INTO triggers (name, definition, updated_at) VALUES (?, ?, ?)
                    ON CONFLICT (name) DO UPDATE SET definition = excluded.definition, updated_at = excluded.updated_at
                    """,
                    [
                        .text(trigger.name), .text(JSONValue.object(trigger.definition).description),
                        .integer(now.milliseconds),
                    ]
                )
            }
            let count = try connection.first("SELECT count(*) AS n FROM triggers", [])?.int("n") ?? 0
            guard count <= LoopLimits.maximumTriggers else {
                throw MartletError(
                    .resourceExhausted,
                    "There would be \(count) triggers; at most \(LoopLimits.maximumTriggers) are allowed."
                )
            }
        }
    }

    /// Removes a trigger; its loops stay.
    package func removeTrigger(_ name: String) async throws {
        let removed = try await database.write { connection in
            let old = try connection.first("SELECT definition FROM triggers WHERE name = ?", [.text(name)])
            let before = try old?.json("definition")
            connection.note(Change(object: "trigger:\(name)", before: before, after: nil))
            return try connection.execute("DELETE FROM triggers WHERE name = ?", [.text(name)])
        }
        guard removed > 0 else { throw Self.unknownTrigger(name) }
    }

    /// Every trigger, by name.
    package func triggers() async throws -> [TriggerSpec] {
        try await database.read { connection in
            try connection.query("SELECT name, definition FROM triggers ORDER BY name", []).map(Self.trigger)
        }
    }

    /// The named trigger.
    package func trigger(_ name: String) async throws -> TriggerSpec {
        let row = try await database.read { connection in
            try connection.first("SELECT name, definition FROM triggers WHERE name = ?", [.text(name)])
        }
        guard let row else { throw Self.unknownTrigger(name) }
        return try Self.trigger(row)
    }

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

    /// A page of loops, newest first, after the given place; `trigger` narrows it to one trigger.
    package func loops(
        trigger: String? = nil,
        after place: (openedAt: Timestamp, id: String)? = nil,
        limit: Int
    ) async throws -> [LoopRecord] {
        try await database.read { connection in
            var conditions: [String] = []
            var arguments: [SQLValue] = []
            if let trigger {
                conditions.append("trigger_name = ?")
                arguments.append(.text(trigger))
            }
            if let place {
                conditions.append("(opened_at < ? OR (opened_at = ? AND id < ?))")
                arguments += [
                    .integer(place.openedAt.milliseconds), .integer(place.openedAt.milliseconds), .text(place.id),
                ]
            }
            let filter = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
            return try connection.query(
                "SELECT * FROM loops \(filter) ORDER BY opened_at DESC, id DESC LIMIT ?",
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

    private static func trigger(_ row: Row) throws -> TriggerSpec {
        try TriggerSpec(name: try row.text("name"), definition: try row.json("definition"))
    }

    private static func loop(_ id: String, _ connection: Connection) throws -> LoopRecord {
        guard let row = try connection.first("SELECT * FROM loops WHERE id = ?", [.text(id)]) else {
            throw MartletError(.notFound, "There is no loop '\(id)'; GET /api/martlet/v1/loops lists them.")
        }
        return try LoopRows.loop(row)
    }

    private static func unknownTrigger(_ name: String) -> MartletError {
        MartletError(.notFound, "There is no trigger '\(name)'; declare it under 'triggers' and run martlet apply.")
    }
}

extension LoopStore {
    /// Opens a loop and writes the first line of its timeline.
    ///
    /// - Throws: `alreadyExists` when the trigger, or the same model and alias, has an open loop.
    package func open(_ trigger: TriggerSpec, signal: LoopSignal, now: Timestamp) async throws -> LoopRecord {
        let record = LoopRecord(
            id: Identifier.random(),
            trigger: trigger,
            signal: signal,
            openedAt: now,
            progress: LoopProgress(openedAt: now),
            revision: 0
        )
        try await database.write { connection in
            try LoopRows.insert(record, connection)
            connection.note(
                Change(
                    object: "trigger:\(trigger.name)/loop:\(record.id)",
                    before: nil,
                    after: ["state": .string(record.progress.state.rawValue), "signal": .string(signal.message)]
                )
            )
            try LoopRows.append(record.openingEntry, to: record.id, at: now, connection)
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
        try await database.write { connection in
            guard try LoopRows.update(record, progress, connection) == 1 else {
                throw MartletError(.failedPrecondition, "The loop \(record.id) was changed meanwhile; read it again.")
            }
            for entry in entries {
                try LoopRows.append(entry, to: record.id, at: now, connection)
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
            var saved = record
            saved.progress = progress
            saved.revision += 1
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
        let finished = try connection.first(
            "SELECT max(finished_at) AS at FROM loops WHERE trigger_name = ?",
            [.text(trigger.name)]
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
