package import Core
import Foundation

/// What one check says about the candidate at one look.
package struct CheckResult: Sendable, Equatable {
    /// The three answers a check can give.
    package enum Outcome: String, Sendable, Equatable, CaseIterable {
        /// Enough evidence, none of harm.
        case pass
        /// Harm, shown by a test.
        case fail
        /// Not enough evidence either way.
        case undecided
    }

    /// The numbers behind an answer; nil where a check has no such number.
    package struct Figures: Sendable, Equatable {
        /// What was estimated of the candidate: a rate, a quantile's share, a drop, a measured value.
        package var estimate: Double?
        /// The same of the stable version.
        package var reference: Double?
        /// What is tolerated.
        package var threshold: Double?
        /// Logarithm of the evidence against "the candidate is no worse than tolerated".
        package var logE: Double?
        /// The false-alarm rate at which that evidence counts: it does from `log(1 / alpha)` on.
        package var alpha: Double?
        /// Rows or requests behind the estimate.
        package var samples: Int?
        /// How many the check wants before it passes.
        package var wanted: Int?

        /// Makes figures.
        package init(
            estimate: Double? = nil,
            reference: Double? = nil,
            threshold: Double? = nil,
            logE: Double? = nil,
            alpha: Double? = nil,
            samples: Int? = nil,
            wanted: Int? = nil
        ) {
            self.estimate = estimate
            self.reference = reference
            self.threshold = threshold
            self.logE = logE
            self.alpha = alpha
            self.samples = samples
            self.wanted = wanted
        }

        /// The figures as the API shows them; `e_value` is held at 1e300.
        package var json: JSONObject {
            var object: JSONObject = [:]
            for (name, value) in [("estimate", estimate), ("reference", reference), ("threshold", threshold)] {
                if let value, value.isFinite { object[name] = .number(value) }
            }
            if let logE, !logE.isNaN { object["e_value"] = .number(exp(min(logE, 690))) }
            if let alpha { object["alpha"] = .number(alpha) }
            if let samples { object["samples"] = .int(samples) }
            if let wanted { object["minimum_samples"] = .int(wanted) }
            return object
        }
    }

    /// The check's name as written in the manifest; `samples` for the minimum number of requests, `ab` for the metric of
    /// an A/B test, and `prometheus/<name>` and `webhook/<name>` for those.
    package let check: String
    /// Its answer.
    package let outcome: Outcome
    /// The figures behind the answer, for people.
    package let detail: String
    /// The figures behind the answer, for programs.
    package let figures: Figures
    /// Whether waiting at this step will not decide it: the step ends without a verdict.
    package let endsStep: Bool

    /// Makes a result.
    package init(
        _ check: String,
        _ outcome: Outcome,
        _ detail: String,
        figures: Figures = Figures(),
        endsStep: Bool = false
    ) {
        self.check = check
        self.outcome = outcome
        self.detail = detail
        self.figures = figures
        self.endsStep = endsStep
    }

    /// The result as the API shows it.
    package var json: JSONValue {
        [
            "check": .string(check), "outcome": .string(outcome.rawValue), "detail": .string(detail),
            "figures": .object(figures.json),
        ]
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
    /// Waiting will not help; the text says why.
    case inconclusive(String)
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
