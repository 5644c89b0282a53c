import Core
import Foundation
import Secrets
import Storage
import TestSupport
import Testing

/// Named secrets over both databases.
@Suite(.overEveryDatabase)
struct SecretStoreTests {
    @Test
    func valuesGoInEncryptedAndComeOutByName() async throws {
        let fixture = try await SecretFixture()
        let store = fixture.store()
        let made = try await store.put("api-key", value: "hunter2hunter2", by: "alice")
        fixture.clock.advance(by: .seconds(5))
        let changed = try await store.put("api-key", value: "correct horse", by: "bob")
        #expect(made.version == 1)
        #expect(changed.version == 2)
        #expect(changed.createdBy == "alice")
        #expect(changed.updatedBy == "bob")
        #expect(changed.updatedAt - changed.createdAt == .seconds(5))
        _ = try await store.put("other", value: "something else", by: "alice")
        #expect(try await store.secrets().map(\.name) == ["api-key", "other"])
        #expect(try await store.values(of: ["api-key"]) == ["api-key": "correct horse"])
        let contents = try await fixture.contents()
        for word in ["hunter2", "correct", "something", Data("correct horse".utf8).base64EncodedString()] {
            #expect(!contents.contains(word))
        }
        try await store.delete("api-key")
        #expect(await failure(.notFound, "'api-key'") { _ = try await store.secret("api-key") } == nil)
        #expect(await failure(.notFound, "'api-key'") { try await store.delete("api-key") } == nil)
        #expect(
            await failure(.notFound, "'api-key', 'none'", "martlet secret set") {
                _ = try await store.values(of: ["none", "other", "api-key"])
            } == nil
        )
    }

    @Test
    func rotationKeepsEveryValueAndRetiresTheOldKey() async throws {
        let fixture = try await SecretFixture()
        let store = fixture.store()
        for number in 0..<20 { _ = try await store.put("s\(number)", value: "value \(number)", by: "a") }
        let before = fixture.keys.lines
        let old = try await store.secret("s0").keyID
        let (count, keyID) = try await store.rotate()
        #expect(count == 20)
        #expect(keyID != old)
        #expect(fixture.keys.lines.count == 1)
        #expect(fixture.keys.lines != before)
        #expect(try await store.secrets().allSatisfy { $0.keyID == keyID && $0.version == 1 })
        // A new process reads them with what is in the file.
        #expect(try await fixture.store().values(of: ["s0", "s19"]) == ["s0": "value 0", "s19": "value 19"])
    }

    @Test func aRotationThatIsInterruptedLosesNothingAndIsFinishedLater() async throws {
        let fixture = try await SecretFixture()
        _ = try await fixture.store().put("name", value: "a value", by: "a")
        let first = try await fixture.store().secret("name").keyID
        let broken = fixture.store(companions: [{ _ in throw MartletError(.unavailable, "the disk went away") }])
        #expect(await failure(.unavailable, "disk") { _ = try await broken.rotate() } == nil)
        // The new key is there, the old one too, and nothing was encrypted again.
        #expect(fixture.keys.lines.count == 2)
        #expect(try await fixture.store().secret("name").keyID == first)
        #expect(try await broken.values(of: ["name"]) == ["name": "a value"])
        #expect(try await fixture.store().values(of: ["name"]) == ["name": "a value"])
        _ = try await fixture.store().rotate()
        #expect(fixture.keys.lines.count == 1)
        #expect(try await fixture.store().values(of: ["name"]) == ["name": "a value"])
    }

    @Test func whatACompanionStillNeedsIsKept() async throws {
        let fixture = try await SecretFixture()
        let store = fixture.store()
        _ = try await store.put("name", value: "a value", by: "a")
        let old = try await store.secret("name").keyID
        _ = try await fixture.store(companions: [{ _ in [old] }]).rotate()
        #expect(fixture.keys.lines.count == 2)
    }

    @Test func anotherWorkspaceOrNameCannotOpenAnEnvelope() async throws {
        let fixture = try await SecretFixture()
        let store = fixture.store()
        _ = try await store.put("one", value: "the first", by: "a")
        _ = try await store.put("two", value: "the second", by: "a")
        let other = fixture.store(workspace: "team-b")
        #expect(await failure(.dataLoss, "workspace") { _ = try await other.values(of: ["one"]) } == nil)
        try await fixture.database.write { connection in
            let envelope = try connection.first("SELECT envelope FROM secrets WHERE name = 'two'")?.text("envelope")
            try connection.execute("UPDATE secrets SET envelope = ? WHERE name = 'one'", [.text(envelope ?? "")])
        }
        #expect(await failure(.dataLoss, "another name") { _ = try await store.values(of: ["one"]) } == nil)
    }

    @Test func aLostKeyIsNamedWithTheRemedyAndNoNewOneHidesIt() async throws {
        let fixture = try await SecretFixture()
        _ = try await fixture.store().put("name", value: "a value", by: "a")
        let saved = fixture.keys.text
        try FileManager.default.removeItem(atPath: fixture.keys.file)
        let store = fixture.store()
        #expect(try await store.unreadable() == ["name"])
        for attempt in [0, 1, 2] {
            let said = await failure(.failedPrecondition, "secret.key", "backup", "nothing is lost") {
                switch attempt {
                case 0: _ = try await store.values(of: ["name"])
                case 1: _ = try await store.put("new", value: "a value", by: "a")
                default: _ = try await store.rotate()
                }
            }
            #expect(said == nil)
        }
        #expect(!FileManager.default.fileExists(atPath: fixture.keys.file))
        try saved.write(toFile: fixture.keys.file, atomically: true, encoding: .utf8)
        try fixture.keys.mode(0o600)
        #expect(try await fixture.store().values(of: ["name"]) == ["name": "a value"])
    }

    @Test func aChangedKeyFromTheEnvironmentRotatesWhenTheOldOneFollows() async throws {
        let fixture = try await SecretFixture()
        _ = try await fixture.store(.text(key(1))).put("name", value: "a value", by: "a")
        #expect(
            await failure(.failedPrecondition, "MARTLET_SECRET_KEY", "after a comma") {
                _ = try await fixture.store(.text(key(2))).values(of: ["name"])
            } == nil
        )
        _ = try await fixture.store(.text("\(key(2)),\(key(1))")).rotate()
        #expect(try await fixture.store(.text(key(2))).values(of: ["name"]) == ["name": "a value"])
        #expect(!FileManager.default.fileExists(atPath: fixture.keys.file))
    }

    @Test func namesAndValuesHaveRules() async throws {
        let fixture = try await SecretFixture()
        let store = fixture.store()
        let names = [
            "", "a b", "-a", ".a", "a/b", "é", String(repeating: "a", count: SecretsLimits.nameCharacters + 1), "a\n",
        ]
        for name in names {
            #expect(
                await failure(.invalidArgument, "name") { _ = try await store.put(name, value: "value", by: "a") }
                    == nil
            )
        }
        let longest = String(repeating: "n", count: SecretsLimits.nameCharacters)
        _ = try await store.put(
            longest,
            value: String(repeating: "v", count: SecretsLimits.shortestValueBytes),
            by: "a"
        )
        _ = try await store.put("a", value: String(repeating: "v", count: SecretsLimits.valueBytes), by: "a")
        let values = [
            String(repeating: "v", count: SecretsLimits.shortestValueBytes - 1),
            String(repeating: "v", count: SecretsLimits.valueBytes + 1), "a\0bcd", "      ",
        ]
        for value in values {
            let said = await failure(.invalidArgument, "value") { _ = try await store.put("b", value: value, by: "a") }
            #expect(said == nil)
        }
    }

    @Test func oneMoreThanTheMostIsRefused() async throws {
        let fixture = try await SecretFixture()
        let store = fixture.store()
        _ = try await store.put("s0", value: "value", by: "a")
        try await fixture.database.write { connection in
            for number in 1..<SecretsLimits.secrets {
                try connection.execute(
                    """
                    INSERT INTO secrets (name, version, envelope, key_id, created_at, created_by, updated_at, updated_by)
                    SELECT ?, version, envelope, key_id, created_at, created_by, updated_at, updated_by FROM secrets
                    WHERE name = 's0'
                    """,
                    [.text("s\(number)")]
                )
            }
        }
        #expect(
            await failure(.resourceExhausted, "\(SecretsLimits.secrets)") {
                _ = try await store.put("more", value: "value", by: "a")
            } == nil
        )
        _ = try await store.put("s0", value: "another", by: "a")
    }
}
