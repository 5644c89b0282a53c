import Artifacts
import Core
import TestSupport
import Testing
import Tracking

@Suite(.overEveryDatabase) struct LoggedModelTests {
    private let fixture: TrackingFixture
    private var store: TrackingStore { fixture.store }

    init() async throws {
        fixture = try await TrackingFixture()
    }

    @Test func life() async throws {
        let model = try await store.createLoggedModel(
            experimentID: "0",
            name: "cancer",
            modelType: "tree",
            sourceRunID: "r",
            params: [Param(key: "p", value: "1")],
            tags: [Tracking.Tag(key: "t", value: "1")]
        )
        #expect(model.id.hasPrefix("m-"))
        #expect(model.status == .pending)
        #expect(model.artifactURI == "mlflow-artifacts:/0/models/\(model.id)/artifacts")
        #expect(try await store.artifactRoot(modelID: model.id).description == "0/models/\(model.id)/artifacts")
        fixture.clock.advance(by: .seconds(1))
        #expect(try await store.finalizeLoggedModel(model.id, .ready).status == .ready)
        let finished = fixture.clock.now
        fixture.clock.advance(by: .seconds(1))
        try await store.setLoggedModelTags(model.id, [Tracking.Tag(key: "t", value: "2")])
        try await store.logLoggedModelParams(model.id, [Param(key: "q", value: "2")])
        let stored = try await store.loggedModel(model.id)
        #expect(stored.lastUpdateTime == finished)
        #expect(stored.creationTime < stored.lastUpdateTime)
        #expect(stored.tags.map(\.value) == ["2"])
        #expect(stored.params.map(\.key) == ["p", "q"])
        try await store.deleteLoggedModelTag(model.id, key: "t")
        #expect(await code { try await store.deleteLoggedModelTag(model.id, key: "t") } == .notFound)
        try await store.deleteLoggedModel(model.id)
        #expect(await code { _ = try await store.loggedModel(model.id) } == .notFound)
        #expect(try await store.loggedModel(model.id, includingDeleted: true).lifecycle == .deleted)
        // As with MLflow, deletion hides a model and ends nothing.
        try await store.deleteLoggedModel(model.id)
        #expect(try await store.finalizeLoggedModel(model.id, .uploadFailed).status == .uploadFailed)
        #expect(try await store.searchLoggedModels(experimentIDs: ["0"]).models.isEmpty)
        #expect(await code { try await store.deleteLoggedModel("m-none") } == .notFound)
    }

    @Test func paramsAreWrittenOnceAndTakeAnyKey() async throws {
        let model = try await store.createLoggedModel(experimentID: "0", params: [Param(key: "a$/../b", value: "1")])
        let long = String(repeating: "x", count: TrackingLimits.paramValueCharacters + 1)
        try await store.logLoggedModelParams(
            model.id,
            [Param(key: "a$/../b", value: "1"), Param(key: "l", value: long)]
        )
        let changed = [Param(key: "new", value: "1"), Param(key: "a$/../b", value: "2")]
        let error = await failure { try await store.logLoggedModelParams(model.id, changed) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.hasPrefix("Changing param values is not allowed.") == true)
        let stored = try await store.loggedModel(model.id).params
        #expect(stored.map(\.key) == ["a$/../b", "l"])
        #expect(stored.map(\.value) == ["1", long])
    }

    @Test func metricsNeedAModelThatIsThere() async throws {
        let run = try await fixture.run()
        let metric = { (model: String) in Metric(key: "m", value: 1, timestamp: fixture.clock.now, modelID: model) }
        #expect(await code { try await store.logMetric(runID: run, metric("m-none")) } == .notFound)
        #expect(try await store.run(run).metrics.isEmpty)
        let model = try await store.createLoggedModel(experimentID: "0").id
        try await store.deleteLoggedModel(model)
        try await store.logMetric(runID: run, metric(model))
        try await store.logMetric(runID: run, metric(model))
        #expect(try await store.loggedModel(model, includingDeleted: true).metrics.count == 1)
    }

    @Test(arguments: ["a/b", "a:b", "a.b", "a%b", "a\"b", "a'b"])
    func names(_ name: String) async {
        #expect(await code { _ = try await store.createLoggedModel(experimentID: "0", name: name) } == .invalidArgument)
    }

    @Test func registrationsAreNoted() async throws {
        let model = try await store.createLoggedModel(experimentID: "0").id
        try await store.recordRegistration(of: model, as: "a", version: 1)
        try await store.recordRegistration(of: model, as: "b", version: 2)
        let tag = try await store.loggedModel(model).tags.first
        #expect(tag?.key == "mlflow.modelVersions")
        #expect(tag?.value == #"[{"name": "a", "version": 1}, {"name": "b", "version": 2}]"#)
    }

