import Artifacts
package import Core

/// What one backup consists of, written when everything else is there.
package struct BackupManifest: Sendable, Equatable {
    /// The copy of a database.
    package struct DatabaseCopy: Sendable, Equatable {
        /// How it is kept.
        package enum Format: String, Sendable {
            /// The file of an SQLite database.
            case sqlite
            /// The rows of a PostgreSQL schema, in Martlet's own form.
            case rows
        }

        /// How it is kept.
        package let format: Format
        /// The file.
        package let file: StoredFile
        /// The migrations that had been applied.
        package let schema: [String]
        /// Rows of each table.
        package let tables: JSONObject
    }

    /// The files of a source.
    package struct Files: Sendable, Equatable {
        /// How many.
        package let count: Int64
        /// Their bytes.
        package let bytes: Int64
        /// The list of them, a JSON document a line.
        package let list: StoredFile
        /// Some of the files that were there when the copy began and went before they were copied.
        package let missing: [String]
        /// How many of those there were.
        package let missingCount: Int64
    }

    /// A part of the backup.
    package struct Part: Sendable, Equatable {
        /// The source's name.
        package let name: String
        /// Its database.
        package let database: DatabaseCopy
        /// Its files; nil when it has no store.
        package let files: Files?
    }

    /// A key's file.
    package struct Key: Sendable, Equatable {
        /// Its name.
        package let name: String
        /// Its bytes.
        package let file: StoredFile
    }

    /// The name of the backup, which sorts by time: `20261121T214500123Z-1f0c9a3e`.
    package let id: String
    /// When the first database was copied.
    package let createdAt: Timestamp
    /// The version of the product that made it.
    package let version: String
    /// What it holds.
    package let parts: [Part]
    /// The keys; nil when they were left out.
    package let keys: [Key]?

    /// A name for a backup of this moment.
    static func newID(_ now: Timestamp) -> String {
        let time = now.iso8601.prefix { $0 != "." }.filter { $0 != "-" && $0 != ":" }
        // Two backups of one second sort by time, too.
        let thousandths = String(now.milliseconds % 1000 + 1000).dropFirst()
        return "\(time)\(thousandths)Z-\(Identifier.random().prefix(8))"
    }

    /// Whether a text can be a backup's name.
    package static func isID(_ text: String) -> Bool {
        (1...BackupsLimits.nameCharacters).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (48...57).contains(byte) || (97...122).contains(byte) || (65...90).contains(byte)
                    || byte == UInt8(ascii: "-")
            }
    }
}

extension BackupManifest {
    private static let format: Int64 = 1

    /// The manifest for programs.
    package var json: JSONObject {
        [
            "format": .integer(Self.format), "id": .string(id), "created_at": .integer(createdAt.milliseconds),
            "product_version": .string(version), "parts": .array(parts.map { .object($0.json) }),
            "keys": keys.map { keys in .array(keys.map { .object($0.json) }) } ?? .null,
        ]
    }

    /// Reads a manifest.
    ///
    /// - Throws: `failedPrecondition` for one of a newer format, `invalidArgument` naming what is wrong.
    init(_ fields: JSONFields) throws(MartletError) {
        let format = try fields.int("format")
        guard format == Self.format else {
            throw MartletError(
                .failedPrecondition,
                "The backup has format \(format), which this version of martlet does not know; use a newer one."
            )
        }
        id = try fields.string("id")
        createdAt = Timestamp(milliseconds: try fields.int("created_at"))
        version = try fields.string("product_version")
        var parts: [Part] = []
        for (position, part) in try fields.array("parts").enumerated() {
            parts.append(try Part(JSONFields(part, path: "parts[\(position)]")))
        }
        self.parts = parts
        var keys: [Key]?
        if let listed = try fields.optionalArray("keys") {
            var read: [Key] = []
            for key in listed { read.append(try Key(JSONFields(key, path: "keys"))) }
            keys = read
        }
        self.keys = keys
    }
}

extension BackupManifest.Part {
    var json: JSONObject {
        var object: JSONObject = ["name": .string(name), "database": .object(database.json)]
        object["files"] = files.map { .object($0.json) }
        return object
    }

    init(_ fields: JSONFields) throws(MartletError) {
        name = try fields.string("name")
        guard BackupSource.isName(name) else { throw fields.invalid("name", "must be a plain word") }
        database = try .init(JSONFields(fields.value("database") ?? .null, path: fields.path(of: "database")))
        var files: BackupManifest.Files?
        if let value = fields.value("files") {
            files = try .init(JSONFields(value, path: fields.path(of: "files")))
        }
        self.files = files
    }
}

extension BackupManifest.DatabaseCopy {
    var json: JSONObject {
        [
            "format": .string(format.rawValue), "file": .object(file.members),
            "schema": .array(schema.map(JSONValue.string)), "tables": .object(tables),
        ]
    }

    init(_ fields: JSONFields) throws(MartletError) {
        guard let format = Format(rawValue: try fields.string("format")) else {
            throw fields.invalid("format", "must be 'sqlite' or 'rows'")
        }
        self.format = format
        file = try StoredFile(JSONFields(fields.value("file") ?? .null, path: fields.path(of: "file")))
        schema = try fields.strings("schema")
        tables = fields.value("tables")?.objectValue ?? [:]
    }
}

extension BackupManifest.Files {
    var json: JSONObject {
        [
            "count": .integer(count), "bytes": .integer(bytes), "list": .object(list.members),
            "missing": .array(missing.map(JSONValue.string)), "missing_count": .integer(missingCount),
        ]
    }

    init(_ fields: JSONFields) throws(MartletError) {
        count = try fields.int("count", in: 0 ... .max)
        bytes = try fields.int("bytes", in: 0 ... .max)
        list = try StoredFile(JSONFields(fields.value("list") ?? .null, path: fields.path(of: "list")))
        missing = try fields.strings("missing")
        missingCount = try fields.int("missing_count", in: 0 ... .max)
    }
}

extension BackupManifest.Key {
    var json: JSONObject {
        ["name": .string(name), "file": .object(file.members)]
    }

    init(_ fields: JSONFields) throws(MartletError) {
        name = try fields.string("name")
        guard (try? ArtifactPath(validating: name)) != nil else {
            throw fields.invalid("name", "must be the path of a file")
        }
        file = try StoredFile(JSONFields(fields.value("file") ?? .null, path: fields.path(of: "file")))
    }
}
