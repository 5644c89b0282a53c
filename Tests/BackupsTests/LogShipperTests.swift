import Artifacts
import Backups
import Core
import Foundation
import Logging
import Storage
import TestSupport
import Testing

@Suite struct LogShipperTests {
    private static func shipper(_ ground: BackupGround, _ clock: ManualClock) throws -> LogShipper {
        try LogShipper(
            source: try ground.source(),
            place: try ground.place(),
            scratch: ground.directory,
            clock: clock.clock,
            logger: Logger(label: "test")
        )
    }

    private static func restored(_ ground: BackupGround, until time: Timestamp) async throws -> [Int64] {
        let path = ground.target()
        _ = try await RestoreRun.restoreLog(of: "default", from: try ground.place(), to: path, until: time)
        return try await BackupGround.notes(path)
    }

    @Test func everyShippedMomentCanBeRestored() async throws {
        let ground = try await BackupGround()
        let clock = ManualClock()
        let shipper = try Self.shipper(ground, clock)
        try await ground.write(1, "before the first copy")
        try await shipper.ship()
        var moments: [Timestamp] = [clock.now]
        for id in 2...6 {
            clock.advance(by: .seconds(1))
            try await ground.write(Int64(id), String(repeating: "n", count: 10_000))
            try await shipper.ship()
            moments.append(clock.now)
        }
        for (index, moment) in moments.enumerated() {
            #expect(try await Self.restored(ground, until: moment) == Array(1...Int64(index + 1)))
        }
        #expect(try await Self.restored(ground, until: moments[2] + .milliseconds(500)) == [1, 2, 3])
        let early = await #expect(throws: MartletError.self) {
            _ = try await Self.restored(ground, until: moments[0] - .seconds(1))
        }
        #expect(early?.code == .notFound)
    }

    @Test func nothingIsSentWhenNothingWasWritten() async throws {
        let ground = try await BackupGround()
        let shipper = try Self.shipper(ground, ManualClock())
        try await shipper.ship()
        let before = ground.files("wal").count
        for _ in 1...5 { try await shipper.ship() }
        #expect(ground.files("wal").count == before)
    }

    @Test func aLogThatBecomesLongIsMovedAndGoesOn() async throws {
        let ground = try await BackupGround()
        let clock = ManualClock()
        let shipper = try Self.shipper(ground, clock)
        try await shipper.ship()
        let piece = String(repeating: "long ", count: 200_000)
        var id: Int64 = 0
        // Past the length twice, so that SQLite begins the log anew in between.
        for _ in 0..<(Int(BackupsLimits.movedBytes * 2) / piece.utf8.count + 6) {
            id += 1
            try await ground.write(id, piece)
            clock.advance(by: .seconds(1))
            try await shipper.ship()
        }
        let log =
            try FileManager.default.attributesOfItem(atPath: "\(ground.directory)/martlet.db-wal")[.size] as? Int64
        #expect(try #require(log) < BackupsLimits.movedBytes + Int64(BackupsLimits.heldBytes))
        #expect(try await Self.restored(ground, until: clock.now) == Array(1...id))
        let generations = try FileManager.default.contentsOfDirectory(atPath: "\(ground.placeRoot)/wal/default")
        #expect(generations.count == 1, "the chain was never broken")
    }

    @Test func aTransactionOfSeveralSegmentsIsRestoredWhole() async throws {
        let ground = try await BackupGround()
        let clock = ManualClock()
        let shipper = try Self.shipper(ground, clock)
        try await shipper.ship()
        let piece = String(repeating: "wide ", count: 200_000)
        let count = Int64(BackupsLimits.segmentBytes / piece.utf8.count + 4)
        try await ground.database.write { connection in
            for id in 1...count {
                try connection.execute("INSERT INTO notes (id, text) VALUES (?, ?)", [.integer(id), .text(piece)])
            }
        }
        try await shipper.ship()
        let segments = ground.files("wal").filter { $0.contains("-p-") || $0.contains("-c-") }
        #expect(segments.count == 2)
        #expect(try await Self.restored(ground, until: clock.now) == Array(1...count))
        // Without its end the transaction is not there.
        try FileManager.default.removeItem(atPath: try #require(segments.first { $0.contains("-c-") }))
        #expect(try await Self.restored(ground, until: clock.now).isEmpty)
    }

    @Test func damagedAndMissingSegmentsAreFound() async throws {
        let ground = try await BackupGround()
        let clock = ManualClock()
        let shipper = try Self.shipper(ground, clock)
        try await shipper.ship()
        for id in 1...4 {
            try await ground.write(Int64(id), "note")
            clock.advance(by: .seconds(1))
            try await shipper.ship()
        }
        let segments = ground.files("wal").filter { $0.contains("-c-") }
        #expect(segments.count == 4)
        try BackupGround.damage(segments[1])
        let damaged = await #expect(throws: MartletError.self) {
            _ = try await Self.restored(ground, until: clock.now)
        }
        #expect(damaged?.code == .dataLoss)
        try BackupGround.damage(segments[1])
        #expect(try await Self.restored(ground, until: clock.now) == [1, 2, 3, 4])
        try FileManager.default.removeItem(atPath: segments[2])
        let missing = await #expect(throws: MartletError.self) {
            _ = try await Self.restored(ground, until: clock.now)
        }
        #expect(missing?.code == .dataLoss)
        #expect(try await Self.restored(ground, until: clock.now - .seconds(2)) == [1, 2])
    }

    @Test func aLogThatSomebodyElseEmptiedBeginsANewGeneration() async throws {
        let ground = try await BackupGround()
        let clock = ManualClock()
        let shipper = try Self.shipper(ground, clock)
        try await shipper.ship()
        try await ground.write(1, "seen")
        try await shipper.ship()
        try await ground.write(2, "moved away before it was seen")
        try await DatabaseLog(ground.database).move()
        try await ground.write(3, "in a new log")
        clock.advance(by: .seconds(1))
        try await shipper.ship()
        #expect(try await Self.restored(ground, until: clock.now) == [1, 2, 3])
        let generations = try FileManager.default.contentsOfDirectory(atPath: "\(ground.placeRoot)/wal/default")
        #expect(generations.count == 2)
    }

    @Test func generationsFollowEachOtherAndOldOnesGo() async throws {
        let ground = try await BackupGround()
        let clock = ManualClock()
        let shipper = try Self.shipper(ground, clock)
        func generations() throws -> Int {
            try FileManager.default.contentsOfDirectory(atPath: "\(ground.placeRoot)/wal/default").count
        }
        try await shipper.ship()
        clock.advance(by: BackupsLimits.generationAge - .seconds(1))
        try await shipper.ship()
        #expect(try generations() == 1)
        clock.advance(by: .seconds(1))
        try await shipper.ship()
        #expect(try generations() == 2)
        clock.advance(by: BackupsLimits.keptAge + .seconds(1))
        try await shipper.ship()
        #expect(try generations() == 2, "the first one ended long ago")
    }

    @Test func aPlaceThatFailsIsTriedAgain() async throws {
        let ground = try await BackupGround()
        let clock = ManualClock()
        let shipper = try Self.shipper(ground, clock)
        try await shipper.ship()
        try await ground.write(1, "one")
        // The folder is not there and cannot be made: a file lies where it was.
        try FileManager.default.moveItem(atPath: "\(ground.placeRoot)/wal", toPath: "\(ground.placeRoot)/wal-aside")
        try Data().write(to: URL(filePath: "\(ground.placeRoot)/wal"))
        await #expect(throws: (any Error).self) { try await shipper.ship() }
        try await ground.write(2, "two")
        try FileManager.default.removeItem(atPath: "\(ground.placeRoot)/wal")
        try FileManager.default.moveItem(atPath: "\(ground.placeRoot)/wal-aside", toPath: "\(ground.placeRoot)/wal")
        clock.advance(by: .seconds(1))
        try await shipper.ship()
        #expect(try await Self.restored(ground, until: clock.now) == [1, 2])
    }

    @Test func runningShipsWithinASecondAndAtTheEnd() async throws {
        let ground = try await BackupGround()
        let clock = ManualClock()
        let shipper = try Self.shipper(ground, clock)
        #expect(BackupsLimits.shipPause <= .seconds(1))
        #expect(BackupsLimits.longestPause > BackupsLimits.shipPause)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await shipper.run() }
            while clock.sleeperCount == 0 { try? await Task.sleep(for: .milliseconds(1)) }
            try await ground.write(1, "while it sleeps")
            clock.advance(by: BackupsLimits.shipPause)
            while clock.sleeperCount == 0 { try? await Task.sleep(for: .milliseconds(1)) }
            #expect(try await Self.restored(ground, until: clock.now) == [1])
            try await ground.write(2, "just before the end")
            shipper.stop()
            clock.advance(by: BackupsLimits.shipPause)
            try await group.waitForAll()
        }
        #expect(try await Self.restored(ground, until: clock.now) == [1, 2])
    }

    @Test func segmentsOfAGenerationAreSpreadOverFolders() async throws {
        let ground = try await BackupGround()
        let clock = ManualClock()
        let shipper = try Self.shipper(ground, clock)
        try await shipper.ship()
        #expect(BackupsLimits.segmentsPerFolder < Int64(ArtifactsLimits.entries))
        try await ground.write(1, "one")
        try await shipper.ship()
        #expect(ground.files("wal").contains { $0.contains("/00000000/000000000001-") })
        #expect(BackupsLimits.givenUpBytes > BackupsLimits.movedBytes)
    }
}
