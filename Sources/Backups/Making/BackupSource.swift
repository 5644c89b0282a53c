package import Artifacts
package import Core
package import Storage

/// What is backed up under one name: a workspace of a server, or its accounts.
package struct BackupSource: Sendable {
    /// Its name, such as `default`; what it is restored as.
    package let name: String
    /// Its database.
    package let database: Database
    /// Its files; nil when it has none.
    package let artifacts: (any ArtifactStore)?

    /// A source.
    ///
    /// - Throws: `invalidArgument` for a name that is no plain word.
    package init(name: String, database: Database, artifacts: (any ArtifactStore)?) throws(MartletError) {
        guard Self.isName(name) else {
            throw MartletError(.invalidArgument, "'\(name.prefix(80))' cannot be the name of a part of a backup.")
        }
        self.name = name
        self.database = database
        self.artifacts = artifacts
    }

    /// Whether a text can be a name: lower-case letters, digits, hyphens and underscores.
    package static func isName(_ text: String) -> Bool {
        (1...BackupsLimits.nameCharacters).contains(text.utf8.count) && !text.hasPrefix("-")
            && text.utf8.allSatisfy { byte in
                (48...57).contains(byte) || (97...122).contains(byte) || byte == UInt8(ascii: "-")
                    || byte == UInt8(ascii: "_")
            }
    }
}

/// A key that encrypts what lies in a database; it is backed up only when asked for.
package struct BackupKey: Sendable {
    /// Its path in the data directory, such as `webhook.key`.
    package let name: String
    /// Where the file is.
    package let path: String

    /// A key's file.
    package init(name: String, path: String) {
        self.name = name
        self.path = path
    }
}
