package import Core
package import Storage

/// What must be known of a monitor after a restart.
package struct StoredMonitor: Sendable, Equatable {
    /// The declaration.
    package let spec: MonitorSpec
    /// The verdict and how it came about.
    package var machine: MonitorStateMachine
    /// The model version whose reference is in use.
    package var referenceVersion: String?
    /// Tells the reference's rows from others of the same version.
    package var referenceFingerprint: String?
    /// When the reference was set; rows served before it are not compared with it.
    package var referenceAt: Timestamp?
    /// The last evaluation.
    package var evaluation: MonitorEvaluation?

    /// A monitor that has no reference yet.
    package init(spec: MonitorSpec, machine: MonitorStateMachine) {
        self.spec = spec
        self.machine = machine
    }
}

/// The tables of monitors: one row of state each, bounded histories of evaluations and events.
package struct MonitorStore: Sendable {
    /// The schema's history.
    package static let migrations = [
        Migration(
            id: "monitoring-0001",
            statements: [
                """
                CREATE TABLE monitor_state (
                    name TEXT PRIMARY KEY, spec TEXT NOT NULL, state TEXT NOT NULL, since_at BIGINT NOT NULL,
                    streak BIGINT NOT NULL, owes_clearance INTEGER NOT NULL, reference_version TEXT,
                    reference_fingerprint TEXT, reference_at BIGINT, evaluation TEXT
                )
                """,
                """
                CREATE TABLE monitor_evaluations (
                    monitor TEXT NOT NULL, sequence BIGINT NOT NULL, evaluated_at BIGINT NOT NULL, state TEXT NOT NULL,
                    drift INTEGER, mmd DOUBLE PRECISION, mmd_p_value DOUBLE PRECISION, ks DOUBLE PRECISION,
                    ks_p_value DOUBLE PRECISION, drifted_features BIGINT NOT NULL, PRIMARY KEY (monitor, sequence)
                )
                """,
                """
                CREATE TABLE monitor_events (
                    id TEXT PRIMARY KEY, monitor TEXT NOT NULL, deployment TEXT NOT NULL, sequence BIGINT NOT NULL,
                    event_at BIGINT NOT NULL, from_state TEXT NOT NULL, to_state TEXT NOT NULL, reference_version TEXT,
                    score DOUBLE PRECISION, p_value DOUBLE PRECISION, drifted_features TEXT NOT NULL,
                    delivered INTEGER NOT NULL
                )
                """,
                "CREATE UNIQUE INDEX monitor_events_by_monitor ON monitor_events (monitor, sequence)",
                "CREATE INDEX monitor_events_by_delivery ON monitor_events (delivered, event_at)",
            ]
        ),
        // The states got the names that the API has had since: ok, drift and recovered.
        Migration(id: "monitoring-0002", statements: renames),
    ]

    private static let renames: [String] = [
        ("monitor_state", "state"), ("monitor_evaluations", "state"), ("monitor_events", "from_state"),
        ("monitor_events", "to_state"),
    ].map { table, column in
        """
        UPDATE \(table) SET \(column) = CASE \(column) WHEN 'stable' THEN 'ok' WHEN 'drifted' THEN 'drift'
            WHEN 'cleared' THEN 'recovered' ELSE \(column) END
        """
    }

    private let database: Database

    /// A store over a migrated database.
    package init(database: Database) {
        self.database = database
    }

    /// All monitors by name.
    package func load() async throws -> [StoredMonitor] {
        let rows = try await database.read { try $0.query("SELECT * FROM monitor_state ORDER BY name") }
        return try rows.map(Self.monitor(from:))
    }

    /// Stores a monitor with what happened to it, all or nothing; returns the events as stored.
    package func save(
        _ monitor: StoredMonitor,
        summary: EvaluationSummary? = nil,
        transition: MonitorStateMachine.Action? = nil,
        now: Timestamp
    ) async throws -> VerdictChange? {
        try await database.write { connection in
            if summary == nil { try Self.noteSpec(monitor.spec, connection) }
            try Self.saveState(monitor, connection)
            if let summary { try Self.append(summary, monitor: monitor.spec.name, connection) }
            guard case .announce(let from, let to)? = transition else { return nil }
            connection.note(
                Change(
                    object: "monitor:\(monitor.spec.name)",
                    before: ["state": .string(from.rawValue)],
                    after: ["state": .string(to.rawValue)]
                )
            )
            return try Self.append(monitor, from: from, to: to, now: now, connection)
        }
    }

    /// Removes a monitor and its histories.
    package func remove(_ name: String) async throws {
        try await database.write { connection in
            let old = try connection.first("SELECT spec FROM monitor_state WHERE name = ?", [.text(name)])
            let before = try old?.json("spec")
            connection.note(Change(object: "monitor:\(name)", before: before, after: nil))
            for table in ["monitor_state", "monitor_evaluations"] {
                let column = table == "monitor_state" ? "name" : "monitor"
                try connection.execute("DELETE FROM \(table) WHERE \(column) = ?", [.text(name)])
            }
            try connection.execute("DELETE FROM monitor_events WHERE monitor = ?", [.text(name)])
        }
    }

    /// The oldest events that the follower has not taken, at most `MonitoringLimits.deliveryBatch`.
    package func undelivered() async throws -> [VerdictChange] {
        let rows = try await database.read { connection in
            try connection.query(
                "SELECT * FROM monitor_events WHERE delivered = 0 ORDER BY event_at, monitor, sequence LIMIT ?",
                [.int(MonitoringLimits.deliveryBatch)]
            )
        }
        return try rows.map(Self.event(from:))
    }

    /// Notes that the follower has taken an event.
    package func markDelivered(_ id: String) async throws {
        try await database.write { connection in
            try connection.execute("UPDATE monitor_events SET delivered = 1 WHERE id = ?", [.text(id)])
        }
    }

    /// Events of a monitor, newest first, those before a sequence number if given.
    package func events(of monitor: String, before: Int64?, limit: Int) async throws -> [VerdictChange] {
        let rows = try await database.read { connection in
            try connection.query(
                "SELECT * FROM monitor_events WHERE monitor = ? AND sequence < ? ORDER BY sequence DESC LIMIT ?",
                [.text(monitor), .integer(before ?? .max), .int(limit)]
            )
        }
        return try rows.map(Self.event(from:))
    }

    /// The newest evaluations of a monitor, oldest first.
    package func evaluations(of monitor: String, limit: Int) async throws -> [EvaluationSummary] {
        let rows = try await database.read { connection in
            try connection.query(
                "SELECT * FROM monitor_evaluations WHERE monitor = ? ORDER BY sequence DESC LIMIT ?",
                [.text(monitor), .int(limit)]
            )
        }
        return try rows.reversed().map { row in
            EvaluationSummary(
                at: try row.timestamp("evaluated_at"),
                state: try Self.state(row.text("state")),
                drift: row.optionalInt("drift").map { $0 != 0 },
                mmd: row.optionalDouble("mmd"),
                mmdPValue: row.optionalDouble("mmd_p_value"),
                ks: row.optionalDouble("ks"),
                ksPValue: row.optionalDouble("ks_p_value"),
                driftedFeatures: Int(clamping: try row.int("drifted_features"))
            )
        }
    }
}

