/// The limits of the gate.
package enum AccessLimits {
    /// The longest value of `Authorization` that is read, in bytes.
    package static let authorizationBytes = 16 * 1024
    /// Tokens and workspaces whose rates are counted at the same time.
    package static let rateBuckets = 20_000
    /// Passes of tasks that run at the same time.
    package static let taskPasses = 10_000
    /// The longest wait that is asked of a client, in seconds.
    package static let longestWaitSeconds = 3600
}
