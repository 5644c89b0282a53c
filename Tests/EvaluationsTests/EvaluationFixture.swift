import Core
import Evaluations
import Storage
import TestSupport
import Testing

/// Scorers and datasets over a database in memory; experiments 1 to 3 are there, 3 is deleted.
final class EvaluationFixture: Sendable {
    let clock = ManualClock()
    let store: EvaluationStore

    init() async throws {
        let database = try Database.inMemory()
        try await database.migrate(EvaluationStore.migrations)
        store = EvaluationStore(
            database: database,
            sources: EvaluationSources(
                requireActive: { id in
                    guard ["1", "2", "3"].contains(id) else {
                        throw MartletError(.notFound, "No Experiment with id=\(id) exists")
                    }
                    guard id != "3" else { throw MartletError(.failedPrecondition, "deleted") }
                },
                active: { ids in ["1", "2"].filter { ids?.contains($0) ?? true } }
            ),
            clock: clock.clock
        )
    }

    /// A dataset of experiment 1.
    func dataset(_ name: String = "d", tags: String? = nil) async throws -> EvaluationDataset {
        try await store.createDataset(name: name, experiments: ["1"], tags: tags)
    }

    /// The records of a dataset, as JSON.
    func records(_ dataset: EvaluationDataset) async throws -> [JSONValue] {
        var found: [JSONValue] = []
        var token: String?
        repeat {
            let page = try await store.records(of: dataset.id, after: token)
            found += try JSONValue.parse(page.json, limits: .lenientNumbers).arrayValue ?? []
            token = page.nextToken
        } while token != nil
        return found
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
