package import Core

/// A search for the best values: ask for a trial, try it, tell how good it was.
package struct Study<Searcher: Sampler>: Sendable {
    /// What is searched over.
    package let space: SearchSpace
    /// All trials, by number.
    package private(set) var trials: [Trial] = []
    private var sampler: Searcher

    /// Starts an empty study.
    package init(space: SearchSpace, sampler: Searcher) {
        self.space = space
        self.sampler = sampler
    }

    /// The next trial to make; it counts as running until it is told.
    package mutating func ask() -> Trial {
        let trial = Trial(number: trials.count, values: sampler.suggest(in: space, after: trials))
        trials.append(trial)
        return trial
    }

    /// Ends a running trial; nil for one that failed.
    ///
    /// - Throws: `invalidArgument` for an unknown number, `failedPrecondition` for a trial that has ended.
    package mutating func tell(_ number: Int, _ score: Trial.Score?) throws(MartletError) {
        guard trials.indices.contains(number) else {
            throw MartletError(.invalidArgument, "The study has no trial \(number).")
        }
        guard trials[number].state == .running else {
            throw MartletError(.failedPrecondition, "Trial \(number) has ended already.")
        }
        // A value that cannot be compared says nothing about its parameters.
        guard let score, !score.value.isNaN, !score.tieBreak.isNaN else {
            trials[number].state = .failed
            return
        }
        trials[number].state = .complete(score)
    }

    /// The best complete trial; the earlier of equal ones.
    package var best: Trial? {
        var best: (trial: Trial, score: Trial.Score)?
        for trial in trials {
            guard let score = trial.score else { continue }
            if best.map({ score > $0.score }) ?? true { best = (trial, score) }
        }
        return best?.trial
    }
}
