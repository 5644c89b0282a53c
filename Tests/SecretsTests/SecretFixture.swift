import Core
import Foundation
import Secrets
import Storage
import TestSupport

/// A directory for key files, gone with the value.
final class KeyDirectory: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/martlet-secrets-\(Identifier.random())"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    var file: String { path + "/secret.key" }

    var text: String { (try? String(contentsOfFile: file, encoding: .utf8)) ?? "" }

    /// The keys in the file, without its comment.
    var lines: [String] { text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map(String.init) }

    func mode(_ mode: Int) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
    }
}

/// A store over a database of its own.
struct SecretFixture {
    let database: Database
    let keys: KeyDirectory
    let clock = ManualClock()

    init() async throws {
        database = try await TestDatabase.current.open()
        keys = try KeyDirectory()
        try await database.migrate(SecretStore.migrations)
    }

    /// A store as a new process would have it.
    func store(
        _ source: KeySource? = nil,
        workspace: String = "default",
        companions: [SecretStore.Companion] = []
    ) -> SecretStore {
        SecretStore(
            database: database,
            keyring: Keyring(source: source ?? .file(keys.file)),
            workspace: workspace,
            clock: clock.clock,
            companions: companions
        )
    }

    /// Every text in the table.
    func contents() async throws -> String {
        let rows = try await database.read { connection in
            try connection.query("SELECT * FROM secrets").map { row in
                try ["name", "envelope", "key_id", "created_by"].map { try row.text($0) }.joined(separator: " ")
            }
        }
        return rows.joined(separator: "\n")
    }
}

/// A key in base64 whose bytes are all the same.
func key(_ byte: UInt8) -> String {
    Data(repeating: byte, count: 32).base64EncodedString()
}

/// Why an operation failed; nil when it failed with this code and a message that holds these words.
func failure(_ code: MartletError.Code, _ words: String..., of body: () async throws -> Void) async -> String? {
    do {
        try await body()
        return "it did not fail"
    } catch let error as MartletError {
        guard error.code == code else { return "\(error)" }
        let missing = words.filter { !error.message.contains($0) }
        return missing.isEmpty ? nil : "'\(error.message)' lacks \(missing)"
    } catch {
        return "\(error)"
    }
}
