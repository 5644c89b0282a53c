import Core

extension PipelineService {
    /// The run that was asked for under a key; nil when none was.
    ///
    /// - Parameter key: What `startRun` was given.
    package func run(key: String) async throws -> PipelineRun? {
        guard let id = try await store.runID(forKey: key) else { return nil }
        return try await run(id)
    }
}
