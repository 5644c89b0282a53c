import Core
import TestSupport
import Testing
import Tracking

/// Every limit: what is at it passes, what is one past it does not.
@Suite(.overEveryDatabase) struct TrackingLimitsTests {
    private let fixture: TrackingFixture
    private let run: String
    private var store: TrackingStore { fixture.store }

    init() async throws {
        fixture = try await TrackingFixture()
        run = try await fixture.run()
    }

    private func text(_ count: Int) -> String {
        String(repeating: "x", count: count)
    }

    /// Expects that `work` succeeds with the limit and fails one past it.
    private func check(
        _ limit: Int,
        past: MartletError.Code = .invalidArgument,
        sourceLocation: SourceLocation = #_sourceLocation,
        _ work: (Int) async throws -> Void
    ) async {
        #expect(await failure { try await work(limit) }?.message == nil, sourceLocation: sourceLocation)
        #expect(await code { try await work(limit + 1) } == past, sourceLocation: sourceLocation)
    }

    @Test func texts() async throws {
        await check(TrackingLimits.keyCharacters) { try await store.setTag(runID: run, Tag(key: text($0), value: "")) }
        await check(TrackingLimits.experimentNameCharacters) { try await store.createExperiment(name: text($0)) }
        await check(TrackingLimits.experimentTagValueCharacters) {
            try await store.setExperimentTag("0", Tag(key: "k", value: text($0)))
        }
        await check(TrackingLimits.nameCharacters) { _ = try await store.createRun(experimentID: "0", name: text($0)) }
        await check(TrackingLimits.locationCharacters) { count in
            let folders = Array(repeating: text(199), count: 10).joined(separator: "/")
            let location = "mlflow-artifacts:/" + folders + "/"
            let rest = text(count - location.count)
            try await store.createExperiment(name: "l\(count)", artifactLocation: location + rest)
        }
    }

    @Test func longValuesAreCut() async throws {
        try await store.logParam(
            runID: run,
            Param(key: "p", value: text(TrackingLimits.paramValueCharacters) + "y")
        )
        try await store.setTag(runID: run, Tag(key: "t", value: text(TrackingLimits.tagValueCharacters) + "y"))
        let stored = try await store.run(run)
        #expect(stored.param("p") == text(TrackingLimits.paramValueCharacters))
        #expect(stored.tag("t") == text(TrackingLimits.tagValueCharacters))
    }

    @Test func batches() async throws {
        await check(TrackingLimits.batchMetrics) { count in
            try await store.logBatch(runID: run, metrics: (0..<count).map { Metric("m", 1, step: Int64($0)) })
        }
        await check(TrackingLimits.batchParams) { count in
            try await store.logBatch(runID: run, params: (0..<count).map { Param(key: "p\($0)", value: "") })
        }
        await check(TrackingLimits.batchTags) { count in
            try await store.logBatch(runID: run, tags: (0..<count).map { Tag(key: "t\($0)", value: "") })
        }
        await check(TrackingLimits.batchItems) { count in
            try await store.logBatch(
                runID: run,
                metrics: (0..<(count - 1)).map { Metric("m", 1, step: Int64($0)) },
                tags: [Tag(key: "t", value: "")]
            )
        }
    }

    @Test func inputs() async throws {
        func input(name: Int = 1, digest: Int = 1, source: Int = 1, schema: Int = 1, profile: Int = 1) -> DatasetInput {
            DatasetInput(
                name: text(name),
                digest: text(digest),
                sourceType: "local",
                source: text(source),
                schema: text(schema),
                profile: text(profile)
            )
        }
        func log(_ input: DatasetInput) async throws { try await store.logInputs(runID: run, datasets: [input]) }
        await check(TrackingLimits.datasetNameCharacters) { try await log(input(name: $0)) }
        await check(TrackingLimits.datasetDigestCharacters) { try await log(input(digest: $0)) }
        await check(TrackingLimits.datasetSourceCharacters) { try await log(input(source: $0)) }
        await check(TrackingLimits.datasetSchemaCharacters) { try await log(input(schema: $0)) }
        await check(TrackingLimits.datasetProfileCharacters) { try await log(input(profile: $0)) }
        func tagged(_ tag: Tracking.Tag) -> DatasetInput {
            DatasetInput(name: "n", digest: "d", sourceType: "local", source: "s", tags: [tag])
        }
        await check(TrackingLimits.inputTagKeyCharacters) {
            try await log(tagged(Tracking.Tag(key: text($0), value: "")))
        }
        await check(TrackingLimits.inputTagValueCharacters) {
            try await log(tagged(Tracking.Tag(key: "k", value: text($0))))
        }
        await check(TrackingLimits.inputs) { count in
            try await store.logInputs(runID: run, modelIDs: (0..<count).map { "m-\($0)" })
        }
        await check(TrackingLimits.inputs) { count in
            try await store.logOutputs(
                runID: run,
                models: (0..<count).map { ModelOutput(modelID: "m", step: Int64($0)) }
            )
        }
        await check(TrackingLimits.datasetSearchExperiments) { count in
            _ = try await store.datasets(inExperiments: (0..<count).map(String.init))
        }
    }

