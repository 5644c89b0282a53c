import Artifacts
package import Core

extension BackupPlace {
    private static let folder = "backups"

    /// Writes the manifest of a backup that is complete.
    func write(_ manifest: BackupManifest) async throws {
        let bytes = SealedDocument.bytes(manifest.json)
        guard bytes.count <= BackupsLimits.manifestBytes else {
            throw MartletError(
                .resourceExhausted,
                "The manifest has \(bytes.count) bytes; at most \(BackupsLimits.manifestBytes) are allowed."
            )
        }
        try await store.write(try ArtifactPath(validating: "\(Self.folder)/\(manifest.id).json"), bytes: bytes)
    }

    /// The names of the backups that are complete, the oldest first.
    package func backups() async throws -> [String] {
        var names: [String] = []
        try await store.walk(ArtifactPath(validating: Self.folder)) { entry in
            guard entry.path.name.hasSuffix(".json") else { return }
            let name = String(entry.path.name.dropLast(".json".count))
            if BackupManifest.isID(name) { names.append(name) }
        }
        return Array(names.sorted().suffix(BackupsLimits.listedBackups))
    }

    /// The manifest of a backup.
    ///
    /// - Throws: `notFound` when there is no such backup, `dataLoss` when its manifest is damaged.
    package func manifest(_ id: String) async throws -> BackupManifest {
        guard BackupManifest.isID(id) else {
            throw MartletError(.invalidArgument, "'\(id.prefix(80))' is no backup's name; list them with --list.")
        }
        let bytes: [UInt8]
        do {
            bytes = try await store.readAll(
                try ArtifactPath(validating: "\(Self.folder)/\(id).json"),
                limit: BackupsLimits.manifestBytes
            )
        } catch let error as MartletError where error.code == .notFound {
            throw MartletError(.notFound, "There is no backup '\(id)'; list them with --list.", cause: error)
        }
        let content = try SealedDocument.content(bytes, name: "\(id).json")
        let manifest = try BackupManifest(content)
        guard manifest.id == id else {
            throw MartletError(.dataLoss, "The manifest '\(id)' is the one of the backup '\(manifest.id)'.")
        }
        return manifest
    }

    /// The newest backup, or the newest until a moment; nil when there is none.
    package func newest(until time: Timestamp? = nil) async throws -> BackupManifest? {
        for id in try await backups().reversed() {
            let manifest = try await manifest(id)
            if manifest.createdAt <= time ?? manifest.createdAt { return manifest }
        }
        return nil
    }

    /// The oldest backup that was taken after a moment; nil when there is none.
    package func oldest(after time: Timestamp) async throws -> BackupManifest? {
        var found: BackupManifest?
        for id in try await backups().reversed() {
            let manifest = try await manifest(id)
            guard manifest.createdAt > time else { break }
            found = manifest
        }
        return found
    }

    /// The names of the databases whose logs are shipped here.
    package func logs() async throws -> [String] {
        try await store.list(ArtifactPath(validating: "wal")).filter(\.isDirectory).map(\.path.name)
            .filter(BackupSource.isName)
    }
}
