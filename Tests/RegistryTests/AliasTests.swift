import Core
import Registry
import TestSupport
import Testing

@Suite(.overEveryDatabase) struct AliasTests {
    private let fixture: RegistryFixture
    private var store: RegistryStore { fixture.store }

    init() async throws {
        fixture = try await RegistryFixture()
        for _ in 1...3 { try await fixture.version() }
    }

    @Test func aliasesMoveAndTell() async throws {
        try await store.setAlias(model: "cancer", alias: "live", version: 1)
        try await store.setAlias(model: "cancer", alias: "live", version: 2)
        #expect(try await store.resolve(alias: "live", of: "cancer") == 2)
        #expect(try await store.version("cancer", 2).aliases == ["live"])
        #expect(try await store.model("cancer").aliases == [ModelAlias(name: "live", version: 2)])
        try await store.deleteAlias(model: "cancer", alias: "live")
        try await store.deleteAlias(model: "cancer", alias: "live")
        #expect(
            fixture.changes.take() == [
                AliasChange(model: "cancer", alias: "live", version: 1),
                AliasChange(model: "cancer", alias: "live", version: 2),
                AliasChange(model: "cancer", alias: "live", version: nil),
            ]
        )
        let gone = await failure { _ = try await store.resolve(alias: "live", of: "cancer") }
        #expect(gone?.code == .invalidArgument)
        #expect(gone?.message == "Registered model alias live not found.")
    }

    @Test func failuresTellNothing() async throws {
        #expect(await code { try await store.setAlias(model: "cancer", alias: "a", version: 9) } == .notFound)
        #expect(await code { try await store.setAlias(model: "none", alias: "a", version: 1) } == .notFound)
        #expect(await code { try await store.deleteAlias(model: "none", alias: "a") } == .notFound)
        #expect(fixture.changes.take().isEmpty)
    }

    @Test func latestIsTheHighest() async throws {
        #expect(try await store.resolve(alias: "latest", of: "cancer") == 3)
        try await store.deleteVersion("cancer", 3)
        #expect(try await store.resolve(alias: "Latest", of: "cancer") == 2)
        #expect(await code { _ = try await store.resolve(alias: "latest", of: "none") } == .notFound)
    }

    @Test func deletedVersionsTakeTheirAliasesAlong() async throws {
        try await store.setAlias(model: "cancer", alias: "a", version: 3)
        try await store.setAlias(model: "cancer", alias: "b", version: 3)
        _ = fixture.changes.take()
        try await store.deleteVersion("cancer", 3)
        #expect(fixture.changes.take().map(\.alias) == ["a", "b"])
        #expect(try await store.model("cancer").aliases.isEmpty)
        try await store.setAlias(model: "cancer", alias: "c", version: 1)
        _ = fixture.changes.take()
        try await store.deleteModel("cancer")
        #expect(fixture.changes.take() == [AliasChange(model: "cancer", alias: "c", version: nil)])
    }

    @Test(arguments: ["", "latest", "LATEST", "v1", "V12", "a/b", "a b", "a.b", "a:b", "@"])
    func namesThatAreRefused(_ alias: String) async {
        #expect(await code { try await store.setAlias(model: "cancer", alias: alias, version: 1) } == .invalidArgument)
    }

    @Test(arguments: ["v", "v1a", "prod-1", "latest_1", "日本", "1"])
    func namesThatAreAccepted(_ alias: String) async throws {
        try await store.setAlias(model: "cancer", alias: alias, version: 1)
        #expect(try await store.resolve(alias: alias, of: "cancer") == 1)
    }
}
