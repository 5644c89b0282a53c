import Core
import Storage

extension PipelineStore {
    /// What a cache key stands for.
    struct CachedResult: Sendable {
        let from: CachedFrom
        let outputs: JSONObject
        let artifacts: [ArtifactRecord]
    }

    /// The newest result under a key; nil when there is none, or none since `oldest`.
    func cached(_ key: String, since oldest: Timestamp?) async throws(MartletError) -> CachedResult? {
        try await database.read { connection in
            let row = try connection.first("SELECT * FROM pipeline_cache WHERE cache_key = ?", [.text(key)])
            guard let row else { return nil }
            if let oldest, try row.timestamp("created_at") < oldest { return nil }
            return CachedResult(
                from: CachedFrom(runID: try row.text("run_id"), task: try row.text("task")),
                outputs: try row.json("outputs").objectValue ?? [:],
                artifacts: try TaskRun.artifacts(row)
            )
        }
    }

    /// Forgets results.
    ///
    /// - Parameter pipeline: Only those of this pipeline's runs; nil for all.
    /// - Returns: How many.
    /// - Throws: `unavailable` when the database cannot be written.
    func clearCache(pipeline: String?) async throws(MartletError) -> Int {
        try await database.write { connection in
            guard let pipeline else { return try connection.execute("DELETE FROM pipeline_cache") }
            return try connection.execute(
                "DELETE FROM pipeline_cache WHERE run_id IN (SELECT id FROM pipeline_runs WHERE pipeline = ?)",
                [.text(pipeline)]
            )
        }
    }
}
