import Core
import Runtimes
import Synchronization

/// One version in service: the model, its counters and its metric handles.
package final class ServedModel: Sendable {
    /// The deployment it serves.
    package let deployment: String
    /// The model in memory.
    package let loaded: LoadedModel
    /// The version in digits, as protocols write it.
    package let versionText: String
    let metrics: RequestMetrics
    let isInProcess: Bool
    private let counters = Mutex(VersionStats())

    /// Puts a loaded model into a deployment's service.
    package init(deployment: String, loaded: LoadedModel) {
        self.deployment = deployment
        self.loaded = loaded
        versionText = String(loaded.version)
        metrics = RequestMetrics(deployment: deployment, version: versionText)
        isInProcess = loaded.isInProcess
    }

    /// Version number.
    package var version: Int { loaded.version }

    /// A copy of the counters.
    package var stats: VersionStats { counters.withLock { $0 } }

    /// Predicts on the caller's thread when that is cheap, otherwise on a thread that may block.
    func predict(_ rows: [Float], count: Int) async throws -> [Float] {
        if isInProcess, count <= ServingLimits.inlineRows { return try loaded.runtime.predict(rows, count: count) }
        let runtime = loaded.runtime
        return try await BlockingWork.run { try runtime.predict(rows, count: count) }
    }

    /// Adds one request to counters and metrics.
    func record(
        _ kind: InferenceProtocol,
        rows: Int,
        nanoseconds: UInt64,
        failed: Bool,
        milliseconds now: Int64
    ) {
        counters.withLock { $0.record(rows: rows, nanoseconds: nanoseconds, failed: failed, milliseconds: now) }
        metrics.record(kind, failed: failed, modelSeconds: Double(nanoseconds) * 1e-9)
    }
}
