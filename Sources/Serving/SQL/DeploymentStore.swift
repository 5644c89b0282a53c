package import Core
import Rollouts
package import Storage

/// What is deployed, which versions served and were rejected, and every rollout with its evidence.
package struct DeploymentStore: Sendable {
    /// Hears of each decision within the transaction that stores it; throwing undoes both.
    package typealias Outbox =
        @Sendable (_ connection: Connection, _ change: DeploymentChange, _ now: Timestamp) throws -> Void

    private let database: Database
    private let outbox: Outbox

    /// Uses `database`, to which `migrations` were applied.
    package init(database: Database, outbox: @escaping Outbox = { _, _, _ in }) {
        self.database = database
        self.outbox = outbox
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
        ),
        Migration(
            id: "serving-deployments-0002",
            statements: [
                """
                CREATE TABLE deployment_alias_moves (
                    id TEXT PRIMARY KEY, deployment TEXT NOT NULL, model TEXT NOT NULL, alias TEXT NOT NULL,
                    from_version BIGINT NOT NULL, to_version BIGINT NOT NULL, created_at BIGINT NOT NULL
                )
                """
            ]
        ),
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
            try connection.execute("DELETE FROM deployment_alias_moves WHERE deployment = ?", [.text(name)])
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

    /// Alias moves that were decided and are not known to be done, oldest first.
    package func aliasMoves(_ name: String) async throws(MartletError) -> [AliasMove] {
        try await database.read { connection in
            try connection.query(
                "SELECT * FROM deployment_alias_moves WHERE deployment = ? ORDER BY created_at, id",
                [.text(name)]
            ).map { row in
                AliasMove(
                    id: try row.text("id"),
                    model: try row.text("model"),
                    alias: try row.text("alias"),
                    from: Int(try row.int("from_version")),
                    to: Int(try row.int("to_version"))
                )
            }
        }
    }

    /// Everything that one decision changes, stored together or not at all.
    package func commit(_ change: DeploymentChange, now: Timestamp) async throws(MartletError) {
        let outbox = outbox
        try await database.write { connection in
            try change.store(now, connection)
            try outbox(connection, change, now)
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
