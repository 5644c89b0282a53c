import Artifacts
import Core
import Registry
import Storage
import TestSupport
import Testing

@Suite("Signatures and policies of aliases", .overEveryDatabase) struct SignatureTests {
    private let fixture: RegistryFixture
    private var store: RegistryStore { fixture.store }
    private let alice = SigningKey()
    private let bob = SigningKey()

    init() async throws {
        fixture = try await RegistryFixture()
        try await fixture.put("model/MLmodel", "flavors: {}")
        try await fixture.put("model/model.json", "{}")
        for _ in 1...2 { try await fixture.version() }
    }

    private func trust() async throws {
        _ = try await store.trust(pem: alice.verifyingKey.pem, as: "alice")
        _ = try await store.trust(pem: bob.verifyingKey.pem, as: "bob")
    }

    private func sign(_ version: Int, with key: SigningKey, as name: String) async throws {
        let manifest = try await store.supply(of: "cancer", version).manifest
        _ = try await store.sign("cancer", version, signature: try key.sign(manifest), key: name)
    }

    @Test("a version is signed by several keys, each once")
    func severalSignatures() async throws {
        try await trust()
        try await sign(1, with: alice, as: "alice")
        try await sign(1, with: bob, as: bob.verifyingKey.id)
        try await sign(1, with: alice, as: "alice")
        let signatures = try await store.supply(of: "cancer", 1).signatures
        #expect(Set(signatures.map(\.keyName)) == ["alice", "bob"])
        #expect(signatures.allSatisfy { $0.fault == nil })
        #expect(try await store.supply(of: "cancer", 2).signatures.isEmpty)
        try await store.unsign("cancer", 1, key: "bob")
        try await store.unsign("cancer", 1, key: "bob")
        #expect(try await store.supply(of: "cancer", 1).signatures.map(\.keyName) == ["alice"])
    }

