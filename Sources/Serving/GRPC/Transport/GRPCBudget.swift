import Synchronization

/// The memory that messages still under way may take, of all connections together.
final class GRPCBudget: Sendable {
    private let used = Atomic<Int>(0)
    private let limit: Int

    /// A budget of `limit` bytes.
    init(limit: Int) {
        self.limit = limit
    }

    /// Takes bytes; false when there are not so many.
    func reserve(_ bytes: Int) -> Bool {
        let now = used.add(bytes, ordering: .relaxed).newValue
        guard now > limit else { return true }
        used.subtract(bytes, ordering: .relaxed)
        return false
    }

    /// Gives bytes back.
    func release(_ bytes: Int) {
        used.subtract(bytes, ordering: .relaxed)
    }
}
