import Core

/// Sampled SHAP values of any model: Kernel SHAP (Lundberg and Lee 2017) over a background set.
///
/// A feature that is taken away takes its value from each background row in turn. Sets of features are tried whole sizes
/// first, smallest and largest together, as far as the budget goes; the rest is sampled in pairs of a set and its
/// complement. With few features every set is tried and the values are exact. The same seed gives the same values.
package struct KernelSHAP: Sendable {
    /// How a row's outputs came about.
    package struct Explanation: Sendable, Equatable {
        /// The outputs for the row.
        package let predictions: [Double]
        /// The mean outputs over the background; with the values of an output it adds up to its prediction.
        package let baseValues: [Double]
        /// For each output the value of each feature, row-major: outputs × features.
        package let values: [Double]
        /// The standard error of each value that comes from sampling sets; zeros when every set was tried.
        package let standardErrors: [Double]
        /// How many sets of features were tried.
        package let sets: Int
        /// Whether every set was tried, so that nothing was sampled.
        package let isExact: Bool
        /// The seed that gives the same values again.
        package let seed: UInt64

        /// Half the width of a 95 % interval around the least certain value.
        package var errorBound: Double { 1.96 * (standardErrors.max() ?? 0) }
    }

    private let background: [Float]
    private let backgroundRows: Int
    private let featureCount: Int
    private let sets: Int
    private let seed: UInt64

    /// Prepares explanations over a background set.
    ///
    /// - Parameters:
    ///   - background: `rows × featureCount` numbers, row-major, that stand for "feature unknown"; up to 100 rows of the
    ///     training data serve well.
    ///   - rows: how many rows there are.
    ///   - featureCount: numbers in a row.
    ///   - sets: how many sets of features to try; nil for `2 × featureCount + 2048`.
    ///   - seed: what the sampled sets come from.
    /// - Throws: `invalidArgument` when sizes do not fit or pass `RuntimesLimits`.
    package init(
        background: [Float],
        rows: Int,
        featureCount: Int,
        sets: Int? = nil,
        seed: UInt64 = 0
    ) throws {
        let (size, overflow) = rows.multipliedReportingOverflow(by: featureCount)
        guard rows > 0, featureCount > 0, !overflow, background.count == size else {
            throw MartletError(
                .invalidArgument,
                "\(background.count) numbers are no background of \(rows) rows of \(featureCount) features."
            )
        }
        guard rows <= RuntimesLimits.kernelBackground, featureCount <= RuntimesLimits.kernelFeatures else {
            throw MartletError(
                .invalidArgument,
                "A background has up to \(RuntimesLimits.kernelBackground) rows of"
                    + " \(RuntimesLimits.kernelFeatures) features, not \(rows) of \(featureCount)."
            )
        }
        let wanted = sets ?? min(RuntimesLimits.kernelSets, 2 * featureCount + 2048)
        guard wanted >= 2 * featureCount, wanted <= RuntimesLimits.kernelSets else {
            throw MartletError(
                .invalidArgument,
                "\(featureCount) features need \(2 * featureCount)...\(RuntimesLimits.kernelSets) sets, not \(wanted)."
            )
        }
        self.background = background
        backgroundRows = rows
        self.featureCount = featureCount
        self.sets = wanted
        self.seed = seed
    }

    /// Explains one row.
    ///
    /// - Parameters:
    ///   - row: `featureCount` numbers.
    ///   - predict: the model: a number of rows, row-major, to as many groups of outputs; called with bounded batches.
    /// - Returns: the values of every output, with how sure they are.
    /// - Throws: `invalidArgument` for a row of the wrong size, `internal` when the model's answers do not fit or are
    ///   not numbers, what `predict` throws, `CancellationError`.
    @concurrent
    package func explain(
        _ row: [Float],
        predict: @Sendable (_ rows: [Float], _ count: Int) async throws -> [Float]
    ) async throws -> Explanation {
        guard row.count == featureCount else {
            throw MartletError(
                .invalidArgument,
                "The row has \(row.count) numbers; the background has \(featureCount)."
            )
        }
        let baseline = try await self.predict(background, backgroundRows, predict)
        let own = try await self.predict(row, 1, predict)
        let width = own.count
        guard width > 0, baseline.count == width * backgroundRows else { throw Self.misfit }
        let base = Self.means(baseline, width)
        // A feature that is the same in every background row moves nothing.
        let varying = (0..<featureCount).filter { feature in
            (0..<backgroundRows).contains { background[$0 * featureCount + feature] != row[feature] }
        }
        var random = SeededGenerator(seed: seed)
        let plan = KernelSets(features: varying.count, budget: sets, random: &random)
        let outcomes = try await outcomes(row, plan, varying, width, predict)
        let regression = try KernelRegression(plan)
        var values = [Double](repeating: 0, count: width * featureCount)
        var errors = values
        for output in 0..<width {
            let moved = (0..<plan.count).map { outcomes[$0 * width + output] - base[output] }
            let solved = regression.solve(moved, total: own[output] - base[output])
            for (place, feature) in varying.enumerated() {
                values[output * featureCount + feature] = solved.values[place]
                errors[output * featureCount + feature] = solved.errors[place]
            }
        }
        return Explanation(
            predictions: own,
            baseValues: base,
            values: values,
            standardErrors: errors,
            sets: plan.count,
            isExact: plan.isComplete,
            seed: seed
        )
    }

    /// The mean outputs for each set of features: those in the set from the row, the others from the background.
    private func outcomes(
        _ row: [Float],
        _ plan: KernelSets,
        _ varying: [Int],
        _ width: Int,
        _ predict: @Sendable ([Float], Int) async throws -> [Float]
    ) async throws -> [Double] {
        var outcomes: [Double] = []
        outcomes.reserveCapacity(plan.count * width)
        let step = max(1, RuntimesLimits.kernelBatchRows / backgroundRows)
        for first in stride(from: 0, to: plan.count, by: step) {
            try Task.checkCancellation()
            let taken = first..<min(first + step, plan.count)
            var rows: [Float] = []
            rows.reserveCapacity(taken.count * background.count)
            for set in taken {
                let start = rows.count
                rows += background
                for (place, feature) in varying.enumerated() where plan.contains(place, in: set) {
                    for other in 0..<backgroundRows { rows[start + other * featureCount + feature] = row[feature] }
                }
            }
            let results = try await self.predict(rows, taken.count * backgroundRows, predict)
            guard results.count == taken.count * backgroundRows * width else { throw Self.misfit }
            for set in 0..<taken.count {
                let part = results[set * backgroundRows * width..<(set + 1) * backgroundRows * width]
                outcomes += Self.means(Array(part), width)
            }
        }
        return outcomes
    }

    private func predict(
        _ rows: [Float],
        _ count: Int,
        _ predict: @Sendable ([Float], Int) async throws -> [Float]
    ) async throws -> [Double] {
        let results = try await predict(rows, count)
        guard results.count % count == 0, results.allSatisfy(\.isFinite) else { throw Self.misfit }
        return results.map { Double($0) }
    }

    private static func means(_ values: [Double], _ width: Int) -> [Double] {
        let rows = values.count / width
        return (0..<width).map { output in
            (0..<rows).reduce(0.0) { $0 + values[$1 * width + output] } / Double(rows)
        }
    }

    private static let misfit = MartletError(
        .internal,
        "The model's answers do not fit the rows that were asked, or are not numbers; it cannot be explained."
    )
}
