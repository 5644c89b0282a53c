package import Core
import Storage

/// What the ledger holds of one deployment.
package struct LedgerTotals: Sendable, Equatable {
    /// The deployment.
    package let deployment: String
    /// Rows that are there.
    package let rows: Int64
    /// Their bytes, as the ledger counts them.
    package let bytes: Int64
    /// A number that changes with every row, label and correction.
    package let revision: Int64
    /// What is kept; nil for rows of an older server.
    package let spec: LedgerSpec?

    /// Reads a row of the table.
    init(_ row: Row) throws {
        deployment = try row.text("deployment")
        rows = try row.int("kept")
        bytes = try row.int("bytes")
        revision = try row.int("revision")
        spec = try row.optionalText("spec").map { try LedgerSpec(fields: JSONFields(JSONValue.parse($0))) }
    }
}

extension LedgerStore {
    /// What the ledger holds, by deployment.
    package func totals() async throws(MartletError) -> [LedgerTotals] {
        try await read { connection in
            try connection.query("SELECT * FROM ledger_deployments ORDER BY deployment").map(LedgerTotals.init)
        }
    }

    /// What the ledger holds of one deployment; nil when it never saw it.
    package func totals(_ deployment: String) async throws(MartletError) -> LedgerTotals? {
        try await read { connection in try Self.totals(deployment, connection) }
    }

    static func totals(_ deployment: String, _ connection: Connection) throws -> LedgerTotals? {
        try connection.first("SELECT * FROM ledger_deployments WHERE deployment = ?", [.text(deployment)])
            .map(LedgerTotals.init)
    }

    /// A number that changes with every row, label and correction of a deployment.
    package func revision(of deployment: String) async throws(MartletError) -> Int64 {
        try await totals(deployment)?.revision ?? 0
    }

    /// What the rows of a version mean; nil when it was never written down.
    package func schema(_ deployment: String, _ version: Int) async throws(MartletError) -> LedgerSchema? {
        try await read { connection in try Self.schema(deployment, version, connection) }
    }

    /// What the rows of a deployment's versions mean.
    package func schemas(_ deployment: String) async throws(MartletError) -> [Int: LedgerSchema] {
        try await read { connection in try Self.schemas(deployment, connection) }
    }

    static func schemas(_ deployment: String, _ connection: Connection) throws -> [Int: LedgerSchema] {
        var schemas: [Int: LedgerSchema] = [:]
        for row in try connection.query("SELECT * FROM ledger_schemas WHERE deployment = ?", [.text(deployment)]) {
            schemas[Int(try row.int("version"))] = try LedgerSchema(row)
        }
        return schemas
    }

    static func schema(_ deployment: String, _ version: Int, _ connection: Connection) throws -> LedgerSchema? {
        try connection.first(
            "SELECT * FROM ledger_schemas WHERE deployment = ? AND version = ?",
            [.text(deployment), .int(version)]
        ).map(LedgerSchema.init)
    }

    static func note(_ schema: LedgerSchema, _ version: LedgerBatch.Version, _ connection: Connection) throws {
        let columns = JSONValue.array(schema.columns.map(JSONValue.string)).description
        let classes = schema.classes.map { JSONValue.array($0.map(JSONValue.string)).description }
        try connection.execute(
            """
            INSERT INTO ledger_schemas (deployment, version, column_names, class_names) VALUES (?, ?, ?, ?)
            ON CONFLICT (deployment, version) DO UPDATE SET column_names = excluded.column_names,
                class_names = excluded.class_names
            """,
            [.text(version.deployment), .int(version.version), .text(columns), SQLValue(classes)]
        )
    }

    /// Says what a deployment keeps.
    package func note(_ spec: LedgerSpec, of deployment: String) async throws(MartletError) {
        try await write { connection in try Self.add([:], specs: [deployment: spec], connection) }
    }

    /// Adds to what deployments hold, and says what they keep.
    static func add(
        _ totals: [String: (rows: Int64, bytes: Int64)],
        specs: [String: LedgerSpec],
        _ connection: Connection
    ) throws {
        for (deployment, added) in totals {
            try connection.execute(
                """
                INSERT INTO ledger_deployments (deployment, kept, bytes, revision, spec) VALUES (?, ?, ?, 1, NULL)
                ON CONFLICT (deployment) DO UPDATE SET kept = ledger_deployments.kept + excluded.kept,
                    bytes = ledger_deployments.bytes + excluded.bytes, revision = ledger_deployments.revision + 1
                """,
                [.text(deployment), .integer(added.rows), .integer(added.bytes)]
            )
        }
        for (deployment, spec) in specs {
            try connection.execute(
                """
                INSERT INTO ledger_deployments (deployment, kept, bytes, revision, spec) VALUES (?, 0, 0, 0, ?)
                ON CONFLICT (deployment) DO UPDATE SET spec = excluded.spec
                """,
                [.text(deployment), .text(spec.json.description)]
            )
        }
    }
}

extension LedgerSchema {
    /// Reads a row of the table.
    init(_ row: Row) throws {
        func names(_ text: String) throws -> [String] {
            try JSONValue.parse(text).arrayValue?.compactMap(\.stringValue) ?? []
        }
        self.init(
            columns: try names(try row.text("column_names")),
            classes: try row.optionalText("class_names").map(names)
        )
    }
}
