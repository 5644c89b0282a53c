import Core
import HTTPSupport

/// How registered models and versions look in MLflow's JSON: versions are text, empty lists are absent.
enum RegistryWire {
    static func model(_ model: RegisteredModel) -> JSONValue {
        var object: JSONObject = [
            "name": .string(model.name),
            "creation_timestamp": .integer(model.creationTime.milliseconds),
            "last_updated_timestamp": .integer(model.lastUpdateTime.milliseconds),
        ]
        if let description = model.description { object["description"] = .string(description) }
        object.setList("latest_versions", model.latestVersions.map { version($0, withAliases: false) })
        object.setList("tags", model.tags.map(tag))
        object.setList(
            "aliases",
            model.aliases.map { ["alias": .string($0.name), "version": .string(String($0.version))] }
        )
        return .object(object)
    }

    /// A version; MLflow leaves its aliases out where many are listed.
    static func version(_ version: ModelVersion, withAliases: Bool = true) -> JSONValue {
        var object: JSONObject = [
            "name": .string(version.name),
            "version": .string(String(version.version)),
            "creation_timestamp": .integer(version.creationTime.milliseconds),
            "last_updated_timestamp": .integer(version.lastUpdateTime.milliseconds),
            "current_stage": .string(version.stage.rawValue),
            "description": .string(version.description),
            "source": .string(version.source),
            "run_id": .string(version.runID),
            "status": "READY",
            "run_link": .string(version.runLink),
        ]
        object.setList("tags", version.tags.map(tag))
        if withAliases { object.setList("aliases", version.aliases.map(JSONValue.string)) }
        return .object(object)
    }

    private static func tag(_ tag: ModelTag) -> JSONValue {
        ["key": .string(tag.key), "value": .string(tag.value)]
    }

    /// The tags that a request carries.
    static func tags(_ fields: MLflowFields) throws(MartletError) -> [ModelTag] {
        var tags: [ModelTag] = []
        for message in try fields.messages("tags") { tags.append(try tag(message)) }
        return tags
    }

    /// The tag that a request is.
    static func tag(_ fields: MLflowFields) throws(MartletError) -> ModelTag {
        ModelTag(key: try fields.string("key"), value: try fields.optionalString("value") ?? "")
    }

    /// The registered model that a request names.
    static func name(_ fields: MLflowFields) throws(MartletError) -> String {
        let name = try fields.string("name")
        try RegistryRules.checkName(name)
        return name
    }

    /// The version that a request names.
    static func version(_ fields: MLflowFields) throws(MartletError) -> Int {
        try RegistryRules.version(try fields.string("version"))
    }

    /// A page's size; an absent one is `fallback`.
    static func limit(_ fields: MLflowFields, default fallback: Int) throws(MartletError) -> Int {
        guard let limit = try fields.optionalInt64("max_results") else { return fallback }
        // What does not fit is past every limit and refused as such.
        return Int(exactly: limit) ?? .max
    }

    /// The token of the page before; the empty one is none.
    static func pageToken(_ fields: MLflowFields) throws(MartletError) -> String? {
        let token = try fields.optionalString("page_token")
        return token.flatMap { $0.isEmpty ? nil : $0 }
    }
}

extension JSONObject {
    /// Sets a list, or nothing if it is empty: MLflow leaves empty lists out.
    fileprivate mutating func setList(_ key: String, _ values: [JSONValue]) {
        if !values.isEmpty { self[key] = .array(values) }
    }

    /// The reply of a search: a list and the token of the next page, each only if there is one.
    init(_ key: String, _ values: [JSONValue], nextToken: String?) {
        self.init()
        setList(key, values)
        if let nextToken { self["next_page_token"] = .string(nextToken) }
    }
}
