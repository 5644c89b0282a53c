import Core
import Ledger

/// The inputs of the ledger's rows in the columns of another model.
struct LedgerColumns: Sendable {
    private let store: LedgerStore

    init(store: LedgerStore) {
        self.store = store
    }

    /// Where a model's columns lie in the rows of each version of a deployment.
    ///
    /// - Returns: a function that gives a row's inputs; nil for rows that are not whole.
    func placing(_ deployment: String, in columns: [String]) async throws -> @Sendable (LedgerRecord) -> [Float]? {
        var places: [Int: (indices: [Int], width: Int)] = [:]
        for (version, schema) in try await store.schemas(deployment) {
            let positions = Dictionary(schema.columns.enumerated().map { ($1, $0) }) { first, _ in first }
            let found = columns.compactMap { positions[$0] }
            if found.count == columns.count { places[version] = (found, schema.columns.count) }
        }
        let known = places
        return { record in
            guard !record.isCut, let place = known[record.version], record.features.count == place.width,
                Set(record.redactedColumns).isDisjoint(with: place.indices)
            else { return nil }
            return place.indices.map { record.features[$0] }
        }
    }
}
