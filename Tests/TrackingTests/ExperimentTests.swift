import Artifacts
import Core
import Foundation
import TestSupport
import Testing
import Tracking

@Suite(.overEveryDatabase) struct ExperimentTests {
    private let fixture: TrackingFixture
    private var store: TrackingStore { fixture.store }

    init() async throws {
        fixture = try await TrackingFixture()
    }

    @Test func theDefaultIsThereAndStays() async throws {
        let experiment = try await store.experiment("0")
        #expect(experiment.name == "Default")
        #expect(experiment.artifactLocation == "mlflow-artifacts:/0")
        try await store.renameExperiment("0", to: "Other")
        try await store.prepare()
        #expect(try await store.experiment("0").name == "Other")
    }

    @Test func createsInOrder() async throws {
        let first = try await store.createExperiment(name: "a", tags: [Tag(key: "k", value: "v")])
        let second = try await store.createExperiment(name: "b")
        #expect([first, second] == ["1", "2"])
        let experiment = try await store.experiment(named: "a")
        #expect(experiment.id == "1")
        #expect(experiment.tags == [Tag(key: "k", value: "v")])
        #expect(experiment.creationTime == fixture.clock.now)
        #expect(try await store.experiments().map(\.name) == ["Default", "a", "b"])
    }

    @Test func namesAreUniqueAlsoAmongDeletedOnes() async throws {
        let id = try await store.createExperiment(name: "a")
        try await store.deleteExperiment(id)
        let error = await failure { try await store.createExperiment(name: "a") }
        #expect(error?.code == .alreadyExists)
        #expect(error?.message.hasPrefix("Experiment(name=a) already exists.") == true)
        try await store.createExperiment(name: "b")
        #expect(await code { try await store.renameExperiment("2", to: "a") } == .alreadyExists)
    }

    @Test func deletionTakesRunsAlongAndBack() async throws {
        let id = try await store.createExperiment(name: "a")
        let run = try await store.createRun(experimentID: id).info.id
        fixture.clock.advance(by: .seconds(1))
        try await store.deleteExperiment(id)
        #expect(try await store.experiment(id).lifecycle == .deleted)
        #expect(try await store.experiment(id).lastUpdateTime == fixture.clock.now)
        #expect(try await store.run(run).info.lifecycle == .deleted)
        #expect(await code { try await store.deleteExperiment(id) } == .notFound)
        #expect(await code { _ = try await store.createRun(experimentID: id) } == .invalidArgument)
        #expect(await code { try await store.setExperimentTag(id, Tag(key: "k", value: "v")) } == .invalidArgument)
        #expect(await code { try await store.renameExperiment(id, to: "c") } == .failedPrecondition)
        try await store.restoreExperiment(id)
        #expect(try await store.run(run).info.lifecycle == .active)
        #expect(await code { try await store.restoreExperiment(id) } == .notFound)
    }

    @Test func tags() async throws {
        try await store.setExperimentTag("0", Tag(key: "k", value: "1"))
        try await store.setExperimentTag("0", Tag(key: "k", value: "2"))
        #expect(try await store.experiment("0").tags == [Tag(key: "k", value: "2")])
        try await store.deleteExperimentTag("0", key: "k")
        #expect(await code { try await store.deleteExperimentTag("0", key: "k") } == .notFound)
    }

    @Test(arguments: ["x", "1.5", "01", "+1", " 1", "9223372036854775808", ""])
    func malformedIDs(_ id: String) async {
        #expect(await code { _ = try await store.experiment(id) } == .invalidArgument)
        #expect(await code { _ = try await store.createRun(experimentID: id) } == .invalidArgument)
        #expect(await code { _ = try await store.searchRuns(experimentIDs: [id]) } == .invalidArgument)
    }

    @Test func negativeIDsAreWholeNumbers() async throws {
        #expect(await failure { _ = try await store.experiment("-1") }?.message == "No Experiment with id=-1 exists")
        #expect(await code { _ = try await store.createRun(experimentID: "-1") } == .notFound)
        #expect(try await store.searchRuns(experimentIDs: ["-1"]).runs.isEmpty)
    }

