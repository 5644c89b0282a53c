import Core

extension PipelineService {
    /// The run that was asked for under a key; nil when none was.
    ///
    /// - Parameter key: What `startRun` was given.
    /// - Returns: The run with the latest attempt of each task.
    /// - Throws: `unavailable` when the database cannot be read.
    package func run(key: String) async throws -> PipelineRun? {
        guard let id = try await store.runID(forKey: key) else { return nil }
        return try await run(id)
    }
}
