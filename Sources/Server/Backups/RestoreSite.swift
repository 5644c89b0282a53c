import Artifacts
import Backups
import Core
import Foundation
import HTTPSupport
import Storage
import Synchronization

/// The place that a restore builds in, beside the one that it is for; nothing is there under its own name before
/// everything is.
final class RestoreSite: Sendable {
    private struct Move {
        let from: String
        let to: String
    }

    /// The data directory as it is built.
    let data: String
    private let wanted: ServerSettings
    private let building: ServerSettings
    private let mark: String
    private let moves = Mutex<[Move]>([])

    /// Prepares a restore to the places that the settings name.
    ///
    /// - Throws: `failedPrecondition` when one of them holds something.
    init(_ settings: ServerSettings) async throws {
        wanted = settings
        mark = "restoring-\(Identifier.random().prefix(8))"
        data = "\(Self.trimmed(settings.data)).\(mark)"
        try Self.refuse(settings.data, "data directory", "--data")
        if settings.database != nil, settings.postgresURL == nil {
            try Self.refuse(settings.databasePath, "database file", "--database")
        }
        if let artifacts = settings.artifacts {
            if artifacts.hasPrefix(S3Settings.locationScheme) {
                let store = try BackupWiring.place(artifacts, settings: settings, mustExist: false).store
                guard try await store.list(.root).isEmpty else { throw Self.occupied(artifacts, "--artifacts") }
            } else {
                try Self.refuse(artifacts, "directory of artifacts", "--artifacts")
            }
        }
        var building = settings
        building.data = data
        if settings.postgresURL == nil, settings.database != nil {
            building.database = "sqlite:\(settings.databasePath).\(mark)"
        }
        if let artifacts = settings.artifacts, !artifacts.hasPrefix(S3Settings.locationScheme) {
            building.artifacts = "\(Self.trimmed(artifacts)).\(mark)"
        }
        self.building = building
        do {
            try FileManager.default.createDirectory(
                atPath: data,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw MartletError(
                .unavailable,
                "The data directory cannot be made; choose another with --data.",
                cause: error
            )
        }
    }

    private static func trimmed(_ path: String) -> String {
        path.count > 1 && path.hasSuffix("/") ? trimmed(String(path.dropLast())) : path
    }

    private static func occupied(_ place: String, _ option: String) -> MartletError {
        MartletError(
            .failedPrecondition,
            "'\(place)' holds something already, and a restore overwrites nothing; choose another with \(option)."
        )
    }

    private static func refuse(_ path: String, _ what: String, _ option: String) throws(MartletError) {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else { return }
        guard isDirectory.boolValue, let names = try? FileManager.default.contentsOfDirectory(atPath: path),
            names.isEmpty
        else { throw occupied(path, option) }
    }

    /// The store that the files of a part are restored to.
    func artifacts(of part: String) async throws -> any ArtifactStore {
        let (site, final) = (try Site.settings(of: part, building), try Site.settings(of: part, wanted))
        let store = try ArtifactWiring.store(settings: site)
        if site.artifacts != nil, site.artifactsPath != final.artifactsPath {
            note(site.artifactsPath, final.artifactsPath)
        }
        return store
    }

    /// Gives `body` the place of a part's database.
    func withDatabase(of part: String, _ body: (RestoreTarget) async throws -> Void) async throws {
        guard wanted.postgresURL == nil else {
            let database = try await BackupWiring.open(part, wanted)
            do {
                try await body(.postgres(database))
            } catch {
                try? await database.close()
                throw error
            }
            return try await database.close()
        }
        let path = try BackupWiring.path(of: part, building)
        try await body(.file(path))
        let final = try BackupWiring.path(of: part, wanted)
        if !path.hasPrefix("\(data)/") { note(path, final) }
    }

    private func note(_ from: String, _ to: String) {
        moves.withLock { moves in
            if !moves.contains(where: { $0.from == from }) { moves.append(Move(from: from, to: to)) }
        }
    }

    /// Gives everything its name, the data directory last.
    func putInPlace() throws(MartletError) {
        let all = moves.withLock { $0 } + [Move(from: data, to: Self.trimmed(wanted.data))]
        for move in all {
            // An empty directory gives way to the new one; a file that has come meanwhile does not.
            var isDirectory: ObjCBool = false
            let isThere = FileManager.default.fileExists(atPath: move.to, isDirectory: &isDirectory)
            guard !isThere || isDirectory.boolValue, rename(move.from, move.to) == 0 else {
                throw MartletError(
                    .failedPrecondition,
                    "'\(move.to)' could not be put in place (system error \(errno)); it must be free or an empty directory."
                )
            }
            Self.synchronize(URL(filePath: move.to).deletingLastPathComponent().path(percentEncoded: false))
        }
    }

    private static func synchronize(_ directory: String) {
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    /// Removes what was built.
    func remove() {
        for path in moves.withLock({ $0.map(\.from) }) + [data] { try? FileManager.default.removeItem(atPath: path) }
    }
}
