package import Core

/// A public key that a workspace trusts to sign versions.
package struct TrustedKey: Sendable, Equatable {
    /// `ed25519:` and 32 hexadecimal digits.
    package let id: String
    /// What people call it; unique.
    package let name: String
    /// The key, in PEM.
    package let pem: String
    /// When it was added.
    package let createdAt: Timestamp
    /// When it was revoked; signatures of a revoked key count no more, whenever they were made.
    package let revokedAt: Timestamp?

    /// The key as JSON.
    package var json: JSONValue {
        [
            "id": .string(id), "name": .string(name), "public_key": .string(pem),
            "created_at": .integer(createdAt.milliseconds), "revoked_at": .optional(revokedAt?.milliseconds),
        ]
    }
}

/// A signature of a version's manifest, and what it is worth now.
package struct VersionSignature: Sendable, Equatable {
    /// The key's id.
    package let keyID: String
    /// The key's name.
    package let keyName: String
    /// 64 bytes in base64.
    package let signature: String
    /// When it was added.
    package let signedAt: Timestamp
    /// Why it does not count; nil when it does.
    package let fault: String?

    /// The signature as JSON.
    package var json: JSONValue {
        [
            "key_id": .string(keyID), "key_name": .string(keyName), "signature": .string(signature),
            "signed_at": .integer(signedAt.milliseconds), "is_valid": .bool(fault == nil), "fault": .optional(fault),
        ]
    }
}

/// What an alias asks of a version that it is to point to.
package struct AliasPolicy: Sendable, Equatable {
    /// The registered model, or `*` for every model.
    package let model: String
    /// The alias.
    package let alias: String
    /// How many trusted keys must have signed.
    package let signatures: Int
    /// The ids of the keys that count; empty for every trusted key.
    package let keys: [String]

    /// Stands for every model.
    package static let everyModel = "*"

    /// Makes a policy.
    package init(model: String, alias: String, signatures: Int, keys: [String]) {
        self.model = model
        self.alias = alias
        self.signatures = signatures
        self.keys = keys
    }

    /// The policy as JSON.
    package var json: JSONValue {
        [
            "model": .string(model), "alias": .string(alias), "signatures": .int(signatures),
            "keys": .array(keys.map(JSONValue.string)),
        ]
    }

    /// Why the signatures of a version do not do; nil if they do.
    func objection(to signatures: [VersionSignature]) -> String? {
        let counting = signatures.filter { $0.fault == nil && (keys.isEmpty || keys.contains($0.keyID)) }
        guard counting.count < self.signatures else { return nil }
        let wanted = self.signatures == 1 ? "a signature" : "\(self.signatures) signatures"
        let of = keys.isEmpty ? "of a trusted key" : "of \(keys.joined(separator: ", "))"
        let faults = signatures.compactMap { one in one.fault.map { "that of '\(one.keyName)' does not count: \($0)" } }
        return "it needs \(wanted) \(of), and has \(counting.count)"
            + (faults.isEmpty ? "" : " (\(faults.joined(separator: "; ")))")
    }
}

/// What is known about where a version's files come from and what they are.
package struct SupplyReport: Sendable, Equatable {
    /// What it consists of.
    package let manifest: ModelManifest
    /// When the manifest was fixed; nil when it is not yet.
    package let fixedAt: Timestamp?
    /// The files that run code when they are loaded.
    package let pickles: [PickleFinding]
    /// Its signatures, and what they are worth.
    package let signatures: [VersionSignature]

    /// The report as JSON.
    package var json: JSONValue {
        [
            "name": .string(manifest.model), "version": .int(manifest.version), "manifest": .string(manifest.text),
            "manifest_sha256": .string(manifest.sha256), "fixed_at": .optional(fixedAt?.milliseconds),
            "has_pickle": .bool(!pickles.isEmpty), "pickles": .array(pickles.map(\.json)),
            "signatures": .array(signatures.map(\.json)),
        ]
    }
}
