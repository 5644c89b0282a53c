package import Core
import Foundation

/// Gradient-boosted regression trees over histograms: trained in the process, the same model from the same rows every time.
///
/// Leaf-wise growth over binned features with LightGBM's defaults (Ke et al., NIPS 2017): 100 trees of 31 leaves, learning
/// rate 0.1, at least 20 rows in a leaf. There is no sampling, hence no seed. Missing values (NaN) go the way that lowers
/// the loss most in training; infinities are ordinary, very large values.
package struct GradientBoostedTrees: Sendable {
    /// What is minimised, and what a prediction is.
    package enum Objective: Sendable, Equatable {
        /// Log loss of targets between 0 and 1; predictions are probabilities.
        case logistic
        /// Squared error; predictions are values.
        case squaredError
    }

    /// How many trees there are and how they grow; checked when a model is trained.
    package struct Options: Sendable, Equatable {
        /// The number of trees.
        package var rounds = 100
        /// What share of each tree's correction is applied, in (0, 1].
        package var learningRate = 0.1
        /// The most leaves of a tree.
        package var leaves = 31
        /// The most comparisons from root to leaf.
        package var depth = 64
        /// The fewest rows of a leaf.
        package var leafRows = 20
        /// The smallest sum of second derivatives in a leaf.
        package var leafHessian = 1e-3
        /// The penalty on squared leaf values (λ).
        package var regularisation = 0.0
        /// What a split must gain at least.
        package var minimumGain = 0.0
        /// The most bins of a feature beside the one of missing values.
        package var bins = 255

        /// LightGBM's defaults.
        package init() {}

        /// LightGBM's defaults with another number of trees, leaves and rows of a leaf.
        ///
        /// - Parameters:
        ///   - rounds: The number of trees.
        ///   - leaves: The most leaves of a tree.
        ///   - leafRows: The fewest rows of a leaf.
        package init(rounds: Int, leaves: Int = 31, leafRows: Int = 20) {
            self.rounds = rounds
            self.leaves = leaves
            self.leafRows = leafRows
        }
    }

    /// What was minimised.
    package let objective: Objective
    /// The names of the features, in order.
    package let featureNames: [String]
    /// The share of the loss removed by splits on each feature: sums to 1, or all 0 when no tree has a split.
    package let featureImportances: [Double]
    private let baseline: Double
    private let trees: [RegressionTree]

    /// Trains a model.
    ///
    /// - Parameters:
    ///   - rows: The features; NaN is a missing value.
    ///   - targets: One finite number per row; between 0 and 1 for the logistic objective.
    ///   - objective: What to minimise.
    ///   - options: How the trees grow.
    /// - Throws: `failedPrecondition` when there is no row, `invalidArgument` naming what is wrong with targets or options,
    ///   `payloadTooLarge` when the histograms would pass `StatisticsLimits.boostingCells`.
    package init(
        rows: SampleMatrix,
        targets: [Double],
        objective: Objective,
        options: Options = .init()
    ) throws(MartletError) {
        try options.check()
        try Self.check(targets, rows: rows.rows, objective: objective)
        let bins = FeatureBins(rows, limit: options.bins)
        guard bins.cells <= StatisticsLimits.boostingCells / options.leaves else {
            throw MartletError(
                .payloadTooLarge,
                "Trees of \(options.leaves) leaves over \(rows.columns) features need \(bins.cells * options.leaves) "
                    + "histogram cells; the limit is \(StatisticsLimits.boostingCells). Use fewer features, leaves or bins."
            )
        }
        let mean = targets.reduce(0, +) / Double(targets.count)
        switch objective {
        case .squaredError: baseline = mean
        case .logistic:
            let share = min(max(mean, 1e-12), 1 - 1e-12)
            baseline = log(share / (1 - share))
        }
        var margins = [Double](repeating: baseline, count: targets.count)
        var gains = [Double](repeating: 0, count: rows.columns)
        var trees: [RegressionTree] = []
        var grower = TreeGrower(bins: bins, options: options)
        for _ in 0..<options.rounds {
            let (gradients, hessians) = Self.derivatives(of: margins, targets: targets, objective: objective)
            let tree = grower.grow(gradients: gradients, hessians: hessians, margins: &margins, gains: &gains)
            trees.append(tree)
            // A tree that is one leaf moves all rows alike: the next would be one leaf too, and shorter still.
            if tree.nodes.count == 1 { break }
        }
        let total = gains.reduce(0, +)
        self.objective = objective
        featureNames = rows.names
        featureImportances = total > 0 ? gains.map { $0 / total } : gains
        self.trees = trees
    }

    /// The prediction for every row: a probability for the logistic objective, else a value.
    ///
    /// - Parameter rows: Rows with the features of the training, in its order.
    /// - Returns: One number per row.
    /// - Throws: `invalidArgument` for another number of features.
    package func predict(_ rows: SampleMatrix) throws(MartletError) -> [Double] {
        guard rows.columns == featureNames.count else {
            throw MartletError(
                .invalidArgument,
                "The rows have \(rows.columns) features; the model was trained on \(featureNames.count)."
            )
        }
        var margins = [Double](repeating: baseline, count: rows.rows)
        rows.elements.withUnsafeBufferPointer { elements in
            guard let elements = elements.baseAddress else { return }
            for tree in trees {
                tree.nodes.withUnsafeBufferPointer { nodes in
                    guard let nodes = nodes.baseAddress else { return }
                    for row in 0..<rows.rows {
                        margins[row] += RegressionTree.value(of: elements + row * rows.columns, nodes: nodes)
                    }
                }
            }
        }
        guard objective == .logistic else { return margins }
        return margins.map(Self.probability)
    }

    private static func probability(_ margin: Double) -> Double { 1 / (1 + exp(-margin)) }

    private static func derivatives(
        of margins: [Double],
        targets: [Double],
        objective: Objective
    ) -> (gradients: [Double], hessians: [Double]) {
        switch objective {
        case .squaredError:
            return (zip(margins, targets).map { $0 - $1 }, [Double](repeating: 1, count: margins.count))
        case .logistic:
            let probabilities = margins.map(probability)
            return (zip(probabilities, targets).map { $0 - $1 }, probabilities.map { $0 * (1 - $0) })
        }
    }

    private static func check(_ targets: [Double], rows: Int, objective: Objective) throws(MartletError) {
        guard rows > 0 else {
            throw MartletError(.failedPrecondition, "There are no rows to train on.")
        }
        guard targets.count == rows else {
            throw MartletError(.invalidArgument, "There are \(targets.count) targets for \(rows) rows.")
        }
        for (row, target) in targets.enumerated() {
            guard target.isFinite else {
                throw MartletError(
                    .invalidArgument,
                    "The target of row \(row) is \(target), which is no finite number."
                )
            }
            guard objective == .squaredError || (0...1).contains(target) else {
                throw MartletError(
                    .invalidArgument,
                    "The target of row \(row) is \(target); the logistic objective needs 0 to 1."
                )
            }
        }
    }
}

