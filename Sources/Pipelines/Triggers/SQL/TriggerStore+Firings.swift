import Core
import HTTPSupport
import Storage

extension TriggerStore {
    /// Why a firing is not recorded: somebody else was faster, or the trigger is not to fire.
    enum Withheld: Error {
        /// What it fires for has been answered.
        case answered
        /// It was paused, or is declared no more.
        case stopped
    }

    /// Records a firing in the transaction of its run: the row, and what its timetable has settled.
    ///
    /// - Throws: `Withheld`, which undoes the run.
    func record(_ occasion: TriggerOccasion, run: String?, error: String?, on connection: Connection) throws {
        let now = clock.now
        let row = try connection.first(
            "SELECT paused_at, is_declared FROM pipeline_triggers WHERE pipeline = ? AND name = ?",
            [.text(occasion.pipeline), .text(occasion.trigger.name)]
        )
        if !occasion.ignoresPause {
            guard let row, try row.bool("is_declared"), row.optionalInt("paused_at") == nil else {
                throw Withheld.stopped
            }
        }
        let changed = try connection.execute(
            """
            INSERT INTO trigger_firings (pipeline, trigger_name, firing_key, logical_at, fired_at, run_id, error, event,
                fired_by, backfill_id)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (pipeline, trigger_name, firing_key) DO NOTHING
            """,
            [
                .text(occasion.pipeline), .text(occasion.trigger.name), .text(occasion.key),
                .integer(occasion.logicalAt.milliseconds), .integer(now.milliseconds), SQLValue(run),
                SQLValue(error.map { String(decoding: $0.utf8.prefix(TriggerLimits.errorBytes), as: UTF8.self) }),
                SQLValue(Self.text(of: occasion.event)), SQLValue(occasion.by), SQLValue(occasion.backfill),
            ]
        )
        guard changed == 1 else { throw Withheld.answered }
        try occasion.alongside?(connection, error)
        guard let settled = occasion.settles else { return }
        try Self.settle(occasion.pipeline, occasion.trigger.name, at: settled, missed: 0, on: connection)
    }

    private static func text(of event: TriggerEvent?) -> String? {
        guard let event else { return nil }
        let text = JSONValue.object(event.json).description
        guard text.utf8.count > TriggerLimits.eventBytes else { return text }
        var small = event.json
        small["data"] = ["omitted_bytes": .int(text.utf8.count)]
        return JSONValue.object(small).description
    }

    /// Records a firing that could start no run, and says whether it was new.
    func refuse(_ occasion: TriggerOccasion, _ message: String) async throws {
        try await database.write { connection in
            try record(occasion, run: nil, error: message, on: connection)
        }
    }

    /// Remembers up to which time everything is decided.
    func settle(_ pipeline: String, _ trigger: String, at settled: Timestamp, missed: Int) async throws(MartletError) {
        try await database.write { connection in
            try Self.settle(pipeline, trigger, at: settled, missed: missed, on: connection)
        }
    }

    private static func settle(
        _ pipeline: String,
        _ trigger: String,
        at settled: Timestamp,
        missed: Int,
        on connection: Connection
    ) throws {
        try connection.execute(
            "UPDATE pipeline_triggers SET settled_at = ?, missed = missed + ? WHERE pipeline = ? AND name = ?",
            [.integer(settled.milliseconds), .int(missed), .text(pipeline), .text(trigger)]
        )
    }

    // MARK: - Reading

    /// The firing under a key; nil when there is none.
    func firing(_ pipeline: String, _ trigger: String, key: String) async throws(MartletError) -> TriggerFiring? {
        try await database.read { connection in
            try connection.first(
                "\(Self.selection) WHERE f.pipeline = ? AND f.trigger_name = ? AND f.firing_key = ?",
                [.text(pipeline), .text(trigger), .text(key)]
            ).map { row in try TriggerFiring(row) }
        }
    }

    static let selection = """
        SELECT f.*, r.state AS run_state FROM trigger_firings f LEFT JOIN pipeline_runs r ON r.id = f.run_id
        """

