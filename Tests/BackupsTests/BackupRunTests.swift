import Artifacts
import Backups
import Core
import Foundation
import Storage
import Testing

@Suite struct BackupRunTests {
    @Test func whatWasBackedUpIsRestored() async throws {
        let ground = try await BackupGround()
        for id in 1...50 { try await ground.write(Int64(id), "note \(id)") }
        try await ground.upload("0/run/artifacts/model.json", "{}")
        try await ground.upload("0/run/artifacts/copy.json", "{}")
        let large = String(repeating: "abcdefgh", count: BackupsLimits.chunkBytes / 8 + 100)
        try await ground.upload("0/run/artifacts/large.bin", large)
        let outcome = try await ground.backUp()
        #expect(outcome.manifest.parts.map(\.name) == ["default"])
        #expect(outcome.manifest.parts[0].files?.count == 3)
        #expect(outcome.manifest.parts[0].database.tables["notes"] == 50)
        #expect(outcome.manifest.parts[0].database.schema == ["test-0001"])
        #expect(outcome.manifest.keys == nil)

        let place = try ground.place()
        let manifest = try #require(try await place.newest())
        #expect(manifest == outcome.manifest)
        let run = RestoreRun(place: place, manifest: manifest)
        let checked = try await run.verify()
        #expect(checked.files == 3)
        let path = ground.target()
        try await run.restoreDatabase(of: manifest.parts[0], to: .file(path))
        #expect(try await BackupGround.notes(path) == Array(1...50))
        let store = try DiskArtifactStore(root: "\(ground.directory)/restored")
        #expect(try await run.restoreFiles(of: manifest.parts[0], to: store).files == 3)
        let restored = try await store.digest(ArtifactPath(validating: "0/run/artifacts/large.bin"))
        #expect(restored == ArtifactDigest(of: Array(large.utf8)))
    }

    @Test func theSecondBackupSendsOnlyWhatIsNew() async throws {
        let ground = try await BackupGround()
        try await ground.upload("0/run/artifacts/a.txt", String(repeating: "a", count: 5000))
        _ = try await ground.backUp()
        let again = try await ground.backUp()
        #expect(again.sentObjects == 0, "nothing has changed, so only the manifest is new")
        try await ground.upload("0/run/artifacts/b.txt", String(repeating: "b", count: 700))
        let third = try await ground.backUp()
        // The file and the list of files.
        #expect(third.sentObjects == 2)
        #expect(third.manifest.parts[0].files?.count == 2)
        #expect(try await ground.place().backups().count == 3)
    }

    @Test func aBackupUnderWritesIsOneState() async throws {
        let ground = try await BackupGround()
        for id in 1...200 { try await ground.write(Int64(id), String(repeating: "x", count: 1000)) }
        let outcome = try await withThrowingTaskGroup(of: BackupOutcome?.self) { group in
            group.addTask {
                for id in 201...400 { try await ground.write(Int64(id), String(repeating: "y", count: 1000)) }
                return nil
            }
            group.addTask { try await ground.backUp() }
            var outcome: BackupOutcome?
            for try await result in group { outcome = result ?? outcome }
            return outcome
        }
        let manifest = try #require(outcome).manifest
        let path = ground.target()
        try await RestoreRun(place: try ground.place(), manifest: manifest)
            .restoreDatabase(of: manifest.parts[0], to: .file(path))
        let notes = try await BackupGround.notes(path)
        #expect(notes == Array(1...Int64(notes.count)), "a prefix of what was acknowledged, without a hole")
        #expect(notes.count >= 200)
    }

    @Test func keysGoAlongOnlyWhenAskedFor() async throws {
        let ground = try await BackupGround()
        let path = "\(ground.directory)/webhook.key"
        try Data("secret".utf8).write(to: URL(filePath: path))
        let without = try await ground.backUp()
        #expect(without.manifest.keys == nil)
        let with = try await ground.backUp(keys: [BackupKey(name: "webhook.key", path: path)])
        let run = RestoreRun(place: try ground.place(), manifest: with.manifest)
        let folder = "\(ground.directory)/keys"
        #expect(try await run.restoreKeys(to: folder) == ["webhook.key"])
        #expect(FileManager.default.contents(atPath: "\(folder)/webhook.key") == Data("secret".utf8))
    }

