package import Core
package import Storage

/// Asking for runs.
extension PipelineService {
    /// Asks for a run of a pipeline.
    ///
    /// - Parameters:
    ///   - pipeline: Its name.
    ///   - parameters: Values for its parameters, over their defaults.
    ///   - trigger: What asks, such as `manual` or a trigger's name.
    ///   - key: When given and used before, the earlier run's id is returned and nothing new is started.
    /// - Returns: The run's id; the run is recorded when this returns.
    /// - Throws: `notFound`, `invalidArgument` for parameters, `resourceExhausted` when too many runs wait.
    package func startRun(
        pipeline: String,
        parameters: JSONObject = [:],
        trigger: String = "manual",
        key: String? = nil
    ) async throws -> String {
        let kind: RunCause.Kind = trigger == "loop" ? .loop : .manual
        return try await start(
            pipeline,
            parameters,
            cause: RunCause(kind: kind, text: trigger),
            key: key,
            time: nil,
            priority: nil,
            inTransaction: nil
        )
    }

    /// Asks for a run of a pipeline.
    ///
    /// - Parameters:
    ///   - pipeline: Its name.
    ///   - parameters: Values for its parameters, over their defaults.
    ///   - cause: What asks for it.
    ///   - idempotencyKey: When given and used before, the earlier run is returned and nothing new is started.
    ///   - logicalDate: The time that the run is for; `${run.time}` in its tasks.
    ///   - priority: Instead of the pipeline's own.
    ///   - inTransaction: Written with the run, all or nothing; not called when the run is an earlier one.
    /// - Returns: The run. One that the pipeline's `concurrency` does not let in is recorded as cancelled.
    /// - Throws: `notFound`, `invalidArgument` for parameters, `resourceExhausted` when too many runs wait, and what
    ///   `inTransaction` throws: nothing is recorded then.
    package func startRun(
        _ pipeline: String,
        parameters: JSONObject = [:],
        cause: RunCause,
        idempotencyKey: String? = nil,
        logicalDate: Timestamp? = nil,
        priority: Int? = nil,
        inTransaction: (@Sendable (Connection, _ runID: String) throws -> Void)? = nil
    ) async throws -> PipelineRun {
        let id = try await start(
            pipeline,
            parameters,
            cause: cause,
            key: idempotencyKey,
            time: logicalDate,
            priority: priority,
            inTransaction: inTransaction
        )
        return try await store.run(id)
    }

    private func start(
        _ pipeline: String,
        _ parameters: JSONObject,
        cause: RunCause,
        key: String?,
        time: Timestamp?,
        priority: Int?,
        inTransaction: (@Sendable (Connection, String) throws -> Void)?
    ) async throws -> String {
        if let key, !(1...PipelinesLimits.keyBytes).contains(key.utf8.count) {
            throw MartletError(
                .invalidArgument,
                "'idempotency_key' must have 1 to \(PipelinesLimits.keyBytes) bytes."
            )
        }
        if let priority, !PipelinesLimits.priorities.contains(Int64(priority)) {
            throw MartletError(
                .invalidArgument,
                "'priority' must be between \(PipelinesLimits.priorities.lowerBound) and \(PipelinesLimits.priorities.upperBound)."
            )
        }
        let (document, directory) = try await store.document(of: pipeline)
        let spec = try PipelineSpec.parse(name: pipeline, document, steps: context.steps)
        var run = NewRun(spec: spec, directory: directory, parameters: try spec.resolve(parameters))
        run.cause = cause
        run.key = key
        run.time = time
        run.priority = priority
        run.inTransaction = inTransaction
        let id = try await store.insertRun(run)
        try await cancelAsked(except: id, of: spec)
        wakeup.yield()
        return id
    }

    /// Tells the drivers of runs that the new one replaces; their requests are in the database.
    private func cancelAsked(except id: String, of spec: PipelineSpec) async throws {
        guard spec.concurrency.overlap == .cancelRunning, spec.concurrency.limit != nil else { return }
        for other in try await store.cancelRequested(pipeline: spec.name) where other != id { passOn(cancelOf: other) }
    }

    /// Goes on with a run that failed or was cancelled: what succeeded stays, everything else is done.
    ///
    /// - Parameter id: The run.
    /// - Returns: The run as it waits.
    /// - Throws: `notFound`, or `failedPrecondition` when it has not ended, or has succeeded.
    package func resume(_ id: String) async throws -> PipelineRun {
        let run = try await store.run(id)
        let document = try await store.runDocument(id)
        let spec = try PipelineSpec.parse(name: run.pipeline, document, steps: context.steps)
        try await store.resume(id, spec: spec)
        wakeup.yield()
        return try await store.run(id)
    }

    /// Does one task of a run again, in a run of its own, on what the tasks before it gave then.
    ///
    /// - Parameters:
    ///   - task: The task's name.
    ///   - id: The run.
    ///   - includesDependents: Whether the tasks that need it are done again, too.
    /// - Returns: The new run.
    /// - Throws: `notFound`, or `failedPrecondition` when a task that it needs did not succeed there.
    package func rerun(_ task: String, of id: String, includesDependents: Bool = false) async throws -> PipelineRun {
        let past = try await store.run(id)
        let document = try await store.runDocument(id)
        let spec = try PipelineSpec.parse(name: past.pipeline, document, steps: context.steps)
        var run = NewRun(spec: spec, directory: try await store.runDirectory(id), parameters: past.parameters)
        run.cause = RunCause(kind: .rerun, text: "rerun of \(task) in \(id)")
        run.origin = id
        run.time = past.time ?? past.createdAt
        run.attempts = try RerunPlan(spec: spec, past: past).attempts(of: task, includesDependents: includesDependents)
        let new = try await store.insertRun(run)
        wakeup.yield()
        return try await store.run(new)
    }

    /// Forgets what tasks left in the cache.
    ///
    /// - Parameter pipeline: Only what its runs left; nil for everything.
    /// - Returns: How many results are forgotten.
    /// - Throws: `unavailable` when the database cannot be written.
    package func clearCache(pipeline: String? = nil) async throws -> Int {
        try await store.clearCache(pipeline: pipeline)
    }
}
