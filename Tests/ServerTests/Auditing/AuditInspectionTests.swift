import Access
import Core
import Foundation
import Server
import Storage
import Testing

/// Verifying a data directory that no server uses.
@Suite struct AuditInspectionTests {
    private let path = FileManager.default.temporaryDirectory.appendingPathComponent(
        "martlet-audit-\(UUID().uuidString)"
    )
    .path

    private func settings() throws -> ServerSettings {
        var flags = ServerSettings.Flags()
        flags.data = path
        return try ServerSettings.resolve(flags: flags, environment: [:], file: nil)
    }

    /// A database with so many records.
    private func make(_ file: String, name: String, records: Int) async throws {
        let folder = URL(filePath: "\(path)/\(file)").deletingLastPathComponent()
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let database = try Database.open(path: "\(path)/\(file)")
        try await database.migrate(AuditLog.migrations)
        let log = AuditLog(database: database, name: name)
        let entry = AuditEntry(time: Clock.system.now, actor: "alice", workspace: name, action: "POST /x")
        try await log.append(Array(repeating: entry, count: records))
        try await database.close()
    }

    @Test func everyLogOfADataDirectoryIsWalked() async throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        await #expect(throws: MartletError.self) { try await AuditInspection.run(settings: settings(), anchors: [:]) }
        try await make("martlet.db", name: "default", records: 3)
        try await make("access.db", name: AuditLog.server, records: 1)
        try await make("workspaces/team/martlet.db", name: "team", records: 2)
        let walks = try await AuditInspection.run(settings: settings(), anchors: [:])
        #expect(walks.map(\.name) == [AuditLog.server, "default", "team"])
        #expect(walks.map(\.verifier.count) == [1, 3, 2])
        #expect(walks.allSatisfy { $0.verifier.fault == nil })
        let database = try Database.open(path: "\(path)/workspaces/team/martlet.db")
        try await database.write { connection in
            try connection.execute("DROP TRIGGER audit_records_no_delete")
            try connection.execute("DELETE FROM audit_records WHERE sequence = 2")
        }
        try await database.close()
        let anchors = ["team": [walks[2].verifier.head]]
        let cut = try await AuditInspection.run(settings: settings(), anchors: anchors)
        #expect(cut[2].verifier.fault?.sequence == 2)
        #expect(cut[1].verifier.fault == nil)
        // A whole log that is gone is missed as well.
        try FileManager.default.removeItem(atPath: "\(path)/workspaces")
        await #expect(throws: MartletError.self) {
            try await AuditInspection.run(settings: settings(), anchors: anchors)
        }
    }

    @Test func aRunningServersDirectoryIsLeftAlone() async throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await make("martlet.db", name: "default", records: 1)
        let lock = try DataDirectory.lock(path: path)
        defer { lock.unlock() }
        let refused = await #expect(throws: MartletError.self) {
            try await AuditInspection.run(settings: settings(), anchors: [:])
        }
        #expect(refused?.code == .failedPrecondition)
    }
}
