/// The named maxima of the database layer.
package enum StorageLimits {
    /// Most writes committed together.
    package static let writesPerCommit = 512
    /// Most writes waiting; one more is refused as `unavailable`.
    package static let pendingWrites = 65_536
    /// Most connections that read at the same time.
    package static let readers = 6
    /// How long a statement waits for another process's lock, in seconds.
    package static let busySeconds = 5.0
    /// Most bound values in one statement (SQLite's default maximum).
    package static let boundValues = 32_766
}
