package import Core
package import Rollouts
package import Storage

/// What is deployed, which versions served and were rejected, and every rollout with its evidence.
package struct DeploymentStore: Sendable {
    private let database: Database

    /// Uses `database`, to which `migrations` were applied.
    package init(database: Database) {
        self.database = database
    }

    /// The deployments' part of the schema.
    package static let migrations: [Migration] = [
        Migration(
            id: "serving-deployments-0001",
            statements: [
                """
                CREATE TABLE deployments (
                    name TEXT PRIMARY KEY, spec TEXT NOT NULL, stable_version BIGINT, previous_version BIGINT,
                    created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL
                )
                """,
                """
                CREATE TABLE deployment_revisions (
                    deployment TEXT NOT NULL, revision BIGINT NOT NULL, version BIGINT NOT NULL, since BIGINT NOT NULL,
                    PRIMARY KEY (deployment, revision)
                )
                """,
                """
                CREATE TABLE deployment_rejections (
                    deployment TEXT NOT NULL, version BIGINT NOT NULL, reason TEXT NOT NULL,
                    rejected_at BIGINT NOT NULL, PRIMARY KEY (deployment, version)
                )
                """,
                """
                CREATE TABLE rollouts (
                    id TEXT PRIMARY KEY, deployment TEXT NOT NULL, seq BIGINT NOT NULL, spec TEXT NOT NULL,
                    stable_version BIGINT NOT NULL, candidate_version BIGINT NOT NULL, state TEXT NOT NULL,
                    step INTEGER, reason_code TEXT, reason TEXT, started_at BIGINT NOT NULL,
                    step_started_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, evidence TEXT NOT NULL,
                    UNIQUE (deployment, seq)
                )
                """,
                """
                CREATE TABLE deployment_events (
                    deployment TEXT NOT NULL, seq BIGINT NOT NULL, at BIGINT NOT NULL, rollout TEXT,
                    note TEXT NOT NULL, evidence TEXT, PRIMARY KEY (deployment, seq)
                )
                """,
            ]
        )
    ]

    /// Stores deployments or their changed specifications, all or none.
    package func save(_ specs: [DeploymentSpec], now: Timestamp) async throws(MartletError) {
        try await database.write { connection in
            for spec in specs {
                let old = try connection.first("SELECT spec FROM deployments WHERE name = ?", [.text(spec.name)])
                let before = try old?.json("spec")
                connection.note(Change(object: "deployment:\(spec.name)", before: before, after: spec.json))
                try connection.execute(
                    """
                    INSERT INTO deployments (name, spec, created_at, updated_at) VALUES (?, ?, ?, ?)
                    ON CONFLICT (name) DO UPDATE SET spec = excluded.spec, updated_at = excluded.updated_at
                    """,
                    [
                        .text(spec.name), .text(spec.json.description), .integer(now.milliseconds),
                        .integer(now.milliseconds),
                    ]
                )
            }
        }
    }

    /// Every deployment.
    package func all() async throws(MartletError) -> [DeploymentRecord] {
        try await database.read { connection in
            try connection.query("SELECT * FROM deployments ORDER BY name").map { row in
                let name = try row.text("name")
                let fields = try JSONFields(try row.json("spec"), path: "deployments.\(name)")
                return DeploymentRecord(
                    spec: try DeploymentSpec(name: name, fields: fields, isStored: true),
                    stable: row.optionalInt("stable_version").map { Int($0) },
                    previous: row.optionalInt("previous_version").map { Int($0) }
                )
            }
        }
    }

    /// Removes a deployment; its predictions and its history stay.
    package func remove(_ name: String) async throws(MartletError) {
        try await database.write { connection in
            let old = try connection.first("SELECT spec FROM deployments WHERE name = ?", [.text(name)])
            let before = try old?.json("spec")
            connection.note(Change(object: "deployment:\(name)", before: before, after: nil))
            try connection.execute("DELETE FROM deployments WHERE name = ?", [.text(name)])
        }
    }

    /// Versions that a deployment rejected, with the reasons.
    package func rejections(_ name: String) async throws(MartletError) -> [Int: String] {
        try await database.read { connection in
            let rows = try connection.query(
                "SELECT version, reason FROM deployment_rejections WHERE deployment = ?",
                [.text(name)]
            )
            return Dictionary(try rows.map { (Int(try $0.int("version")), try $0.text("reason")) }) { $1 }
        }
    }

    /// Everything that one decision changes, stored together or not at all.
    package func commit(_ change: DeploymentChange, now: Timestamp) async throws(MartletError) {
        try await database.write { connection in
            let name = SQLValue.text(change.deployment)
            if change.isDecision {
                let old = try connection.first(
                    "SELECT stable_version, previous_version FROM deployments WHERE name = ?",
                    [name]
                )
                let before: JSONValue = [
                    "stable": .optional(old?.optionalInt("stable_version")),
                    "previous": .optional(old?.optionalInt("previous_version")),
                ]
                connection.note(
                    Change(object: "deployment:\(change.deployment)", before: before, after: change.noted)
                )
            }
            if let versions = change.serving {
                try connection.execute(
                    "UPDATE deployments SET stable_version = ?, previous_version = ?, updated_at = ? WHERE name = ?",
                    [
                        .int(versions.stable), SQLValue(versions.previous.map(Int64.init)),
                        .integer(now.milliseconds), name,
                    ]
                )
                let revision = try Self.next("deployment_revisions", "revision", name, connection)
                try connection.execute(
                    "INSERT INTO deployment_revisions (deployment, revision, version, since) VALUES (?, ?, ?, ?)",
                    [name, .integer(revision), .int(versions.stable), .integer(now.milliseconds)]
                )
            }
            for rejected in change.rejected {
                try connection.execute(
                    """
                    INSERT INTO deployment_rejections (deployment, version, reason, rejected_at) VALUES (?, ?, ?, ?)
                    ON CONFLICT (deployment, version) DO UPDATE
                    SET reason = excluded.reason, rejected_at = excluded.rejected_at
                    """,
                    [name, .int(rejected.version), .text(rejected.reason), .integer(now.milliseconds)]
                )
            }
            for version in change.pardoned {
                try connection.execute(
                    "DELETE FROM deployment_rejections WHERE deployment = ? AND version = ?",
                    [name, .int(version)]
                )
            }
            if let rollout = change.rollout { try Self.save(rollout, now: now, connection) }
            for event in change.events {
                try connection.execute(
                    """
                    INSERT INTO deployment_events (deployment, seq, at, rollout, note, evidence)
                    VALUES (?, ?, ?, ?, ?, ?)
                    """,
                    [
                        name, .integer(try Self.next("deployment_events", "seq", name, connection)),
                        .integer(now.milliseconds), SQLValue(event.rollout), .text(event.note),
                        SQLValue(event.evidence?.json.description),
                    ]
                )
            }
        }
    }

    static func next(
        _ table: StaticString,
        _ column: StaticString,
        _ deployment: SQLValue,
        _ connection: Connection
    ) throws(MartletError) -> Int64 {
        let row = try connection.first("SELECT MAX(\(column)) AS last FROM \(table) WHERE deployment = ?", [deployment])
        return (row?.optionalInt("last") ?? 0) + 1
    }

    func read<T: Sendable>(_ body: @escaping @Sendable (Connection) throws -> T) async throws(MartletError) -> T {
        try await database.read(body)
    }
}