    @Test func locationsThatAreRefused() async {
        for location in [
            "http://x/y", "https://x", "ftp://x/y", "hdfs://x/y", "mlflow-artifacts:/../x", "mlflow-artifacts://host/x",
            "s3://b/../c", "s3://b/%2e%2e/c", "s3://b#f", "s3://b;p", "runs:/x/y", "models:/m-1", "../x", "a/../../x",
            "file://host/x", "file:", "a\\b",
        ] {
            let refusal = await code { try await store.createExperiment(name: "a", artifactLocation: location) }
            #expect(refusal == .invalidArgument, "\(location)")
        }
    }

    @Test func locations() async throws {
        let own = try await store.createExperiment(name: "a", artifactLocation: "mlflow-artifacts:/team/a")
        let run = try await store.createRun(experimentID: own).info
        #expect(run.artifactURI == "mlflow-artifacts:/team/a/\(run.id)/artifacts")
        #expect(try await store.artifactRoot(runID: run.id).description == "team/a/\(run.id)/artifacts")
        let foreign = try await store.createExperiment(name: "b", artifactLocation: "s3://bucket/b/")
        let other = try await store.createRun(experimentID: foreign).info
        #expect(other.artifactURI == "s3://bucket/b/\(other.id)/artifacts")
        #expect(await code { _ = try await store.artifactRoot(runID: other.id) } == .failedPrecondition)
    }

    /// As MLflow does, a relative folder is resolved against the server's; the server itself never goes there.
    @Test func foldersOfMachines() async throws {
        let here = FileManager.default.currentDirectoryPath
        let locations = [
            "/tmp/a": "/tmp/a", "file:///tmp/b": "file:///tmp/b", "file:/tmp/c": "file:/tmp/c", "d": "\(here)/d",
            "file:e": "file://\(here)/e", "gs://b/c?key=1": "gs://b/c?key=1", "dbfs:/x": "dbfs:/x",
        ]
        for (given, stored) in locations {
            let id = try await store.createExperiment(name: given, artifactLocation: given)
            #expect(try await store.experiment(id).artifactLocation == stored)
            let run = try await store.createRun(experimentID: id).info.id
            #expect(await code { _ = try await store.artifactRoot(runID: run) } == .failedPrecondition)
        }
        let queried = try await store.experiment(named: "gs://b/c?key=1").id
        let run = try await store.createRun(experimentID: queried).info
        #expect(run.artifactURI == "gs://b/c/\(run.id)/artifacts?key=1")
    }

    @Test func search() async throws {
        for name in ["alpha", "Beta", "gamma"] {
            fixture.clock.advance(by: .seconds(1))
            try await store.createExperiment(name: name, tags: [Tag(key: "first", value: String(name.prefix(1)))])
        }
        func names(_ filter: String?, order: [String] = []) async throws -> [String] {
            try await store.searchExperiments(filter: filter, order: order).experiments.map(\.name)
        }
        #expect(try await names(nil) == ["gamma", "Beta", "alpha", "Default"])
        #expect(try await names("name LIKE '%a'") == ["gamma", "Beta", "alpha"])
        #expect(try await names("name LIKE 'b%'").isEmpty)
        #expect(try await names("name ILIKE 'b%'") == ["Beta"])
        #expect(try await names("tags.first = 'g'") == ["gamma"])
        #expect(try await names("tag.first IS NULL") == ["Default"])
        #expect(try await names("attribute.experiment_id IN ('1', '3')") == ["gamma", "alpha"])
        #expect(try await names("experiment_id != '1' AND creation_time > 0") == ["gamma", "Beta", "Default"])
        #expect(try await names(nil, order: ["name DESC"]) == ["gamma", "alpha", "Default", "Beta"])
        for bad in ["foo = 'x'", "metrics.a > 1", "name > 'a'", "creation_time = 'x'", "experiment_id = 'x'"] {
            #expect(await code { _ = try await names(bad) } == .invalidArgument, "\(bad)")
        }
        #expect(await code { _ = try await names(nil, order: ["tags.first"]) } == .invalidArgument)
        try await store.deleteExperiment("1")
        let deleted = try await store.searchExperiments(view: .deletedOnly).experiments
        #expect(deleted.map(\.name) == ["alpha"])
        #expect(try await store.searchExperiments(view: .all).experiments.count == 4)
    }
}
