package import Core

/// The trials of a study as samplers and pruners see them, kept in order while they change.
package struct TrialHistory: Sendable {
    /// What is searched over.
    package let space: SearchSpace
    /// What is better, by objective.
    package let directions: [Direction]
    /// All trials, by number.
    package private(set) var trials: [Trial] = []
    /// The numbers of complete trials, best first by the first objective; the earlier of equals first.
    package private(set) var ranking: [Int] = []
    /// The numbers of pruned trials in order.
    package private(set) var pruned: [Int] = []
    /// The numbers of trials that have ended, in the order of ending.
    package private(set) var endings: [Int] = []

    /// How many trials are complete or pruned.
    package var finishedCount: Int { ranking.count + pruned.count }
    /// Whether there is more than one objective.
    package var isMultiObjective: Bool { directions.count > 1 }

    /// A history without trials.
    package init(space: SearchSpace, directions: [Direction]) {
        self.space = space
        self.directions = directions
    }

    /// Adds the next trial, or replaces the one of the same number.
    ///
    /// - Throws: `internal` for a number that leaves a gap.
    package mutating func put(_ trial: Trial) throws(MartletError) {
        guard trial.number >= 0, trial.number <= trials.count else {
            throw MartletError(.internal, "Trial \(trial.number) does not follow trial \(trials.count - 1).")
        }
        if trial.number == trials.count {
            trials.append(trial)
        } else {
            let before = trials[trial.number]
            trials[trial.number] = trial
            guard !before.state.hasEnded else { return }
        }
        guard trial.state.hasEnded else { return }
        insert(trial.number)
    }

    private mutating func insert(_ number: Int) {
        let trial = trials[number]
        let place = trial.ending ?? .max
        endings.insert(number, at: Self.partition(endings.count) { (trials[endings[$0]].ending ?? .max) > place })
        switch trial.state {
        case .complete: ranking.insert(number, at: Self.partition(ranking.count) { isBetter(number, ranking[$0]) })
        case .pruned: pruned.insert(number, at: Self.partition(pruned.count) { pruned[$0] > number })
        case .waiting, .running, .failed: break
        }
    }

    /// The first index for which `holds` does, given that it does for all after it.
    private static func partition(_ count: Int, _ holds: (Int) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if holds(middle) { high = middle } else { low = middle + 1 }
        }
        return low
    }

    private func isBetter(_ left: Int, _ right: Int) -> Bool {
        let (first, second) = (trials[left], trials[right])
        let losses = (loss(first), loss(second))
        if losses.0 != losses.1 { return losses.0 < losses.1 }
        if first.tieBreak != second.tieBreak { return first.tieBreak > second.tieBreak }
        return left < right
    }

    private func loss(_ trial: Trial) -> Double {
        guard let value = trial.objectives.first, let direction = directions.first else { return .infinity }
        return direction.loss(value)
    }

    /// The objectives of a trial as losses, where less is better.
    package func losses(_ trial: Trial) -> [Double] {
        zip(directions, trial.objectives).map { $0.loss($1) }
    }

    /// The best complete trial by the first objective; the earlier of equal ones.
    package var best: Trial? { ranking.first.map { trials[$0] } }

    /// The complete trials that no other beats in all objectives, by number; of equal ones all.
    package var bestTrials: [Trial] {
        let numbers = ranking.sorted()
        if !isMultiObjective { return best.map { [$0] } ?? [] }
        return ParetoFront.members(numbers.map { losses(trials[$0]) }).map { trials[numbers[$0]] }
    }
}
