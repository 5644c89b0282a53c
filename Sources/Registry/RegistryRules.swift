import Core

/// What names, aliases, versions and tags may be.
enum RegistryRules {
    /// Checks the name of a registered model.
    static func checkName(_ name: String) throws(MartletError) {
        guard !name.allSatisfy(\.isWhitespace) else {
            throw MartletError(.invalidArgument, "Registered model name cannot be empty.")
        }
        guard name.count <= RegistryLimits.nameCharacters else {
            throw MartletError(
                .invalidArgument,
                "Registered model name has \(name.count) characters; at most \(RegistryLimits.nameCharacters) are allowed."
            )
        }
        let isPlain = !name.contains {
            "/:\\".contains($0) || $0.isNewline || $0.unicodeScalars.contains { $0.value < 32 }
        }
        guard isPlain, name != ".", name != ".." else {
            throw MartletError(
                .invalidArgument,
                "Invalid name: '\(name)'. Registered model name cannot contain '/' or ':' or control characters, and "
                    + "cannot be '.' or '..'."
            )
        }
    }

    /// Checks an alias that is to be set: letters, digits, `_` and `-`; `latest` and `v1` mean something already.
    static func checkAlias(_ alias: String) throws(MartletError) {
        let isWord = alias.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" }
        guard isWord, (1...RegistryLimits.aliasCharacters).contains(alias.count) else {
            throw MartletError(
                .invalidArgument,
                "Invalid alias name: '\(alias.prefix(80))'. It must have 1 to \(RegistryLimits.aliasCharacters) letters, "
                    + "digits, '_' or '-'."
            )
        }
        let lower = alias.lowercased()
        let isVersion = lower.first == "v" && lower.count > 1 && lower.dropFirst().allSatisfy(\.isNumber)
        guard lower != "latest", !isVersion else {
            throw MartletError(
                .invalidArgument,
                "'\(alias)' alias name is reserved: 'latest' is the highest version, 'v<number>' looks like a version."
            )
        }
    }

    /// Reads a version from text.
    static func version(_ text: String) throws(MartletError) -> Int {
        guard let version = Int(text), version > 0, text.utf8.allSatisfy({ (48...57).contains($0) }) else {
            throw MartletError(
                .invalidArgument,
                "Parameter 'version' must be a positive integer, got '\(text.prefix(40))'."
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
            guard !tag.key.isEmpty, tag.key.count <= RegistryLimits.tagKeyCharacters else {
                throw MartletError(
                    .invalidArgument,
                    "Invalid tag key '\(tag.key.prefix(60))' for parameter 'key': it must have 1 to "
                        + "\(RegistryLimits.tagKeyCharacters) characters."
                )
            }
            guard tag.value.count <= RegistryLimits.tagValueCharacters else {
                throw MartletError(
                    .invalidArgument,
                    "The value of tag '\(tag.key)' exceeds the maximum length of \(RegistryLimits.tagValueCharacters) "
                        + "characters."
                )
            }
        }
    }

    /// Checks a description.
    static func checkDescription(_ description: String) throws(MartletError) {
        guard description.count <= RegistryLimits.descriptionCharacters else {
            throw MartletError(
                .invalidArgument,
                "'description' exceeds the maximum length of \(RegistryLimits.descriptionCharacters) characters."
            )
        }
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
}
