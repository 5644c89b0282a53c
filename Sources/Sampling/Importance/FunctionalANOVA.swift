import Core

/// How much of an objective's variation each parameter explains alone: functional ANOVA over a random forest (Hutter,
/// Hoos and Leyton-Brown 2014).
///
/// Trees are grown over the shares of the parameters' ranges, so logarithms count as they are searched. Where a parameter
/// does not exist in a trial, it stands in the middle of its range.
package enum FunctionalANOVA {
    /// The importance of each parameter.
    ///
    /// - Parameters:
    ///   - history: its complete trials are used, the last `SamplingLimits.importanceTrials` of them.
    ///   - objective: which objective.
    ///   - trees: how many trees the forest has.
    ///   - seed: of the trees' random samples.
    /// - Returns: one number a parameter, in the order of the space; they add up to 1, or are all 0 when there is nothing
    ///   to explain.
    package static func importance(
        _ history: TrialHistory,
        objective: Int = 0,
        trees: Int = 64,
        seed: UInt64 = 0
    ) -> [Double] {
        let space = history.space
        let trials = history.ranking.sorted().suffix(SamplingLimits.importanceTrials).map { history.trials[$0] }
            .filter { $0.objectives.indices.contains(objective) && $0.objectives[objective].isFinite }
        var sums = [Double](repeating: 0, count: space.parameters.count)
        guard trials.count >= 2 else { return sums }
        let words = space.parameters.map { parameter in
            if case .choice(let words) = parameter.distribution { words.count } else { 0 }
        }
        let points = trials.map { trial in
            trial.values.indices.map { point(trial.values[$0], space.ranges[$0], words[$0]) }
        }
        let targets = scaled(trials.map { $0.objectives[objective] })
        for tree in 0..<max(1, trees) {
            var random = SeededGenerator(seed: seed, trial: tree, stream: 7)
            let rows = trials.indices.map { _ in random.index(below: trials.count) }
            let variances = ImportanceTree(points: points, targets: targets, words: words, rows: rows).variances()
            guard variances.total > 0 else { continue }
            for (index, single) in variances.single.enumerated() { sums[index] += single / variances.total }
        }
        let total = sums.reduce(0, +)
        return total > 0 ? sums.map { $0 / total } : sums
    }

    private static func point(_ value: Double, _ range: NumericRange?, _ words: Int) -> Double {
        guard let range else { return value.isNaN ? Double(words / 2) : value }
        return value.isNaN ? 0.5 : range.share(of: value)
    }

    /// The same values around 0 and of size 1, so that squares neither vanish nor overflow.
    private static func scaled(_ values: [Double]) -> [Double] {
        let middle = values.reduce(0) { $0 + $1 / Double(values.count) }
        let reach = values.map { abs($0 - middle) }.max() ?? 0
        return reach > 0 && reach.isFinite ? values.map { ($0 - middle) / reach } : values.map { _ in 0 }
    }
}
