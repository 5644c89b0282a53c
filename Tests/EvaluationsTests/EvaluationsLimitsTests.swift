import Core
import Evaluations
import TestSupport
import Testing

/// Every limit: what is at it passes, what is one past it does not.
@Suite struct EvaluationsLimitsTests {
    private let fixture: EvaluationFixture
    private var store: EvaluationStore { fixture.store }

    init() async throws {
        fixture = try await EvaluationFixture()
    }

    private func check(
        _ limit: Int,
        sourceLocation: SourceLocation = #_sourceLocation,
        _ work: (Int) async throws -> Void
    ) async {
        #expect(await failure { try await work(limit) }?.message == nil, sourceLocation: sourceLocation)
        #expect(await code { try await work(limit + 1) } == .invalidArgument, sourceLocation: sourceLocation)
    }

    private func text(_ count: Int) -> String {
        String(repeating: "x", count: count)
    }

    @Test func texts() async throws {
        let dataset = try await fixture.dataset()
        await check(EvaluationsLimits.nameCharacters) { _ = try await store.createDataset(name: text($0)) }
        await check(EvaluationsLimits.nameCharacters) { count in
            _ = try await store.registerScorer(experiment: "1", name: text(count), serialized: "{}")
        }
        await check(EvaluationsLimits.scorerBytes) { count in
            let serialized = #"{"a":"\#(text(count - 8))"}"#
            _ = try await store.registerScorer(experiment: "1", name: "s", serialized: serialized)
        }
        await check(EvaluationsLimits.tagKeyCharacters) { count in
            _ = try await store.setDatasetTags(dataset.id, #"{"\#(text(count))":""}"#)
        }
        await check(EvaluationsLimits.tagValueCharacters) { count in
            _ = try await store.setDatasetTags(dataset.id, #"{"k":"\#(text(count))"}"#)
        }
    }

    @Test func counts() async throws {
        let dataset = try await fixture.dataset()
        await check(EvaluationsLimits.tags) { count in
            let tags = (0..<count).map { #""k\#($0)":"""# }.joined(separator: ",")
            _ = try await store.setDatasetTags(dataset.id, "{\(tags)}")
        }
        await check(EvaluationsLimits.experiments) { count in
            _ = try await store.searchDatasets(experiments: (0..<count).map(String.init))
        }
        await check(EvaluationsLimits.scorers) { count in
            _ = try await store.onlineScoring(of: (0..<count).map(String.init))
        }
        await check(EvaluationsLimits.searchResults) { _ = try await store.searchDatasets(limit: $0) }
        #expect(await code { _ = try await store.searchDatasets(limit: 0) } == .invalidArgument)
        #expect(EvaluationsLimits.defaultSearchResults <= EvaluationsLimits.searchResults)
        await check(EvaluationsLimits.records) { count in
            _ = try await store.deleteRecords(of: dataset.id, (0..<count).map(String.init))
        }
    }

    @Test func records() async throws {
        let dataset = try await fixture.dataset()
        let many = (0...EvaluationsLimits.recordsPageSize).map { #"{"inputs":{"n":\#($0)}}"# }.joined(separator: ",")
        _ = try await store.upsertRecords(dataset.id, "[\(many)]")
        let page = try await store.records(of: dataset.id, limit: EvaluationsLimits.recordsPageSize + 1)
        #expect(try JSONValue.parse(page.json).arrayValue?.count == EvaluationsLimits.recordsPageSize)
        #expect(page.nextToken != nil)
        #expect(try await fixture.records(dataset).count == EvaluationsLimits.recordsPageSize + 1)
        let tooMany = Array(repeating: "{}", count: EvaluationsLimits.records + 1).joined(separator: ",")
        #expect(await code { _ = try await store.upsertRecords(dataset.id, "[\(tooMany)]") } == .invalidArgument)
    }

    @Test func batches() async throws {
        let count = EvaluationsLimits.batchRows + 1
        for number in 0..<count { _ = try await fixture.dataset("d\(number)", tags: #"{"n":"\#(number)"}"#) }
        let found = try await store.searchDatasets(limit: 1000).datasets
        #expect(found.count == count)
        #expect(found.allSatisfy { $0.tags.map(\.value) == [String($0.name.dropFirst())] })
    }
}
