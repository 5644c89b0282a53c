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
    private let slot: ModelSlot
    private let counters = Mutex(VersionStats())

    /// Puts a version into a deployment's service.
    package init(deployment: String, model: String, version: Int, slot: ModelSlot) {
        self.deployment = deployment
        self.model = model
        self.version = version
        self.slot = slot
        versionText = String(version)
        metrics = RequestMetrics(deployment: deployment, version: versionText)
    }

    /// The model if it is in memory.
    package var resident: ResidentModel? { slot.resident }

    /// The model, loaded if need be.
    ///
    /// - Throws: what loading throws.
    package func load() async throws -> ResidentModel { try await slot.load() }

    /// A copy of the counters.
    package var stats: VersionStats { counters.withLock { $0 } }

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
