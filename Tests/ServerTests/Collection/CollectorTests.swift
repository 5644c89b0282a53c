import Artifacts
import Core
import Foundation
import Registry
import Server
import Storage
import Synchronization
import TestSupport
import Testing
import Tracking

/// What is collected, and what is not.
@Suite(.overEveryDatabase)
struct CollectorTests {
    /// Stores with a collector over them.
    private final class House: Sendable {
        let folder = FileManager.default.temporaryDirectory.appending(path: "martlet-\(Identifier.random())")
        let clock = ManualClock(now: Clock.system.now)
        let tracking: TrackingStore
        let registry: RegistryStore
        let artifacts: DiskArtifactStore
        let inUse = Mutex<Set<Collector.Version>>([])
        let purgedTraces = Mutex<[String]>([])

        init() async throws {
            let database = try await TestDatabase.current.open()
            try await database.migrate(TrackingStore.migrations + RegistryStore.migrations)
            artifacts = try DiskArtifactStore(root: folder.path())
            let tracking = TrackingStore(database: database, artifacts: artifacts, clock: clock.clock)
            try await tracking.prepare()
            self.tracking = tracking
            registry = RegistryStore(
                database: database,
                artifacts: artifacts,
                sources: ModelSources(
                    runArtifactURI: { ArtifactURI.uri(of: try await tracking.artifactRoot(runID: $0)) },
                    loggedModel: { _ in throw MartletError(.notFound, "There are none.") },
                    registered: { _, _, _ in }
                ),
                clock: clock.clock
            )
        }

        deinit {
            try? FileManager.default.removeItem(at: folder)
        }

        /// A run with a file.
        func run(in experiment: String = Experiment.defaultID) async throws -> String {
            let id = try await tracking.createRun(experimentID: experiment).info.id
            let root = try await tracking.artifactRoot(runID: id)
            try await artifacts.write(try root.appending("model/a.bin"), bytes: [1, 2, 3])
            return id
        }

        func collect(_ age: Duration, isDryRun: Bool = false) async throws -> CollectionReport {
            let collector = Collector(
                tracking: tracking,
                registry: registry,
                artifacts: artifacts,
                neighbours: Collector.Neighbours(
                    versionsInUse: { self.inUse.withLock(\.self) },
                    existingTraces: { ids in Set(ids.filter { $0 == "tr-known" }) },
                    purgeTraces: { ids in self.purgedTraces.withLock { $0 += ids } }
                ),
                clock: clock.clock
            )
            return try await collector.collect(olderThan: age, isDryRun: isDryRun)
        }

        func files() async throws -> Int { try await artifacts.files(beneath: .root).count }
    }

    @Test func theAgeDecides() async throws {
        let house = try await House()
        let run = try await house.run()
        try await house.tracking.deleteRun(run)
        house.clock.advance(by: .seconds(99))
        #expect(try await house.collect(.seconds(100)).runs == 0)
        house.clock.advance(by: .seconds(1))
        let told = try await house.collect(.seconds(100), isDryRun: true)
        #expect(told.runs == 1 && told.files == 1 && told.bytes == 3)
        #expect(try await house.tracking.exists(run: run))
        let done = try await house.collect(.seconds(100))
        #expect(done.runs == 1 && done.files == 1 && done.bytes == 3 && done.folders == 0)
        #expect(try await !house.tracking.exists(run: run))
        #expect(try await house.files() == 0)
        #expect(try await house.tracking.artifactRemovals().isEmpty)
    }

    @Test func restoredThingsStay() async throws {
        let house = try await House()
        let run = try await house.run()
        try await house.tracking.deleteRun(run)
        try await house.tracking.restoreRun(run)
        house.clock.advance(by: .seconds(100))
        #expect(try await house.collect(.zero).runs == 0)
        #expect(try await house.files() == 1)
    }

