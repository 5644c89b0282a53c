import Dispatch

/// Runs blocking calls (C libraries, file system, database) off the cooperative thread pool.
package enum BlockingWork {
    private static let queue = DispatchQueue(label: "martlet.blocking", qos: .userInitiated, attributes: .concurrent)

    /// Runs `body` on a thread that may block, and waits for it without blocking the caller's thread.
    ///
    /// Callers bound how many they start; the threads come from Dispatch's pool.
    package static func run<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try body() }) }
        }
    }
}
