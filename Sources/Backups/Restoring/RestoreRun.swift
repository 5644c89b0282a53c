package import Artifacts
package import Core
import Storage

/// Restores the parts of a backup; every hash is checked before a byte counts as restored.
package struct RestoreRun: Sendable {
    private let place: BackupPlace
    private let manifest: BackupManifest
    private let onProgress: @Sendable (BackupProgress) -> Void

    /// A restore of one backup.
    package init(
        place: BackupPlace,
        manifest: BackupManifest,
        onProgress: @escaping @Sendable (BackupProgress) -> Void = { _ in }
    ) {
        self.place = place
        self.manifest = manifest
        self.onProgress = onProgress
    }

    /// Reads everything of the backup and checks it, without restoring anything.
    ///
    /// - Throws: `dataLoss` naming what is damaged or missing.
    package func verify() async throws -> RestoreTally {
        var tally = RestoreTally()
        for part in manifest.parts {
            onProgress(BackupProgress(stage: "checking the database of '\(part.name)'", files: 0))
            try await drain(part.database.file)
            tally.databases += 1
            guard let files = part.files else { continue }
            var count: Int64 = 0
            try await place.readList(files.list) { listed in
                do {
                    try await drain(listed.file)
                } catch {
                    throw Self.named(error, listed.path)
                }
                count += 1
                tally.bytes += listed.file.size
                onProgress(BackupProgress(stage: "checking the files of '\(part.name)'", files: count))
            }
            try Self.compare(count, files.count, part.name)
            tally.files += count
        }
        for key in manifest.keys ?? [] { try await drain(key.file) }
        return tally
    }

    private func drain(_ file: StoredFile) async throws {
        for try await _ in place.contents(of: file) {}
    }

    private static func named(_ error: any Error, _ path: ArtifactPath) -> any Error {
        guard let error = error as? MartletError, error.code == .dataLoss else { return error }
        return MartletError(.dataLoss, "The backup of the file '\(path)' is damaged. \(error.message)", cause: error)
    }

    private static func compare(_ count: Int64, _ expected: Int64, _ name: String) throws(MartletError) {
        guard count == expected else {
            throw MartletError(
                .dataLoss,
                "The list of the files of '\(name)' has \(count) files instead of \(expected)."
            )
        }
    }

    // MARK: - Restoring

    /// Restores the database of a part as it was when the backup was taken.
    package func restoreDatabase(of part: BackupManifest.Part, to target: RestoreTarget) async throws {
        onProgress(BackupProgress(stage: "restoring the database of '\(part.name)'", files: 0))
        switch (target, part.database.format) {
        case (.file(let path), .sqlite):
            try LocalFile.makeFolder(of: path)
            try await LocalFile.write(place.contents(of: part.database.file), to: path)
            try await Self.check(path, part)
        case (.postgres(let database), .rows):
            try await restoreRows(part.database.file, to: database)
        case (.postgres, .sqlite):
            throw MartletError(
                .failedPrecondition,
                "The backup of '\(part.name)' is an SQLite database; restore it without --database."
            )
        case (.file, .rows):
            throw MartletError(
                .failedPrecondition,
                "The backup of '\(part.name)' is a PostgreSQL database; name an empty one with --database postgres://…."
            )
        }
    }

    /// Restores an SQLite database as it was at a moment, from its shipped log.
    ///
    /// - Returns: the moment that was reached, the last at or before `time` of which there is a segment.
    package static func restoreLog(
        of name: String,
        from place: BackupPlace,
        to path: String,
        until time: Timestamp
    ) async throws -> Timestamp {
        try LocalFile.makeFolder(of: path)
        let reached = try await LogArchive(place: place, name: name).restore(to: path, until: time)
        try await check(path, nil)
        return reached
    }

    /// The migrations that the database of a shipped log had seen at a moment.
    package static func schema(ofLog name: String, in place: BackupPlace, until time: Timestamp) async throws
        -> [String]
    {
        try await LogArchive(place: place, name: name).generation(until: time).schema
    }

    private func restoreRows(_ file: StoredFile, to database: Database) async throws {
        let path = "\(LocalFile.temporaryDirectory)/martlet-restore-\(Identifier.random()).rows"
        defer { BackupRun.remove(path) }
        try await LocalFile.write(place.contents(of: file), to: path)
        try await database.importRows(from: path)
    }

    /// Opens the restored file and compares it with the manifest.
    private static func check(_ path: String, _ part: BackupManifest.Part?) async throws {
        let facts = try await DatabaseFacts.of(path)
        guard facts.problems.isEmpty else {
            throw MartletError(.dataLoss, "The restored database is damaged: \(facts.problems[0])")
        }
        guard let part else { return }
        for (table, count) in part.database.tables.pairs where facts.tables[table] != count {
            throw MartletError(.dataLoss, "The restored table '\(table)' has not as many rows as were backed up.")
        }
    }

    /// Restores the files of a part.
    package func restoreFiles(of part: BackupManifest.Part, to store: any ArtifactStore) async throws -> RestoreTally {
        var tally = RestoreTally()
        guard let files = part.files else { return tally }
        try await place.readList(files.list) { listed in
            do {
                try await store.write(
                    listed.path,
                    chunks: place.contents(of: listed.file),
                    expectedSHA256: listed.file.sha256
                )
            } catch {
                throw Self.named(error, listed.path)
            }
            tally.files += 1
            tally.bytes += listed.file.size
            onProgress(BackupProgress(stage: "restoring the files of '\(part.name)'", files: tally.files))
        }
        try Self.compare(tally.files, files.count, part.name)
        return tally
    }

    /// Adds the files that another backup has and this one has not.
    package func addFiles(of part: BackupManifest.Part, to store: any ArtifactStore) async throws -> Int64 {
        guard let files = part.files else { return 0 }
        var count: Int64 = 0
        try await place.readList(files.list) { listed in
            guard try await store.entry(listed.path) == nil else { return }
            try await store.write(
                listed.path,
                chunks: place.contents(of: listed.file),
                expectedSHA256: listed.file.sha256
            )
            count += 1
        }
        return count
    }

    /// Writes the keys of the backup to files of a directory.
    ///
    /// - Returns: their names; none when the backup has none.
    package func restoreKeys(to directory: String) async throws -> [String] {
        var names: [String] = []
        for key in manifest.keys ?? [] {
            let path = "\(directory)/\(key.name)"
            try LocalFile.makeFolder(of: path)
            try await LocalFile.write(place.contents(of: key.file), to: path)
            names.append(key.name)
        }
        return names
    }

}

/// What was restored or checked.
package struct RestoreTally: Sendable {
    /// Databases.
    package var databases = 0
    /// Files.
    package var files: Int64 = 0
    /// Their bytes.
    package var bytes: Int64 = 0

    /// Nothing yet.
    package init() {}
}