extension MonitorStore {
    /// Notes a declaration that is new or another one.
    private static func noteSpec(_ spec: MonitorSpec, _ connection: Connection) throws {
        let old = try connection.first("SELECT spec FROM monitor_state WHERE name = ?", [.text(spec.name)])
        let before = try old?.json("spec")
        guard before != spec.json else { return }
        connection.note(Change(object: "monitor:\(spec.name)", before: before, after: spec.json))
    }

    private static func saveState(_ monitor: StoredMonitor, _ connection: Connection) throws {
        try connection.execute(
            """
            INSERT INTO monitor_state (name, spec, state, since_at, streak, owes_clearance, reference_version,
                reference_fingerprint, reference_at, evaluation) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (name) DO UPDATE SET spec = excluded.spec, state = excluded.state,
                since_at = excluded.since_at, streak = excluded.streak, owes_clearance = excluded.owes_clearance,
                reference_version = excluded.reference_version,
                reference_fingerprint = excluded.reference_fingerprint,
                reference_at = excluded.reference_at, evaluation = excluded.evaluation
            """,
            [
                .text(monitor.spec.name), .text(monitor.spec.json.description), .text(monitor.machine.state.rawValue),
                .integer(monitor.machine.since.milliseconds), .int(monitor.machine.streak),
                .bool(monitor.machine.owesClearance), SQLValue(monitor.referenceVersion),
                SQLValue(monitor.referenceFingerprint), SQLValue(monitor.referenceAt?.milliseconds),
                SQLValue(monitor.evaluation?.storedJSON.description),
            ]
        )
    }

