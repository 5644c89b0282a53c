import Core
import Dispatch
import Foundation
import Storage
import Synchronization
import TestSupport
import Testing

/// What goes wrong between Martlet and PostgreSQL, and that it goes on afterwards.
@Suite struct PostgresFaultTests {
    private static let table = Migration(id: "fault-0001", statements: ["CREATE TABLE item (id BIGINT PRIMARY KEY)"])

    private func open() async throws -> (database: Database, name: String) {
        let name = "martlet-\(Identifier.random().prefix(12))"
        let fresh = try await TestDatabase.freshSchema()
        let database = try Database.open(postgres: "\(fresh.url)&application_name=\(name)")
        try await database.migrate([Self.table])
        return (database, name)
    }

    /// Cuts every connection of the database, as a restart of the server does.
    private func cut(_ name: String) async throws {
        try await TestDatabase.administer(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '\(name)'"
        )
    }

    @Test func aReadAfterTheConnectionsWereLostSucceeds() async throws {
        let (database, name) = try await open()
        try await database.write { try $0.execute("INSERT INTO item (id) VALUES (1)") }
        try await cut(name)
        for _ in 0..<3 {
            #expect(try await database.read { try $0.query("SELECT id FROM item").count } == 1)
        }
    }

    @Test func aWriteAfterTheConnectionWasLostSucceeds() async throws {
        let (database, name) = try await open()
        try await database.write { try $0.execute("INSERT INTO item (id) VALUES (1)") }
        try await cut(name)
        try await database.write { try $0.execute("INSERT INTO item (id) VALUES (2)") }
        #expect(try await database.read { try $0.query("SELECT id FROM item").count } == 2)
    }

    @Test func aWriteThatLosesItsConnectionSaysThatNothingIsStored() async throws {
        let (database, name) = try await open()
        let (entered, gate) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        async let outcome = failure {
            try await database.write { connection in
                try connection.execute("INSERT INTO item (id) VALUES (1)")
                entered.signal()
                gate.wait()
                try connection.execute("INSERT INTO item (id) VALUES (2)")
            }
        }
        try await BlockingWork.run { entered.wait() }
        async let waiting = failure {
            _ = try await database.write { try $0.execute("INSERT INTO item (id) VALUES (3)") }
        }
        try await cut(name)
        gate.signal()
        let error = await outcome
        #expect(error?.code == .unavailable)
        #expect(error?.message.contains("nothing was stored") == true)
        // The write that waited has not run in the lost transaction, and is made in the next.
        #expect(await waiting == nil)
        let ids = try await database.read { try $0.query("SELECT id FROM item").map { try $0.int("id") } }
        #expect(ids == [3])
    }

    @Test func aWriteThatEndsItselfWithoutItsConnectionIsNotAcknowledged() async throws {
        let (database, name) = try await open()
        let (entered, gate) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        async let outcome = failure {
            try await database.write { connection in
                try connection.execute("INSERT INTO item (id) VALUES (1)")
                entered.signal()
                gate.wait()
            }
        }
        try await BlockingWork.run { entered.wait() }
        try await cut(name)
        gate.signal()
        let error = await outcome
        #expect(error?.code == .unavailable)
        // The loss is found when the commit is sent: then the message must not promise that nothing was stored.
        #expect(error?.message.contains("may or may not") == true)
        #expect(try await database.read { try $0.query("SELECT id FROM item").count } == 0)
    }

    @Test func aSwallowedFailureIsNotAcknowledged() async throws {
        let (database, _) = try await open()
        let error = await failure {
            try await database.write { connection in
                try connection.execute("INSERT INTO item (id) VALUES (1)")
                _ = try? connection.execute("INSERT INTO item (id) VALUES (1)")
            }
        }
        #expect(error?.code == .alreadyExists)
        #expect(try await database.read { try $0.query("SELECT id FROM item").count } == 0)
    }

    @Test func textWithNULIsRefusedAndTheWriteGoesOn() async throws {
        let (database, _) = try await open()
        let code = try await database.write { connection in
            try connection.execute("INSERT INTO item (id) VALUES (1)")
            do throws(MartletError) {
                _ = try connection.query("SELECT ? AS text", ["a\0b"])
                return nil as MartletError.Code?
            } catch {
                return error.code
            }
        }
        #expect(code == .invalidArgument)
        #expect(try await database.read { try $0.query("SELECT id FROM item").count } == 1)
    }

    @Test func wrongCredentialsAndNamesAreExplainedWithoutThePassword() async throws {
        let url = try TestDatabase.postgresURL()
        let parts = try #require(URLComponents(string: url))
        let place = "\(parts.host ?? ""):\(parts.port ?? 5432)"
        let password = parts.password ?? ""
        let cases = [
            ("postgres://\(parts.user ?? ""):wrong-secret@\(place)/postgres", "PGPASSWORD"),
            ("postgres://\(parts.user ?? ""):\(password)@\(place)/absent", "createdb"),
            ("postgres://\(parts.user ?? ""):\(password)@127.0.0.1:1/postgres", "cannot be reached"),
        ]
        for (wrong, remedy) in cases {
            let error = #expect(throws: MartletError.self) { try Database.open(postgres: wrong) }
            #expect(error?.code == .unavailable)
            #expect(error?.message.contains(remedy) == true, "\(error?.message ?? "")")
            #expect(error.map { "\($0)" }?.contains("wrong-secret") == false)
            #expect(password.isEmpty || error.map { "\($0)" }?.contains(password) == false)
        }
    }

    @Test func anAbsentSchemaIsExplained() async throws {
        let url = try TestDatabase.postgresURL() + "?options=-csearch_path%3Dabsent"
        let error = #expect(throws: MartletError.self) { try Database.open(postgres: url) }
        #expect(error?.code == .failedPrecondition)
        #expect(error?.message.contains("schema") == true)
    }

    @Test func severalServersMigrateAtOnceAndNumberWithoutGaps() async throws {
        let fresh = try await TestDatabase.freshSchema()
        let servers = try (0..<3).map { _ in try Database.open(postgres: fresh.url) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for server in servers {
                group.addTask { try await server.migrate([Self.table]) }
            }
            try await group.waitForAll()
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<90 {
                group.addTask {
                    try await servers[index % servers.count].write { connection in
                        let row = try connection.first("SELECT COALESCE(MAX(id), 0) + 1 AS next FROM item")
                        try connection.execute("INSERT INTO item (id) VALUES (?)", [row?["next"] ?? .null])
                    }
                }
            }
            try await group.waitForAll()
        }
        let ids = try await servers[0].read { try $0.query("SELECT id FROM item ORDER BY id").map { try $0.int("id") } }
        #expect(ids == (1...90).map(Int64.init))
    }

    @Test func oneLeadsAndTheNextTakesOver() async throws {
        let fresh = try await TestDatabase.freshSchema()
        let first = try Database.open(postgres: fresh.url)
        let second = try Database.open(postgres: fresh.url)
        #expect(first.leadership.isShared)
        #expect(try await first.leadership.tryOnce())
        #expect(try await second.leadership.tryOnce() == false)
        #expect(first.leadership.isLeader && !second.leadership.isLeader)
        try await first.close()
        try #require(try await second.leadership.tryOnce())
        try await second.leadership.leading()
        #expect(try Database.inMemory().leadership.isLeader)
    }

    private func failure(_ work: () async throws -> Void) async -> MartletError? {
        do {
            try await work()
            return nil
        } catch {
            return error as? MartletError
        }
    }
}
