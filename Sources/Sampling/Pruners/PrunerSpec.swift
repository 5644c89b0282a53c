/// When a trial is ended early, by what it reports on the way; the rules are Optuna 5's.
package indirect enum PrunerSpec: Sendable, Equatable {
    /// Never.
    case none
    /// When its best value so far is worse than this percentile of complete trials at the same step (50 is the median).
    case percentile(Percentile)
    /// When it is not among the best of those that passed the same rung (ASHA).
    case halving(Halving)
    /// Successive halving in several brackets that start to prune at different steps.
    case hyperband(Hyperband)
    /// When it has not become better for some steps and another pruner agrees.
    case patient(PrunerSpec, patience: Int, minimumGain: Double)
    /// When a value lies outside of bounds.
    case threshold(Threshold)

    /// The rule of medians with Optuna's defaults.
    package static let median = PrunerSpec.percentile(Percentile())

    /// What a percentile rule looks at.
    package struct Percentile: Sendable, Equatable {
        /// The share in percent of complete trials that are better at the least.
        package var percentile = 50.0
        /// How many trials must be complete before any is pruned.
        package var startupTrials = 5
        /// The first step at which a trial is judged.
        package var warmupSteps = 0
        /// How many steps lie between judgements.
        package var interval = 1
        /// How many complete trials must have reported at the step.
        package var minimumTrials = 1

        /// Optuna's defaults.
        package init() {}
    }

    /// What successive halving looks at.
    package struct Halving: Sendable, Equatable {
        /// The steps up to the first rung; nil takes a hundredth of what the first complete trial made.
        package var minimumResource: Int?
        /// Of how many trials one goes on, and by how much longer every rung is.
        package var reduction = 4
        /// How many rungs are left out at the beginning.
        package var skippedRungs = 0
        /// How many trials must have passed a rung before one goes on.
        package var bootstrap = 0

        /// Optuna's defaults.
        package init() {}
    }

    /// What Hyperband looks at.
    package struct Hyperband: Sendable, Equatable {
        /// The steps up to the first rung of the first bracket.
        package var minimumResource = 1
        /// The most steps of a trial; nil takes what the first complete trial made.
        package var maximumResource: Int?
        /// Of how many trials one goes on.
        package var reduction = 3
        /// How many trials must have passed a rung before one goes on.
        package var bootstrap = 0

        /// Optuna's defaults.
        package init() {}
    }

    /// What bounds a value must keep.
    package struct Threshold: Sendable, Equatable {
        /// The least allowed value.
        package var lower = -Double.infinity
        /// The largest allowed value.
        package var upper = Double.infinity
        /// The first step at which a trial is judged.
        package var warmupSteps = 0
        /// How many steps lie between judgements.
        package var interval = 1

        /// No bounds.
        package init() {}
    }

    /// What a pruner says of a trial.
    package struct Decision: Sendable, Equatable {
        /// Whether the trial should be ended now.
        package var prunes: Bool
        /// What the trial had when it passed each rung.
        package var rungs: [Double]
    }

    /// Judges a running trial after its last report.
    ///
    /// - Parameters:
    ///   - trial: the trial with its reports.
    ///   - history: the study's trials.
    ///   - study: the study's name, which spreads trials over Hyperband's brackets.
    /// - Returns: whether to end the trial, and the rungs that it has passed.
    package func judge(_ trial: Trial, in history: TrialHistory, study: String) -> Decision {
        var decision = Decision(prunes: false, rungs: trial.rungs)
        guard let last = trial.lastReport, !history.isMultiObjective else { return decision }
        let direction = history.directions.first ?? .minimize
        switch self {
        case .none: break
        case .percentile(let rule): decision.prunes = rule.prunes(trial, last, history, direction)
        case .threshold(let rule): decision.prunes = rule.prunes(trial, last)
        case .halving(let rule):
            decision.prunes = rule.prunes(
                last,
                history.trials,
                history,
                direction,
                &decision.rungs,
                except: trial.number
            )
        case .hyperband(let rule):
            decision.prunes = rule.prunes(trial, last, history, direction, study, &decision.rungs)
        case .patient(let inner, let patience, let gain):
            guard PatientRule.hasStalled(trial, patience, gain, direction) else { break }
            return inner == .none
                ? Decision(prunes: true, rungs: trial.rungs) : inner.judge(trial, in: history, study: study)
        }
        return decision
    }
}

/// The steps at which a rule with an interval looks.
enum JudgedSteps {
    /// Whether the last report is the first at or after a step that is judged.
    static func includes(_ last: Trial.Report, of trial: Trial, warmup: Int, interval: Int) -> Bool {
        guard last.step >= warmup else { return false }
        let judged = (last.step - warmup) / max(1, interval) * max(1, interval) + warmup
        let before = trial.reports.dropLast().last?.step ?? -1
        return before < judged
    }
}