    @Test func anExperimentGoesWithItsRunsAndTraces() async throws {
        let house = try await House()
        let experiment = try await house.tracking.createExperiment(name: "e")
        _ = try await house.run(in: experiment)
        _ = try await house.tracking.createLoggedModel(experimentID: experiment, name: "m")
        try await house.tracking.deleteExperiment(experiment)
        let report = try await house.collect(.zero)
        #expect(report.experiments == 1 && report.runs == 1 && report.loggedModels == 1)
        #expect(house.purgedTraces.withLock(\.self) == [experiment])
        #expect(try await house.tracking.createExperiment(name: "e") == experiment)
    }

    @Test func whatAVersionNeedsStaysWithItsExperiment() async throws {
        let house = try await House()
        let experiment = try await house.tracking.createExperiment(name: "e")
        let run = try await house.run(in: experiment)
        let other = try await house.run(in: experiment)
        try await house.registry.createModel(name: "reg")
        _ = try await house.registry.createVersion(model: "reg", source: "runs:/\(run)/model", runID: run)
        try await house.tracking.deleteExperiment(experiment)
        house.clock.advance(by: .seconds(1))
        let told = try await house.collect(.zero, isDryRun: true)
        let report = try await house.collect(.zero)
        #expect(report.experiments == 0 && report.runs == 1 && report.kept.count == 1)
        #expect(told.experiments == 0 && told.runs == 1 && told.kept == report.kept)
        #expect(try await house.tracking.exists(run: run))
        #expect(try await !house.tracking.exists(run: other))
        try await house.registry.verifyFiles(of: "reg", 1)
    }

    @Test func whatADeploymentMayGoBackToStays() async throws {
        let house = try await House()
        let run = try await house.run()
        try await house.registry.createModel(name: "reg")
        _ = try await house.registry.createVersion(model: "reg", source: "runs:/\(run)/model", runID: run)
        try await house.registry.deleteVersion("reg", 1)
        try await house.tracking.deleteRun(run)
        house.clock.advance(by: .seconds(10))
        house.inUse.withLock { $0 = [Collector.Version(model: "reg", number: 1)] }
        let kept = try await house.collect(.zero)
        #expect(kept.runs == 0 && kept.versions == 0 && kept.kept.count == 1)
        house.inUse.withLock { $0 = [] }
        let done = try await house.collect(.zero)
        #expect(done.runs == 1 && done.versions == 1)
        let next = try await house.run()
        let version = try await house.registry.createVersion(model: "reg", source: "runs:/\(next)/model", runID: next)
        #expect(version.version == 2, "a number is not used again")
    }

    @Test func filesWithoutAnOwner() async throws {
        let house = try await House()
        let lost = Identifier.random()
        let known = ["0/traces/tr-known/artifacts/t.json", "0/shared/report.html", "elsewhere/x"]
        let unowned = ["0/\(lost)/artifacts/a", "0/models/m-\(lost)/artifacts/b", "0/traces/tr-lost/artifacts/c"]
        for path in known + unowned {
            try await house.artifacts.write(try ArtifactPath(validating: path), bytes: [1])
        }
        let young = try await house.collect(.zero)
        #expect(young.young == 3 && young.folders == 0)
        house.clock.advance(by: CollectionLimits.youngestFile + .seconds(3600))
        #expect(try await house.collect(CollectionLimits.defaultAge).folders == 0)
        let report = try await house.collect(.zero)
        #expect(report.folders == 3 && report.files == 3 && report.unknown == ["0/shared", "elsewhere"])
        #expect(try await house.files() == known.count)
    }

    @Test func reportsNameOnlySoMuch() async throws {
        let house = try await House()
        for number in 0...CollectionLimits.namedThings {
            try await house.artifacts.write(try ArtifactPath(validating: "x\(number)/y"), bytes: [])
        }
        #expect(try await house.collect(.zero).unknown.count == CollectionLimits.namedThings)
        #expect(CollectionLimits.longestAgeMilliseconds > CollectionLimits.defaultAge.wholeMilliseconds)
        #expect(CollectionLimits.requestBytes > 100 && CollectionLimits.keptRevisions >= 2)
    }
}
