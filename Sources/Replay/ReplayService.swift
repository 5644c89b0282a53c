package import Core
package import Logging
package import Storage

/// Runs replays one after the other, off the request path, and keeps what they found.
package actor ReplayService {
    let store: ReplayStore
    let sources: ReplaySources
    let clock: Clock
    let logger: Logger
    private let nudges: AsyncStream<Void>
    private nonisolated let nudgeSignal: AsyncStream<Void>.Continuation
    /// Replays that somebody stopped while they run.
    private var stopped: [String: String] = [:]
}
