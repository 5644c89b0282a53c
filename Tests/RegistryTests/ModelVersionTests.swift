import Artifacts
import Core
import Foundation
import Registry
import TestSupport
import Testing

@Suite(.overEveryDatabase) struct ModelVersionTests {
    private let fixture: RegistryFixture
    private var store: RegistryStore { fixture.store }

    init() async throws {
        fixture = try await RegistryFixture()
        try await store.createModel(name: "cancer")
    }

    private func create(_ source: String, run: String? = nil, model: String? = nil) async throws -> ModelVersion {
        try await store.createVersion(model: "cancer", source: source, runID: run, modelID: model)
    }

    @Test func numbersAreNeverUsedAgain() async throws {
        for number in 1...3 { #expect(try await fixture.version().version == number) }
        try await store.deleteVersion("cancer", 3)
        #expect(try await fixture.version().version == 4)
        #expect(try await store.versions(of: "cancer").map(\.version) == [4, 2, 1])
        #expect(await code { _ = try await store.version("cancer", 3) } == .notFound)
        #expect(await code { try await store.deleteVersion("cancer", 3) } == .notFound)
        #expect(await code { try await store.createVersion(model: "none", source: "runs:/run1/m") } == .notFound)
    }

    @Test func sourcesOfEveryKind() async throws {
        let fromRun = try await create("runs:/run1/model", run: "run1")
        #expect(fromRun.artifactURI == "mlflow-artifacts:/1/run1/artifacts/model")
        #expect(fromRun.runID == "run1")
        #expect(try fromRun.artifactPath.description == "1/run1/artifacts/model")
        let fromStore = try await create("mlflow-artifacts:/1/run1/artifacts/model", run: "run1")
        #expect(fromStore.artifactURI == fromRun.artifactURI)
        let logged = RegistryFixture.loggedModel
        let fromModel = try await create("models:/\(logged)", model: logged)
        #expect(fromModel.artifactURI == "mlflow-artifacts:/1/models/\(logged)/artifacts")
        #expect(fromModel.runID == "run1")
        #expect(fixture.registrations.all == ["\(logged) cancer 3"])
        let inModel = try await create("mlflow-artifacts:/1/models/\(logged)/artifacts/x", model: logged)
        #expect(inModel.runID == "run1")
        let copy = try await create("models:/cancer/3")
        #expect(copy.artifactURI == fromModel.artifactURI)
        #expect(copy.runID == "run1")
        try await store.setAlias(model: "cancer", alias: "live", version: 1)
        let ofAlias = try await create("models:/cancer@live")
        #expect(ofAlias.artifactURI == fromRun.artifactURI)
        #expect(ofAlias.source == "models:/cancer/1")
        #expect(ofAlias.downloadURI == "runs:/run1/model")
        #expect(try await create("models:/cancer/latest").source == "models:/cancer/6")
        _ = try await store.transition("cancer", 2, to: .staging)
        #expect(try await create("models:/cancer/Staging").source == "models:/cancer/2")
        #expect(try await create("runs:/run1").artifactURI == "mlflow-artifacts:/1/run1/artifacts")
        #expect(
            try await create("mlflow-artifacts:/1/run1/artifacts//model/", run: "run1").artifactURI
                == fromRun.artifactURI
        )
        let foreign = try await create("s3://bucket/model")
        #expect(throws: MartletError.self) { try foreign.artifactPath }
    }

