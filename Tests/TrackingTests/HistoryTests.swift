import Core
import TestSupport
import Testing
import Tracking

@Suite(.overEveryDatabase) struct HistoryTests {
    private let fixture: TrackingFixture
    private let run: String
    private var store: TrackingStore { fixture.store }

    init() async throws {
        fixture = try await TrackingFixture()
        run = try await fixture.run()
        let points = (0..<10).map { Metric("m", Double($0), time: Int64(100 - $0), step: Int64($0)) }
        try await store.logBatch(runID: run, metrics: points)
    }

    @Test func pages() async throws {
        let whole = try await store.metricHistory(runID: run, key: "m")
        #expect(whole.nextToken == nil)
        #expect(whole.metrics.map(\.step) == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0])
        var steps: [Int64] = []
        var token: String?
        repeat {
            let page = try await store.metricHistory(runID: run, key: "m", limit: 3, after: token)
            steps += page.metrics.map(\.step)
            token = page.nextToken
        } while token != nil
        #expect(steps == whole.metrics.map(\.step))
        #expect(await code { _ = try await store.metricHistory(runID: run, key: "m", limit: 0) } == .invalidArgument)
        let first = try await store.metricHistory(runID: run, key: "m", limit: 3).nextToken
        #expect(
            await code { _ = try await store.metricHistory(runID: run, key: "other", limit: 3, after: first) }
                == .invalidArgument
        )
    }

    @Test func unknownRunsAndKeysAreEmpty() async throws {
        #expect(try await store.metricHistory(runID: "none", key: "m").metrics.isEmpty)
        #expect(try await store.metricHistory(runID: run, key: "none").metrics.isEmpty)
        #expect(try await store.sampledHistory(runIDs: ["none"], key: "m").first?.metrics.isEmpty == true)
    }

    @Test func samplesEvenlyAndEndsWithTheLast() async throws {
        func steps(_ limit: Int, _ range: ClosedRange<Int64>? = nil) async throws -> [Int64] {
            try await store.sampledHistory(runIDs: [run], key: "m", steps: range, limit: limit)[0].metrics.map(\.step)
        }
        #expect(try await steps(10) == Array(0..<10))
        #expect(try await steps(3) == [0, 4, 9])
        #expect(try await steps(1) == [9])
        #expect(try await steps(4) == [0, 3, 6, 9])
        #expect(try await steps(9) == [0, 2, 3, 4, 5, 6, 7, 8, 9])
        #expect(try await steps(5, 2...4) == [2, 3, 4])
    }

    @Test func bulkIsCutAndOrdered() async throws {
        let other = try await fixture.run()
        try await store.logBatch(runID: other, metrics: [Metric("m", 7)])
        let found = try await store.bulkHistory(runIDs: [other, run], key: "m", limit: TrackingLimits.historyPoints)
        #expect(found.count == 11)
        #expect(found.map(\.runID) == found.map(\.runID).sorted())
        #expect(try await store.bulkHistory(runIDs: [run], key: "m", limit: 4).count == 4)
        #expect(await code { _ = try await store.bulkHistory(runIDs: [], key: "m", limit: 4) } == .invalidArgument)
    }
}
