import Core
import Runtimes
import Synchronization

/// One version in service: the model's place in memory, its counters and its metric handles.
package final class ServedModel: Sendable {
    /// The deployment it serves.
    package let deployment: String
    /// Registered model name.
    package let model: String
    /// Version number.
    package let version: Int
    /// The version in digits, as protocols write it.
    package let versionText: String
    let metrics: RequestMetrics
    /// The model's place in memory.
    package let slot: ModelSlot
    private let counters = Mutex((stats: VersionStats(), inference: InferenceCounters()))

    /// Puts a version into a deployment's service; `scope` stands before the deployment's name in metrics.
    package init(deployment: String, model: String, version: Int, slot: ModelSlot, scope: String = "") {
        self.deployment = deployment
        self.model = model
        self.version = version
        self.slot = slot
        versionText = String(version)
        metrics = RequestMetrics(deployment: scope + deployment, version: versionText)
    }

    /// The model if it is in memory.
    package var resident: ResidentModel? { slot.resident }

    /// The model, loaded if need be.
    ///
    /// - Throws: `deadlineExceeded` when that takes until `deadline`, in `Clock.monotonicNanoseconds`; what loading throws.
    package func load(deadline: UInt64? = nil) async throws -> ResidentModel { try await slot.load(deadline: deadline) }

    /// The deadline of a request that came at `start` and names none, in `Clock.monotonicNanoseconds`.
    func latest(from start: UInt64) -> UInt64 { start &+ slot.settings.executor.timeout.wholeNanoseconds }

    /// A copy of the counters.
    package var stats: VersionStats { counters.withLock { $0.stats } }

    /// A copy of the counters of the scheduling.
    package var inference: InferenceCounters { counters.withLock { $0.inference } }

    /// Adds an answered request to counters and metrics.
    func record(
        _ kind: InferenceProtocol,
        rows: Int,
        _ execution: Execution,
        _ phases: InferenceCounters.Phases,
        nanoseconds: UInt64,
        milliseconds now: Int64
    ) {
        counters.withLock { counters in
            counters.stats.record(rows: rows, nanoseconds: nanoseconds, failed: false, milliseconds: now)
            counters.inference.answered(execution, rows: rows, phases, milliseconds: now)
        }
        metrics.record(kind, failed: false, modelSeconds: Double(nanoseconds) * 1e-9)
    }

    /// Adds a request that the model failed or did not take.
    func recordFailure(
        _ kind: InferenceProtocol,
        rows: Int,
        _ failure: InferenceCounters.Failure,
        nanoseconds: UInt64,
        milliseconds now: Int64
    ) {
        counters.withLock { counters in
            if failure == .backend {
                counters.stats.record(rows: rows, nanoseconds: nanoseconds, failed: true, milliseconds: now)
            }
            counters.inference.failed(failure, nil, total: nanoseconds, milliseconds: now)
        }
        metrics.record(kind, failed: true, modelSeconds: Double(nanoseconds) * 1e-9)
    }

    /// Adds a request that was turned away before it ran: not the version's fault.
    func recordRefusal(_ reason: ExecutorRefusal.Reason, nanoseconds: UInt64, milliseconds now: Int64) {
        counters.withLock { counters in
            let failure: InferenceCounters.Failure = reason == .cancelled ? .canceled : .rejected
            counters.inference.failed(failure, reason, total: nanoseconds, milliseconds: now)
        }
    }
}
