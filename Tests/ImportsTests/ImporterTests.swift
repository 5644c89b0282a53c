import Artifacts
import Core
import Foundation
import Imports
import Registry
import TestSupport
import Testing
import Tracking

/// From a source into a destination, and again.
@Suite(.overEveryDatabase)
struct ImporterTests {
    typealias Kind = SourceFixture.Kind

    @Test(arguments: Kind.allCases)
    func everythingComesAlong(_ kind: Kind) async throws {
        let folder = try Folder()
        let source = try await SourceFixture.open(kind, in: folder)
        let fixture = try await ImportFixture()
        let report = try await fixture.run(source)
        #expect(report.problems.isEmpty && report.isComplete)
        for line in report.lines { #expect(line.source == line.stored, "\(line.noun)") }
        #expect(report.source(.runs) == 3 && report.source(.points) == 5 && report.source(.files) == 3)
        #expect(report.source(.versions) == 3 && report.source(.aliases) == 1 && report.source(.bytes) == 21)
        let run = try await fixture.tracking.run(SourceFixture.run)
        #expect(run.info.experimentID == "7" && run.info.lifecycle == .active)
        #expect(run.info.artifactURI == "mlflow-artifacts:/7/\(SourceFixture.run)/artifacts")
        #expect(run.metric("loss") == 0.25 && run.params == SourceFixture.params && run.tags == SourceFixture.tags)
        #expect(run.datasets == [SourceFixture.dataset] && run.modelOutputs.map(\.step) == [2])
        let odd = try await fixture.tracking.metricHistory(runID: SourceFixture.run, key: "odd/value of it")
        #expect(odd.metrics.map(\.value.isNaN) == [true, false])
        let model = try await fixture.tracking.loggedModel(SourceFixture.model)
        #expect(model.experimentID == "7" && model.metrics.count == 1)
        #expect(try await fixture.tracking.experiment(named: "gone").lifecycle == .deleted)
        #expect(try await fixture.tracking.run(SourceFixture.goneRun).info.lifecycle == .deleted)
        try await versions(fixture)

        fixture.clock.advance(by: .seconds(60))
        let again = try await fixture.run(source)
        #expect(again.unchangedRuns == 3 && again.lines == report.lines && again.isComplete)
        await source.close()
    }

    private func versions(_ fixture: ImportFixture) async throws {
        let versions = try await fixture.registry.versions(of: "reg")
        #expect(versions.map(\.version) == [3, 1])
        #expect(versions[0].artifactURI == "mlflow-artifacts:/7/\(SourceFixture.run)/artifacts/notes")
        #expect(versions[0].aliases == ["prod"] && versions[0].stage == .staging)
        #expect(try await fixture.registry.files(of: "reg", 3).map(\.path) == ["hello.txt"])
        #expect(versions[1].artifactURI == "mlflow-artifacts:/7/models/\(SourceFixture.model)/artifacts")
        try await fixture.registry.verifyFiles(of: "reg", 1)
        let next = try await fixture.registry.createVersion(model: "reg", source: "runs:/\(SourceFixture.run)/notes")
        #expect(next.version == 4)
        try await fixture.registry.deleteVersion("reg", 4)
    }

    @Test func aRunThatChangedIsBroughtUpToDate() async throws {
        let folder = try Folder()
        let fixture = try await ImportFixture()
        _ = try await fixture.run(try await SourceFixture.open(.folder, in: folder))
        let run = "mlruns/7/\(SourceFixture.run)"
        try folder.write("\(run)/metrics/loss", "\(SourceFixture.start) 1 0\n\(SourceFixture.start + 7) 0.1 9\n")
        try folder.write("\(run)/tags/late", "yes")
        let report = try await fixture.run(try ImportAddress.open(folder.path + "/mlruns"))
        #expect(report.unchangedRuns == 2 && report.problems.isEmpty)
        let changed = try await fixture.tracking.run(SourceFixture.run)
        #expect(changed.metric("loss") == 0.1 && changed.tag("late") == "yes")
    }

    @Test func anImportThatWasCutOffHidesWhatIsHalfAndGoesOn() async throws {
        let folder = try Folder()
        let fixture = try await ImportFixture()
        let source = try await SourceFixture.open(.database, in: folder)
        let gone = MartletError(.unavailable, "The power is gone.")
        let failing = FailingSource(base: source, error: gone, batches: FailingSource.Counter(0))
        let error = await #expect(throws: MartletError.self) { try await fixture.run(failing) }
        #expect(error?.code == .unavailable)
        #expect(try await fixture.tracking.run(SourceFixture.run).info.lifecycle == .deleted, "nobody sees half a run")
        let whole = FailingSource(base: source, error: gone, batches: FailingSource.Counter(9))
        let report = try await fixture.run(whole)
        #expect(report.isComplete && report.stored(.points) == 5 + ImportsLimits.pointsPerWrite * 2)
        #expect(try await fixture.tracking.run(SourceFixture.run).info.lifecycle == .active)
        await source.close()
    }

    @Test func aRunThatCannotBeReadLeavesNothingBehind() async throws {
        let folder = try Folder()
        let fixture = try await ImportFixture()
        let source = try await SourceFixture.open(.database, in: folder)
        let broken = MartletError(.dataLoss, "The history is torn.")
        let failing = FailingSource(base: source, error: broken, batches: FailingSource.Counter(0))
        let report = try await fixture.run(failing)
        #expect(!report.isComplete && report.problems.first == "run \(SourceFixture.run): The history is torn.")
        #expect(report.source(.runs) == 3 && report.stored(.runs) == 2)
        #expect(await !exists(fixture, SourceFixture.run))
        #expect(try await fixture.artifacts.list(try ArtifactPath(validating: "7/\(SourceFixture.run)")).isEmpty)
        await source.close()
    }

    private func exists(_ fixture: ImportFixture, _ run: String) async -> Bool {
        (try? await fixture.tracking.exists(run: run)) ?? true
    }

    @Test func experimentsJoinThoseWithTheirName() async throws {
        let folder = try Folder()
        let fixture = try await ImportFixture()
        let own = try await fixture.tracking.createExperiment(name: "first", tags: [Tag(key: "team", value: "blue")])
        let other = try await fixture.tracking.createExperiment(name: "other")
        #expect(own == "1" && other == "2")
        let source = try await SourceFixture.open(.folder, in: folder)
        #expect(try await fixture.run(source).isComplete)
        #expect(try await fixture.tracking.run(SourceFixture.run).info.experimentID == own)
        #expect(try await fixture.tracking.experiment(own).tags == [Tag(key: "team", value: "blue")])
    }

    @Test func aVersionWithATakenNumberIsAProblem() async throws {
        let folder = try Folder()
        let fixture = try await ImportFixture()
        let run = try await fixture.tracking.createRun(experimentID: "0").info.id
        try await fixture.registry.createModel(name: "reg")
        _ = try await fixture.registry.createVersion(model: "reg", source: "runs:/\(run)/own", runID: run)
        let report = try await fixture.run(try await SourceFixture.open(.folder, in: folder))
        #expect(report.problems.count == 1 && report.problems[0].contains("number 1"))
        #expect(try await fixture.registry.version("reg", 1).source == "runs:/\(run)/own")
        #expect(try await fixture.registry.version("reg", 3).version == 3)
    }

    @Test func chosenExperimentsBringTheirVersions() async throws {
        let folder = try Folder()
        let fixture = try await ImportFixture()
        var options = ImportOptions()
        options.experiments = ["first"]
        let report = try await fixture.run(try await SourceFixture.open(.database, in: folder), options)
        #expect(report.isComplete && report.source(.experiments) == 1)
        #expect(report.source(.models) == 1 && report.source(.versions) == 2)
        options.experiments = ["first", "nobody"]
        let chosen = options
        let error = await #expect(throws: MartletError.self) {
            try await fixture.run(try ImportAddress.open("sqlite:///\(folder.path)/mlflow.db"), chosen)
        }
        #expect(error?.message.contains("nobody") == true)
    }

