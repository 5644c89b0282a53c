package import Core

/// The genetic algorithm NSGA-II of Deb and others (2002) for several objectives.
///
/// Complete trials form generations in the order of ending, so that no result of a parallel worker is lost. Parents are
/// the best of the last generation and its parents, by front and then by crowding; children are drawn from them by
/// uniform crossover, and each of their parameters may mutate to one drawn evenly, as Optuna 5 has it.
package struct NSGA2Sampler: Sampler {
    /// How the sampler works.
    package struct Options: Sendable, Equatable {
        /// Trials of a generation.
        package var population = 50
        /// How often a child has two parents.
        package var crossover = 0.9
        /// How often a parameter comes from the second parent.
        package var swapping = 0.5
        /// How often a parameter mutates; nil is 1 / parameters.
        package var mutation: Double?

        /// Optuna's defaults.
        package init() {}
    }

    private let seed: UInt64
    private let options: Options
    /// The parents of a generation, by number; what the history gives again.
    private var known: (generation: Int, parents: [Int]) = (0, [])

    /// Makes a sampler.
    package init(seed: UInt64, options: Options = Options()) {
        self.seed = seed
        self.options = options
    }

    /// What to try in the trial of that number.
    package mutating func propose(_ number: Int, in history: TrialHistory) throws(MartletError) -> Proposal {
        var random = SeededGenerator(seed: seed, trial: number)
        let complete = history.endings.filter { history.trials[$0].state == .complete }
        let generation = complete.count / max(2, options.population)
        if known.generation > generation { known = (0, []) }
        while known.generation < generation {
            let start = known.generation * options.population
            let newcomers = Array(complete[start..<start + options.population])
            known = (known.generation + 1, elite(known.parents + newcomers, history))
        }
        guard !known.parents.isEmpty else {
            return Proposal(values: history.space.draw(&random), generation: generation)
        }
        let child = child(history, &random)
        return Proposal(values: history.space.draw(&random, given: child), generation: generation)
    }

    /// The best `population` of these trials: whole fronts while they fit, then the least crowded.
    private func elite(_ numbers: [Int], _ history: TrialHistory) -> [Int] {
        let losses = numbers.map { history.losses(history.trials[$0]) }
        let ranks = ParetoFront.ranks(losses, upTo: options.population)
        var elite: [Int] = []
        for rank in 0...(ranks.max() ?? 0) {
            let front = ranks.indices.filter { ranks[$0] == rank }
            if elite.count + front.count <= options.population {
                elite += front
                continue
            }
            let distances = ParetoFront.crowding(front.map { losses[$0] })
            let spread = front.indices.sorted { (-distances[$0], front[$0]) < (-distances[$1], front[$1]) }
            elite += spread.prefix(options.population - elite.count).map { front[$0] }
            break
        }
        return elite.map { numbers[$0] }
    }

    /// Values from the parents; NaN where a parameter mutates or no parent has it.
    private func child(_ history: TrialHistory, _ random: inout SeededGenerator) -> [Double] {
        let first = tournament(history, &random)
        let hasTwo = random.uniform() < options.crossover
        let second = hasTwo ? tournament(history, &random) : first
        let (one, other) = (history.trials[first].values, history.trials[second].values)
        let rate = options.mutation ?? 1 / Double(max(1, one.count))
        return one.indices.map { index in
            let fromSecond = hasTwo && random.uniform() < options.swapping
            let mutates = random.uniform() < rate
            return mutates ? .nan : fromSecond ? other[index] : one[index]
        }
    }

    /// One of two parents drawn by chance: the one that dominates the other, else the second.
    private func tournament(_ history: TrialHistory, _ random: inout SeededGenerator) -> Int {
        let first = known.parents[random.index(below: known.parents.count)]
        let second = known.parents[random.index(below: known.parents.count)]
        let losses = (history.losses(history.trials[first]), history.losses(history.trials[second]))
        return ParetoFront.dominates(losses.0, losses.1) ? first : second
    }
}