    @Test func aDamagedObjectIsFoundAndNamed() async throws {
        let ground = try await BackupGround()
        try await ground.upload("0/run/artifacts/a.txt", String(repeating: "a", count: 5000))
        let manifest = try await ground.backUp().manifest
        let hash = ArtifactDigest(of: Array(String(repeating: "a", count: 5000).utf8)).sha256
        let object = try #require(ground.files("objects").first { $0.hasSuffix(hash) })
        try BackupGround.damage(object)
        let run = RestoreRun(place: try ground.place(), manifest: manifest)
        let damaged = await #expect(throws: MartletError.self) { try await run.verify() }
        #expect(damaged?.code == .dataLoss)
        #expect(damaged?.message.contains("0/run/artifacts/a.txt") == true)
        try FileManager.default.removeItem(atPath: object)
        let missing = await #expect(throws: MartletError.self) { try await run.verify() }
        #expect(missing?.code == .dataLoss)
    }

    @Test func everyObjectOfABackupIsChecked() async throws {
        let ground = try await BackupGround()
        try await ground.write(1, "one")
        try await ground.upload("0/run/artifacts/a.txt", "some text")
        let manifest = try await ground.backUp().manifest
        let run = RestoreRun(place: try ground.place(), manifest: manifest)
        for object in ground.files("objects") {
            try BackupGround.damage(object)
            let failure = await #expect(throws: MartletError.self) { try await run.verify() }
            #expect(failure?.code == .dataLoss)
            try BackupGround.damage(object)
        }
        _ = try await run.verify()
    }

    @Test func aDamagedManifestIsRefused() async throws {
        let ground = try await BackupGround()
        let id = try await ground.backUp().manifest.id
        let path = try #require(ground.files("backups").first)
        let text = try String(contentsOfFile: path, encoding: .utf8)
        try text.replacing("\"count\":0", with: "\"count\":1").replacing("\"count\": 0", with: "\"count\": 1")
            .write(toFile: path, atomically: true, encoding: .utf8)
        let altered = await #expect(throws: MartletError.self) { _ = try await ground.place().manifest(id) }
        #expect(altered?.code == .dataLoss)
        try Data(text.utf8.dropLast(10)).write(to: URL(filePath: path))
        let cut = await #expect(throws: MartletError.self) { _ = try await ground.place().manifest(id) }
        #expect(cut?.code == .dataLoss)
    }

    @Test func withoutAManifestThereIsNoBackup() async throws {
        let ground = try await BackupGround()
        _ = try await ground.backUp()
        for manifest in ground.files("backups") { try FileManager.default.removeItem(atPath: manifest) }
        #expect(try await ground.place().newest() == nil)
        let failure = await #expect(throws: MartletError.self) {
            _ = try await ground.place().manifest("20260101T000000Z-00000000")
        }
        #expect(failure?.code == .notFound)
    }

    @Test func namesAreBounded() throws {
        #expect(BackupManifest.isID(String(repeating: "a", count: BackupsLimits.nameCharacters)))
        #expect(!BackupManifest.isID(String(repeating: "a", count: BackupsLimits.nameCharacters + 1)))
        #expect(!BackupManifest.isID("../x"))
        #expect(BackupSource.isName("_access"))
        #expect(!BackupSource.isName("a/b"))
        #expect(!BackupSource.isName(String(repeating: "a", count: BackupsLimits.nameCharacters + 1)))
    }

    @Test func moreFilesThanAreCopiedAtOnce() async throws {
        let ground = try await BackupGround()
        let count = BackupsLimits.filesAtOnce * 20
        for number in 0..<count { try await ground.upload("0/run/artifacts/\(number).txt", "file \(number)") }
        let outcome = try await ground.backUp()
        #expect(outcome.manifest.parts[0].files?.count == Int64(count))
        #expect(outcome.manifest.parts[0].files?.missingCount == 0)
        #expect((outcome.manifest.parts[0].files?.missing.count ?? 0) <= BackupsLimits.namedFiles)
    }

    @Test func aPlaceWithTooMuchIsBounded() async throws {
        let ground = try await BackupGround()
        let place = try ground.place()
        let id = "20260101T000000Z-00000000"
        let tooLong = [UInt8](repeating: UInt8(ascii: " "), count: BackupsLimits.manifestBytes + 1)
        try await place.store.write(ArtifactPath(validating: "backups/\(id).json"), bytes: tooLong)
        let refusal = await #expect(throws: MartletError.self) { _ = try await place.manifest(id) }
        #expect(refusal?.code == .payloadTooLarge)
        for number in 0..<BackupsLimits.listedBackups {
            let path = "\(ground.placeRoot)/backups/20270101T000000Z-\(number).json"
            try Data("{}".utf8).write(to: URL(filePath: path))
        }
        let listed = try await place.backups()
        #expect(listed.count == BackupsLimits.listedBackups)
        #expect(!listed.contains(id), "the oldest is left out")
    }
}
