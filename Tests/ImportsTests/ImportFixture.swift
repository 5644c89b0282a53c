import Artifacts
import Core
import Imports
import Registry
import Storage
import Synchronization
import TestSupport
import Tracking

/// An empty destination.
final class ImportFixture: Sendable {
    let folder: Folder
    let clock = ManualClock()
    let database: Database
    let artifacts: DiskArtifactStore
    let tracking: TrackingStore
    let registry: RegistryStore

    init() async throws {
        folder = try Folder()
        database = try await TestDatabase.current.open()
        try await database.migrate(
            TrackingStore.migrations + RegistryStore.migrations + ImportProgress.migrations
        )
        artifacts = try DiskArtifactStore(root: folder.path + "/destination")
        let tracking = TrackingStore(database: database, artifacts: artifacts, clock: clock.clock)
        self.tracking = tracking
        try await tracking.prepare()
        let sources = ModelSources(
            runArtifactURI: { ArtifactURI.uri(of: try await tracking.artifactRoot(runID: $0)) },
            loggedModel: { id in
                ModelSources.LoggedModel(artifactURI: try await tracking.loggedModel(id).artifactURI, runID: nil)
            },
            registered: { _, _, _ in }
        )
        registry = RegistryStore(database: database, artifacts: artifacts, sources: sources, clock: clock.clock)
    }

    /// Imports a source, to be counted against it.
    func run(_ source: any ImportSource, _ options: ImportOptions = ImportOptions()) async throws -> ImportReport {
        try await Importer(
            source: source,
            destination: ImportDestination(tracking: tracking, registry: registry, database: database),
            options: options,
            clock: clock.clock
        ).run()
    }
}

extension ImportReport {
    /// What the source has of a noun.
    func source(_ noun: ImportNoun) -> Int? { lines.first { $0.noun == noun }?.source }
    /// What is stored of a noun.
    func stored(_ noun: ImportNoun) -> Int? { lines.first { $0.noun == noun }?.stored }
}

/// A source that stops answering after so many batches of points.
struct FailingSource: ImportSource {
    let base: any ImportSource
    let error: MartletError
    let batches: Counter

    /// Counts down.
    final class Counter: Sendable {
        private let left: Mutex<Int>
        init(_ count: Int) { left = Mutex(count) }
        func take() -> Bool {
            left.withLock { left in
                left -= 1; return left >= 0
            }
        }
    }

    var title: String { base.title }
    var identity: String { base.identity }
    var files: SourceFiles { base.files }
    func check() async throws -> SourceFacts { try await base.check() }
    func experiments() async throws -> [SourceItem<ImportedExperiment>] { try await base.experiments() }
    func completed(_ run: SourceRun) async throws -> SourceRun { try await base.completed(run) }
    func runs(of experiment: String, after token: String?) async throws -> SourcePage<SourceRun> {
        try await base.runs(of: experiment, after: token)
    }
    func points(of run: SourceRun, _ take: (_ batch: [Metric]) async throws -> Void) async throws {
        try await base.points(of: run) { batch in
            // More than one transaction takes, so that the run is begun before the source fails.
            var large = batch
            for step in 0..<(ImportsLimits.pointsPerWrite * 2) {
                large.append(Metric(key: "large", value: 1, timestamp: Timestamp(milliseconds: 1), step: Int64(step)))
            }
            try await take(large)
            guard batches.take() else { throw error }
        }
    }
    func loggedModels(of experiment: String) async throws -> [SourceItem<SourceLoggedModel>] {
        try await base.loggedModels(of: experiment)
    }
    func registeredModels() async throws -> [SourceItem<ImportedModel>] { try await base.registeredModels() }
}
