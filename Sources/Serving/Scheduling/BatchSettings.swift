/// The bounds within which calls of one model wait and run together.
package struct BatchSettings: Sendable, Equatable {
    /// Batches after which the measured cost is believed.
    static let trustedSamples = 8

    /// Batches that may run at once, 1 or more.
    package var concurrency: Int
    /// Calls that may wait while all slots are taken, 0 or more.
    package var queue: Int
    /// Rows up to which calls are joined, 1 or more; 1 joins nothing.
    package var maximumRows: Int
    /// The longest that a free slot is held open for more calls, in nanoseconds.
    package var maximumDelay: UInt64

    /// Makes settings; what is out of range becomes the nearest value that is not.
    package init(concurrency: Int, queue: Int, maximumRows: Int, maximumDelay: UInt64) {
        self.concurrency = max(1, concurrency)
        self.queue = max(0, queue)
        self.maximumRows = max(1, maximumRows)
        self.maximumDelay = maximumDelay
    }
}
