package import Core

/// The evolution strategy with covariance adaptation of Hansen (2016), for numbers; words are drawn by chance.
///
/// Numbers live in 0 … 1, logarithms and steps included. A generation ends when enough of its trials are complete, in
/// the order of ending; what ends later counts for the study, not for the strategy. With restarts, a strategy that has
/// converged begins anew somewhere else with twice the population (IPOP, Auger and Hansen 2005).
package struct CMAESSampler: Sampler {
    /// How the sampler works.
    package struct Options: Sendable, Equatable {
        /// Trials of a generation; nil is 4 + 3 ln(parameters).
        package var population: Int?
        /// The first step size as a share of the ranges; nil is a sixth.
        package var deviation: Double?
        /// How many complete trials there must be before the strategy begins.
        package var startupTrials = 1
        /// Whether it begins anew when it has converged.
        package var restarts = false

        /// Optuna's defaults, without restarts.
        package init() {}
    }

    private let seed: UInt64
    private let options: Options
    /// The strategy after some generations; what the history gives again.
    private var state: EvolutionStrategy?
    private var generation = 0
    private var begun = 0

    /// Makes a sampler.
    package init(seed: UInt64, options: Options = Options()) {
        self.seed = seed
        self.options = options
    }

    /// What to try in the trial of that number.
    ///
    /// - Throws: `failedPrecondition` for a study with several objectives.
    package mutating func propose(_ number: Int, in history: TrialHistory) throws(MartletError) -> Proposal {
        guard !history.isMultiObjective else {
            throw MartletError(.failedPrecondition, "The sampler 'cmaes' takes one objective.")
        }
        let space = history.space
        let columns = space.parameters.indices.filter {
            space.ranges[$0] != nil && space.parameters[$0].conditions.isEmpty
                && !space.parameters[$0].distribution.isSingle
        }
        var random = SeededGenerator(seed: seed, trial: number)
        guard !columns.isEmpty, history.ranking.count >= options.startupTrials else {
            return Proposal(values: space.draw(&random))
        }
        advance(history, columns)
        guard let state else { return Proposal(values: space.draw(&random)) }
        let point = state.sample(&random)
        var given = [Double](repeating: .nan, count: space.parameters.count)
        for (column, share) in zip(columns, point) { given[column] = space.value(column, atShare: share) }
        return Proposal(values: space.draw(&random, given: given), generation: generation)
    }

    /// Takes the strategy through all generations that are complete.
    private mutating func advance(_ history: TrialHistory, _ columns: [Int]) {
        if state == nil { state = start(columns.count, restart: 0) }
        let complete = history.endings.map { history.trials[$0] }.filter { $0.state == .complete }
        let direction = history.directions.first ?? .minimize
        while var current = state {
            let members = complete.filter { $0.generation == generation }.prefix(current.population)
            guard members.count == current.population else { return }
            current.update(
                members.map { trial in
                    let point = columns.map { history.space.ranges[$0]?.share(of: trial.values[$0]) ?? 0.5 }
                    return (point, direction.loss(trial.objectives[0]))
                }
            )
            generation += 1
            state = current
            if options.restarts, current.hasConverged {
                begun += 1
                state = start(columns.count, restart: begun)
            }
        }
    }

    private func start(_ dimensions: Int, restart: Int) -> EvolutionStrategy {
        var random = SeededGenerator(seed: seed, trial: restart, stream: 5)
        let mean = (0..<dimensions).map { _ in restart == 0 ? 0.5 : random.uniform() }
        let usual = options.population ?? EvolutionStrategy.population(dimensions)
        let population = min(usual << min(restart, 10), SamplingLimits.population)
        return EvolutionStrategy(mean: mean, deviation: options.deviation ?? 1.0 / 6, population: population)
    }
}
