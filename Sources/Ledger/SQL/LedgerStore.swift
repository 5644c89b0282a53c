import Core
package import Storage

/// The ledger's tables: rows in the order of time, found by id or entity through segments, with hourly sums, labels and
/// what each deployment may keep.
///
/// Rows are numbered by arrival; `LedgerLimits.segmentRows` consecutive numbers are a segment. The index by id begins
/// with the segment: whatever ids look like, a new row touches only the part of the index that is in memory, and a search
/// asks one segment after the other, newest first.
package struct LedgerStore: Sendable {
    private let database: Database

    /// Uses `database`, to which `migrations` were applied.
    package init(database: Database) {
        self.database = database
    }

    func read<T: Sendable>(_ body: @escaping @Sendable (Connection) throws -> T) async throws(MartletError) -> T {
        try await database.read(body)
    }

    func write<T: Sendable>(_ body: @escaping @Sendable (Connection) throws -> T) async throws(MartletError) -> T {
        try await database.write(body)
    }

    static let columns = """
        created_at, seq, id, deployment, version, arm, rollout, step, via, features, prediction, score, \
        shadow_version, shadow_prediction, shadow_score, latency_us, drift, is_cut, entity, label, labelled_at, \
        observed_at
        """
}
