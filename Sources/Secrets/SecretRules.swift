package import Core

/// What names and values of secrets may be.
package enum SecretRules {
    /// Checks a name: letters, digits, `-`, `_` and `.`, beginning with a letter or digit.
    ///
    /// - Throws: `invalidArgument`.
    package static func check(name: String) throws(MartletError) {
        let isName = name.utf8.enumerated().allSatisfy { position, byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
            case 0x2D, 0x2E, 0x5F: position > 0
            default: false
            }
        }
        guard isName, (1...SecretsLimits.nameCharacters).contains(name.utf8.count) else {
            throw MartletError(
                .invalidArgument,
                "A secret's name has 1 to \(SecretsLimits.nameCharacters) letters, digits, '-', '_' and '.', and begins with"
                    + " a letter or digit."
            )
        }
    }

    /// Checks a value: text of a bounded length without NUL, which no environment variable can hold.
    ///
    /// - Throws: `invalidArgument`, without a word of the value.
    package static func check(value: String) throws(MartletError) {
        let count = value.utf8.count
        guard count >= SecretsLimits.shortestValueBytes else {
            throw MartletError(
                .invalidArgument,
                "A secret's value has at least \(SecretsLimits.shortestValueBytes) bytes; a shorter one could not be hidden"
                    + " in logs."
            )
        }
        guard count <= SecretsLimits.valueBytes else {
            throw MartletError(
                .invalidArgument,
                "A secret's value has at most \(SecretsLimits.valueBytes) bytes, not \(count)."
            )
        }
        guard !value.utf8.contains(0) else {
            throw MartletError(.invalidArgument, "A secret's value must not hold NUL; encode binary data, as base64.")
        }
        guard value.utf8.contains(where: { $0 > 0x20 }) else {
            throw MartletError(.invalidArgument, "A secret's value must not be blank.")
        }
    }
}
