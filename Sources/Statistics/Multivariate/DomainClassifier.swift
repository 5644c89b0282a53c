package import Core

/// Asks a classifier whether it can tell current rows from reference rows that it has not seen.
///
/// Lopez-Paz and Oquab, "Revisiting Classifier Two-Sample Tests" (2017); splits and tests follow alibi-detect's
/// `ClassifierDrift`. Trees see missing values and changes in the relation between features, and their importances say which
/// features differ.
package struct DomainClassifier: Sendable {
    /// Which model is trained.
    package enum Model: Sendable, Equatable {
        /// Boosted trees; without options, small ones that suit the number of rows.
        case trees(GradientBoostedTrees.Options?)
        /// Logistic regression with this strength C; `standardised` keeps units from mattering.
        case logistic(strength: Double, standardised: Bool)
    }

    /// Which rows the model does not see in training.
    package enum Split: Sendable, Equatable {
        /// This share of each sample is trained on, the rest is tested.
        case share(Double)
        /// Every row is tested once, by a model that was trained on the other folds.
        case folds(Int)
    }

    /// What the classifier found.
    package struct Report: Sendable, Equatable {
        /// The distance of the test, its p-value and verdict.
        package let result: MultivariateResult
        /// How well the probabilities rank current rows above reference rows: 0.5 when nothing differs.
        package let quality: RankingQuality
        /// How much each feature helped to tell the samples apart, in the reference's order: shares of 1, or all 0.
        package let importances: [Double]
        /// The tested rows: probabilities of being current, reference rows and current rows.
        package let probabilities: (reference: [Double], current: [Double])

        package static func == (left: Report, right: Report) -> Bool {
            left.result == right.result && left.quality == right.quality && left.importances == right.importances
                && left.probabilities == right.probabilities
        }
    }

    /// The names of the features, in order.
    package let featureNames: [String]
    /// The rate of false alarms.
    package let level: Double
    private let reference: SampleMatrix
    private let model: Model
    private let split: Split
    private let probabilityTest: ProbabilityTest
    private let seed: UInt64

    /// Keeps the reference; the model is trained in each test.
    ///
    /// - Parameters:
    ///   - reference: The reference rows; trees take NaN as missing.
    ///   - model: Which model is trained.
    ///   - split: Which rows are tested.
    ///   - test: How the probabilities are tested.
    ///   - level: The rate of false alarms.
    ///   - seed: Decides which rows are in which part.
    /// - Throws: `failedPrecondition` for fewer than two rows, `invalidArgument` for a bad split or level, `payloadTooLarge`
    ///   past `StatisticsLimits.classifierRows`.
    package init(
        reference: SampleMatrix,
        model: Model = .trees(nil),
        split: Split = .folds(5),
        test: ProbabilityTest = .kolmogorovSmirnov,
        level: Double = 0.05,
        seed: UInt64 = 0
    ) throws(MartletError) {
        guard level > 0, level < 1 else {
            throw MartletError(.invalidArgument, "The level \(level) is not between 0 and 1.")
        }
        switch split {
        case .share(let share):
            guard share > 0, share < 1 else {
                throw MartletError(.invalidArgument, "The train share \(share) is not between 0 and 1.")
            }
        case .folds(let folds):
            guard (2...StatisticsLimits.classifierFolds).contains(folds) else {
                throw MartletError(
                    .invalidArgument,
                    "\(folds) folds asked for; the range is 2 to \(StatisticsLimits.classifierFolds)."
                )
            }
        }
        try Self.check(reference.rows, of: "reference")
        featureNames = reference.names
        self.level = level
        self.reference = reference
        self.model = model
        self.split = split
        probabilityTest = test
        self.seed = seed
    }

    /// Trains on a part of the rows and tests the others.
    ///
    /// - Parameter current: Rows with the features of the reference.
    /// - Returns: The verdict and how sure it is.
    /// - Throws: `failedPrecondition` for too few rows, `invalidArgument` for another number of features, `payloadTooLarge`
    ///   past the limits.
    package func test(_ current: SampleMatrix) throws(MartletError) -> Report {
        try SampleCheck.width(of: current, reference: reference.columns)
        try Self.check(current.rows, of: "current")
        let parts = try parts(current: current.rows)
        var outcomes = [Swift.Result<Outcome, MartletError>?](repeating: nil, count: parts.count)
        outcomes.withUnsafeMutableBufferPointer { outcomes in
            ParallelLoop.perform(parts.count) { index in
                outcomes[index] = Swift.Result { () throws(MartletError) in try train(parts[index], current: current) }
            }
        }
        var ofReference: [Double] = []
        var ofCurrent: [Double] = []
        var importances = [Double](repeating: 0, count: reference.columns)
        for outcome in outcomes.compactMap(\.self) {
            let outcome = try outcome.get()
            ofReference += outcome.reference
            ofCurrent += outcome.current
            importances = zip(importances, outcome.importances).map { $0 + $1 }
        }
        let sizes = (reference: reference.rows, current: current.rows)
        let (distance, pValue) = try probabilityTest.test(reference: ofReference, current: ofCurrent, sizes: sizes)
        let total = importances.reduce(0, +)
        return Report(
            result: .init(statistic: distance, pValue: pValue, threshold: level, drifted: pValue < level),
            quality: try RankingQuality(negatives: ofReference, positives: ofCurrent),
            importances: total > 0 ? importances.map { $0 / total } : importances,
            probabilities: (ofReference, ofCurrent)
        )
    }

    private struct Part {
        var trained: (reference: [Int], current: [Int])
        var tested: (reference: [Int], current: [Int])
    }

    private struct Outcome {
        var reference: [Double]
        var current: [Double]
        var importances: [Double]
    }

    private static func check(_ rows: Int, of sample: String) throws(MartletError) {
        guard rows >= 2 else {
            throw MartletError(
                .failedPrecondition,
                "The \(sample) sample has \(rows) rows; a domain classifier needs at least 2 of each."
            )
        }
        guard rows <= StatisticsLimits.classifierRows else {
            throw MartletError(
                .payloadTooLarge,
                "The \(sample) sample has \(rows) rows; the limit is \(StatisticsLimits.classifierRows). Sample it first."
            )
        }
    }

    /// What each model is trained and tested on, drawn by the seed from each sample by itself.
    private func parts(current: Int) throws(MartletError) -> [Part] {
        var generator = SeededGenerator(seed: seed)
        let (first, second) = (generator.permutation(reference.rows), generator.permutation(current))
        switch split {
        case .share(let share):
            let cut = (Int(Double(first.count) * share), Int(Double(second.count) * share))
            guard cut.0 > 0, cut.1 > 0 else {
                throw MartletError(
                    .failedPrecondition,
                    "A train share of \(share) of \(first.count) and \(second.count) rows leaves nothing to train on."
                )
            }
            return [
                Part(
                    trained: (Array(first[..<cut.0]), Array(second[..<cut.1])),
                    tested: (Array(first[cut.0...]), Array(second[cut.1...]))
                )
            ]
        case .folds(let wanted):
            // A fold needs a row of each sample.
            let folds = min(wanted, first.count, second.count)
            func pick(_ order: [Int], _ keep: (Int) -> Bool) -> [Int] {
                order.indices.filter { keep($0 % folds) }.map { order[$0] }
            }
            return (0..<folds).map { fold in
                Part(
                    trained: (pick(first) { $0 != fold }, pick(second) { $0 != fold }),
                    tested: (pick(first) { $0 == fold }, pick(second) { $0 == fold })
                )
            }
        }
    }

    private func train(_ part: Part, current: SampleMatrix) throws(MartletError) -> Outcome {
        let rows = reference.rows(part.trained.reference).appending(current.rows(part.trained.current))
        let targets =
            [Double](repeating: 0, count: part.trained.reference.count)
            + [Double](repeating: 1, count: part.trained.current.count)
        let tested = (reference.rows(part.tested.reference), current.rows(part.tested.current))
        switch model {
        case .trees(let options):
            let chosen = options ?? Self.options(for: rows.rows)
            let trees = try GradientBoostedTrees(rows: rows, targets: targets, objective: .logistic, options: chosen)
            return Outcome(
                reference: try trees.predict(tested.0),
                current: try trees.predict(tested.1),
                importances: trees.featureImportances
            )
        case .logistic(let strength, let standardised):
            let regression = try LogisticRegression(
                rows: rows,
                targets: targets,
                strength: strength,
                standardised: standardised
            )
            return Outcome(
                reference: try regression.predict(tested.0),
                current: try regression.predict(tested.1),
                importances: regression.featureImportances
            )
        }
    }

    /// Small trees: what is asked is whether there is a difference, not every detail of it.
    private static func options(for rows: Int) -> GradientBoostedTrees.Options {
        .init(rounds: 50, leaves: 15, leafRows: min(20, max(3, rows / 20)))
    }
}
