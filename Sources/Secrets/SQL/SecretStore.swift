package import Core
package import Storage
import Synchronization

/// The named secrets of one workspace, encrypted in its database.
package final class SecretStore: Sendable {
    /// Encrypts again what another feature keeps in the same database; gives the ids of the keys that it still needs.
    package typealias Companion = @Sendable (Connection) throws -> Set<String>

    /// The keys.
    package let keyring: Keyring
    let database: Database
    let workspace: String
    let clock: Clock
    private let companions: [Companion]
    private let isRotating = Mutex(false)

    /// Makes the store; its migrations must have run, and the keyring should be loaded.
    ///
    /// - Parameters:
    ///   - database: where they lie.
    ///   - keyring: the keys.
    ///   - workspace: is bound to each value.
    ///   - clock: the time.
    ///   - companions: join each rotation, in the same transaction.
    package init(
        database: Database,
        keyring: Keyring,
        workspace: String,
        clock: Clock = .system,
        companions: [Companion] = []
    ) {
        self.database = database
        self.keyring = keyring
        self.workspace = workspace
        self.clock = clock
        self.companions = companions
    }

    /// The schema's history.
    package static let migrations = [
        Migration(
            id: "secrets-0001",
            statements: [
                """
                CREATE TABLE secrets (
                    name TEXT NOT NULL PRIMARY KEY,
                    version BIGINT NOT NULL,
                    envelope TEXT NOT NULL,
                    key_id TEXT NOT NULL,
                    created_at BIGINT NOT NULL,
                    created_by TEXT NOT NULL,
                    updated_at BIGINT NOT NULL,
                    updated_by TEXT NOT NULL
                )
                """
            ]
        )
    ]

    /// Sets a value, of a new secret or of one that is there; the value before is gone then.
    ///
    /// - Parameters:
    ///   - name: of the secret.
    ///   - value: its new value.
    ///   - actor: who sets it.
    /// - Returns: the secret without its value.
    /// - Throws: `invalidArgument`, `resourceExhausted` when there are too many, `failedPrecondition` when there are secrets
    ///   whose key is missing, so that a new key would hide the loss.
    package func put(_ name: String, value: String, by actor: String) async throws -> Secret {
        try SecretRules.check(name: name)
        try SecretRules.check(value: value)
        try await ready()
        let now = clock.now
        return try await database.write { [keyring] connection in
            let old = try Self.secret(connection, name)
            if old == nil { try Self.checkRoom(connection) }
            let version = (old?.version ?? 0) + 1
            let envelope = try keyring.seal(value, for: self.place(name, version))
            let secret = Secret(
                name: name,
                version: version,
                createdAt: old?.createdAt ?? now,
                createdBy: old?.createdBy ?? actor,
                updatedAt: now,
                updatedBy: actor,
                keyID: SecretEnvelope.keyID(of: envelope) ?? ""
            )
            try connection.execute(
                """
                INSERT INTO secrets (name, version, envelope, key_id, created_at, created_by, updated_at, updated_by)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (name) DO UPDATE SET version = excluded.version, envelope = excluded.envelope,
                    key_id = excluded.key_id, updated_at = excluded.updated_at, updated_by = excluded.updated_by
                """,
                [
                    .text(name), .integer(version), .text(envelope), .text(secret.keyID),
                    .integer(secret.createdAt.milliseconds), .text(secret.createdBy), .integer(now.milliseconds),
                    .text(actor),
                ]
            )
            connection.note(
                Change(object: "secret:\(name)", before: old.map(Self.noted), after: Self.noted(secret))
            )
            return secret
        }
    }

    /// All secrets by name.
    package func secrets() async throws -> [Secret] {
        try await database.read { try $0.query("SELECT * FROM secrets ORDER BY name").map(Self.secret) }
    }

    /// A secret.
    ///
    /// - Throws: `notFound`.
    package func secret(_ name: String) async throws -> Secret {
        let found = try await database.read { try Self.secret($0, name) }
        guard let found else { throw Self.unknown([name]) }
        return found
    }

    /// Deletes a secret and its value.
    ///
    /// - Throws: `notFound`.
    package func delete(_ name: String) async throws {
        try await database.write { connection in
            guard let old = try Self.secret(connection, name) else { throw Self.unknown([name]) }
            try connection.execute("DELETE FROM secrets WHERE name = ?", [.text(name)])
            connection.note(Change(object: "secret:\(name)", before: Self.noted(old), after: nil))
        }
    }

    /// The values of secrets by name, for what the server itself hands them to.
    ///
    /// - Throws: `notFound` naming all that are missing, `failedPrecondition` when a key is.
    package func values(of names: [String]) async throws -> [String: String] {
        let names = Set(names).sorted()
        guard !names.isEmpty else { return [:] }
        try await loaded()
        let list = SQLFragment.isIn("name", names.map { .text($0) })
        let rows = try await database.read { connection in
            try connection.query("SELECT * FROM secrets WHERE \(list.sql)", list.arguments).map { row in
                (secret: try Self.secret(row), envelope: try row.text("envelope"))
            }
        }
        let missing = Set(names).subtracting(rows.map(\.secret.name)).sorted()
        guard missing.isEmpty else { throw Self.unknown(missing) }
        var values: [String: String] = [:]
        for (secret, envelope) in rows {
            values[secret.name] = try keyring.open(envelope, for: place(secret.name, secret.version))
        }
        return values
    }

    /// Encrypts every value again with a new key, all or none, and forgets the keys that nothing needs any more.
    ///
    /// The new key is on the disk before the first value needs it, and an old one goes only after the last value has
    /// left it; so wherever this is interrupted, every value can be read, and doing it again finishes it.
    ///
    /// - Returns: how many values were encrypted again, and the new key's id.
    /// - Throws: `failedPrecondition` when the key of a value is missing; nothing has changed then.
    package func rotate() async throws -> (count: Int, keyID: String) {
        let isFirst = isRotating.withLock { isRotating in
            defer { isRotating = true }
            return !isRotating
        }
        guard isFirst else { throw MartletError(.failedPrecondition, "A rotation is under way already; wait for it.") }
        defer { isRotating.withLock { $0 = false } }
        try await loaded()
        try await refuseUnreadable()
        let keyring = keyring
        try await BlockingWork.run { try keyring.renew() }
        let (count, needed) = try await database.write { [companions] connection in
            let rows = try connection.query("SELECT * FROM secrets")
            for row in rows {
                let secret = try Self.secret(row)
                let place = self.place(secret.name, secret.version)
                let envelope = try keyring.seal(try keyring.open(row.text("envelope"), for: place), for: place)
                try connection.execute(
                    "UPDATE secrets SET envelope = ?, key_id = ? WHERE name = ?",
                    [.text(envelope), .text(SecretEnvelope.keyID(of: envelope) ?? ""), .text(secret.name)]
                )
            }
            let needed = try companions.reduce(into: Set<String>()) { $0.formUnion(try $1(connection)) }
            let key = keyring.ids.first ?? ""
            connection.note(Change(object: "secret-key", before: nil, after: ["key_id": .string(key)]))
            return (rows.count, needed)
        }
        try await BlockingWork.run { try keyring.retire(keeping: needed) }
        return (count, keyring.ids.first ?? "")
    }

    /// The names of secrets whose key is missing.
    package func unreadable() async throws -> [String] {
        try await loaded()
        let known = Set(keyring.ids)
        return try await secrets().filter { !known.contains($0.keyID) }.map(\.name)
    }

    private func loaded() async throws {
        if keyring.ids.isEmpty { try await keyring.load() }
    }

    /// Makes the first key if there is none; not if there were others, whose loss it would hide.
    private func ready() async throws {
        try await loaded()
        guard keyring.ids.isEmpty else { return }
        try await refuseUnreadable()
        let keyring = keyring
        try await BlockingWork.run { try keyring.makeFirst() }
    }

    private func refuseUnreadable() async throws {
        let known = Set(keyring.ids)
        guard let lost = try await secrets().first(where: { !known.contains($0.keyID) }) else { return }
        throw keyring.missing(lost.keyID)
    }

    private func place(_ name: String, _ version: Int64) -> String {
        "martlet secret\n\(workspace)\n\(name)\n\(version)"
    }

    private static func checkRoom(_ connection: Connection) throws {
        let count = try connection.first("SELECT COUNT(*) AS found FROM secrets")?.int("found") ?? 0
        guard count < SecretsLimits.secrets else {
            throw MartletError(
                .resourceExhausted,
                "There are \(SecretsLimits.secrets) secrets already; delete one that is not needed."
            )
        }
    }

    private static func unknown(_ names: [String]) -> MartletError {
        let list = names.map { "'\($0.prefix(SecretsLimits.nameCharacters))'" }.joined(separator: ", ")
        return names.count == 1
            ? MartletError(.notFound, "There is no secret \(list); set it with `martlet secret set`.")
            : MartletError(.notFound, "There are no secrets \(list); set them with `martlet secret set`.")
    }

    private static func noted(_ secret: Secret) -> JSONValue {
        ["version": .integer(secret.version), "updated_by": .string(secret.updatedBy)]
    }

    private static func secret(_ connection: Connection, _ name: String) throws -> Secret? {
        try connection.first("SELECT * FROM secrets WHERE name = ?", [.text(name)]).map(secret)
    }

    private static func secret(_ row: Row) throws -> Secret {
        Secret(
            name: try row.text("name"),
            version: try row.int("version"),
            createdAt: try row.timestamp("created_at"),
            createdBy: try row.text("created_by"),
            updatedAt: try row.timestamp("updated_at"),
            updatedBy: try row.text("updated_by"),
            keyID: try row.text("key_id")
        )
    }
}
