import Core
import Storage

/// The signatures of versions.
extension RegistryStore {
    /// Adds a signature to a version, or replaces the one that the key made before.
    ///
    /// - Parameters:
    ///   - model: the registered model.
    ///   - version: the version.
    ///   - signature: 64 bytes in base64 over the text of the version's manifest.
    ///   - key: the id or the name of the key that made it.
    /// - Returns: what is known of the version's files now.
    /// - Throws: `notFound` for the version or the key; `failedPrecondition` for a revoked key and for a version whose
    ///   manifest is not fixed; `invalidArgument` for a signature that does not verify.
    package func sign(_ model: String, _ version: Int, signature: String, key: String) async throws -> SupplyReport {
        let now = clock.now
        return try await database.write { connection in
            let modelKey = try Self.modelKey(connection, model)
            try Self.requireVersion(connection, modelKey, model, version)
            let report = try Self.supply(connection, model, version)
            guard !report.manifest.files.isEmpty else {
                throw MartletError(
                    .failedPrecondition,
                    "Version \(version) of model '\(model)' has no manifest yet: it was registered before its files "
                        + "were there. Register it again."
                )
            }
            let trusted = try Self.key(connection, key)
            if let fault = Self.fault(signature, trusted, report.manifest) {
                let code: MartletError.Code = trusted.revokedAt == nil ? .invalidArgument : .failedPrecondition
                throw MartletError(code, "The signature of '\(trusted.name)' does not count: \(fault).")
            }
            try connection.execute(
                """
                INSERT INTO model_version_signatures (model_number, version, key_id, signature, signed_at)
                VALUES (?, ?, ?, ?, ?) ON CONFLICT (model_number, version, key_id)
                DO UPDATE SET signature = excluded.signature, signed_at = excluded.signed_at
                """,
                [
                    .integer(modelKey.number), .int(version), .text(trusted.id), .text(signature),
                    .integer(now.milliseconds),
                ]
            )
            connection.note(
                Change(
                    object: "registered_model:\(model)/version:\(version)/signature:\(trusted.name)",
                    before: nil,
                    after: ["key_id": .string(trusted.id), "manifest_sha256": .string(report.manifest.sha256)]
                )
            )
            return try Self.supply(connection, model, version)
        }
    }

    /// Removes the signature of a key from a version; nothing happens if there is none.
    ///
    /// - Throws: `notFound` for the version or the key.
    package func unsign(_ model: String, _ version: Int, key: String) async throws {
        try await database.write { connection in
            let modelKey = try Self.modelKey(connection, model)
            try Self.requireVersion(connection, modelKey, model, version)
            let trusted = try Self.key(connection, key)
            let removed = try connection.execute(
                "DELETE FROM model_version_signatures WHERE model_number = ? AND version = ? AND key_id = ?",
                [.integer(modelKey.number), .int(version), .text(trusted.id)]
            )
            guard removed > 0 else { return }
            connection.note(
                Change(
                    object: "registered_model:\(model)/version:\(version)/signature:\(trusted.name)",
                    before: ["key_id": .string(trusted.id)],
                    after: nil
                )
            )
        }
    }

    static func signatures(
        _ connection: Connection,
        _ number: Int64,
        _ manifest: ModelManifest
    ) throws -> [VersionSignature] {
        let rows = try connection.query(
            """
            SELECT key_id, signature, signed_at FROM model_version_signatures
            WHERE model_number = ? AND version = ? ORDER BY key_id
            """,
            [.integer(number), .int(manifest.version)]
        )
        return try rows.map { row in
            let signature = try row.text("signature")
            let key = try key(connection, row.text("key_id"))
            return VersionSignature(
                keyID: key.id,
                keyName: key.name,
                signature: signature,
                signedAt: try row.timestamp("signed_at"),
                fault: fault(signature, key, manifest)
            )
        }
    }

    /// Why a signature does not count; nil when it does.
    private static func fault(_ signature: String, _ key: TrustedKey, _ manifest: ModelManifest) -> String? {
        guard key.revokedAt == nil else { return "the key is revoked" }
        guard let verifying = try? VerifyingKey(pem: key.pem), verifying.id == key.id else {
            return "the record of the key is damaged"
        }
        guard verifying.verifies(signature, of: manifest) else {
            return "it was not made over the manifest of version \(manifest.version) of model '\(manifest.model)'"
        }
        return nil
    }
}
