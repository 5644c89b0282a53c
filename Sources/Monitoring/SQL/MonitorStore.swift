package import Core
import Drift
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
    /// The states of its sequential detectors, in the order declared.
    package var sequential: [JSONValue] = []

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
        Migration(
            id: "monitoring-0003",
            statements: [
                "ALTER TABLE monitor_state ADD COLUMN sequential TEXT",
                "ALTER TABLE monitor_evaluations ADD COLUMN reason TEXT",
                "ALTER TABLE monitor_evaluations ADD COLUMN detector TEXT",
                "ALTER TABLE monitor_evaluations ADD COLUMN score DOUBLE PRECISION",
                "ALTER TABLE monitor_evaluations ADD COLUMN p_value DOUBLE PRECISION",
                "ALTER TABLE monitor_evaluations ADD COLUMN data_events BIGINT",
                "ALTER TABLE monitor_events ADD COLUMN severity TEXT",
                "ALTER TABLE monitor_events ADD COLUMN detector TEXT",
                "ALTER TABLE monitor_events ADD COLUMN window_rows BIGINT",
                "ALTER TABLE monitor_events ADD COLUMN data_events TEXT",
                """
                CREATE TABLE monitor_windows (
                    monitor TEXT PRIMARY KEY, saved_at BIGINT NOT NULL, window_rows BLOB NOT NULL
                )
                """,
                """
                CREATE TABLE monitor_sketches (
                    deployment TEXT NOT NULL, version BIGINT NOT NULL, saved_at BIGINT NOT NULL, sketch BLOB NOT NULL,
                    PRIMARY KEY (deployment, version)
                )
                """,
                """
                CREATE TABLE monitor_snapshots (
                    monitor TEXT NOT NULL, sequence BIGINT NOT NULL, snapshot_at BIGINT NOT NULL, cause TEXT NOT NULL,
                    state TEXT NOT NULL, snapshot TEXT NOT NULL, PRIMARY KEY (monitor, sequence)
                )
                """,
            ]
        ),
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

    /// Called for each event in the transaction that stores it, so that what follows from it is as durable.
    package typealias Outbox = @Sendable (_ connection: Connection, _ change: VerdictChange) throws -> Void

    let database: Database
    private let outbox: Outbox

    /// A store over a migrated database.
    ///
    /// - Parameters:
    ///   - database: Where the tables are.
    ///   - outbox: Called for each event in the transaction that stores it.
    package init(database: Database, outbox: @escaping Outbox = { _, _ in }) {
        self.database = database
        self.outbox = outbox
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
        let outbox = outbox
        return try await database.write { connection in
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
            let change = try Self.append(monitor, from: from, to: to, now: now, connection)
            try outbox(connection, change)
            return change
        }
    }

    /// Removes a monitor and its histories.
    package func remove(_ name: String) async throws {
        try await database.write { connection in
            let old = try connection.first("SELECT spec FROM monitor_state WHERE name = ?", [.text(name)])
            let before = try old?.json("spec")
            connection.note(Change(object: "monitor:\(name)", before: before, after: nil))
            try connection.execute("DELETE FROM monitor_state WHERE name = ?", [.text(name)])
            for table in ["monitor_evaluations", "monitor_events", "monitor_windows", "monitor_snapshots"] {
                try connection.execute("DELETE FROM \(table) WHERE monitor = ?", [.text(name)])
            }
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
                reason: row.optionalText("reason"),
                detector: row.optionalText("detector"),
                score: row.optionalDouble("score") ?? row.optionalDouble("mmd") ?? row.optionalDouble("ks"),
                pValue: row.optionalDouble("p_value") ?? row.optionalDouble("mmd_p_value")
                    ?? row.optionalDouble("ks_p_value"),
                mmd: row.optionalDouble("mmd"),
                mmdPValue: row.optionalDouble("mmd_p_value"),
                ks: row.optionalDouble("ks"),
                ksPValue: row.optionalDouble("ks_p_value"),
                driftedFeatures: Int(clamping: try row.int("drifted_features")),
                dataEvents: Int(clamping: row.optionalInt("data_events") ?? 0)
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
                reference_fingerprint, reference_at, evaluation, sequential)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (name) DO UPDATE SET spec = excluded.spec, state = excluded.state,
                since_at = excluded.since_at, streak = excluded.streak, owes_clearance = excluded.owes_clearance,
                reference_version = excluded.reference_version,
                reference_fingerprint = excluded.reference_fingerprint,
                reference_at = excluded.reference_at, evaluation = excluded.evaluation,
                sequential = excluded.sequential
            """,
            [
                .text(monitor.spec.name), .text(monitor.spec.json.description), .text(monitor.machine.state.rawValue),
                .integer(monitor.machine.since.milliseconds), .int(monitor.machine.streak),
                .bool(monitor.machine.owesClearance), SQLValue(monitor.referenceVersion),
                SQLValue(monitor.referenceFingerprint), SQLValue(monitor.referenceAt?.milliseconds),
                SQLValue(monitor.evaluation?.storedJSON.description),
                monitor.sequential.isEmpty ? .null : .text(JSONValue.array(monitor.sequential).description),
            ]
        )
    }

    private static func append(_ summary: EvaluationSummary, monitor: String, _ connection: Connection) throws {
        let sequence = try nextSequence("monitor_evaluations", monitor, connection)
        try connection.execute(
            """
            INSERT INTO monitor_evaluations (monitor, sequence, evaluated_at, state, drift, mmd, mmd_p_value, ks,
                ks_p_value, drifted_features, reason, detector, score, p_value, data_events)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .text(monitor), .integer(sequence), .integer(summary.at.milliseconds), .text(summary.state.rawValue),
                summary.drift.map(SQLValue.bool) ?? .null, SQLValue(summary.mmd), SQLValue(summary.mmdPValue),
                SQLValue(summary.ks), SQLValue(summary.ksPValue), .int(summary.driftedFeatures),
                SQLValue(summary.reason), SQLValue(summary.detector), SQLValue(summary.score),
                SQLValue(summary.pValue), .int(summary.dataEvents),
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
        let leading = evaluated?.leading
        let change = VerdictChange(
            id: Identifier.random(),
            monitor: name,
            deployment: monitor.spec.deployment,
            sequence: try nextSequence("monitor_events", name, connection),
            at: now,
            from: from,
            to: to,
            severity: monitor.spec.severity,
            referenceVersion: monitor.referenceVersion,
            detector: leading?.name,
            score: leading?.statistic,
            pValue: leading?.pValue,
            windowRows: evaluated?.windowRows,
            driftedFeatures: evaluated?.driftedNames ?? [],
            dataEvents: evaluated?.events.map(\.json) ?? []
        )
        let features = JSONValue.array(change.driftedFeatures.map(JSONValue.string)).description
        try connection.execute(
            """
            INSERT INTO monitor_events (id, monitor, deployment, sequence, event_at, from_state, to_state,
                reference_version, score, p_value, drifted_features, severity, detector, window_rows, data_events,
                delivered)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)
            """,
            [
                .text(change.id), .text(name), .text(change.deployment), .integer(change.sequence),
                .integer(now.milliseconds), .text(from.rawValue), .text(to.rawValue),
                SQLValue(change.referenceVersion), SQLValue(change.score), SQLValue(change.pValue), .text(features),
                .text(change.severity.rawValue), SQLValue(change.detector), SQLValue(change.windowRows.map(Int64.init)),
                .text(JSONValue.array(change.dataEvents).description),
            ]
        )
        try connection.execute(
            "DELETE FROM monitor_events WHERE monitor = ? AND sequence <= ?",
            [.text(name), .integer(change.sequence - Int64(MonitoringLimits.eventsPerMonitor))]
        )
        return change
    }

    static func nextSequence(_ table: String, _ monitor: String, _ connection: Connection) throws -> Int64 {
        let row = try connection.first(
            "SELECT MAX(sequence) AS last FROM \(table) WHERE monitor = ?",
            [.text(monitor)]
        )
        return (row?.optionalInt("last") ?? 0) + 1
    }

    static func state(_ text: String) throws -> MonitorStateMachine.State {
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
        if row.optionalText("sequential") != nil { monitor.sequential = try row.json("sequential").arrayValue ?? [] }
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
            severity: row.optionalText("severity").flatMap(MonitorSeverity.init) ?? .warning,
            referenceVersion: row.optionalText("reference_version"),
            detector: row.optionalText("detector"),
            score: row.optionalDouble("score"),
            pValue: row.optionalDouble("p_value"),
            windowRows: row.optionalInt("window_rows").map { Int(clamping: $0) },
            driftedFeatures: try row.json("drifted_features").arrayValue?.compactMap(\.stringValue) ?? [],
            dataEvents: row.optionalText("data_events") == nil ? [] : try row.json("data_events").arrayValue ?? []
        )
    }
}
