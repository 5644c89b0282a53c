import Core
import Registry
import TestSupport
import Testing

/// What is written down in the transaction of each change.
@Suite(.overEveryDatabase) struct RegistryEventTests {
    private let fixture: RegistryFixture
    private var store: RegistryStore { fixture.store }
    private let tag = ModelTag(key: "k", value: "v")

    init() async throws {
        fixture = try await RegistryFixture()
    }

    @Test func modelsAndVersions() async throws {
        try await store.createModel(name: "m", description: "d", tags: [tag])
        #expect(
            fixture.outbox.take() == [.modelCreated(name: "m", description: "d", tags: [tag], isPrompt: false)]
        )
        let version = try await fixture.version("m", tags: [tag])
        #expect(fixture.outbox.take() == [.versionCreated(version, isPrompt: false)])
        try await store.setVersionTag("m", 1, tag)
        try await store.deleteVersionTag("m", 1, key: "k")
        try await store.deleteVersionTag("m", 1, key: "k")
        #expect(
            fixture.outbox.take() == [
                .versionTagSet(name: "m", version: 1, tag: tag, isPrompt: false),
                .versionTagDeleted(name: "m", version: 1, key: "k", isPrompt: false),
            ]
        )
        try await store.setAlias(model: "m", alias: "live", version: 1)
        try await store.deleteAlias(model: "m", alias: "live")
        try await store.deleteAlias(model: "m", alias: "live")
        #expect(
            fixture.outbox.take() == [
                .aliasSet(name: "m", alias: "live", version: 1, isPrompt: false),
                .aliasDeleted(name: "m", alias: "live", isPrompt: false),
            ]
        )
        #expect(fixture.outbox.commitCount > 0)
    }

    @Test func prompts() async throws {
        let mark = ModelTag(key: "mlflow.prompt.is_prompt", value: "true")
        try await store.createModel(name: "p", tags: [mark])
        try await store.createVersion(model: "p", source: "dummy-source", tags: [mark])
        try await store.setModelTag("p", tag)
        try await store.deleteModelTag("p", key: "k")
        try await store.setAlias(model: "p", alias: "live", version: 1)
        let events = fixture.outbox.take()
        #expect(events.count == 5)
        #expect(events.first == .modelCreated(name: "p", description: "", tags: [mark], isPrompt: true))
        #expect(events.last == .aliasSet(name: "p", alias: "live", version: 1, isPrompt: true))
        #expect(events.contains(.modelTagSet(name: "p", tag: tag, isPrompt: true)))
        #expect(events.contains(.modelTagDeleted(name: "p", key: "k", isPrompt: true)))
    }

    @Test func whatFailsLeavesNothing() async throws {
        try await fixture.version("m")
        _ = fixture.outbox.take()
        #expect(await code { try await store.createModel(name: "m") } == .alreadyExists)
        #expect(await code { try await store.setAlias(model: "m", alias: "live", version: 9) } == .notFound)
        #expect(await code { try await store.setVersionTag("m", 9, tag) } == .notFound)
        #expect(fixture.outbox.take().isEmpty)
    }
}
