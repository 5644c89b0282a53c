import Dispatch

/// Runs work that blocks on the disk away from the threads that run tasks, on a fixed number of threads.
///
/// An fsync can take tens of milliseconds; on the cooperative pool it would hold up every request in flight.
enum DiskQueue {
    private static let slots = DispatchSemaphore(value: ArtifactsLimits.diskThreads)
    private static let gate = DispatchQueue(label: "martlet.artifacts.gate")
    private static let threads = DispatchQueue(label: "martlet.artifacts.disk", attributes: .concurrent)

    /// Runs `work` on one of the disk threads and returns what it returns.
    static func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            gate.async {
                // Only the gate's own thread ever waits here, so at most `diskThreads` + 1 threads exist.
                slots.wait()
                threads.async {
                    let result = Result(catching: work)
                    slots.signal()
                    continuation.resume(with: result)
                }
            }
        }
    }
}
