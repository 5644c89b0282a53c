/// A label joined to its prediction: what it says about the arms.
package struct LabelOutcome: Sendable, Equatable {
    /// The rollout during which the row was served.
    package let rollout: String
    /// The stage in force then.
    package let step: Int
    /// The arm that answered.
    package let arm: TrafficArm
    /// Whether the stable version was right; nil when it did not score the row.
    package let stableIsRight: Bool?
    /// Whether the candidate was right; nil when it did not score the row.
    package let candidateIsRight: Bool?
    /// The label as a number; nil for a class that is none.
    package let label: Double?
    /// The stable version's distance from the label; nil for classes, or when it did not score the row.
    package let stableError: Double?
    /// The candidate's distance from the label; nil for classes, or when it did not score the row.
    package let candidateError: Double?

    /// Makes an outcome.
    package init(
        rollout: String,
        step: Int,
        arm: TrafficArm,
        stableIsRight: Bool?,
        candidateIsRight: Bool?,
        label: Double? = nil,
        stableError: Double? = nil,
        candidateError: Double? = nil
    ) {
        self.rollout = rollout
        self.step = step
        self.arm = arm
        self.stableIsRight = stableIsRight
        self.candidateIsRight = candidateIsRight
        self.label = label
        self.stableError = stableError
        self.candidateError = candidateError
    }
}

extension EvidenceSnapshot {
    /// Counts the labels anew from the ledger, which is the truth about them.
    package mutating func replaceLabels(_ outcomes: [LabelOutcome]) {
        pairs = PairedOutcomes()
        absoluteErrors = PairedMoments()
        squaredErrors = PairedMoments()
        for index in steps.indices {
            for arm in [TrafficArm.stable, .candidate] {
                steps[index][arm].labelled = 0
                steps[index][arm].correct = 0
                steps[index][arm].label = Moments()
                steps[index][arm].absoluteError = Moments()
                steps[index][arm].squaredError = Moments()
            }
        }
        for outcome in outcomes { add(outcome) }
    }

    /// Adds one label: to the arm that answered, and to the pairs when both versions scored the row.
    package mutating func add(_ outcome: LabelOutcome) {
        guard outcome.step >= 0, outcome.step < RolloutsLimits.stages else { return }
        ensure(outcome.step)
        let isStable = outcome.arm == .stable
        if let own = isStable ? outcome.stableIsRight : outcome.candidateIsRight {
            steps[outcome.step][outcome.arm].labelled += 1
            if own { steps[outcome.step][outcome.arm].correct += 1 }
        }
        if let label = outcome.label { steps[outcome.step][outcome.arm].label.add(label) }
        if let error = isStable ? outcome.stableError : outcome.candidateError {
            steps[outcome.step][outcome.arm].absoluteError.add(abs(error))
            steps[outcome.step][outcome.arm].squaredError.add(error * error)
        }
        if let left = outcome.stableError, let right = outcome.candidateError {
            absoluteErrors.add(stable: abs(left), candidate: abs(right))
            squaredErrors.add(stable: left * left, candidate: right * right)
        }
        switch (outcome.stableIsRight, outcome.candidateIsRight) {
        case (true?, true?): pairs.both += 1
        case (true?, false?): pairs.stableOnly += 1
        case (false?, true?): pairs.candidateOnly += 1
        case (false?, false?): pairs.neither += 1
        default: break
        }
    }

    /// Makes room for a stage's evidence.
    mutating func ensure(_ step: Int) {
        while steps.count <= step { steps.append(StepEvidence()) }
    }
}
