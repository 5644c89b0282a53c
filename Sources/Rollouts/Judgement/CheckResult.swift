/// What one check says about the candidate at one look.
package struct CheckResult: Sendable, Equatable {
    /// The three answers a check can give.
    package enum Outcome: String, Sendable, Equatable {
        /// Enough evidence, none of harm.
        case pass
        /// Harm, shown by a test.
        case fail
        /// Not enough evidence either way.
        case undecided
    }

    /// The check's name as written in the manifest; `samples` for the minimum number of requests.
    package let check: String
    /// Its answer.
    package let outcome: Outcome
    /// The figures behind the answer, for people.
    package let detail: String

    /// Makes a result.
    package init(_ check: String, _ outcome: Outcome, _ detail: String) {
        self.check = check
        self.outcome = outcome
        self.detail = detail
    }
}

/// What all checks together say about a step.
package enum StepVerdict: Sendable, Equatable {
    /// Climb.
    case pass
    /// Roll back for this reason.
    case fail(RolloutReason)
    /// Wait; the text says for what.
    case undecided(String)
}

/// Why a rollout ended or stopped climbing.
package struct RolloutReason: Sendable, Equatable {
    /// The machine-readable part: a check's name, or `inconclusive`, `operator`, `load` or `superseded`.
    package let code: String
    /// The figures or the error, for people.
    package let message: String

    /// Makes a reason.
    package init(_ code: String, _ message: String) {
        self.code = code
        self.message = message
    }
}