    @Test func filesCanStayBehind() async throws {
        let fixture = try await ImportFixture()
        var options = ImportOptions()
        options.withArtifacts = false
        let report = try await fixture.run(ServerFixture.source(), options)
        #expect(report.isComplete && report.source(.files) == 0)
        #expect(try await fixture.artifacts.list(.root).isEmpty)
    }

    @Test func aDryRunCountsTheSame() async throws {
        let folder = try Folder()
        let source = try await SourceFixture.open(.folder, in: folder)
        let report = try await Importer(source: source, destination: nil).run()
        let fixture = try await ImportFixture()
        #expect(try await fixture.run(source).lines.map(\.source) == report.lines.map(\.source))
        #expect(report.lines.allSatisfy { $0.stored == nil } && report.isComplete)
    }

    @Test func linksAreNotFollowed() async throws {
        let folder = try Folder()
        let fixture = try await ImportFixture()
        _ = try await SourceFixture.open(.folder, in: folder)
        try folder.write("secret", "s")
        try folder.link("mlruns/7/\(SourceFixture.run)/artifacts/leak", to: folder.path + "/secret")
        try folder.link("mlruns/7/\(SourceFixture.deletedRun)/tags", to: folder.path)
        try folder.link("mlruns/8", to: folder.path + "/mlruns/7")
        let report = try await fixture.run(try ImportAddress.open(folder.path + "/mlruns"))
        #expect(report.problems.count == 3 && report.stored(.runs) == 2 && report.stored(.files) == 3)
        #expect(report.problems.contains { $0.contains("leak") && $0.contains("link") })
    }
}