    @Test("what is not signed by the named key over this version is refused")
    func badSignatures() async throws {
        try await trust()
        let manifest = try await store.supply(of: "cancer", 2).manifest
        let foreign = try alice.sign(manifest)
        #expect(
            await code { _ = try await store.sign("cancer", 1, signature: foreign, key: "alice") } == .invalidArgument
        )
        #expect(
            await code { _ = try await store.sign("cancer", 2, signature: foreign, key: "bob") } == .invalidArgument
        )
        #expect(await code { _ = try await store.sign("cancer", 2, signature: "x", key: "alice") } == .invalidArgument)
        #expect(await code { _ = try await store.sign("cancer", 2, signature: foreign, key: "carol") } == .notFound)
        #expect(await code { _ = try await store.sign("cancer", 9, signature: foreign, key: "alice") } == .notFound)
        #expect(try await store.supply(of: "cancer", 2).signatures.isEmpty)
        _ = try await store.revokeKey("alice")
        #expect(
            await code { _ = try await store.sign("cancer", 2, signature: foreign, key: "alice") }
                == .failedPrecondition
        )
    }

    @Test("a protected alias moves to versions with the signatures it asks for, and to no others")
    func policy() async throws {
        try await trust()
        let policy = try await store.setPolicy(model: "cancer", alias: "production", signatures: 1, keys: ["alice"])
        #expect(policy.keys == [alice.verifyingKey.id])
        let unsigned = await failure { try await store.setAlias(model: "cancer", alias: "production", version: 1) }
        #expect(unsigned?.code == .failedPrecondition)
        #expect(unsigned?.message.contains("protected") == true)
        // A signature of another trusted key is not the one.
        try await sign(1, with: bob, as: "bob")
        #expect(await code { try await store.setAlias(model: "cancer", alias: "production", version: 1) } != nil)
        try await sign(1, with: alice, as: "alice")
        try await store.setAlias(model: "cancer", alias: "production", version: 1)
        #expect(await code { try await store.setAlias(model: "cancer", alias: "production", version: 2) } != nil)
        #expect(try await store.resolve(alias: "production", of: "cancer") == 1)
        // Other aliases are not protected.
        try await store.setAlias(model: "cancer", alias: "staging", version: 2)
        try await store.deletePolicy(model: "cancer", alias: "production")
        try await store.setAlias(model: "cancer", alias: "production", version: 2)
    }

    @Test("a policy for every model, with two signatures of any trusted key")
    func policyForAll() async throws {
        try await trust()
        _ = try await store.setPolicy(model: AliasPolicy.everyModel, alias: "live", signatures: 2, keys: [])
        try await sign(1, with: alice, as: "alice")
        let one = await failure { try await store.setAlias(model: "cancer", alias: "live", version: 1) }
        #expect(one?.message.contains("2 signatures") == true)
        try await sign(1, with: bob, as: "bob")
        try await store.setAlias(model: "cancer", alias: "live", version: 1)
        #expect(try await store.policies().map(\.model) == ["*"])
    }

    @Test("a version that a protected alias points to is not loaded when its signatures do not count any more")
    func loading() async throws {
        try await trust()
        _ = try await store.setPolicy(model: "cancer", alias: "production", signatures: 1, keys: [])
        try await sign(1, with: alice, as: "alice")
        try await store.setAlias(model: "cancer", alias: "production", version: 1)
        #expect(try await store.admit("cancer", 1).files.count == 2)
        #expect(try await store.admit("cancer", 2).files.count == 2)
        _ = try await store.revokeKey("alice")
        let revoked = await failure { _ = try await store.admit("cancer", 1) }
        #expect(revoked?.code == .failedPrecondition)
        #expect(revoked?.message.contains("revoked") == true)
    }

    @Test("a changed record of the files is noticed by the signature")
    func forgedManifest() async throws {
        try await trust()
        _ = try await store.setPolicy(model: "cancer", alias: "production", signatures: 1, keys: [])
        try await sign(1, with: alice, as: "alice")
        try await store.setAlias(model: "cancer", alias: "production", version: 1)
        // Somebody changes the file and what the database has of it.
        try await fixture.put("model/model.json", "evil")
        let forged = ArtifactDigest(of: "evil".utf8)
        try await fixture.database.write { connection in
            try connection.execute(
                "UPDATE model_version_files SET sha256 = ?, file_size = 4 WHERE version = 1 AND file_path = 'model.json'",
                [.text(forged.sha256)]
            )
        }
        try await store.verifyFiles(of: "cancer", 1)
        #expect(await code { _ = try await store.admit("cancer", 1) } == .failedPrecondition)
    }

    @Test("the name that a policy protects cannot be taken by another model")
    func names() async throws {
        try await trust()
        _ = try await store.setPolicy(model: "cancer", alias: "production", signatures: 1, keys: [])
        #expect(await code { _ = try await store.renameModel("cancer", to: "old") } == .failedPrecondition)
        _ = try await store.createModel(name: "other")
        #expect(await code { _ = try await store.renameModel("other", to: "cancer") } != nil)
        try await store.deleteModel("cancer")
        try await fixture.version()
        #expect(
            await code { try await store.setAlias(model: "cancer", alias: "production", version: 1) }
                == .failedPrecondition
        )
    }

    @Test("keys have unique names and ids, and stay when they are revoked")
    func keys() async throws {
        try await trust()
        let pem = SigningKey().verifyingKey.pem
        #expect(await code { _ = try await store.trust(pem: pem, as: "alice") } == .alreadyExists)
        #expect(await code { _ = try await store.trust(pem: alice.verifyingKey.pem, as: "again") } == .alreadyExists)
        #expect(await code { _ = try await store.trust(pem: alice.pem, as: "private") } == .invalidArgument)
        let long = String(repeating: "k", count: RegistryLimits.keyNameCharacters)
        #expect(await code { _ = try await store.trust(pem: pem, as: long + "k") } == .invalidArgument)
        #expect(await code { _ = try await store.trust(pem: pem, as: "a b") } == .invalidArgument)
        _ = try await store.trust(pem: pem, as: long)
        let revoked = try await store.revokeKey("alice")
        #expect(revoked.revokedAt == fixture.clock.now)
        #expect(try await store.trustedKeys().count == 3)
        for number in 3..<RegistryLimits.signingKeys {
            _ = try await store.trust(pem: SigningKey().verifyingKey.pem, as: "k\(number)")
        }
        let last = SigningKey().verifyingKey.pem
        #expect(await code { _ = try await store.trust(pem: last, as: "last") } == .resourceExhausted)
    }

    @Test("policies that nothing could satisfy are refused")
    func badPolicies() async throws {
        try await trust()
        func policy(_ signatures: Int, _ keys: [String], alias: String = "production") async -> MartletError.Code? {
            await code {
                _ = try await store.setPolicy(model: "cancer", alias: alias, signatures: signatures, keys: keys)
            }
        }
        #expect(await policy(0, []) == .invalidArgument)
        #expect(await policy(RegistryLimits.policySignatures, []) == nil)
        #expect(await policy(RegistryLimits.policySignatures + 1, []) == .invalidArgument)
        #expect(await policy(2, ["alice"]) == .invalidArgument)
        #expect(await policy(1, ["alice", alice.verifyingKey.id]) == .invalidArgument)
        #expect(await policy(1, ["nobody"]) == .notFound)
        #expect(await policy(1, [], alias: "latest") == .invalidArgument)
        #expect(await code { try await store.deletePolicy(model: "cancer", alias: "none") } == .notFound)
    }

    @Test("a model that is taken over from another server cannot bring an unsigned version to a protected alias")
    func imports() async throws {
        try await trust()
        _ = try await store.setPolicy(model: "moved", alias: "production", signatures: 1, keys: [])
        var model = ImportedModel(
            name: "moved",
            creationTime: fixture.clock.now,
            lastUpdateTime: fixture.clock.now,
            tags: []
        )
        model.versions = [try await imported()]
        model.aliases = [ModelAlias(name: "production", version: 1)]
        let refused = await failure { _ = try await store.importModel(model) }
        #expect(refused?.code == .failedPrecondition)
        #expect(await code { _ = try await store.model("moved") } == .notFound)
    }

    private func imported() async throws -> ImportedVersion {
        let version = try await store.version("cancer", 1)
        return ImportedVersion(
            version: 1,
            creationTime: version.creationTime,
            lastUpdateTime: version.lastUpdateTime,
            source: version.source,
            artifactURI: version.artifactURI
        )
    }
}
