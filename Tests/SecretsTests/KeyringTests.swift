import Core
import Foundation
import Secrets
import Testing

/// Where keys come from, and what is refused.
struct KeyringTests {
    private func sealed(_ source: KeySource) async throws -> String {
        let ring = Keyring(source: source)
        try await ring.load()
        return try ring.open(try ring.seal("a value", for: "here"), for: "here")
    }

    @Test func theFileIsMadeAtFirstUseForItsOwnerAlone() async throws {
        let fixture = try await SecretFixture()
        let store = fixture.store()
        _ = try await store.secrets()
        #expect(!FileManager.default.fileExists(atPath: fixture.keys.file))
        _ = try await store.put("name", value: "a value", by: "a")
        let attributes = try FileManager.default.attributesOfItem(atPath: fixture.keys.file)
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
        #expect(fixture.keys.lines.count == 1)
    }

    @Test(arguments: [0o604, 0o640, 0o660, 0o644]) func aFileThatOthersCanReadIsRefused(mode: Int) async throws {
        let keys = try KeyDirectory()
        try key(1).write(toFile: keys.file, atomically: true, encoding: .utf8)
        try keys.mode(mode)
        #expect(
            await failure(.failedPrecondition, "read by others", "chmod 600") {
                _ = try await sealed(.file(keys.file))
            } == nil
        )
        try keys.mode(0o600)
        #expect(try await sealed(.file(keys.file)) == "a value")
    }

    @Test func aFileOfAnotherUserIsRefused() async throws {
        // Only the superuser can give a file away.
        guard geteuid() == 0 else { return }
        let keys = try KeyDirectory()
        try key(1).write(toFile: keys.file, atomically: true, encoding: .utf8)
        try keys.mode(0o600)
        chown(keys.file, 65_534, 65_534)
        #expect(
            await failure(.failedPrecondition, "another user") { _ = try await sealed(.file(keys.file)) } == nil
        )
    }

    @Test func aLinkOrADamagedFileIsRefused() async throws {
        let keys = try KeyDirectory()
        try "no key".write(toFile: keys.file, atomically: true, encoding: .utf8)
        try keys.mode(0o600)
        #expect(await failure(.dataLoss, "damaged", "backup") { _ = try await sealed(.file(keys.file)) } == nil)
        let large = String(repeating: "#", count: SecretsLimits.keyTextBytes + 1)
        try large.write(toFile: keys.file, atomically: true, encoding: .utf8)
        try keys.mode(0o600)
        #expect(await failure(.dataLoss, "damaged") { _ = try await sealed(.file(keys.file)) } == nil)
        let link = keys.path + "/link"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: keys.file)
        #expect(await failure(.failedPrecondition) { _ = try await sealed(.file(link)) } == nil)
    }

    @Test func keysAreTakenInBothAlphabets() async throws {
        #expect(try await sealed(.text(key(0xFB))) == "a value")
        let safe = key(0xFB).replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
        #expect(try await sealed(.text(safe)) == "a value")
        let many = Array(repeating: key(7), count: SecretsLimits.keys)
        #expect(try await sealed(.text(many.joined(separator: ","))) == "a value")
        #expect(
            await failure(.invalidArgument, "more than \(SecretsLimits.keys)") {
                _ = try await sealed(.text((many + [key(8)]).joined(separator: "\n")))
            } == nil
        )
    }

    @Test(arguments: ["", "c2hvcnQ=", "not base64!", "# only a comment"]) func whatIsNoKeyIsRefused(text: String) async
    {
        #expect(
            await failure(.invalidArgument, "MARTLET_SECRET_KEY") { _ = try await sealed(.text(text)) } == nil
        )
    }

    @Test func aCommandPrintsTheKey() async throws {
        #expect(try await sealed(.command("printf '%s\\n' '\(key(3))'")) == "a value")
        #expect(try await sealed(.command("echo noise >&2; echo '\(key(4))' | cat")) == "a value")
    }

    @Test func aCommandThatFailsOrFloodsIsRefusedWithoutItsOutput() async {
        #expect(
            await failure(.failedPrecondition, "status 7", "by hand") {
                _ = try await sealed(.command("echo '\(key(3))'; exit 7"))
            } == nil
        )
        #expect(
            await failure(.failedPrecondition, "\(SecretsLimits.keyTextBytes) bytes") {
                _ = try await sealed(.command("yes"))
            } == nil
        )
        #expect(
            await failure(.invalidArgument, "--secret-key-command") { _ = try await sealed(.command("true")) } == nil
        )
    }

    @Test func theLimitsOfACommandAreSaid() {
        #expect(SecretsLimits.keyCommandTime == .seconds(30))
        #expect(SecretsLimits.bodyBytes >= 6 * SecretsLimits.valueBytes)
    }
}