    @Test func datasetSearchStopsAtItsLimit() async throws {
        let datasets = (0...TrackingLimits.datasetSearchResults).map { index in
            DatasetInput(name: "d\(index)", digest: "x", sourceType: "local", source: "s")
        }
        try await store.logInputs(runID: run, datasets: Array(datasets.prefix(TrackingLimits.inputs)))
        try await store.logInputs(runID: run, datasets: Array(datasets.dropFirst(TrackingLimits.inputs)))
        let found = try await store.datasets(inExperiments: ["0"])
        #expect(found.count == TrackingLimits.datasetSearchResults)
    }

    @Test func searches() async throws {
        await check(TrackingLimits.searchResults) { _ = try await store.searchRuns(experimentIDs: ["0"], limit: $0) }
        await check(TrackingLimits.searchResults) { _ = try await store.searchExperiments(limit: $0) }
        await check(TrackingLimits.searchExperiments) { count in
            _ = try await store.searchRuns(experimentIDs: (0..<count).map(String.init))
        }
        await check(TrackingLimits.searchExperiments) { count in
            _ = try await store.searchLoggedModels(experimentIDs: (0..<count).map(String.init))
        }
        for limit in [0, -1] {
            #expect(
                await code { _ = try await store.searchRuns(experimentIDs: ["0"], limit: limit) } == .invalidArgument
            )
        }
        #expect(TrackingLimits.defaultSearchResults <= TrackingLimits.searchResults)
        #expect(TrackingLimits.defaultLoggedModelResults <= TrackingLimits.loggedModelResults)
    }

    @Test func loggedModels() async throws {
        let model = try await store.createLoggedModel(experimentID: "0").id
        await check(TrackingLimits.loggedModelItems) { count in
            try await store.logLoggedModelParams(model, (0..<count).map { Param(key: "p\($0)", value: "") })
        }
        await check(TrackingLimits.nameCharacters) { count in
            _ = try await store.createLoggedModel(experimentID: "0", name: text(count))
        }
        await check(TrackingLimits.loggedModelKeyCharacters) { count in
            try await store.setLoggedModelTags(model, [Tag(key: text(count), value: "")])
        }
        await check(TrackingLimits.loggedModelValueCharacters) { count in
            try await store.setLoggedModelTags(model, [Tag(key: "t", value: text(count))])
        }
    }

    /// A page of more models than `TrackingLimits.loggedModelResults` is cut, and the rest comes on the next page.
    @Test func pagesOfLoggedModelsAreCut() async throws {
        for index in 0...TrackingLimits.loggedModelResults {
            _ = try await store.createLoggedModel(experimentID: "0", name: "m\(index)")
        }
        let order = [LoggedModelOrder(field: "name")]
        let first = try await store.searchLoggedModels(experimentIDs: ["0"], order: order, limit: .max)
        #expect(first.models.count == TrackingLimits.loggedModelResults)
        let rest = try await store.searchLoggedModels(
            experimentIDs: ["0"],
            order: order,
            limit: .max,
            after: first.nextToken
        )
        #expect(rest.models.map(\.name) == ["m999"])
        #expect(rest.nextToken == nil)
    }

    @Test func modelHistory() async throws {
        // `["…"]` has four characters more than the text.
        await check(TrackingLimits.modelHistoryCharacters - 4) { count in
            let fresh = try await fixture.run()
            try await store.appendLoggedModel(runID: fresh, .string(text(count)))
        }
    }

    @Test func histories() async throws {
        await check(TrackingLimits.bulkRuns) { count in
            _ = try await store.sampledHistory(runIDs: (0..<count).map(String.init), key: "m")
        }
        await check(TrackingLimits.bulkPointsPerRun) { count in
            _ = try await store.sampledHistory(runIDs: [run], key: "m", limit: count)
        }
    }

    /// More runs than one statement names, each with what was logged to it.
    @Test func moreRunsThanOneStatementNames() async throws {
        let count = TrackingLimits.keysPerStatement + 1
        for index in 0..<count {
            let id = try await store.createRun(experimentID: "0", name: "r\(index)").info.id
            try await store.logMetric(runID: id, Metric("m", Double(index)))
        }
        let found = try await store.searchRuns(experimentIDs: ["0"], filter: "metrics.m >= 0").runs
        #expect(found.count == count)
        for run in found { #expect("r\(Int(run.metric("m") ?? -1))" == run.info.name) }
    }
}
