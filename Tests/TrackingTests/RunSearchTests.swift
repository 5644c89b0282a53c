import Core
import TestSupport
import Testing
import Tracking

@Suite(.overEveryDatabase) struct RunSearchTests {
    private let fixture: TrackingFixture
    private var store: TrackingStore { fixture.store }

    /// Five runs `a` to `e`; only some have each metric, param and tag.
    init() async throws {
        fixture = try await TrackingFixture()
        for (index, name) in ["a", "b", "c", "d", "e"].enumerated() {
            let start = Timestamp(milliseconds: Int64(1000 + index))
            let run = try await store.createRun(
                experimentID: "0",
                name: name,
                userID: "u\(index % 2)",
                startTime: start
            )
            let id = run.info.id
            if index < 4 {
                let value = index == 3 ? Double.nan : Double(index) / 10
                try await store.logMetric(runID: id, Metric("auc", value))
            }
            if index != 1 { try await store.logParam(runID: id, Param(key: "depth", value: "\(index * 5)")) }
            if index > 2 { try await store.setTag(runID: id, Tag(key: "my tag", value: "X\(index)")) }
            if index == 2 {
                let input = DatasetInput(
                    name: "wine",
                    digest: "123",
                    sourceType: "local",
                    source: "s",
                    tags: [Tag(key: "mlflow.data.context", value: "training")]
                )
                try await store.logInputs(runID: id, datasets: [input], modelIDs: ["m-1"])
            }
            if index == 4 { try await store.updateRun(id, status: .finished, endTime: Timestamp(milliseconds: 2000)) }
        }
    }

    private func names(_ filter: String? = nil, order: [String] = []) async throws -> String {
        try await store.searchRuns(experimentIDs: ["0"], filter: filter, order: order).runs.map(\.info.name).joined()
    }

    @Test(arguments: [
        ("", "edcba"), ("metrics.auc > 0.05", "cb"), ("metric.auc <= 0.1", "ba"), ("metrics.auc != 0.1", "dca"),
        ("metrics.auc = 0", "a"), ("metrics.none != 1", ""), ("params.depth = '10'", "c"),
        ("parameters.depth != '10'", "eda"), ("param.depth LIKE '1%'", "dc"), ("params.depth IS NULL", "b"),
        ("params.depth IS NOT NULL", "edca"), ("tags.`my tag` LIKE 'x%'", ""), ("tags.`my tag` ILIKE 'x%'", "ed"),
        ("tags.\"my tag\" IS NULL", "cba"), ("tag.mlflow.runName = 'a'", "a"), ("attributes.run_name = 'b'", "b"),
        ("`Run name` != 'b'", "edca"), ("run_name LIKE 'A'", ""), ("status = 'FINISHED'", "e"),
        ("attr.status != 'RUNNING'", "e"), ("run.user_id = 'u1'", "db"), ("start_time >= 1003", "ed"),
        ("created < 1001", "a"), ("end_time > 1", "e"), ("dataset.name = 'wine'", "c"),
        ("datasets.digest LIKE '1%'", "c"), ("dataset.context IN ('training', 'test')", "c"),
        ("dataset.name NOT IN ('wine')", ""), ("metrics.auc < 0.2 AND params.depth = '0' and start_time = 1000", "a"),
        ("run_id IN ('none')", ""), ("run_id NOT IN ('none')", "edcba"),
        ("artifact_uri LIKE 'mlflow-artifacts:/0/%'", "edcba"),
    ])
    func filters(_ filter: String, _ expected: String) async throws {
        #expect(try await names(filter) == expected)
    }

    @Test(arguments: [
        "metrics.auc > '0.1'", "metrics.auc LIKE 'x'", "metrics.auc IS NULL", "params.depth = 5", "params.depth > '5'",
        "params.depth IN ('5')", "tags.a < 'b'", "start_time = '5'", "start_time LIKE '5'", "status IS NULL",
        "status IN ('RUNNING')", "foo.bar = 'x'", "nothing = 'x'", "dataset.schema = 'x'", "dataset.name IS NULL",
        "METRICS.auc > 1", "run_id = 5",
    ])
    func filtersThatAreRefused(_ filter: String) async {
        #expect(await code { _ = try await names(filter) } == .invalidArgument)
    }

    @Test(arguments: [
        (["metrics.auc ASC"], "abcde"), (["metrics.auc DESC"], "cbade"), (["params.depth"], "acdeb"),
        (["params.depth DESC"], "edcab"), (["tags.`my tag`"], "decba"), (["end_time"], "edcba"),
        (["start_time ASC"], "abcde"), (["user_id", "start_time"], "acebd"), (["attributes.run_name DESC"], "edcba"),
        (["status", "metrics.auc DESC"], "ecbad"), (["metrics.none"], "edcba"),
    ])
    func orders(_ order: [String], _ expected: String) async throws {
        let sorted = try await names(order: order)
        // "5" sorts after "15" and "20" as text; 0, 10, 15 and 20 are what the params are.
        #expect(sorted == expected)
    }

    @Test(arguments: [["dataset.name"], ["foo"], ["metrics.a", "metrics.a DESC"], ["start_time DOWN"], [""]])
    func ordersThatAreRefused(_ order: [String]) async {
        #expect(await code { _ = try await names(order: order) } == .invalidArgument)
    }

    @Test(arguments: [[], ["metrics.auc DESC"], ["tags.`my tag`", "params.depth DESC"], ["end_time", "user_id"]])
    func pagesOfEveryOrderAreTheSameWhole(_ order: [String]) async throws {
        let whole = try await names(order: order)
        for limit in 1...5 {
            var found = ""
            var token: String?
            repeat {
                let page = try await store.searchRuns(experimentIDs: ["0"], order: order, limit: limit, after: token)
                found += page.runs.map(\.info.name).joined()
                token = page.nextToken
            } while token != nil
            #expect(found == whole)
        }
    }

    @Test func runsCarryWhatBelongsToThem() async throws {
        let run = try #require(try await store.searchRuns(experimentIDs: ["0"], filter: "run_name = 'c'").runs.first)
        #expect(try await store.run(run.info.id) == run)
        #expect(run.datasets.map(\.name) == ["wine"])
        #expect(run.datasets.first?.tags == [Tag(key: "mlflow.data.context", value: "training")])
        #expect(run.modelInputs == ["m-1"])
        #expect(run.param("depth") == "10")
    }

    @Test func unknownExperimentsAndNone() async throws {
        #expect(try await store.searchRuns(experimentIDs: ["77"]).runs.isEmpty)
        #expect(try await store.searchRuns(experimentIDs: []).runs.isEmpty)
    }

    @Test func datasetsOfAnExperiment() async throws {
        let found = try await store.datasets(inExperiments: ["0"])
        #expect(found.count == 1)
        #expect(found.first?.name == "wine")
        #expect(found.first?.context == "training")
    }

    /// A dataset that the run has already keeps its tags.
    @Test func inputsAreLinkedOnce() async throws {
        let id = try await fixture.run()
        for context in ["first", "second"] {
            let tags = [Tag(key: "mlflow.data.context", value: context)]
            let input = DatasetInput(name: "n", digest: "d", sourceType: "local", source: "s", tags: tags)
            try await store.logInputs(runID: id, datasets: [input])
            try await store.logOutputs(runID: id, models: [ModelOutput(modelID: "m-1", step: 0)])
        }
        let run = try await store.run(id)
        #expect(run.datasets.map(\.tags) == [[Tag(key: "mlflow.data.context", value: "first")]])
        #expect(run.modelOutputs.count == 2)
    }
}
