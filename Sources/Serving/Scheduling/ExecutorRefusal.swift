package import Core

/// A call that was turned away before the model saw it.
package struct ExecutorRefusal: Error, Sendable {
    /// Why.
    package enum Reason: String, Sendable, CaseIterable {
        /// As many calls wait as may.
        case queueFull = "queue_full"
        /// The calls before it take longer than its deadline allows.
        case tooLate = "too_late"
        /// Its deadline passed while it waited.
        case deadline
        /// Its caller has gone.
        case cancelled
    }

    /// Why.
    package let reason: Reason
    /// What the caller is told.
    package let error: MartletError

    /// Makes a refusal of a call of `model`.
    init(_ reason: Reason, model: String, queue: Int) {
        self.reason = reason
        error =
            switch reason {
            case .queueFull:
                MartletError(
                    .unavailable,
                    "The model '\(model)' is busy: \(queue) requests wait for it; try again later."
                )
            case .tooLate:
                MartletError(
                    .unavailable,
                    "The model '\(model)' is busy: the requests before this one take longer than its deadline allows."
                )
            case .deadline:
                MartletError(
                    .deadlineExceeded,
                    "The request's deadline passed before the model '\(model)' could run it."
                )
            case .cancelled: MartletError(.cancelled, "The request was cancelled while it waited for '\(model)'.")
            }
    }
}
