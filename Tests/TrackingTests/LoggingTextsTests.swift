import Core
import TestSupport
import Testing
import Tracking

/// The texts of refusals that MLflow's clients and tests look for.
@Suite(.overEveryDatabase) struct LoggingTextsTests {
    private let fixture: TrackingFixture
    private let run: String
    private var store: TrackingStore { fixture.store }

    init() async throws {
        fixture = try await TrackingFixture()
        run = try await fixture.run()
    }

    private func text(_ metrics: [Metric] = [], _ params: [Param] = [], _ tags: [Tracking.Tag] = []) async -> String {
        let error = await failure {
            try await store.logBatch(runID: run, metrics: metrics, params: params, tags: tags)
        }
        return error?.code == .invalidArgument ? error?.message ?? "" : "no refusal"
    }

    private let long = String(repeating: "k", count: TrackingLimits.keyCharacters + 1)

    @Test func keysNameTheirPlace() async throws {
        let good = Metric("a", 1)
        #expect(await text([good, Metric("b$", 1)]).contains("Invalid value \"b$\" for parameter 'metrics[1].name'"))
        #expect(await text([], [Param(key: "b$", value: "")]).contains("for parameter 'params[0].key' supplied"))
        #expect(await text([], [], [Tag(key: "a/../b", value: "")]).contains("for parameter 'tags[0].key' supplied"))
        #expect(await text([], [], [Tag(key: "a/../b", value: "")]).hasSuffix("This name would resolve to 'b'"))
        #expect(await text([good, Metric("", 1)]).hasPrefix("Missing value for required parameter 'metrics[1].key'."))
        let single = await failure { try await store.logMetric(runID: run, Metric("b$", 1)) }
        #expect(single?.message.contains("for parameter 'name' supplied") == true)
        #expect(try await store.run(run).metrics.isEmpty)
    }

    @Test func lengths() async throws {
        #expect(await text([Metric(long, 1)]) == "'Metric name' exceeds the maximum length of 250 characters")
        #expect(
            await text([], [Param(key: long, value: "")]).hasPrefix("'Param key' exceeds the maximum length of 250")
        )
        #expect(await text([], [], [Tag(key: long, value: "")]).hasPrefix("'tags[0].key' exceeds the maximum length"))
        // Lengths count Unicode scalars: a grapheme of two counts twice, an emoji of four bytes once.
        let accents = String(repeating: "e\u{301}", count: TrackingLimits.paramValueCharacters / 2)
        let emoji = String(repeating: "😀", count: TrackingLimits.paramValueCharacters)
        try await store.logBatch(
            runID: run,
            params: [Param(key: "a", value: accents + "x"), Param(key: "e", value: emoji + "x")]
        )
        let stored = try await store.run(run)
        #expect(stored.param("a") == accents)
        #expect(stored.param("e") == emoji)
    }

    @Test func repeatedAndChangedParams() async throws {
        let pair = [Param(key: "p", value: "1"), Param(key: "p", value: "1")]
        #expect(await text([], pair).hasPrefix("Duplicate parameter keys have been submitted: ['p']."))
        try await store.logBatch(runID: run, params: [Param(key: "p", value: "1")])
        let changed = await text([Metric("m", 1)], [Param(key: "q", value: "1"), Param(key: "p", value: "2")])
        #expect(
            changed
                == "Changing param values is not allowed. Params were already logged='[{'key': 'p', 'old_value': '1', "
                + "'new_value': '2'}]' for run ID='\(run)'."
        )
        #expect(try await store.run(run).params.map(\.key) == ["p"])
        #expect(try await store.run(run).metrics.isEmpty)
        // What is cut compares as it is stored.
        let cut = String(repeating: "x", count: TrackingLimits.paramValueCharacters)
        try await store.logParam(runID: run, Param(key: "cut", value: cut + "a"))
        try await store.logParam(runID: run, Param(key: "cut", value: cut + "b"))
    }

    @Test func batchesAreBounded() async throws {
        let metrics = (0..<TrackingLimits.batchMetrics).map { Metric("m", 1, step: Int64($0)) }
        #expect(
            await text(metrics, [Param(key: "p", value: "")])
                == "A batch logging request can contain at most 1000 metrics, params, and tags. Got 1001 metrics, "
                + "params, and tags. Please split up metrics, params, and tags across multiple requests and try again."
        )
    }

    @Test func datasetsOfMetricsHaveNameAndDigest() async throws {
        let metric = Metric(key: "m", value: 1, timestamp: fixture.clock.now, datasetName: "d")
        #expect(
            await text([metric]) == "Both dataset_name and dataset_digest must be provided if one is provided"
        )
    }
}
