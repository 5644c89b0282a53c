import Core
import Storage

/// What the registry writes into the audit log: names of its things, and what they were and are.
extension RegistryStore {
    /// A registered model, or one of its tags.
    static func object(_ model: String, tag: String? = nil) -> String {
        "registered_model:\(model)" + (tag.map { "/tag:\($0)" } ?? "")
    }

    /// A version, or one of its tags.
    static func object(_ model: String, version: Int, tag: String? = nil) -> String {
        "registered_model:\(model)/version:\(version)" + (tag.map { "/tag:\($0)" } ?? "")
    }

    /// An alias.
    static func object(_ model: String, alias: String) -> String {
        "registered_model:\(model)/alias:\(alias)"
    }

    /// Where an alias points; nil if there is none.
    static func target(_ connection: Connection, _ key: ModelKey, _ alias: String) throws -> JSONValue? {
        try connection.first(
            "SELECT version FROM model_aliases WHERE model_number = ? AND alias = ?",
            [.integer(key.number), .text(alias)]
        )
        .map { ["version": .integer(try $0.int("version"))] }
    }
}

extension RegisteredModel {
    /// The model as the audit log shows it.
    var noted: JSONValue {
        [
            "name": .string(name), "description": .optional(description),
            "tags": .object(JSONObject(tags.map { ($0.key, .string($0.value)) })),
            "aliases": .object(JSONObject(aliases.map { ($0.name, .int($0.version)) })),
        ]
    }
}

extension ModelVersion {
    /// The version as the audit log shows it.
    func noted(_ inspection: RegistryStore.Inspection? = nil) -> JSONValue {
        var object: JSONObject = [
            "source": .string(source), "run_id": .string(runID), "stage": .string(stage.rawValue),
            "aliases": .array(aliases.map(JSONValue.string)),
        ]
        if let inspection {
            let manifest = ModelManifest(model: name, version: version, files: inspection.files)
            object["files"] = .int(inspection.files.count)
            object["manifest_sha256"] = .string(manifest.sha256)
            object["has_pickle"] = .bool(!inspection.pickles.isEmpty)
        }
        return .object(object)
    }
}
