package import Core
package import Storage

/// Loops, their timelines and the triggers, in SQL; the only place where a loop's truth lives.
package struct LoopStore: Sendable {
    /// Hears of each line of a timeline in the transaction that stores it; what it throws undoes the step.
    package typealias Outbox =
        @Sendable (_ connection: Connection, _ loop: LoopRecord, _ event: LoopEvent) throws -> Void

    let database: Database
    let outbox: Outbox

    /// A store over a database whose migrations have run.
    ///
    /// - Parameters:
    ///   - database: Where everything is kept.
    ///   - outbox: Who is told of what happens.
    package init(database: Database, outbox: @escaping Outbox = { _, _, _ in }) {
        self.database = database
        self.outbox = outbox
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
                // A schedule counts from its declaration, also when nobody looks before its first time.
                for case .schedule(let schedule) in trigger.conditions {
                    let source = TriggerCondition.schedule(schedule).source
                    try Self.begin(trigger.name, source, place: String(now.milliseconds), connection)
                }
                try Self.forgetOthers(trigger, connection)
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
            for table in ["trigger_signals", "trigger_cursors", "trigger_deliveries"] {
                try connection.execute("DELETE FROM \(table) WHERE trigger_name = ?", [.text(name)])
            }
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

    private static func trigger(_ row: Row) throws -> TriggerSpec {
        try TriggerSpec(name: try row.text("name"), definition: try row.json("definition"))
    }

    private static func unknownTrigger(_ name: String) -> MartletError {
        MartletError(.notFound, "There is no trigger '\(name)'; declare it under 'triggers' and run martlet apply.")
    }
}