extension GradientBoostedTrees.Options {
    /// Refuses what no tree can be grown with.
    func check() throws(MartletError) {
        let counts = [
            ("rounds", rounds, StatisticsLimits.boostingRounds), ("leaves", leaves, StatisticsLimits.boostingLeaves),
            ("bins", bins, StatisticsLimits.boostingBins),
        ]
        for (name, value, limit) in counts where !((name == "rounds" ? 1 : 2)...limit).contains(value) {
            let least = name == "rounds" ? 1 : 2
            throw MartletError(.invalidArgument, "\(name) is \(value); the range is \(least) to \(limit).")
        }
        for (name, value) in [("depth", depth), ("leafRows", leafRows)] where value < 1 {
            throw MartletError(.invalidArgument, "\(name) is \(value); it must be at least 1.")
        }
        guard learningRate > 0, learningRate <= 1 else {
            throw MartletError(.invalidArgument, "learningRate is \(learningRate); it must be above 0 and at most 1.")
        }
        let bounds = [("leafHessian", leafHessian), ("regularisation", regularisation), ("minimumGain", minimumGain)]
        for (name, value) in bounds where !(value >= 0 && value.isFinite) {
            throw MartletError(.invalidArgument, "\(name) is \(value); it must be 0 or a positive number.")
        }
    }
}
