package import Runtimes

/// How the calls of one deployment are scheduled; what is nil follows from the model.
package struct ExecutorSettings: Sendable, Equatable {
    /// Calls that may run at once; nil for as many as the model has threads or workers.
    package var concurrency: Int?
    /// Calls that may wait; further ones are refused.
    package var queue = ServingLimits.queuedCalls
    /// Rows up to which calls are joined; nil for the default of the kind of model.
    ///
    /// A call with more rows is cut.
    package var maximumRows: Int?
    /// The longest that a call waits for others to join it.
    package var maximumDelay: Duration = ServingLimits.batchDelay
    /// How long a call may take that names no deadline of its own.
    package var timeout: Duration = ServingLimits.requestTimeout

    /// The defaults.
    package init() {}

    /// The bounds for a model that computes at `placement` with so many workers.
    package func batching(_ placement: RuntimePlacement, workers: Int, processors: Int) -> BatchSettings {
        let natural: Int
        switch placement {
        case .own, .library: natural = processors
        case .process: natural = workers
        }
        return BatchSettings(
            concurrency: concurrency ?? natural,
            queue: queue,
            maximumRows: maximumRows ?? ServingLimits.batchRows,
            maximumDelay: maximumDelay.wholeNanoseconds
        )
    }
}