/// A deployment as stored.
package struct DeploymentRecord: Sendable, Equatable {
    /// What the manifest asks for.
    package let spec: DeploymentSpec
    /// The trusted version; nil before the first.
    package let stable: Int?
    /// The version before it.
    package let previous: Int?
}

/// What one decision changes.
package struct DeploymentChange: Sendable {
    /// The versions that serve.
    package struct Serving: Sendable, Equatable {
        /// The trusted version.
        package var stable: Int
        /// The version before it, kept loaded.
        package var previous: Int?
    }

    /// A version that must not be tried again, and why.
    package struct Rejection: Sendable, Equatable {
        /// The version.
        package var version: Int
        /// The reason, for people.
        package var reason: String
    }

    /// A line of the deployment's history.
    package struct Event: Sendable, Equatable {
        /// The rollout it belongs to, if any.
        package var rollout: String?
        /// What happened, for people.
        package var note: String
        /// The evidence that led to it.
        package var evidence: EvidenceSnapshot?

        /// Makes a line.
        package init(rollout: String?, note: String, evidence: EvidenceSnapshot?) {
            self.rollout = rollout
            self.note = note
            self.evidence = evidence
        }
    }

    /// The deployment.
    package let deployment: String
    /// New serving versions; nil when they stay.
    package var serving: Serving?
    /// Newly rejected versions.
    package var rejected: [Rejection] = []
    /// Versions that an operator allows again.
    package var pardoned: [Int] = []
    /// The rollout's new state.
    package var rollout: RolloutRecord?
    /// Lines for the history.
    package var events: [Event] = []

    /// A change of nothing yet.
    package init(_ deployment: String) {
        self.deployment = deployment
    }
}
