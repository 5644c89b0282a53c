import Artifacts
import Core
import Synchronization
import TestSupport
import Testing

/// A store with a quota, over every store.
@Suite struct QuotaArtifactStoreTests {
    private func path(_ text: String) throws -> ArtifactPath { try ArtifactPath(validating: text) }

    private final class Limit: Sendable {
        let value = Mutex<Int64?>(nil)
        func set(_ bytes: Int64?) { value.withLock { $0 = bytes } }
        var bytes: Int64? { value.withLock { $0 } }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func theLastByteFitsAndOneMoreDoesNot(kind: StoreUnderTest) async throws {
        let place = try kind.make()
        let limit = Limit()
        limit.set(10)
        let store = QuotaArtifactStore(place.store, clock: .system) { limit.bytes }
        try await store.write(path("a"), bytes: [UInt8](repeating: 1, count: 6))
        try await store.write(path("b"), bytes: [UInt8](repeating: 1, count: 4))
        #expect(try await store.usedBytes() == 10)
        #expect(await codeThrown { try await store.write(path("c"), bytes: [1]) } == .storageFull)
        #expect(try await store.entry(path("c")) == nil)
        // A file in place of another takes only what it is larger.
        try await store.write(path("a"), bytes: [UInt8](repeating: 2, count: 5))
        try await store.write(path("c"), bytes: [1])
        let longer = [UInt8](repeating: 2, count: 7)
        #expect(await codeThrown { try await store.write(path("a"), bytes: longer) } == .storageFull)
        #expect(try await store.readAll(path("a"), limit: 10) == [UInt8](repeating: 2, count: 5))
    }

    @Test(arguments: StoreUnderTest.allCases)
    func deletingGivesRoomBack(kind: StoreUnderTest) async throws {
        let place = try kind.make()
        let store = QuotaArtifactStore(place.store, clock: .system) { 4 }
        try await store.write(path("d/a"), bytes: [1, 2])
        try await store.write(path("d/b"), bytes: [1, 2])
        #expect(await codeThrown { try await store.write(path("c"), bytes: [1]) } == .storageFull)
        try await store.delete(path("d"))
        try await store.write(path("c"), bytes: [1, 2, 3, 4])
        #expect(try await store.usedBytes() == 4)
    }

    @Test func chunksAreCountedAsTheyArrive() async throws {
        let place = try StoreUnderTest.disk.make()
        let store = QuotaArtifactStore(place.store, clock: .system) { 3 }
        let chunks = GivenChunks(chunks: [[1, 2], [3], [4]])
        #expect(await codeThrown { try await store.write(path("a"), chunks: chunks) } == .storageFull)
        #expect(try await store.entry(path("a")) == nil)
        try await store.write(path("a"), chunks: GivenChunks(chunks: [[1, 2], [3]]))
    }

    @Test func whatOthersWriteIsFoundAfterAWhile() async throws {
        let place = try StoreUnderTest.disk.make()
        let manual = ManualClock()
        let store = QuotaArtifactStore(place.store, clock: manual.clock) { 4 }
        try await store.write(path("a"), bytes: [1])
        try await place.store.write(path("theirs"), bytes: [1, 2, 3])
        #expect(try await store.usedBytes() == 1)
        manual.advance(by: .seconds(ArtifactsLimits.usageSeconds))
        #expect(try await store.usedBytes() == 4)
        #expect(await codeThrown { try await store.write(path("b"), bytes: [1]) } == .storageFull)
    }

    @Test func withoutAQuotaNothingIsCounted() async throws {
        let place = try StoreUnderTest.disk.make()
        let store = QuotaArtifactStore(place.store, clock: .system) { nil }
        try await store.write(path("a"), bytes: [UInt8](repeating: 1, count: 100_000))
        #expect(try await store.readAll(path("a"), limit: 100_000).count == 100_000)
    }
}
