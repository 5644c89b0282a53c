import Core
import Storage

/// What aliases ask of the versions that they point to.
///
/// A policy belongs to a name, not to a model: who deletes a model and makes another of the same name meets it again.
extension RegistryStore {
    /// Sets the policy of an alias.
    ///
    /// The version that the alias points to now need not satisfy it; it is not loaded again until it does.
    ///
    /// - Parameters:
    ///   - model: the registered model, which need not exist yet, or `*` for every model.
    ///   - alias: the alias.
    ///   - signatures: how many keys must have signed.
    ///   - keys: ids or names of the keys that count; empty for every trusted key.
    /// - Returns: the policy as it is stored.
    /// - Throws: `invalidArgument`, `notFound` for a key.
    package func setPolicy(
        model: String,
        alias: String,
        signatures: Int,
        keys: [String]
    ) async throws -> AliasPolicy {
        try RegistryRules.checkName(model)
        try RegistryRules.checkNewAlias(alias)
        guard (1...RegistryLimits.policySignatures).contains(signatures) else {
            throw MartletError(
                .invalidArgument,
                "'signatures' must be between 1 and \(RegistryLimits.policySignatures), but is \(signatures)."
            )
        }
        guard keys.count <= RegistryLimits.signingKeys, keys.isEmpty || Set(keys).count >= signatures else {
            throw MartletError(.invalidArgument, "'keys' must name at least \(signatures) keys, or none for any key.")
        }
        return try await database.write { connection in
            let ids = try keys.map { try Self.key(connection, $0).id }
            guard Set(ids).count == keys.count else {
                throw MartletError(.invalidArgument, "'keys' names a key twice.")
            }
            let before = try Self.policy(connection, model, alias)
            let policy = AliasPolicy(model: model, alias: alias, signatures: signatures, keys: ids.sorted())
            try connection.execute(
                """
                INSERT INTO model_alias_policies (model, alias, signatures, key_ids) VALUES (?, ?, ?, ?)
                ON CONFLICT (model, alias) DO UPDATE SET signatures = excluded.signatures, key_ids = excluded.key_ids
                """,
                [
                    .text(model), .text(alias), .int(signatures),
                    .text(JSONValue.array(policy.keys.map(JSONValue.string)).description),
                ]
            )
            connection.note(
                Change(object: "alias_policy:\(model)/\(alias)", before: before?.json, after: policy.json)
            )
            return policy
        }
    }

    /// All policies, by model and alias.
    package func policies() async throws -> [AliasPolicy] {
        try await database.read { connection in
            try connection.query("SELECT * FROM model_alias_policies ORDER BY model, alias").map(Self.policy)
        }
    }

    /// Removes the policy of an alias.
    ///
    /// - Throws: `notFound`.
    package func deletePolicy(model: String, alias: String) async throws {
        try await database.write { connection in
            guard let before = try Self.policy(connection, model, alias) else {
                throw MartletError(
                    .notFound,
                    "There is no policy for alias '\(alias.prefix(200))' of model '\(model.prefix(200))'."
                )
            }
            try connection.execute(
                "DELETE FROM model_alias_policies WHERE model = ? AND alias = ?",
                [.text(model), .text(alias)]
            )
            connection.note(Change(object: "alias_policy:\(model)/\(alias)", before: before.json, after: nil))
        }
    }

    /// Refuses to point an alias to a version that does not have the signatures which the alias asks for.
    static func checkPolicy(_ connection: Connection, _ model: String, alias: String, version: Int) throws {
        guard try connection.first("SELECT 1 AS one FROM model_alias_policies") != nil else { return }
        try requireSignatures(supply(connection, model, version), for: alias, connection, action: "served by it")
    }

    /// Refuses a version that does not have the signatures which an alias asks for.
    static func requireSignatures(
        _ report: SupplyReport,
        for alias: String,
        _ connection: Connection,
        action: String
    ) throws {
        let (model, version) = (report.manifest.model, report.manifest.version)
        for owner in [model, AliasPolicy.everyModel] {
            guard let policy = try policy(connection, owner, alias),
                let objection = policy.objection(to: report.signatures)
            else { continue }
            throw MartletError(
                .failedPrecondition,
                "Alias '\(alias)' of model '\(model)' is protected, and version \(version) cannot be \(action): "
                    + "\(objection). Sign it with `martlet model sign \(model) \(version) --key FILE`."
            )
        }
    }

    /// Refuses to rename a model from or to a name that has a policy: the name is what deployments follow.
    static func checkRename(_ connection: Connection, _ name: String, to newName: String) throws {
        let row = try connection.first(
            "SELECT model, alias FROM model_alias_policies WHERE model = ? OR model = ?",
            [.text(name), .text(newName)]
        )
        guard let row, name != newName else { return }
        throw MartletError(
            .failedPrecondition,
            "Alias '\(try row.text("alias"))' of model '\(try row.text("model"))' is protected by a policy; an "
                + "administrator must remove the policy before the name can change."
        )
    }

    private static func policy(_ connection: Connection, _ model: String, _ alias: String) throws -> AliasPolicy? {
        try connection.first(
            "SELECT * FROM model_alias_policies WHERE model = ? AND alias = ?",
            [.text(model), .text(alias)]
        )
        .map(policy)
    }

    private static func policy(_ row: Row) throws -> AliasPolicy {
        guard let keys = try JSONValue.parse(row.text("key_ids")).arrayValue?.compactMap(\.stringValue) else {
            throw MartletError(.dataLoss, "The policy of alias '\(try row.text("alias"))' is damaged; set it again.")
        }
        return AliasPolicy(
            model: try row.text("model"),
            alias: try row.text("alias"),
            signatures: Int(try row.int("signatures")),
            keys: keys
        )
    }
}
