package import Core
package import Storage

/// The audit log of one database: a chain of records that only grows.
///
/// What a request changes is recorded in the transaction of the change, so that neither can be without the other; each
/// record holds the hash of the one before. One writer at a time writes to a database, so the chain has no forks.
package final class AuditLog: Sendable {
    let database: Database
    /// The workspace whose database it is; `AuditLog.server` for that of the accounts.
    package let name: String
    let clock: Clock

    /// The name of the log of the accounts' database; no workspace can be called so.
    package static let server = "@server"

    /// The log of a database; its migrations must have run.
    package init(database: Database, name: String, clock: Clock = .system) {
        self.database = database
        self.name = name
        self.clock = clock
    }

    /// Has every change that is made under a `ChangeContext` recorded from now on; for the start of a process.
    package func install() {
        database.onChange { [clock] connection, context, changes in
            // Control loops note what they decide; leases, cursors and windows that they keep are no decisions.
            guard !changes.isEmpty || !context.requestID.isEmpty else { return }
            try Self.append(Self.entries(context, changes, now: clock.now), to: connection)
        }
    }

    /// The entries of one transaction: one for each change that its features told of, or one for all of it.
    static func entries(_ context: ChangeContext, _ changes: [Change], now: Timestamp) -> [AuditEntry] {
        func entry(_ object: String, before: JSONValue?, after: JSONValue?) -> AuditEntry {
            AuditEntry(
                time: now,
                actor: context.actor,
                token: context.token,
                workspace: context.workspace,
                action: context.action,
                object: object,
                before: before,
                after: after,
                requestID: context.requestID.isEmpty ? nil : context.requestID,
                address: context.address
            )
        }
        guard !changes.isEmpty else { return [entry(context.object, before: nil, after: nil)] }
        let described = changes.map { entry($0.object, before: $0.before, after: $0.after) }
        guard changes.count >= StorageLimits.notedChanges else { return described }
        // There may have been more; the log must not look complete where it is not.
        let words = "Only the first \(changes.count) changes of this transaction are described."
        let remark: JSONValue = ["remark": .string(words)]
        return described + [entry(context.object, before: nil, after: remark)]
    }

    /// Appends entries to the chain, in the transaction of `connection`.
    static func append(_ entries: [AuditEntry], to connection: Connection) throws {
        var head = try head(connection)
        for entry in entries {
            let record = AuditRecord(entry, after: head)
            try insert(record, connection)
            head = record.head
        }
    }

    /// Appends entries that belong to no change, such as refusals; durable when it returns.
    package func append(_ entries: [AuditEntry]) async throws {
        guard !entries.isEmpty else { return }
        // The records are the change: they are not to be recorded themselves.
        try await ChangeContext.$current.withValue(nil) {
            try await database.write { try Self.append(entries, to: $0) }
        }
    }

    /// The end of the chain.
    package func head() async throws -> AuditHead {
        try await database.read { try Self.head($0) }
    }

    private static func head(_ connection: Connection) throws -> AuditHead {
        let row = try connection.first("SELECT sequence, hash FROM audit_records ORDER BY sequence DESC LIMIT 1")
        guard let row else { return .empty }
        return AuditHead(sequence: try row.int("sequence"), hash: try row.text("hash"))
    }

    private static func insert(_ record: AuditRecord, _ connection: Connection) throws {
        let entry = record.entry
        try connection.execute(
            """
            INSERT INTO audit_records (sequence, time, actor, token, workspace, action, object, value_before,
                value_after, request_id, address, outcome, reason, previous_hash, hash)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .integer(record.sequence), .integer(entry.time.milliseconds), .text(entry.actor),
                SQLValue(entry.token), .text(entry.workspace), .text(entry.action), .text(entry.object),
                SQLValue(entry.before), SQLValue(entry.after), SQLValue(entry.requestID), SQLValue(entry.address),
                .text(entry.outcome.rawValue), SQLValue(entry.reason), .text(record.previousHash), .text(record.hash),
            ]
        )
    }
}