    private static func append(_ summary: EvaluationSummary, monitor: String, _ connection: Connection) throws {
        let sequence = try nextSequence("monitor_evaluations", monitor, connection)
        try connection.execute(
            """
            INSERT INTO monitor_evaluations (monitor, sequence, evaluated_at, state, drift, mmd, mmd_p_value, ks,
                ks_p_value, drifted_features) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .text(monitor), .integer(sequence), .integer(summary.at.milliseconds), .text(summary.state.rawValue),
                summary.drift.map(SQLValue.bool) ?? .null, SQLValue(summary.mmd), SQLValue(summary.mmdPValue),
                SQLValue(summary.ks), SQLValue(summary.ksPValue), .int(summary.driftedFeatures),
            ]
        )
        try connection.execute(
            "DELETE FROM monitor_evaluations WHERE monitor = ? AND sequence <= ?",
            [.text(monitor), .integer(sequence - Int64(MonitoringLimits.evaluationsPerMonitor))]
        )
    }

    private static func append(
        _ monitor: StoredMonitor,
        from: MonitorStateMachine.State,
        to: MonitorStateMachine.State,
        now: Timestamp,
        _ connection: Connection
    ) throws -> VerdictChange {
        let name = monitor.spec.name
        let evaluated = to == .collecting ? nil : monitor.evaluation
        let leading = evaluated?.detectors.first { $0.statistic != nil }
        let change = VerdictChange(
            id: Identifier.random(),
            monitor: name,
            deployment: monitor.spec.deployment,
            sequence: try nextSequence("monitor_events", name, connection),
            at: now,
            from: from,
            to: to,
            referenceVersion: monitor.referenceVersion,
            score: leading?.statistic,
            pValue: leading?.pValue,
            driftedFeatures: evaluated?.features.filter(\.drifted).map(\.name) ?? []
        )
        let features = JSONValue.array(change.driftedFeatures.map(JSONValue.string)).description
        try connection.execute(
            """
            INSERT INTO monitor_events (id, monitor, deployment, sequence, event_at, from_state, to_state,
                reference_version, score, p_value, drifted_features, delivered)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)
            """,
            [
                .text(change.id), .text(name), .text(change.deployment), .integer(change.sequence),
                .integer(now.milliseconds), .text(from.rawValue), .text(to.rawValue),
                SQLValue(change.referenceVersion), SQLValue(change.score), SQLValue(change.pValue), .text(features),
            ]
        )
        try connection.execute(
            "DELETE FROM monitor_events WHERE monitor = ? AND sequence <= ?",
            [.text(name), .integer(change.sequence - Int64(MonitoringLimits.eventsPerMonitor))]
        )
        return change
    }

    private static func nextSequence(_ table: String, _ monitor: String, _ connection: Connection) throws -> Int64 {
        let row = try connection.first(
            "SELECT MAX(sequence) AS last FROM \(table) WHERE monitor = ?",
            [.text(monitor)]
        )
        return (row?.optionalInt("last") ?? 0) + 1
    }

    private static func state(_ text: String) throws -> MonitorStateMachine.State {
        guard let state = MonitorStateMachine.State(rawValue: text) else {
            throw MartletError(.dataLoss, "The stored monitor state '\(text)' is not known to this version.")
        }
        return state
    }

    private static func monitor(from row: Row) throws -> StoredMonitor {
        let spec = try MonitorSpec(name: row.text("name"), JSONFields(row.json("spec")))
        let machine = MonitorStateMachine(
            state: try state(row.text("state")),
            since: try row.timestamp("since_at"),
            streak: Int(clamping: try row.int("streak")),
            owesClearance: try row.bool("owes_clearance"),
            hysteresis: spec.hysteresis
        )
        let evaluation = try row.optionalText("evaluation").map { try MonitorEvaluation(stored: JSONValue.parse($0)) }
        var monitor = StoredMonitor(spec: spec, machine: machine)
        monitor.referenceVersion = row.optionalText("reference_version")
        monitor.referenceFingerprint = row.optionalText("reference_fingerprint")
        monitor.referenceAt = row.optionalTimestamp("reference_at")
        monitor.evaluation = evaluation
        return monitor
    }

    private static func event(from row: Row) throws -> VerdictChange {
        VerdictChange(
            id: try row.text("id"),
            monitor: try row.text("monitor"),
            deployment: try row.text("deployment"),
            sequence: try row.int("sequence"),
            at: try row.timestamp("event_at"),
            from: try state(row.text("from_state")),
            to: try state(row.text("to_state")),
            referenceVersion: row.optionalText("reference_version"),
            score: row.optionalDouble("score"),
            pValue: row.optionalDouble("p_value"),
            driftedFeatures: try row.json("drifted_features").arrayValue?.compactMap(\.stringValue) ?? []
        )
    }
}
