extension ServingLimits {
    /// Calls that may wait for one model unless its settings say otherwise.
    package static let queuedCalls = 256
    /// Most calls that settings may let wait for one model.
    package static let maximumQueuedCalls = 10_000
    /// Most calls that settings may let run at once on one model.
    package static let maximumConcurrency = 256
    /// Rows up to which calls are joined unless settings say otherwise.
    package static let batchRows = 256
    /// Most rows up to which settings may have calls joined.
    package static let maximumBatchRows = 100_000
    /// The longest that a call waits for others to join it unless settings say otherwise.
    package static let batchDelay: Duration = .milliseconds(2)
    /// The longest wait for company that settings may ask for.
    package static let maximumBatchDelay: Duration = .seconds(10)
    /// How long a call may take that names no deadline, unless settings say otherwise.
    package static let requestTimeout: Duration = .seconds(60)
    /// The longest time that a call or a setting may allow.
    package static let maximumRequestTimeout: Duration = .seconds(3600)
    /// The longest idle time that settings may name.
    package static let maximumIdleTime: Duration = .seconds(30 * 86_400)
    /// Most threads for one call of a library.
    package static let maximumThreads = 256
    /// Most Python workers of one model.
    package static let maximumWorkers = 64
    /// Pause before a model that failed to load on demand is tried again.
    package static let coldRetryPause: Duration = .seconds(1)
    /// How often idle models are looked for.
    package static let idleCheck: Duration = .milliseconds(500)
    /// How long calls under way may hold a model that is unloaded before its workers are ended all the same.
    package static let drainTime: Duration = .seconds(30)
    /// Batch sizes that statistics keep apart one by one; larger ones are counted under the next power of two.
    package static let exactBatchSizes = 64
    /// Deployments and versions with series of their own in metrics; the others share the label `other`.
    package static let metricSeries = 200
    /// Most models that one answer of the repository's index lists.
    package static let indexEntries = 10_000
    /// Deployments that are loaded or changed at the same time.
    package static let concurrentReconciliations = 8
}
