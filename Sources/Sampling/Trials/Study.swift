package import Core

/// A search in memory: ask for a trial, try it, tell how good it was.
package struct Study: Sendable {
    /// The name, by which Hyperband spreads trials over its brackets.
    package let name: String
    /// The trials so far.
    package private(set) var history: TrialHistory
    private var sampler: any Sampler
    private let pruner: PrunerSpec

    /// All trials, by number.
    package var trials: [Trial] { history.trials }
    /// The best complete trial; the earlier of equal ones.
    package var best: Trial? { history.best }

    /// Starts an empty study.
    package init(
        name: String = "",
        space: SearchSpace,
        directions: [Direction] = [.minimize],
        sampler: any Sampler,
        pruner: PrunerSpec = .none
    ) {
        self.name = name
        self.sampler = sampler
        self.pruner = pruner
        history = TrialHistory(space: space, directions: directions)
    }

    /// The next trial to make; it counts as running until it is told.
    ///
    /// - Throws: `failedPrecondition` when a grid is used up or the sampler does not fit the study.
    package mutating func ask() throws(MartletError) -> Trial {
        let number = history.trials.count
        let proposal = try sampler.propose(number, in: history)
        let trial = Trial(number: number, values: proposal.values, generation: proposal.generation)
        try history.put(trial)
        return trial
    }

    /// Reports a value on the way.
    ///
    /// - Returns: whether the trial should be ended now.
    /// - Throws: `invalidArgument` for an unknown number, `failedPrecondition` for a trial that has ended.
    package mutating func report(_ number: Int, step: Int, value: Double) throws(MartletError) -> Bool {
        var trial = try running(number)
        trial.add(Trial.Report(step: step, value: value))
        let decision = pruner.judge(trial, in: history, study: name)
        trial.rungs = decision.rungs
        try history.put(trial)
        return decision.prunes
    }

    /// Ends a running trial; without objectives it has failed, unless it was pruned.
    ///
    /// - Throws: `invalidArgument` for an unknown number or another number of objectives, `failedPrecondition` for a
    ///   trial that has ended.
    package mutating func tell(
        _ number: Int,
        _ objectives: [Double]?,
        tieBreak: Double = 0,
        isPruned: Bool = false
    ) throws(MartletError) {
        var trial = try running(number)
        trial.ending = history.endings.count
        if isPruned {
            trial.state = .pruned
        } else if let objectives, !objectives.contains(where: \.isNaN), !tieBreak.isNaN {
            guard objectives.count == history.directions.count else {
                throw MartletError(
                    .invalidArgument,
                    "The study has \(history.directions.count) objectives, not \(objectives.count)."
                )
            }
            trial.state = .complete
            trial.objectives = objectives
            trial.tieBreak = tieBreak
        } else {
            // A value that cannot be compared says nothing about its parameters.
            trial.state = .failed
        }
        try history.put(trial)
    }

    private func running(_ number: Int) throws(MartletError) -> Trial {
        guard history.trials.indices.contains(number) else {
            throw MartletError(.invalidArgument, "The study has no trial \(number).")
        }
        guard history.trials[number].state == .running else {
            throw MartletError(.failedPrecondition, "Trial \(number) has ended already.")
        }
        return history.trials[number]
    }
}
