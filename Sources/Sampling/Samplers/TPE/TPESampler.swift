package import Core

/// The tree-structured Parzen estimator of Bergstra and others (2011) with the rules of Optuna 5.
///
/// The first proposals are random. Then it estimates two densities, of the best tenth of the trials and of the rest,
/// draws candidates from the first and proposes the one whose ratio of densities is largest. Running trials count among
/// the rest, so that parallel workers do not crowd one place.
package struct TPESampler: Sampler {
    /// How the sampler works.
    package struct Options: Sendable, Equatable {
        /// How many finished trials there must be before the model is used.
        package var startupTrials = 10
        /// How many points are drawn for one proposal.
        package var candidates = 24
        /// Whether parameters are modelled together; nil is yes for one objective and no for several.
        package var isMultivariate: Bool?
        /// Whether parameters that exist under the same conditions are modelled together.
        package var isGrouped = false
        /// Whether running trials count among the worse ones.
        package var countsRunning = true

        /// Optuna's defaults.
        package init() {}
    }

    private let seed: UInt64
    private let options: Options

    /// Makes a sampler; the same seed and history give the same proposals.
    package init(seed: UInt64, options: Options = Options()) {
        self.seed = seed
        self.options = options
    }

    /// How many of `count` finished trials are the good ones: a tenth, at most 25.
    package static func goodCount(_ count: Int) -> Int {
        TrialSplit.goodCount(count, isMultiObjective: false)
    }

    /// What to try in the trial of that number.
    package mutating func propose(_ number: Int, in history: TrialHistory) throws(MartletError) -> Proposal {
        var random = SeededGenerator(seed: seed, trial: number)
        guard history.finishedCount >= options.startupTrials, history.finishedCount > 0 else {
            return Proposal(values: history.space.draw(&random))
        }
        let good = TrialSplit.goodNumbers(history)
        var joint = [Double](repeating: .nan, count: history.space.parameters.count)
        if options.isMultivariate ?? (options.isGrouped || !history.isMultiObjective) {
            for columns in ParameterGroups.joint(history, isGrouped: options.isGrouped) {
                let point = suggest(columns, history, good, &random)
                for (column, value) in zip(columns, point) { joint[column] = value }
            }
        }
        return Proposal(values: complete(joint, history, good, &random))
    }

    /// The joint values of the parameters that exist, and one by one those that were not drawn together.
    private func complete(
        _ joint: [Double],
        _ history: TrialHistory,
        _ good: Set<Int>,
        _ random: inout SeededGenerator
    ) -> [Double] {
        let space = history.space
        var values = [Double](repeating: .nan, count: space.parameters.count)
        for index in space.parameters.indices where space.isActive(index, values) {
            if !joint[index].isNaN {
                values[index] = joint[index]
            } else if space.parameters[index].distribution.isSingle {
                values[index] = space.value(index, atShare: 0)
            } else {
                values[index] = suggest([index], history, good, &random)[0]
            }
        }
        return values
    }

    private func suggest(
        _ columns: [Int],
        _ history: TrialHistory,
        _ good: Set<Int>,
        _ random: inout SeededGenerator
    ) -> [Double] {
        let split = TrialSplit(history, goodNumbers: good, columns: columns, countsRunning: options.countsRunning)
        let goodDensity = ParzenEstimator(split.good, in: history.space, columns: columns)
        let restDensity = ParzenEstimator(split.rest, in: history.space, columns: columns)
        let points = (0..<max(1, options.candidates)).map { _ in goodDensity.sample(&random) }
        let ratios = zip(goodDensity.logDensities(points), restDensity.logDensities(points)).map { $0 - $1 }
        var best = 0
        for (index, ratio) in ratios.enumerated() where ratio > ratios[best] { best = index }
        return points[best]
    }
}
