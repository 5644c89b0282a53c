import Core
import Storage

/// The keys that a workspace trusts.
extension RegistryStore {
    /// Trusts a public key.
    ///
    /// - Parameters:
    ///   - pem: the key.
    ///   - name: what people call it.
    /// - Returns: the key as it is stored.
    /// - Throws: `invalidArgument` for what is no key, `alreadyExists` for a key or a name that is there.
    package func trust(pem: String, as name: String) async throws -> TrustedKey {
        let key = try VerifyingKey(pem: pem)
        try Self.checkKeyName(name)
        let now = clock.now
        return try await database.write { connection in
            let known = try connection.first(
                "SELECT name FROM model_signing_keys WHERE key_id = ? OR name = ?",
                [.text(key.id), .text(name)]
            )
            guard known == nil else {
                throw MartletError(
                    .alreadyExists,
                    "There is a key '\(try known?.text("name") ?? name)' with this id or name (a revoked one stays)."
                )
            }
            let count = try connection.first("SELECT COUNT(*) AS count FROM model_signing_keys")?.int("count") ?? 0
            guard count < RegistryLimits.signingKeys else {
                throw MartletError(.resourceExhausted, "At most \(RegistryLimits.signingKeys) keys can be registered.")
            }
            try connection.execute(
                "INSERT INTO model_signing_keys (key_id, name, public_key, created_at) VALUES (?, ?, ?, ?)",
                [.text(key.id), .text(name), .text(key.pem), .integer(now.milliseconds)]
            )
            let trusted = try Self.key(connection, key.id)
            connection.note(Change(object: "signing_key:\(name)", before: nil, after: ["id": .string(key.id)]))
            return trusted
        }
    }

    /// All keys, the revoked ones too, by name.
    package func trustedKeys() async throws -> [TrustedKey] {
        try await database.read { connection in
            try connection.query("SELECT * FROM model_signing_keys ORDER BY name").map(Self.key)
        }
    }

    /// Trusts a key no more: none of its signatures counts from now on.
    ///
    /// - Parameter idOrName: its id or its name.
    /// - Returns: the key, revoked.
    /// - Throws: `notFound`.
    package func revokeKey(_ idOrName: String) async throws -> TrustedKey {
        let now = clock.now
        return try await database.write { connection in
            let key = try Self.key(connection, idOrName)
            guard key.revokedAt == nil else { return key }
            try connection.execute(
                "UPDATE model_signing_keys SET revoked_at = ? WHERE key_id = ?",
                [.integer(now.milliseconds), .text(key.id)]
            )
            connection.note(
                Change(
                    object: "signing_key:\(key.name)",
                    before: ["id": .string(key.id), "revoked": false],
                    after: ["id": .string(key.id), "revoked": true]
                )
            )
            return try Self.key(connection, key.id)
        }
    }

    static func key(_ connection: Connection, _ idOrName: String) throws -> TrustedKey {
        let row = try connection.first(
            "SELECT * FROM model_signing_keys WHERE key_id = ? OR name = ?",
            [.text(idOrName), .text(idOrName)]
        )
        guard let row else {
            throw MartletError(
                .notFound,
                "There is no trusted key '\(idOrName.prefix(200))'; an administrator adds it with "
                    + "`martlet model trust NAME --key FILE`."
            )
        }
        return try key(row)
    }

    private static func key(_ row: Row) throws -> TrustedKey {
        TrustedKey(
            id: try row.text("key_id"),
            name: try row.text("name"),
            pem: try row.text("public_key"),
            createdAt: try row.timestamp("created_at"),
            revokedAt: row.optionalTimestamp("revoked_at")
        )
    }

    private static func checkKeyName(_ name: String) throws(MartletError) {
        let isPlain = name.unicodeScalars.allSatisfy {
            $0.properties.isAlphabetic || $0.properties.numericType != nil || "-_.@".unicodeScalars.contains($0)
        }
        guard !name.isEmpty, name.unicodeScalars.count <= RegistryLimits.keyNameCharacters, isPlain else {
            throw MartletError(
                .invalidArgument,
                "A key's name has 1 to \(RegistryLimits.keyNameCharacters) letters, digits, '-', '_', '.' and '@'."
            )
        }
    }
}
