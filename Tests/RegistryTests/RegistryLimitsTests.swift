import Core
import Foundation
import Registry
import TestSupport
import Testing

/// Every limit: what is at it passes, what is one past it does not.
@Suite(.overEveryDatabase) struct RegistryLimitsTests {
    private let fixture: RegistryFixture
    private var store: RegistryStore { fixture.store }

    init() async throws {
        fixture = try await RegistryFixture()
        try await fixture.version()
    }

    private func check(
        _ limit: Int,
        past: MartletError.Code = .invalidArgument,
        sourceLocation: SourceLocation = #_sourceLocation,
        _ work: (Int) async throws -> Void
    ) async {
        #expect(await failure { try await work(limit) }?.message == nil, sourceLocation: sourceLocation)
        #expect(await code { try await work(limit + 1) } == past, sourceLocation: sourceLocation)
    }

    private func text(_ count: Int) -> String {
        String(repeating: "x", count: count)
    }

    @Test func texts() async {
        await check(RegistryLimits.nameCharacters) { try await store.createModel(name: text($0)) }
        await check(RegistryLimits.descriptionCharacters) { _ = try await store.describeModel("cancer", text($0)) }
        await check(RegistryLimits.tagKeyCharacters) { count in
            try await store.setModelTag("cancer", ModelTag(key: text(count), value: ""))
        }
        await check(RegistryLimits.tagValueCharacters) { count in
            try await store.setVersionTag("cancer", 1, ModelTag(key: "k", value: text(count)))
        }
        await check(RegistryLimits.aliasCharacters) { count in
            try await store.setAlias(model: "cancer", alias: text(count), version: 1)
        }
        await check(RegistryLimits.sourceCharacters) { count in
            let folders = Array(repeating: text(199), count: 10).joined(separator: "/")
            let start = "runs:/run1/\(folders)/"
            try await store.createVersion(model: "cancer", source: start + text(count - start.count))
        }
    }

    @Test func counts() async {
        await check(RegistryLimits.tags) { count in
            let tags = (0..<count).map { ModelTag(key: "k\($0)", value: "") }
            try await store.createModel(name: "m\(count)", tags: tags)
        }
        await check(RegistryLimits.modelResults) { _ = try await store.searchModels(limit: $0) }
        await check(RegistryLimits.versionResults) { _ = try await store.searchVersions(limit: $0) }
        #expect(RegistryLimits.defaultModelResults <= RegistryLimits.modelResults)
        #expect(await code { _ = try await store.searchModels(limit: 0) } == .invalidArgument)
    }

    @Test func batches() async throws {
        let count = RegistryLimits.batchRows + 1
        for index in 0..<count {
            let tag = ModelTag(key: "n", value: "\(index)")
            try await fixture.version("m\(index)", tags: [tag])
            try await store.setModelTag("m\(index)", tag)
            try await store.setAlias(model: "m\(index)", alias: "live", version: 1)
        }
        let models = try await store.searchModels(filter: "name LIKE 'm%'", limit: 1000).models
        #expect(models.count == count)
        for model in models {
            #expect(model.tags == [ModelTag(key: "n", value: String(model.name.dropFirst()))])
            #expect(model.aliases == [ModelAlias(name: "live", version: 1)])
            #expect(model.latestVersions.map(\.tags) == [model.tags])
        }
        let versions = try await store.searchVersions(filter: "name LIKE 'm%'").versions
        #expect(versions.count == count)
        #expect(versions.allSatisfy { $0.tag("n") == String($0.name.dropFirst()) && $0.aliases == ["live"] })
    }

    @Test func files() async throws {
        let store = store
        try await fixture.put("many/f0", "")
        let folder = fixture.directory.appending(path: "1/run1/artifacts/many")
        // Written past the store, which would wait for the disk at every file.
        for index in 1..<RegistryLimits.files { try Data().write(to: folder.appending(path: "f\(index)")) }
        try await store.createVersion(model: "cancer", source: "runs:/run1/many")
        #expect(try await store.files(of: "cancer", 2).count == RegistryLimits.files)
        try await fixture.put("many/one-more", "")
        #expect(
            await code { try await store.createVersion(model: "cancer", source: "runs:/run1/many") }
                == .resourceExhausted
        )
    }
}
