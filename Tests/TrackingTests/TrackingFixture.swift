import Artifacts
import Core
import Foundation
import Storage
import TestSupport
import Testing
import Tracking

/// A store over a database in memory and a directory that is removed at the end.
final class TrackingFixture: Sendable {
    let directory: URL
    let clock = ManualClock()
    let store: TrackingStore

    init() async throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "martlet-tracking-\(Identifier.random())")
        let database = try await TestDatabase.current.open()
        try await database.migrate(TrackingStore.migrations)
        let artifacts = try DiskArtifactStore(root: directory.path())
        store = TrackingStore(database: database, artifacts: artifacts, clock: clock.clock)
        try await store.prepare()
    }

    deinit {
        try? FileManager.default.removeItem(at: directory)
    }

    /// A fresh run in the experiment `Default`.
    func run() async throws -> String {
        try await store.createRun(experimentID: Experiment.defaultID).info.id
    }
}

/// The error that `work` throws.
func failure(_ work: () async throws -> Void) async -> MartletError? {
    do {
        try await work()
        return nil
    } catch {
        return error as? MartletError
    }
}

/// The code of the error that `work` throws.
func code(_ work: () async throws -> Void) async -> MartletError.Code? {
    await failure(work)?.code
}

extension Metric {
    init(_ key: String, _ value: Double, time: Int64 = 1, step: Int64 = 0) {
        self.init(key: key, value: value, timestamp: Timestamp(milliseconds: time), step: step)
    }
}