    @Test func search() async throws {
        let run = try await fixture.run()
        var ids: [String: String] = [:]
        for (index, name) in ["x", "y", "z"].enumerated() {
            fixture.clock.advance(by: .seconds(1))
            let model = try await store.createLoggedModel(
                experimentID: "0",
                name: name,
                params: [Param(key: "depth", value: "\(index)")],
                tags: [Tracking.Tag(key: "team", value: "red")]
            )
            ids[name] = model.id
            if index < 2 {
                let metric = Metric(
                    key: "auc",
                    value: Double(index),
                    timestamp: fixture.clock.now,
                    modelID: model.id,
                    datasetName: "d\(index)",
                    datasetDigest: "1"
                )
                try await store.logMetric(runID: run, metric)
            }
        }
        func names(
            _ filter: String? = nil,
            _ datasets: [MeasuredDataset] = [],
            _ order: [LoggedModelOrder] = []
        ) async throws -> String {
            let page = try await store.searchLoggedModels(
                experimentIDs: ["0"],
                filter: filter,
                datasets: datasets,
                order: order
            )
            return page.models.map(\.name).joined()
        }
        #expect(try await names() == "zyx")
        #expect(try await names("metrics.auc >= 0.5") == "y")
        #expect(try await names("params.depth = '2' AND tags.team = 'red'") == "z")
        #expect(try await names("name IN ('x', 'z')") == "zx")
        #expect(try await names("attributes.model_id = '\(ids["y"] ?? "")'") == "y")
        for filter in ["status = 'PENDING'", "status IN ('1', 'READY')", "status != 2", "params.depth >= 0"] {
            // A param is text and has no order.
            let isText = filter.hasPrefix("params")
            #expect(await code { _ = try await names(filter) } == (isText ? .invalidArgument : nil), "\(filter)")
        }
        #expect(try await names("params.depth = 2") == "z")
        #expect(try await names("status = 1 AND experiment_id = '0' AND creation_timestamp > 0") == "zyx")
        #expect(try await names(nil, [MeasuredDataset(name: "d0")]) == "x")
        #expect(try await names("metrics.auc >= 0", [MeasuredDataset(name: "d1", digest: "1")]) == "y")
        #expect(try await names("metrics.auc >= 0", [MeasuredDataset(name: "d1", digest: "2")]) == "")
        #expect(try await names(nil, [], [LoggedModelOrder(field: "metrics.auc", isAscending: false)]) == "yxz")
        #expect(try await names(nil, [], [LoggedModelOrder(field: "name")]) == "xyz")
        for (name, digest) in [("d0", nil), ("d0", "1"), (nil, nil)] as [(String?, String?)] {
            let order = LoggedModelOrder(field: "metrics.auc", datasetName: name, datasetDigest: digest)
            #expect(try await names(nil, [], [order]) == (name == nil ? "xyz" : "xzy"))
        }
        let elsewhere = LoggedModelOrder(field: "metrics.auc", datasetDigest: "other")
        #expect(try await names(nil, [], [elsewhere]) == "zyx")
        for bad in ["metric.auc > 1", "foo = 'x'", "metrics.auc = 'x'", "name > 'x'", "name IS NULL", "status > 1"] {
            #expect(await code { _ = try await names(bad) } == .invalidArgument, "\(bad)")
        }
        let stored = try await store.loggedModel(ids["y"] ?? "")
        #expect(stored.metrics.map(\.runID) == [run])
        #expect(stored.metrics.first?.metric.datasetName == "d1")
    }

    /// The beginnings of texts that MLflow's own tests look for.
    @Test func texts() async throws {
        func text(_ filter: String) async -> String {
            await failure { _ = try await store.searchLoggedModels(experimentIDs: ["0"], filter: filter) }?.message
                ?? ""
        }
        for filter in ["Foo", "name = 'a' OR name = 'b'", "name = "] {
            #expect(await text(filter).hasPrefix("Invalid filter string: '\(filter)'."))
        }
        #expect(await text("foo.bar = 'a'").hasPrefix("Invalid entity type: 'foo'."))
        for filter in ["name > 'a'", "metrics.m LIKE 0", "params.p < '1'", "creation_time IN ('1')", "tags.t IS NULL"] {
            #expect(await text(filter).hasPrefix("Invalid comparison operator for "), "\(filter)")
        }
        for _ in 0..<2 { _ = try await store.createLoggedModel(experimentID: "0") }
        let token = try await store.searchLoggedModels(experimentIDs: ["0"], limit: 1).nextToken
        let other = [LoggedModelOrder(field: "creation_time")]
        let wrong: [([String], String?, [LoggedModelOrder], String)] = [
            (["1"], nil, [], "Experiment IDs in the page token do not match"),
            (["0"], "name = 'a'", [], "Filter string in the page token does not match"),
            (["0"], nil, other, "Order by in the page token does not match"),
        ]
        for (experiments, filter, order, text) in wrong {
            let error = await failure {
                _ = try await store.searchLoggedModels(
                    experimentIDs: experiments,
                    filter: filter,
                    order: order,
                    after: token
                )
            }
            #expect(error?.message.hasPrefix(text) == true)
        }
        #expect(try await store.searchLoggedModels(experimentIDs: ["0"], limit: 9, after: token).models.count == 1)
    }

    @Test func pages() async throws {
        for _ in 0..<5 { _ = try await store.createLoggedModel(experimentID: "0") }
        var found: Set<String> = []
        var token: String?
        repeat {
            let order = [LoggedModelOrder(field: "metrics.none")]
            let page = try await store.searchLoggedModels(experimentIDs: ["0"], order: order, limit: 2, after: token)
            found.formUnion(page.models.map(\.id))
            token = page.nextToken
        } while token != nil
        #expect(found.count == 5)
    }
}
