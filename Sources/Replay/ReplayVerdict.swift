package import Core

/// What a replay says of its candidate.
package struct ReplayVerdict: Sendable, Equatable {
    /// The answers that a replay can give.
    package enum Outcome: String, Sendable, Equatable, CaseIterable {
        /// Every bound of the gate is kept.
        case pass
        /// A bound is broken, beyond what chance explains.
        case fail
        /// The rows do not decide it.
        case inconclusive
        /// There was nothing to compare.
        case noEvidence = "no_evidence"
        /// There is a report and no gate that would judge it.
        case reported
    }

    /// What one bound of the gate says.
    package struct Check: Sendable, Equatable {
        /// `rows`, `disagreement`, `metric` or `latency`.
        package let name: String
        /// Pass, fail or inconclusive.
        package let outcome: Outcome
        /// The figures behind it, for a person.
        package let detail: String

        /// Makes a check's answer.
        package init(_ name: String, _ outcome: Outcome, _ detail: String) {
            self.name = name
            self.outcome = outcome
            self.detail = detail
        }
    }

    /// The answer.
    package let outcome: Outcome
    /// One sentence on it.
    package let message: String
    /// The gate's checks; empty without a gate.
    package let checks: [Check]

    /// Makes a verdict.
    package init(_ outcome: Outcome, _ message: String, checks: [Check] = []) {
        self.outcome = outcome
        self.message = message
        self.checks = checks
    }

    /// The verdict as the API shows it.
    package var json: JSONValue {
        [
            "outcome": .string(outcome.rawValue), "message": .string(message),
            "checks": .array(
                checks.map {
                    ["check": .string($0.name), "outcome": .string($0.outcome.rawValue), "detail": .string($0.detail)]
                }
            ),
        ]
    }
}