    /// Firings of a trigger, the newest first.
    func firings(
        _ pipeline: String,
        _ trigger: String,
        limit: Int,
        token: String?
    ) async throws(MartletError) -> Page<TriggerFiring> {
        var (condition, arguments) = ("", [SQLValue.text(pipeline), .text(trigger)])
        if let token {
            let fields = try JSONFields(try PageToken.decode(token))
            let time = SQLValue.integer(try fields.int("t"))
            condition = " AND (f.fired_at < ? OR (f.fired_at = ? AND f.firing_key < ?))"
            arguments += [time, time, .text(try fields.string("k"))]
        }
        let sql =
            "\(Self.selection) WHERE f.pipeline = ? AND f.trigger_name = ?\(condition) "
            + "ORDER BY f.fired_at DESC, f.firing_key DESC LIMIT ?"
        let values = arguments + [.int(limit + 1)]
        let found = try await database.read { connection in
            try connection.query(sql, values).map { row in try TriggerFiring(row) }
        }
        let items = Array(found.prefix(limit))
        guard found.count > limit, let last = items.last else { return Page(items: items, nextPageToken: nil) }
        let next: JSONValue = ["t": .integer(last.firedAt.milliseconds), "k": .string(last.key)]
        return Page(items: items, nextPageToken: PageToken.encode(next))
    }

    /// The newest firing of each trigger.
    func newestFirings() async throws(MartletError) -> [String: TriggerFiring] {
        try await database.read { connection in
            let triggers = try connection.query("SELECT pipeline, name FROM pipeline_triggers WHERE is_declared = 1")
            var newest: [String: TriggerFiring] = [:]
            for row in triggers {
                let (pipeline, name) = (try row.text("pipeline"), try row.text("name"))
                let found = try connection.first(
                    """
                    \(Self.selection) WHERE f.pipeline = ? AND f.trigger_name = ?
                    ORDER BY f.fired_at DESC, f.firing_key DESC LIMIT 1
                    """,
                    [.text(pipeline), .text(name)]
                )
                if let found { newest["\(pipeline)/\(name)"] = try TriggerFiring(found) }
            }
            return newest
        }
    }

    /// Forgets the oldest firings of triggers that have more than are kept, a little at a time.
    ///
    /// What they fired for stays answered: the timetable has settled it, and the stream of events is read past it.
    func forgetOldFirings() async throws(MartletError) {
        let crowded = try await database.read { connection in
            try connection.query(
                """
                SELECT pipeline, trigger_name, COUNT(*) AS n FROM trigger_firings
                GROUP BY pipeline, trigger_name HAVING COUNT(*) > ?
                """,
                [.int(TriggerLimits.keptFirings)]
            )
        }
        for row in crowded {
            let arguments: [SQLValue] = [.text(try row.text("pipeline")), .text(try row.text("trigger_name"))]
            try await database.write { connection in
                let edge = try connection.first(
                    """
                    SELECT fired_at FROM trigger_firings WHERE pipeline = ? AND trigger_name = ?
                    ORDER BY fired_at DESC LIMIT 1 OFFSET ?
                    """,
                    arguments + [.int(TriggerLimits.keptFirings)]
                )
                guard let edge = edge?.optionalInt("fired_at") else { return }
                try connection.execute(
                    """
                    DELETE FROM trigger_firings WHERE pipeline = ? AND trigger_name = ? AND firing_key IN (
                        SELECT firing_key FROM trigger_firings WHERE pipeline = ? AND trigger_name = ? AND fired_at <= ?
                        ORDER BY fired_at LIMIT ?)
                    """,
                    arguments + arguments + [.integer(edge), .int(TriggerLimits.forgottenAtOnce)]
                )
            }
        }
    }

    // MARK: - The place in the stream of events

    /// The place up to which events are answered; nil before the first.
    func position() async throws(MartletError) -> Int64? {
        try await database.read { connection in
            try connection.first("SELECT position FROM trigger_positions WHERE name = 'events'")?.int("position")
        }
    }

    /// Remembers the place up to which events are answered; it only grows.
    func setPosition(_ position: Int64) async throws(MartletError) {
        try await database.write { connection in
            try connection.execute(
                """
                INSERT INTO trigger_positions (name, position) VALUES ('events', ?)
                ON CONFLICT (name) DO UPDATE SET position = excluded.position
                """,
                [.integer(position)]
            )
        }
    }
}

extension TriggerFiring {
    init(_ row: Row) throws(MartletError) {
        self.init(
            pipeline: try row.text("pipeline"),
            trigger: try row.text("trigger_name"),
            key: try row.text("firing_key"),
            logicalAt: try row.timestamp("logical_at"),
            firedAt: try row.timestamp("fired_at"),
            run: row.optionalText("run_id"),
            runState: row.optionalText("run_state"),
            error: row.optionalText("error"),
            event: row.optionalText("event") == nil ? nil : try row.json("event").objectValue,
            by: row.optionalText("fired_by"),
            backfill: row.optionalText("backfill_id")
        )
    }
}
