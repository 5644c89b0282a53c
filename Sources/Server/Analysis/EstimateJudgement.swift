import Core
package import Rollouts

/// What estimates of two versions mean for a rollout: a pure function.
package struct EstimateJudgement: Sendable {
    /// What is estimated of one version.
    package struct Figure: Sendable {
        /// The metric; nil when nothing can be said.
        package let value: Double?
        /// Its sampling error; nil when it is not known.
        package let error: Double?
        /// Why there is no value.
        package let reason: String?

        /// Makes a figure.
        package init(value: Double?, error: Double? = nil, reason: String? = nil) {
            self.value = value
            self.error = error
            self.reason = reason
        }
    }

    /// Sampling errors by which a drop must be certain.
    package static let certainty = 3.0

    /// `accuracy`, of which more is better, or `mae`, of which less is.
    package let metric: String
    /// The drop that is tolerated.
    package let tolerated: Double

    /// Judges a metric.
    package init(metric: String, tolerated: Double) {
        self.metric = metric
        self.tolerated = tolerated
    }

    /// Harm only beyond the sampling errors, and no pass without figures.
    package func measurement(candidate: Figure, stable: Figure, samples: Int) -> ExternalMeasurement {
        guard let ours = candidate.value, let theirs = stable.value, ours.isFinite, theirs.isFinite else {
            return Self.undecided(candidate.reason ?? stable.reason ?? "nothing can be estimated")
        }
        let (own, other) = (candidate.error ?? 0, stable.error ?? 0)
        var (drop, error) = (theirs - ours, (own * own + other * other).squareRoot())
        if metric == "mae" {
            // Of an error the share by which it grows.
            guard theirs > 0 else { return Self.undecided("the stable version's estimated error is 0") }
            (drop, error) = ((ours - theirs) / theirs, error / theirs)
        }
        let margin = Self.short(Self.certainty * error)
        let figures = "\(metric) \(Self.short(ours)), stable version \(Self.short(theirs)), ± \(margin)"
        var measurement = ExternalMeasurement(
            takenAt: Timestamp(milliseconds: 0),
            value: drop,
            outcome: .pass,
            samples: samples,
            message: figures
        )
        guard drop > tolerated else { return measurement }
        if drop - Self.certainty * error > tolerated {
            measurement.outcome = .fail
        } else {
            measurement.outcome = .undecided
            // Without a figure the check cannot take chance for harm.
            measurement.value = nil
            measurement.message = "a drop of \(Self.short(drop)) may be chance (\(figures))"
        }
        return measurement
    }

    static func undecided(_ message: String) -> ExternalMeasurement {
        ExternalMeasurement(takenAt: Timestamp(milliseconds: 0), outcome: .undecided, message: message)
    }

    private static func short(_ value: Double) -> String { "\((value * 10_000).rounded() / 10_000)" }
}
