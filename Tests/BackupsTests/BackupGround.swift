import Artifacts
import Backups
import Core
import Foundation
import Storage
import Testing

/// A database, files and a place for backups in a directory of their own, removed at the end.
final class BackupGround: Sendable {
    let directory: String
    let database: Database
    let artifacts: DiskArtifactStore
    let placeRoot: String

    static let migrations = [
        Migration(id: "test-0001", statements: ["CREATE TABLE notes (id BIGINT PRIMARY KEY, text TEXT NOT NULL)"])
    ]

    init() async throws {
        let base = FileManager.default.temporaryDirectory.path(percentEncoded: false)
        directory = "\(base)/martlet-backups-\(Identifier.random())"
        placeRoot = "\(directory)/place"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        database = try Database.open(path: "\(directory)/martlet.db")
        artifacts = try DiskArtifactStore(root: "\(directory)/artifacts")
        try await database.migrate(Self.migrations)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: directory)
    }

    /// The place, opened anew as another process would.
    func place() throws -> BackupPlace {
        BackupPlace(store: try DiskArtifactStore(root: placeRoot))
    }

    func source(_ name: String = "default") throws -> BackupSource {
        try BackupSource(name: name, database: database, artifacts: artifacts)
    }

    func write(_ id: Int64, _ text: String) async throws {
        try await database.write { connection in
            try connection.execute("INSERT INTO notes (id, text) VALUES (?, ?)", [.integer(id), .text(text)])
        }
    }

    func upload(_ path: String, _ text: String) async throws {
        try await artifacts.write(ArtifactPath(validating: path), bytes: Array(text.utf8))
    }

    func backUp(keys: [BackupKey]? = nil) async throws -> BackupOutcome {
        try await BackupRun(place: try place(), sources: [try source()], keys: keys, scratch: directory).run()
    }

    /// Where a database is restored to.
    func target() -> String {
        "\(directory)/restored-\(Identifier.random()).db"
    }

    /// The ids of the notes in a database's file.
    static func notes(_ path: String) async throws -> [Int64] {
        let database = try Database.open(path: path)
        let ids = try await database.read { try $0.query("SELECT id FROM notes ORDER BY id").map { try $0.int("id") } }
        try await database.close()
        return ids
    }

    /// The files below a folder of the place, by path.
    func files(_ folder: String) -> [String] {
        let found = FileManager.default.enumerator(atPath: "\(placeRoot)/\(folder)")?.allObjects as? [String] ?? []
        return found.map { "\(placeRoot)/\(folder)/\($0)" }.filter { path in
            var isDirectory: ObjCBool = false
            return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && !isDirectory.boolValue
        }.sorted()
    }

    /// Changes one byte of a file.
    static func damage(_ path: String) throws {
        var bytes = try Data(contentsOf: URL(filePath: path))
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: URL(filePath: path))
    }
}
