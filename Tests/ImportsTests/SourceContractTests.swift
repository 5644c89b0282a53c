import Artifacts
import Core
import Imports
import Registry
import TestSupport
import Testing
import Tracking

/// What every source gives, whatever form it has.
struct SourceContractTests {
    typealias Kind = SourceFixture.Kind

    @Test(arguments: Kind.allCases)
    func experiments(_ kind: Kind) async throws {
        let folder = try Folder()
        let source = try await SourceFixture.open(kind, in: folder)
        _ = try await source.check()
        let experiments = try await source.experiments().compactMap(\.value)
        #expect(experiments.map(\.id) == ["0", "7", "9"])
        #expect(experiments.map(\.name) == ["Default", "first", "gone"])
        #expect(experiments.map(\.lifecycle) == [.active, .active, .deleted])
        #expect(experiments[1].tags == [Tag(key: "team", value: "red")])
        #expect(experiments[1].creationTime == Timestamp(milliseconds: 5))
        #expect(experiments[1].lastUpdateTime == Timestamp(milliseconds: 6))
        await source.close()
    }

    static func runs(_ source: any ImportSource, _ experiment: String) async throws -> [SourceRun] {
        var runs: [SourceRun] = []
        var token: String?
        repeat {
            let page = try await source.runs(of: experiment, after: token)
            for item in page.items {
                let run = try #require(item.value, "\(item.message ?? "")")
                runs.append(try await source.completed(run))
            }
            token = page.next
        } while token != nil
        return runs.sorted { $0.run.id < $1.run.id }
    }

    @Test(arguments: Kind.allCases)
    func runs(_ kind: Kind) async throws {
        let folder = try Folder()
        let source = try await SourceFixture.open(kind, in: folder)
        let runs = try await Self.runs(source, "7")
        #expect(runs.map(\.run.id) == [SourceFixture.run, SourceFixture.deletedRun])
        let whole = try #require(runs.first).run
        #expect(whole.name == "whole" && whole.userID == "ann" && whole.status == .finished)
        #expect(whole.startTime.milliseconds == SourceFixture.start)
        #expect(whole.endTime?.milliseconds == SourceFixture.start + 9)
        #expect(whole.lifecycle == .active)
        #expect(whole.params == SourceFixture.params)
        #expect(whole.tags == SourceFixture.tags)
        #expect(whole.datasets == [SourceFixture.dataset])
        #expect(whole.modelOutputs == [ModelOutput(modelID: SourceFixture.model, step: 2)])
        #expect(runs[0].metricKeys == ["loss", "odd/value of it"])
        #expect(runs[1].run.lifecycle == .deleted && runs[1].run.status == .failed)
        #expect(runs[1].metricKeys.isEmpty)
        let gone = try #require(try await Self.runs(source, "9").first)
        #expect(gone.run.id == SourceFixture.goneRun && gone.run.endTime == nil && gone.run.status == .running)
        #expect(try await Self.runs(source, "0").isEmpty)
        await source.close()
    }

    @Test(arguments: Kind.allCases)
    func everyPointOnce(_ kind: Kind) async throws {
        let folder = try Folder()
        let source = try await SourceFixture.open(kind, in: folder)
        let run = try #require(try await Self.runs(source, "7").first)
        var points: [Metric] = []
        try await source.points(of: run) { points += $0 }
        let expected = SourceFixture.points.map { point in
            Metric(
                key: point.key,
                value: point.value,
                timestamp: Timestamp(milliseconds: SourceFixture.start + point.step),
                step: point.step
            )
        }
        #expect(points.sorted { ($0.key, $0.step) < ($1.key, $1.step) } == expected)
        await source.close()
    }

    @Test(arguments: Kind.allCases)
    func loggedModels(_ kind: Kind) async throws {
        let folder = try Folder()
        let source = try await SourceFixture.open(kind, in: folder)
        let model = try #require(try await source.loggedModels(of: "7").compactMap(\.value).first)
        #expect(model.model.id == SourceFixture.model && model.model.name == "net")
        #expect(model.model.status == .ready && model.model.sourceRunID == SourceFixture.run)
        #expect(model.model.params == [Param(key: "a", value: "1")])
        #expect(model.model.tags == [Tag(key: "k", value: "v")])
        let point = try #require(model.model.metrics.first)
        #expect(point.runID == SourceFixture.run && point.metric.value == 0.5 && point.metric.step == 3)
        #expect(point.metric.datasetName == "d1" && point.metric.datasetDigest == "abc")
        #expect(try await source.files.list(model.place).files.map(\.path) == ["MLmodel"])
        #expect(try await source.loggedModels(of: "0").isEmpty)
        await source.close()
    }

    @Test(arguments: Kind.allCases)
    func registeredModels(_ kind: Kind) async throws {
        let folder = try Folder()
        let source = try await SourceFixture.open(kind, in: folder)
        let models = try await source.registeredModels().compactMap(\.value).sorted { $0.name < $1.name }
        #expect(models.map(\.name) == ["greeting", "reg"])
        let reg = models[1]
        #expect(reg.description == "words" && reg.tags == [ModelTag(key: "k", value: "v")])
        #expect(reg.aliases == [ModelAlias(name: "prod", version: 3)])
        let live = reg.versions.filter { !$0.isDeleted }
        #expect(live.map(\.version) == [1, 3])
        #expect(live.map(\.stage) == [.none, .staging])
        #expect(live.map(\.source) == ["models:/\(SourceFixture.model)", "runs:/\(SourceFixture.run)/notes"])
        #expect(live[1].tags == [ModelTag(key: "vk", value: "vv")] && live[1].runID == SourceFixture.run)
        #expect(live[0].creationTime.milliseconds == 21)
        #expect(models[0].tags.first?.key == "mlflow.prompt.is_prompt")
        #expect(models[0].versions.first?.tags.contains(ModelTag(key: "mlflow.prompt.text", value: "Hello")) == true)
        await source.close()
    }

    @Test(arguments: Kind.allCases)
    func files(_ kind: Kind) async throws {
        let folder = try Folder()
        let source = try await SourceFixture.open(kind, in: folder)
        let run = try #require(try await Self.runs(source, "7").first)
        let (files, refused) = try await source.files.list(run.place)
        #expect(files.map(\.path) == ["notes/hello.txt", "weights.bin"])
        #expect(files.map(\.size) == [5, 4] && refused.isEmpty)
        let store = try DiskArtifactStore(root: folder.path + "/store")
        for file in files {
            let path = try ArtifactPath(validating: file.path)
            let digest = try await source.files.copy(file, of: run.place, to: store, at: path)
            let text = try #require(SourceFixture.artifacts[file.path])
            #expect(digest == ArtifactDigest(of: Array(text.utf8)))
            #expect(try await store.readAll(path, limit: 100) == Array(text.utf8))
        }
        await source.close()
    }
}
