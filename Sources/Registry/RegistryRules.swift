import Core

/// What names, aliases, versions and tags may be; the texts are MLflow's, which its clients and tests match on.
enum RegistryRules {
    /// Checks the name of a registered model; `field` is the field that carries it.
    static func checkName(_ name: String, field: String = "name") throws(MartletError) {
        guard !name.allSatisfy(\.isWhitespace) else {
            throw MartletError(.invalidArgument, "Missing value for required parameter '\(field)'.")
        }
        guard !name.contains(where: { "/:".contains($0) }) else {
            throw MartletError(
                .invalidArgument,
                "Invalid model name '\(name.prefix(300))'. Names cannot contain '/' or ':'."
            )
        }
        guard !name.hasPrefix(".."), name != "." else { throw badPath(name, field: field, resolved: name) }
        guard !name.unicodeScalars.contains(where: { $0.value < 32 || $0.value == 127 }) else {
            throw invalid(name, field: field, "Names cannot contain control characters.")
        }
        try checkLength(name, field: field, limit: RegistryLimits.nameCharacters)
    }

    /// Checks an alias that is asked for: letters, digits, `_` and `-`.
    static func checkAlias(_ alias: String) throws(MartletError) {
        guard !alias.isEmpty else {
            throw MartletError(.invalidArgument, "Registered model alias name cannot be empty.")
        }
        guard alias.unicodeScalars.allSatisfy(isWord) else {
            throw MartletError(
                .invalidArgument,
                "Invalid alias name: '\(alias.prefix(300))'. Names may only contain alphanumerics, underscores (_), and "
                    + "dashes (-)."
            )
        }
        try checkLength(alias, field: "Registered model alias name", limit: RegistryLimits.aliasCharacters)
    }

    /// Checks an alias that is to be set: `latest` and `v1` mean something already.
    static func checkNewAlias(_ alias: String) throws(MartletError) {
        try checkAlias(alias)
        guard alias.lowercased() != "latest" else {
            throw MartletError(.invalidArgument, "'latest' alias name (case insensitive) is reserved.")
        }
        let isVersion =
            "vV".contains(alias.first ?? " ") && alias.count > 1 && alias.dropFirst().allSatisfy(\.isNumber)
        guard !isVersion else {
            throw MartletError(.invalidArgument, "Version alias name '\(alias)' is reserved.")
        }
    }

    /// Reads a version from text; there need not be one of that number.
    static func version(_ text: String) throws(MartletError) -> Int {
        guard let version = Int(text) else {
            throw MartletError(
                .invalidArgument,
                "Parameter 'version' must be an integer, got '\(text.prefix(40))'."
            )
        }
        return version
    }

    /// Checks tags.
    static func checkTags(_ tags: [ModelTag]) throws(MartletError) {
        guard tags.count <= RegistryLimits.tags else {
            throw MartletError(.invalidArgument, "At most \(RegistryLimits.tags) tags can be set at once.")
        }
        for tag in tags {
            try checkTagKey(tag.key)
            if tag.key == RegistryStore.promptTextTag,
                tag.value.unicodeScalars.count > RegistryLimits.tagValueCharacters
            {
                throw MartletError(
                    .invalidArgument,
                    "Prompt text exceeds max length of \(RegistryLimits.tagValueCharacters) characters."
                )
            }
            try checkLength(tag.value, field: "value", limit: RegistryLimits.tagValueCharacters)
        }
    }

    /// Checks the key of a tag.
    static func checkTagKey(_ key: String) throws(MartletError) {
        guard key.unicodeScalars.allSatisfy({ isWord($0) || "/. :".unicodeScalars.contains($0) }) else {
            throw invalid(
                key,
                field: "key",
                "Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) "
                    + "and slashes (/)."
            )
        }
        let resolved = normalised(key)
        guard resolved == key, key != ".", !key.hasPrefix(".."), !key.hasPrefix("/") else {
            throw badPath(key, field: "key", resolved: resolved)
        }
        try checkLength(key, field: "key", limit: RegistryLimits.tagKeyCharacters)
    }

    /// Checks a description.
    static func checkDescription(_ description: String) throws(MartletError) {
        try checkLength(description, field: "description", limit: RegistryLimits.descriptionCharacters)
    }

    /// Reads a stage, whatever its case.
    static func stage(_ text: String) throws(MartletError) -> ModelVersion.Stage {
        guard let stage = ModelVersion.Stage.allCases.first(where: { $0.rawValue.lowercased() == text.lowercased() })
        else {
            throw MartletError(
                .invalidArgument,
                "Invalid Model Version stage: \(text.prefix(40)). Value must be one of "
                    + ModelVersion.Stage.allCases.map(\.rawValue).joined(separator: ", ") + "."
            )
        }
        return stage
    }

    private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isAlphabetic || scalar.properties.numericType != nil || scalar == "_" || scalar == "-"
    }

    private static func checkLength(_ text: String, field: String, limit: Int) throws(MartletError) {
        guard text.unicodeScalars.count <= limit else {
            throw MartletError(.invalidArgument, "'\(field)' exceeds the maximum length of \(limit) characters")
        }
    }

    private static func badPath(_ name: String, field: String, resolved: String) -> MartletError {
        invalid(
            name,
            field: field,
            "Names may be treated as files in certain cases, and must not resolve to other names when treated as such. "
                + "This name would resolve to '\(resolved.prefix(100))'"
        )
    }

    private static func invalid(_ value: String, field: String, _ reason: String) -> MartletError {
        MartletError(
            .invalidArgument,
            "Invalid value \(JSONValue.string(String(value.prefix(100)))) for parameter '\(field)' supplied: \(reason)"
        )
    }

    /// The path that a name would be read as (`.` for the empty one, no empty or `.` component, `a/..` taken out).
    private static func normalised(_ path: String) -> String {
        var names: [Substring] = []
        for name in path.split(separator: "/") where name != "." {
            if name == "..", let last = names.last, last != ".." {
                names.removeLast()
            } else if name != ".." || !path.hasPrefix("/") {
                names.append(name)
            }
        }
        let joined = (path.hasPrefix("/") ? "/" : "") + names.joined(separator: "/")
        return joined.isEmpty ? "." : joined
    }
}
