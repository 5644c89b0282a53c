package import Core
import Storage

/// A monitor's finding at one moment, kept to be looked at later.
package struct MonitorSnapshot: Sendable, Equatable {
    /// The position among the monitor's snapshots, ascending.
    package let sequence: Int64
    /// When it was taken.
    package let at: Timestamp
    /// Why: `transition`, `period` or `request`.
    package let cause: String
    /// The monitor's state then.
    package let state: MonitorStateMachine.State
    /// The evaluation and the sketches; null in a list.
    package let content: JSONValue
}

extension MonitorStore {
    /// Stores a snapshot; the oldest go past `MonitoringLimits.snapshotsPerMonitor`.
    func save(
        _ content: JSONValue,
        of monitor: String,
        cause: String,
        state: MonitorStateMachine.State,
        now: Timestamp
    ) async throws {
        let text = content.description
        try await database.write { connection in
            let sequence = try Self.nextSequence("monitor_snapshots", monitor, connection)
            try connection.execute(
                """
                INSERT INTO monitor_snapshots (monitor, sequence, snapshot_at, cause, state, snapshot)
                VALUES (?, ?, ?, ?, ?, ?)
                """,
                [
                    .text(monitor), .integer(sequence), .integer(now.milliseconds), .text(cause),
                    .text(state.rawValue), .text(text),
                ]
            )
            try connection.execute(
                "DELETE FROM monitor_snapshots WHERE monitor = ? AND sequence <= ?",
                [.text(monitor), .integer(sequence - Int64(MonitoringLimits.snapshotsPerMonitor))]
            )
        }
    }

    /// Snapshots of a monitor without their content, newest first.
    func snapshots(of monitor: String, before: Int64?, limit: Int) async throws -> [MonitorSnapshot] {
        let rows = try await database.read { connection in
            try connection.query(
                """
                SELECT sequence, snapshot_at, cause, state FROM monitor_snapshots
                WHERE monitor = ? AND sequence < ? ORDER BY sequence DESC LIMIT ?
                """,
                [.text(monitor), .integer(before ?? .max), .int(limit)]
            )
        }
        return try rows.map { try Self.snapshot($0, content: .null) }
    }

    /// One snapshot; nil when there is none of that number.
    func snapshot(of monitor: String, sequence: Int64) async throws -> MonitorSnapshot? {
        let row = try await database.read { connection in
            try connection.first(
                "SELECT * FROM monitor_snapshots WHERE monitor = ? AND sequence = ?",
                [.text(monitor), .integer(sequence)]
            )
        }
        return try row.map { try Self.snapshot($0, content: $0.json("snapshot")) }
    }

    private static func snapshot(_ row: Row, content: JSONValue) throws -> MonitorSnapshot {
        MonitorSnapshot(
            sequence: try row.int("sequence"),
            at: try row.timestamp("snapshot_at"),
            cause: try row.text("cause"),
            state: try state(row.text("state")),
            content: content
        )
    }

    /// What a restart needs: windows by monitor, and sketches by deployment; replaces what was saved.
    func save(windows: [String: [UInt8]], sketches: [String: [VersionSketch]], now: Timestamp) async throws {
        let blobs = sketches.flatMap { deployment, sketches in
            sketches.map { (deployment: deployment, version: $0.version, bytes: $0.encoded()) }
        }
        guard !windows.isEmpty || !blobs.isEmpty || !sketches.isEmpty else { return }
        try await database.write { connection in
            for (monitor, bytes) in windows {
                try connection.execute(
                    """
                    INSERT INTO monitor_windows (monitor, saved_at, window_rows) VALUES (?, ?, ?)
                    ON CONFLICT (monitor) DO UPDATE SET saved_at = excluded.saved_at,
                        window_rows = excluded.window_rows
                    """,
                    [.text(monitor), .integer(now.milliseconds), .blob(bytes)]
                )
            }
            for deployment in sketches.keys {
                try connection.execute("DELETE FROM monitor_sketches WHERE deployment = ?", [.text(deployment)])
            }
            for blob in blobs {
                try connection.execute(
                    "INSERT INTO monitor_sketches (deployment, version, saved_at, sketch) VALUES (?, ?, ?, ?)",
                    [.text(blob.deployment), .int(blob.version), .integer(now.milliseconds), .blob(blob.bytes)]
                )
            }
        }
    }

    /// The saved window of a monitor and when it was saved; nil when there is none.
    func savedWindow(_ monitor: String) async throws -> (at: Timestamp, bytes: [UInt8])? {
        let row = try await database.read { connection in
            try connection.first("SELECT * FROM monitor_windows WHERE monitor = ?", [.text(monitor)])
        }
        return try row.map { (try $0.timestamp("saved_at"), try $0.blob("window_rows")) }
    }

    /// The saved sketches of a deployment, as bytes.
    func savedSketches(_ deployment: String) async throws -> [[UInt8]] {
        let rows = try await database.read { connection in
            try connection.query(
                "SELECT sketch FROM monitor_sketches WHERE deployment = ? ORDER BY version",
                [.text(deployment)]
            )
        }
        return try rows.map { try $0.blob("sketch") }
    }
}