    @Test(arguments: [
        "", "x", "/etc", "../etc", "file:///etc", "http://169.254.169.254/", "https://x/y", "http:///#/../../etc",
        "runs:/", "runs:/run1/../../etc", "runs:/run1/%252e%252e/x", "runs:/run1/a%00", "runs:/run1/./a",
        "runs:/run1/%2e%2e/x", "runs://run1/x",
        "runs:/other/model",
        "mlflow-artifacts:/", "mlflow-artifacts:/../x", "mlflow-artifacts:/1/other/artifacts/model",
        "mlflow-artifacts:/1/run1x/artifacts/model", "mlflow-artifacts://host/1/run1/artifacts/model",
        "mlflow-artifacts:/1/run1/artifacts/a?x=1", "models:/", "models:/cancer", "models:/cancer/0",
        "models:/cancer/x",
        "models:/m-short", "models:/a/b/c", "models:/@x", "s3://b/../c", "s3://b/%2e%2e", "s3://b/%zz/%2e%2e/c",
        "dummy-source",
        "gopher:x", "javascript:alert(1)", "s3://b/a b", "FILE:///etc", "ftp://h/x", "RUNS:/run1/model",
        "http://127.0.0.1/api/2.0/mlflow-artifacts/artifacts/1/run1/artifacts/model",
    ])
    func sourcesThatAreRefused(_ source: String) async {
        let error = await failure { _ = try await create(source, run: "run1") }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.hasPrefix("Invalid model version source") == true)
    }

    @Test func sourcesThatAreNotThere() async throws {
        // A run may lie on another server; the source is kept as it is then.
        let elsewhere = try await create("runs:/none/model", run: "none")
        #expect(elsewhere.artifactURI == "runs:/none/model")
        #expect(throws: MartletError.self) { try elsewhere.artifactPath }
        let withoutFiles = await code {
            try await store.createVersion(model: "cancer", source: "runs:/none/model", mustHaveFiles: true)
        }
        #expect(withoutFiles == .notFound)
        #expect(await code { _ = try await create("models:/m-" + String(repeating: "0", count: 32)) } == .notFound)
        #expect(await code { _ = try await create("models:/cancer/9") } == .notFound)
        #expect(await code { _ = try await create("models:/none/1") } == .notFound)
        #expect(await code { _ = try await create("models:/cancer@none") } == .invalidArgument)
        let logged = RegistryFixture.loggedModel
        #expect(await code { _ = try await create("models:/\(logged)", model: "m-other") } == .invalidArgument)
    }

    @Test func copiesNameWhatTheyCopy() async throws {
        try await fixture.version()
        #expect(await code { _ = try await create("models:/cancer/1", run: "other") } == .invalidArgument)
        #expect(await code { _ = try await create("models:/cancer/1", model: "m-x") } == .invalidArgument)
        #expect(await code { _ = try await create("models:/cancer/Staging") } == .notFound)
        let tag = ModelTag(key: "mlflow.prompt.is_prompt", value: "true")
        try await store.createModel(name: "p", tags: [tag])
        try await store.createVersion(model: "p", source: "dummy-source", tags: [tag])
        #expect(await failure { _ = try await create("models:/p/1") }?.message.contains("Prompt versions") == true)
    }

    @Test(arguments: [
        ("runs:/run1/model", nil, nil), ("runs:/run1/model", "run2", nil), ("runs:/run1/model", "run1", "m-x"),
        ("models:/" + RegistryFixture.loggedModel, nil, nil), ("models:/" + RegistryFixture.loggedModel, "run1", "m-x"),
        ("mlflow-artifacts:/1/run1/artifacts/x", nil, nil), ("mlflow-artifacts:/1/run1/artifacts/x", "none", nil),
        ("mlflow-artifacts:/1/run1/artifacts/x", "run1", RegistryFixture.loggedModel),
    ])
    func callersNameTheOwner(source: String, run: String?, model: String?) async {
        let error = await failure {
            try await store.createVersion(
                model: "cancer",
                source: source,
                runID: run,
                modelID: model,
                mustNameOwner: true
            )
        }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains("must identify the resource that contains the source") == true)
    }

    @Test func describeTagAndTouch() async throws {
        try await fixture.version(tags: [ModelTag(key: "a", value: "1")])
        fixture.clock.advance(by: .seconds(1))
        let version = try await store.describeVersion("cancer", 1, "text")
        #expect(version.description == "text")
        #expect(version.lastUpdateTime == fixture.clock.now)
        #expect(try await store.model("cancer").lastUpdateTime < fixture.clock.now)
        try await store.setVersionTag("cancer", 1, ModelTag(key: "b", value: "2"))
        try await store.deleteVersionTag("cancer", 1, key: "a")
        try await store.deleteVersionTag("cancer", 1, key: "a")
        #expect(try await store.version("cancer", 1).tags == [ModelTag(key: "b", value: "2")])
        #expect(await code { try await store.setVersionTag("cancer", 2, ModelTag(key: "b", value: "2")) } == .notFound)
    }

    @Test func stages() async throws {
        for _ in 1...3 { try await fixture.version() }
        #expect(try await store.transition("cancer", 1, to: .production).stage == .production)
        _ = try await store.transition("cancer", 2, to: .production, archivingOthers: true)
        let stages = try await store.versions(of: "cancer").map(\.stage)
        #expect(stages == [.none, .production, .archived])
        #expect(try await store.latestVersions(of: "cancer").map(\.version) == [1, 2, 3])
        #expect(try await store.latestVersions(of: "cancer", stages: [.production]).map(\.version) == [2])
        let archived = await code { _ = try await store.transition("cancer", 1, to: .archived, archivingOthers: true) }
        #expect(archived == .invalidArgument)
        #expect(await code { _ = try await store.transition("cancer", 9, to: .staging) } == .notFound)
    }

    @Test func search() async throws {
        for number in 1...4 {
            fixture.clock.advance(by: .seconds(1))
            try await fixture.version(tags: [ModelTag(key: "n", value: "\(number)")])
        }
        try await fixture.version("other")
        try await store.deleteVersion("cancer", 4)
        func versions(_ filter: String?, _ order: [String] = []) async throws -> [String] {
            try await store.searchVersions(filter: filter, order: order).versions.map { "\($0.name)\($0.version)" }
        }
        #expect(try await versions("name = 'cancer'") == ["cancer3", "cancer2", "cancer1"])
        #expect(try await versions(nil, ["name DESC", "version_number ASC"]).first == "other1")
        #expect(try await versions("name='cancer' AND version_number > 1") == ["cancer3", "cancer2"])
        #expect(try await versions("name='cancer' AND version_number <= '1'") == ["cancer1"])
        #expect(try await versions("tags.n = '2' AND run_id = 'run1'") == ["cancer2"])
        #expect(try await versions("run_id IN ('none')").isEmpty)
        #expect(try await versions("source_path LIKE 'runs:/%'", ["creation_timestamp ASC"]).first == "cancer1")
        for bad in [
            "version_number = 'x'", "version_number LIKE '1'", "source_path IN ('x')", "stage = 'None'", "name = 5",
        ] {
            #expect(await code { _ = try await versions(bad) } == .invalidArgument, "\(bad)")
        }
        var found: [Int] = []
        var token: String?
        repeat {
            let page = try await store.searchVersions(filter: "name = 'cancer'", limit: 1, after: token)
            found += page.versions.map(\.version)
            token = page.nextToken
        } while token != nil
        #expect(found == [3, 2, 1])
    }

    @Test func changedFilesAreNoticed() async throws {
        try await fixture.put("model/MLmodel", "flavors")
        try await fixture.put("model/data/weights", "12345")
        try await fixture.version()
        let files = try await store.files(of: "cancer", 1)
        #expect(files.map(\.path) == ["MLmodel", "data/weights"])
        #expect(files.last?.digest == ArtifactDigest(of: Array("12345".utf8)))
        try await store.verifyFiles(of: "cancer", 1)
        try await fixture.put("model/data/weights", "12346")
        let changed = await failure { try await store.verifyFiles(of: "cancer", 1) }
        #expect(changed?.code == .dataLoss)
        #expect(changed?.message.contains("'data/weights'") == true)
        #expect(changed?.message.contains(fixture.directory.path()) == false)
        try await fixture.artifacts.delete(ArtifactPath(validating: "1/run1/artifacts/model/data"))
        let missing = await failure { try await store.verifyFiles(of: "cancer", 1) }
        #expect(missing?.message.contains("missing") == true)
        #expect(await code { try await store.verifyFiles(of: "cancer", 2) } == .notFound)
    }
}
