package import Core

/// One attempt of a task, offered to the workers of a queue.
package struct Offer: Sendable, Equatable {
    /// How an offer stands.
    package enum State: String, Sendable, CaseIterable {
        /// Waits for a worker.
        case offered
        /// A worker has it.
        case claimed
        /// A worker has recorded how it ended.
        case done
        /// Its worker is gone.
        case lost
        /// It is not wanted any more.
        case withdrawn
    }

    /// What names an offer: the attempt.
    package struct Key: Sendable, Hashable {
        /// The run.
        package let run: String
        /// The task.
        package let task: String
        /// The attempt.
        package let attempt: Int

        /// The key of an attempt.
        package init(run: String, task: String, attempt: Int) {
            self.run = run
            self.task = task
            self.attempt = attempt
        }
    }

    /// How an attempt ended at its worker.
    package enum Outcome: Sendable, Equatable {
        case succeeded(JSONObject)
        case failed(MartletError.Code, String)
    }

    /// The attempt.
    package let key: Key
    /// How it stands.
    package let state: State
    /// Who has it, or had it last.
    package let worker: String?
    /// Raised with each claim; a worker writes under its own.
    package let fence: Int64
    /// When its worker was heard of last, by the worker's clock.
    package let heartbeat: Int64
    /// How it ended, when it is done.
    package let outcome: Outcome?
    /// What it used, when it is done.
    package let usage: TaskUsage?
    /// Artifacts that it left, as the worker recorded them.
    package let artifacts: JSONValue
}

/// An offer that a worker has taken: what it writes, it writes under this.
package struct OfferClaim: Sendable, Equatable {
    /// The attempt.
    package let key: Offer.Key
    /// The worker.
    package let worker: String
    /// The claim's number.
    package let fence: Int64
    /// What to run.
    package let job: OfferedJob

    /// What a worker is told that lost its claim.
    var lost: MartletError {
        MartletError(
            .failedPrecondition,
            "The worker '\(worker)' does not have this attempt any more; it records nothing."
        )
    }
}
