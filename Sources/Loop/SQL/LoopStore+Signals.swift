package import Core
import Storage

extension LoopStore {
    /// Every standing signal by its trigger, the oldest first.
    package func standingSignals() async throws -> [String: [StandingSignal]] {
        try await database.read { connection in
            let rows = try connection.query("SELECT * FROM trigger_signals ORDER BY at, source", [])
            var signals: [String: [StandingSignal]] = [:]
            for row in rows { signals[try row.text("trigger_name"), default: []].append(try LoopRows.signal(row)) }
            return signals
        }
    }

    /// Has a signal stand until a loop answers it or its source withdraws it; an earlier one of that source makes room.
    package func raise(_ signal: LoopSignal, of source: String, for trigger: String, now: Timestamp) async throws {
        try await database.write { connection in
            try Self.raise(signal, of: source, for: trigger, now: now, connection)
        }
    }

    /// Withdraws the standing signal of a source.
    package func withdraw(_ source: String, for trigger: String) async throws {
        try await database.write { connection in
            try connection.execute(
                "DELETE FROM trigger_signals WHERE trigger_name = ? AND source = ?",
                [.text(trigger), .text(source)]
            )
        }
    }

    /// Withdraws one signal as it was read; a later one of the same source stays.
    func drop(_ standing: StandingSignal, for trigger: String) async throws {
        try await database.write { connection in
            try connection.execute(
                "DELETE FROM trigger_signals WHERE trigger_name = ? AND source = ? AND at = ?",
                [.text(trigger), .text(standing.source), .integer(standing.at.milliseconds)]
            )
        }
    }

    /// What is remembered of each condition of each trigger.
    package func places() async throws -> [String: [String: String]] {
        try await database.read { connection in
            var places: [String: [String: String]] = [:]
            for row in try connection.query("SELECT * FROM trigger_cursors", []) {
                places[try row.text("trigger_name"), default: [:]][try row.text("source")] = try row.text("place")
            }
            return places
        }
    }

    /// Remembers a place and raises a signal if there is one, both or neither.
    ///
    /// - Parameters:
    ///   - source: The condition.
    ///   - trigger: The trigger.
    ///   - old: The place as it was read; nil when nothing was remembered.
    ///   - place: What to remember.
    ///   - signal: What stands from now on; nil for nothing new.
    ///   - now: The time.
    /// - Returns: Whether it was done: not when somebody else has moved the place meanwhile.
    /// - Throws: `unavailable` when the database cannot be written.
    @discardableResult
    package func move(
        _ source: String,
        for trigger: String,
        from old: String?,
        to place: String,
        raising signal: LoopSignal?,
        now: Timestamp
    ) async throws -> Bool {
        try await database.write { connection in
            let moved: Int
            if let old {
                moved = try connection.execute(
                    "UPDATE trigger_cursors SET place = ? WHERE trigger_name = ? AND source = ? AND place = ?",
                    [.text(place), .text(trigger), .text(source), .text(old)]
                )
            } else {
                moved = try Self.begin(trigger, source, place: place, connection)
            }
            guard moved == 1 else { return false }
            if let signal { try Self.raise(signal, of: source, for: trigger, now: now, connection) }
            return true
        }
    }

    /// Remembers a delivery and has its signal stand, both or neither.
    ///
    /// - Returns: Whether it is new: not when a delivery of that id is remembered.
    /// - Throws: `resourceExhausted` when more came within the window than are remembered.
    package func receive(
        _ delivery: String,
        for trigger: String,
        signal: LoopSignal,
        forgettingBefore horizon: Timestamp,
        now: Timestamp
    ) async throws -> Bool {
        try await database.write { connection in
            try connection.execute(
                "DELETE FROM trigger_deliveries WHERE trigger_name = ? AND at < ?",
                [.text(trigger), .integer(horizon.milliseconds)]
            )
            let new = try connection.execute(
                """
                INSERT INTO trigger_deliveries (trigger_name, delivery_id, at) VALUES (?, ?, ?)
                ON CONFLICT (trigger_name, delivery_id) DO NOTHING
                """,
                [.text(trigger), .text(delivery), .integer(now.milliseconds)]
            )
            guard new == 1 else { return false }
            let count = try connection.first(
                "SELECT count(*) AS n FROM trigger_deliveries WHERE trigger_name = ?",
                [.text(trigger)]
            )
            guard try count?.int("n") ?? 0 <= LoopLimits.maximumDeliveries else {
                throw MartletError(
                    .resourceExhausted,
                    "The trigger '\(trigger)' was called more than \(LoopLimits.maximumDeliveries) times in its window."
                )
            }
            try Self.raise(signal, of: "webhook", for: trigger, now: now, connection)
            return true
        }
    }

    private static func raise(
        _ signal: LoopSignal,
        of source: String,
        for trigger: String,
        now: Timestamp,
        _ connection: Connection
    ) throws {
        // A trigger that was removed meanwhile keeps nothing.
        guard try connection.first("SELECT name FROM triggers WHERE name = ?", [.text(trigger)]) != nil else { return }
        try connection.execute(
            """
            INSERT INTO trigger_signals (trigger_name, source, kind, message, evidence, at) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT (trigger_name, source) DO UPDATE SET kind = excluded.kind, message = excluded.message,
                evidence = excluded.evidence, at = excluded.at
            """,
            [
                .text(trigger), .text(source), .text(signal.kind.rawValue),
                .text(String(signal.message.prefix(LoopLimits.maximumMessageCharacters))),
                LoopRows.json(LoopRows.bounded(signal.evidence)), .integer(now.milliseconds),
            ]
        )
    }

    /// Remembers a first place; what is remembered already stays.
    @discardableResult
    static func begin(_ trigger: String, _ source: String, place: String, _ connection: Connection) throws -> Int {
        try connection.execute(
            """
            INSERT INTO trigger_cursors (trigger_name, source, place) VALUES (?, ?, ?)
            ON CONFLICT (trigger_name, source) DO NOTHING
            """,
            [.text(trigger), .text(source), .text(place)]
        )
    }

    /// Forgets what stood or was remembered for conditions that a trigger no longer has.
    static func forgetOthers(_ trigger: TriggerSpec, _ connection: Connection) throws {
        let sources = trigger.conditions.map(\.source)
        for table in ["trigger_signals", "trigger_cursors"] {
            let rows = try connection.query("SELECT source FROM \(table) WHERE trigger_name = ?", [.text(trigger.name)])
            for row in rows {
                let source = try row.text("source")
                guard !sources.contains(source) else { continue }
                try connection.execute(
                    "DELETE FROM \(table) WHERE trigger_name = ? AND source = ?",
                    [.text(trigger.name), .text(source)]
                )
            }
        }
    }
}
