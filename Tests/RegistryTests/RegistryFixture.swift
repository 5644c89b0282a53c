import Artifacts
import Core
import Foundation
import Registry
import Storage
import Synchronization
import TestSupport
import Testing

/// A registry over a database in memory, with one run and one logged model that it may take files from.
final class RegistryFixture: Sendable {
    static let run = "run1"
    static let loggedModel = "m-" + String(repeating: "a", count: 32)

    let directory: URL
    let clock = ManualClock()
    let artifacts: any ArtifactStore
    let store: RegistryStore
    let database: Database
    let changes: Changes
    let registrations: Registrations
    let outbox: Outbox

    /// The alias changes that were announced.
    final class Changes: Sendable {
        private let list = Mutex<[AliasChange]>([])

        func append(_ change: AliasChange) { list.withLock { $0.append(change) } }

        func take() -> [AliasChange] {
            list.withLock { list in
                defer { list = [] }
                return list
            }
        }
    }

    /// The logged models that became versions, as `id name version`.
    final class Registrations: Sendable {
        private let list = Mutex<[String]>([])

        func append(_ text: String) { list.withLock { $0.append(text) } }

        var all: [String] { list.withLock { $0 } }
    }

    /// The events that were written down, read back from the transaction that wrote them.
    final class Outbox: Sendable {
        private let list = Mutex<[RegistryEvent]>([])
        private let commits = Mutex(0)

        func append(_ event: RegistryEvent) { list.withLock { $0.append(event) } }
        func committed() { commits.withLock { $0 += 1 } }

        func take() -> [RegistryEvent] {
            list.withLock { list in
                defer { list = [] }
                return list
            }
        }

        var commitCount: Int { commits.withLock { $0 } }
    }

    init() async throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "martlet-registry-\(Identifier.random())")
        database = try await TestDatabase.current.open()
        try await database.migrate(RegistryStore.migrations)
        artifacts = try DiskArtifactStore(root: directory.path())
        let (changes, registrations, outbox) = (Changes(), Registrations(), Outbox())
        self.outbox = outbox
        self.changes = changes
        self.registrations = registrations
        store = RegistryStore(
            database: database,
            artifacts: artifacts,
            sources: ModelSources(
                runArtifactURI: { id in
                    guard id == Self.run else { throw MartletError(.notFound, "Run with id=\(id) not found") }
                    return "mlflow-artifacts:/1/\(id)/artifacts"
                },
                loggedModel: { id in
                    guard id == Self.loggedModel else { throw MartletError(.notFound, "Logged model not found.") }
                    return .init(artifactURI: "mlflow-artifacts:/1/models/\(id)/artifacts", runID: Self.run)
                },
                registered: { registrations.append("\($0) \($1) \($2)") }
            ),
            clock: clock.clock,
            onAliasChange: { changes.append($0) },
            outbox: RegistryOutbox(record: { outbox.append($1) }, committed: { outbox.committed() })
        )
    }

    deinit {
        try? FileManager.default.removeItem(at: directory)
    }

    /// Puts a file among the run's artifacts.
    func put(_ path: String, _ text: String) async throws {
        try await artifacts.write(ArtifactPath(validating: "1/\(Self.run)/artifacts/\(path)"), bytes: Array(text.utf8))
    }

    /// Registers a version from the run.
    @discardableResult
    func version(_ model: String = "cancer", tags: [ModelTag] = []) async throws -> ModelVersion {
        _ = try? await store.createModel(name: model)
        return try await store.createVersion(model: model, source: "runs:/\(Self.run)/model", tags: tags)
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
