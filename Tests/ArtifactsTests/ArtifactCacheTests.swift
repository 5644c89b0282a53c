import Artifacts
import Core
import TestSupport
import Testing

/// The files of a bucket on this host.
@Suite struct ArtifactCacheTests {
    private func path(_ text: String) throws -> ArtifactPath {
        try ArtifactPath(validating: text)
    }

    @Test func whatIsThereIsNotFetchedAgain() async throws {
        let temporary = try TemporaryStore()
        let store = try StoreUnderTest.bucket(temporary)
        try await store.write(path("m/MLmodel"), bytes: [1, 2])
        let first = try await store.localURL(path("m"))
        #expect(try await store.localURL(path("m")) == first)
        // A replaced file has another place, so whoever still reads the old one is not disturbed.
        try await store.write(path("m/MLmodel"), bytes: [3])
        let second = try await store.localURL(path("m"))
        #expect(second != first)
        #expect(names(in: first) == ["MLmodel"] && names(in: second) == ["MLmodel"])
    }

    @Test func changedFilesAreFetchedAgain() async throws {
        let temporary = try TemporaryStore()
        let store = try StoreUnderTest.bucket(temporary)
        try await store.write(path("m/MLmodel"), bytes: Array("right".utf8))
        let place = try await store.localURL(path("m"))
        try temporary.writeFile("\(place)/MLmodel", "wrong")
        #expect(try await store.localURL(path("m")) == place)
        #expect(try readFile("\(place)/MLmodel") == "right")
    }

    @Test func racingCallersShareOneDownload() async throws {
        let temporary = try TemporaryStore()
        let store = try StoreUnderTest.bucket(temporary)
        let target = try path("m")
        try await store.write(path("m/big"), bytes: patternBytes(500_000))
        let places = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<8 { group.addTask { try await store.localURL(target) } }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(places.count == 1)
    }

    @Test func theLimitHolds() async throws {
        let temporary = try TemporaryStore()
        let clock = ManualClock(now: Clock.system.now)
        let store = try StoreUnderTest.bucket(temporary, cacheLimit: 100, clock: clock.clock)
        for name in ["a", "b", "c"] { try await store.write(path(name), bytes: [UInt8](repeating: 1, count: 40)) }
        try await store.write(path("large"), bytes: [UInt8](repeating: 1, count: 101))
        #expect(await codeThrown { _ = try await store.localURL(path("large")) } == .payloadTooLarge)
        _ = try await store.localURL(path("a"))
        _ = try await store.localURL(path("b"))
        // What was asked for just now may be about to be opened.
        #expect(await codeThrown { _ = try await store.localURL(path("c")) } == .resourceExhausted)
        clock.advance(by: .seconds(ArtifactsLimits.cacheGraceSeconds + 3600))
        _ = try await store.localURL(path("c"))
        let entries = names(in: "\(temporary.directory)/cache").filter { !$0.hasPrefix(".") }
        #expect(entries.count == 2)
    }

    @Test func whatNobodyUsesGoes() async throws {
        let temporary = try TemporaryStore()
        let clock = ManualClock(now: Clock.system.now)
        let store = try StoreUnderTest.bucket(temporary, clock: clock.clock)
        try await store.write(path("a"), bytes: [1])
        try await store.write(path("b"), bytes: [2])
        _ = try await store.localURL(path("a"))
        clock.advance(by: .seconds(ArtifactsLimits.cacheDays * 86_400 + 60))
        _ = try await store.localURL(path("b"))
        #expect(names(in: "\(temporary.directory)/cache").filter { !$0.hasPrefix(".") }.count == 1)
    }
}
