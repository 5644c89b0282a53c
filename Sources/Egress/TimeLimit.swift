/// Ends work that takes too long.
enum TimeLimit {
    /// The result of `body`, or the error of `exceeded` when it is not there after `limit` of real time.
    static func run<Result: Sendable>(
        _ limit: Duration,
        _ body: @escaping @Sendable () async throws -> Result,
        exceeded: @escaping @Sendable () -> any Error
    ) async throws -> Result {
        try await withThrowingTaskGroup(of: Result.self) { group in
            defer { group.cancelAll() }
            group.addTask { try await body() }
            group.addTask {
                try await Task.sleep(for: limit)
                throw exceeded()
            }
            guard let result = try await group.next() else { throw CancellationError() }
            return result
        }
    }
}
