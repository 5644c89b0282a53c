package import Artifacts
package import Core
package import Storage

/// What registered versions need, and removing deleted ones for good.
extension RegistryStore {
    /// A version and where its files lie.
    package struct Need: Sendable, Equatable {
        /// The registered model.
        package let model: String
        /// The version.
        package let version: Int
        /// Its folder in the store.
        package let folder: ArtifactPath
    }

    /// What versions need: those that are there, and deleted ones that are too young or still in use.
    ///
    /// A deleted version is old enough if it was deleted at `limit` or earlier, and in use if a deployment may serve it.
    package static func needs(
        _ connection: Connection,
        until limit: Timestamp,
        isInUse: (_ model: String, _ version: Int) -> Bool
    ) throws -> [Need] {
        let rows = try connection.query(
            """
            SELECT m.name, v.version, v.is_deleted, v.last_update_time, v.artifact_uri FROM model_versions v
            JOIN registered_models m ON m.model_number = v.model_number WHERE v.artifact_uri <> ''
            ORDER BY m.name, v.version
            """
        )
        return try rows.compactMap { row in
            let (model, version) = (try row.text("name"), Int(try row.int("version")))
            guard let folder = ArtifactURI.path(of: try row.text("artifact_uri")), !folder.isRoot else { return nil }
            let isOld = try row.bool("is_deleted") && row.timestamp("last_update_time") <= limit
            return isOld && !isInUse(model, version) ? nil : Need(model: model, version: version, folder: folder)
        }
    }

    /// What versions need, as `needs(_:until:isInUse:)`.
    package func needs(
        until limit: Timestamp,
        isInUse: @escaping @Sendable (_ model: String, _ version: Int) -> Bool
    ) async throws -> [Need] {
        try await database.read { try Self.needs($0, until: limit, isInUse: isInUse) }
    }

    /// Removes what is left of versions that were deleted at `limit` or earlier, or only counts them.
    ///
    /// Their numbers are not used again.
    package func purgeVersions(
        until limit: Timestamp,
        isInUse: @escaping @Sendable (_ model: String, _ version: Int) -> Bool,
        isDryRun: Bool
    ) async throws -> Int {
        let body: @Sendable (Connection) throws -> Int = { connection in
            let rows = try connection.query(
                """
                SELECT m.name, v.model_number, v.version FROM model_versions v
                JOIN registered_models m ON m.model_number = v.model_number
                WHERE v.is_deleted = 1 AND v.last_update_time <= ?
                """,
                [.integer(limit.milliseconds)]
            )
            var count = 0
            for row in rows where try !isInUse(row.text("name"), Int(row.int("version"))) {
                count += 1
                guard !isDryRun else { continue }
                try connection.execute(
                    "DELETE FROM model_versions WHERE model_number = ? AND version = ?",
                    [.integer(try row.int("model_number")), .integer(try row.int("version"))]
                )
            }
            return count
        }
        return isDryRun ? try await database.read(body) : try await database.write(body)
    }
}
