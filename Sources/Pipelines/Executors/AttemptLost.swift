/// An attempt whose host is gone before it ended: no fault of the task, so that it is tried again without using up a retry.
package struct AttemptLost: Error, Equatable, CustomStringConvertible {
    /// What became of the host, a sentence for the log.
    package let message: String

    /// A loss.
    package init(_ message: String) {
        self.message = message
    }

    package var description: String { message }
}
