import Artifacts
import Backups
package import Core
import Foundation

/// Hears how far a backup or restore is: what is being done, and how many files of it are done.
package typealias WorkProgress = @Sendable (_ stage: String, _ files: Int64) -> Void

/// `martlet backup`: copies the data of a server to a directory or a bucket, whether a server runs on it or not.
package struct BackupWork: Sendable {
    /// Where to: a directory or `s3://BUCKET/PREFIX`.
    package var destination: String
    /// Whether the keys go along.
    package var withKeys = false

    /// A backup to this place.
    package init(destination: String) {
        self.destination = destination
    }

    /// Makes the backup of the data that the settings name.
    ///
    /// A server on the same data goes on: SQLite and PostgreSQL let another process read one state of the database.
    package func run(
        settings: ServerSettings,
        clock: Clock = .system,
        onProgress: @escaping WorkProgress
    ) async throws -> JSONValue {
        let sources = try await BackupWiring.sources(settings, clock: clock)
        do {
            let outcome = try await run(sources, settings, clock) { onProgress($0.stage, $0.files) }
            await BackupWiring.close(sources)
            return outcome.json
        } catch {
            await BackupWiring.close(sources)
            throw error
        }
    }

    /// Makes a backup of these sources.
    func run(
        _ sources: [BackupSource],
        _ settings: ServerSettings,
        _ clock: Clock,
        _ onProgress: @escaping @Sendable (BackupProgress) -> Void
    ) async throws -> BackupOutcome {
        try refuseWithinArtifacts(settings)
        let place = try BackupWiring.place(destination, settings: settings, mustExist: false)
        if withKeys { try BackupWiring.refuseOpenPlace(destination) }
        let scratch = try Self.scratch(settings)
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        let outcome = try await BackupRun(
            place: place,
            sources: sources,
            keys: withKeys ? BackupWiring.keys(settings) : nil,
            scratch: scratch,
            clock: clock,
            onProgress: onProgress
        ).run()
        LastBackup(id: outcome.manifest.id, destination: destination, createdAt: outcome.manifest.createdAt)
            .write(to: settings.data)
        return outcome
    }

    /// A backup among the artifacts would hold itself, and the next one that one.
    private func refuseWithinArtifacts(_ settings: ServerSettings) throws(MartletError) {
        func normal(_ path: String) -> String {
            path.hasPrefix(S3Settings.locationScheme)
                ? path : URL(filePath: path).standardizedFileURL.resolvingSymlinksInPath().path(percentEncoded: false)
        }
        func folder(_ path: String) -> String { path.hasSuffix("/") ? path : "\(path)/" }
        guard !folder(normal(destination)).hasPrefix(folder(normal(settings.artifactsPath))) else {
            throw MartletError(
                .invalidArgument,
                "The place for backups must not lie within the artifacts; name another."
            )
        }
    }

    /// A directory for copies of databases, on the disk of the data.
    static func scratch(_ settings: ServerSettings) throws(MartletError) -> String {
        let manager = FileManager.default
        let base =
            manager.fileExists(atPath: settings.data)
            ? settings.data : manager.temporaryDirectory.path(percentEncoded: false)
        let path = "\(base)/backup-\(Identifier.random())"
        do {
            try manager.createDirectory(
                atPath: path,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw MartletError(
                .unavailable,
                "There is no room for the copy of a database in the data directory.",
                cause: error
            )
        }
        return path
    }
}

/// What the data directory remembers of the last backup, for `martlet upgrade --check`.
struct LastBackup: Sendable {
    let id: String
    let destination: String
    let createdAt: Timestamp

    private static let name = "last-backup.json"

    /// Remembers it; that it cannot be remembered spoils no backup.
    func write(to data: String) {
        let document: JSONValue = [
            "id": .string(id), "destination": .string(destination), "created_at": .integer(createdAt.milliseconds),
        ]
        try? Data(document.serialized()).write(to: URL(filePath: "\(data)/\(Self.name)"), options: .atomic)
    }

    /// The last backup; nil when none is known.
    static func read(from data: String) -> LastBackup? {
        guard let bytes = FileManager.default.contents(atPath: "\(data)/\(name)"),
            let document = try? JSONValue.parse(Array(bytes)), let id = document["id"]?.stringValue,
            let destination = document["destination"]?.stringValue,
            let createdAt = document["created_at"]?.integerValue
        else { return nil }
        return LastBackup(id: id, destination: destination, createdAt: Timestamp(milliseconds: createdAt))
    }
}
