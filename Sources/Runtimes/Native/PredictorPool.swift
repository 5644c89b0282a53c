import Synchronization

/// Keeps what is costly to make and used by one call at a time; at most `RuntimesLimits.idlePredictors` of them.
package final class PredictorPool<Predictor: Sendable>: Sendable {
    private let idle = Mutex<[Predictor]>([])

    /// An empty pool.
    package init() {}

    /// An idle one, or a new one made by `make`; the caller gives it back.
    package func take(or make: () throws -> Predictor) rethrows -> Predictor {
        if let predictor = idle.withLock({ $0.popLast() }) { return predictor }
        return try make()
    }

    /// Takes one back for the next call, or drops it when there are enough.
    package func give(back predictor: Predictor) {
        idle.withLock { if $0.count < RuntimesLimits.idlePredictors { $0.append(predictor) } }
    }

    /// How many wait.
    package var idleCount: Int {
        idle.withLock { $0.count }
    }
}
