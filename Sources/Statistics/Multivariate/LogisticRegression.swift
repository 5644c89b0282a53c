package import Core
import Foundation

/// Logistic regression with a quadratic penalty, fitted by Newton's method.
///
/// Minimises ½ Σ w² + C Σ log loss, the intercept free, as scikit-learn's `LogisticRegression(C:)` does. A value that is NaN
/// or infinite counts as the feature's mean in training.
package struct LogisticRegression: Sendable {
    /// The weight of every feature, in one over the feature's unit.
    package let coefficients: [Double]
    /// The log-odds of a row whose features are all 0.
    package let intercept: Double
    /// How much each feature moves the log-odds when it moves by one standard deviation, as shares of the sum.
    package let featureImportances: [Double]
    private let means: [Double]

    /// Fits a model.
    ///
    /// - Parameters:
    ///   - rows: The features.
    ///   - targets: One number from 0 to 1 per row.
    ///   - strength: C: how much a misfit weighs against the penalty.
    ///   - standardised: Whether the penalty counts weights per standard deviation, so that units do not matter.
    /// - Throws: `failedPrecondition` when there is no row, `invalidArgument` for bad targets or strength,
    ///   `payloadTooLarge` past `StatisticsLimits.logisticFeatures`.
    package init(
        rows: SampleMatrix,
        targets: [Double],
        strength: Double = 1,
        standardised: Bool = false
    ) throws(MartletError) {
        try Self.check(rows, targets: targets, strength: strength)
        let width = rows.columns
        let (means, deviations) = Self.moments(of: rows)
        // Standardised features, and a last column of ones for the intercept.
        var inputs = [Double](repeating: 1, count: rows.rows * (width + 1))
        for row in 0..<rows.rows {
            for feature in 0..<width {
                let value = Double(rows.elements[row * width + feature])
                inputs[row * (width + 1) + feature] =
                    value.isFinite ? (value - means[feature]) / deviations[feature] : 0
            }
        }
        let penalties = deviations.map { standardised ? 1 / strength : 1 / (strength * $0 * $0) } + [0]
        var fit = LogisticFit(inputs: inputs, targets: targets, penalties: penalties)
        fit.run()
        coefficients = zip(fit.weights, deviations).map { $0 / $1 }
        intercept = fit.weights[width] - zip(coefficients, means).reduce(0) { $0 + $1.0 * $1.1 }
        let effects = fit.weights.prefix(width).map { abs($0) }
        let total = effects.reduce(0, +)
        featureImportances = total > 0 ? effects.map { $0 / total } : effects
        self.means = means
    }

    /// The probability of 1 for every row.
    ///
    /// - Parameter rows: Rows with the features of the training, in its order.
    /// - Returns: One probability per row.
    /// - Throws: `invalidArgument` for another number of features.
    package func predict(_ rows: SampleMatrix) throws(MartletError) -> [Double] {
        let width = coefficients.count
        guard rows.columns == width else {
            throw MartletError(
                .invalidArgument,
                "The rows have \(rows.columns) features; the model was trained on \(width)."
            )
        }
        return (0..<rows.rows).map { row in
            var margin = intercept
            for feature in 0..<width {
                let value = Double(rows.elements[row * width + feature])
                margin += coefficients[feature] * (value.isFinite ? value : means[feature])
            }
            return 1 / (1 + exp(-margin))
        }
    }

    private static func check(_ rows: SampleMatrix, targets: [Double], strength: Double) throws(MartletError) {
        guard rows.rows > 0 else { throw MartletError(.failedPrecondition, "There are no rows to train on.") }
        guard rows.columns <= StatisticsLimits.logisticFeatures else {
            throw MartletError(
                .payloadTooLarge,
                "A logistic regression over \(rows.columns) features; the limit is \(StatisticsLimits.logisticFeatures)."
            )
        }
        guard targets.count == rows.rows else {
            throw MartletError(.invalidArgument, "There are \(targets.count) targets for \(rows.rows) rows.")
        }
        for (row, target) in targets.enumerated() where !(0...1).contains(target) {
            throw MartletError(.invalidArgument, "The target of row \(row) is \(target); it must be from 0 to 1.")
        }
        guard strength > 0, strength.isFinite else {
            throw MartletError(.invalidArgument, "The strength \(strength) is no positive number.")
        }
    }

    /// The mean and the standard deviation of every column; 1 for a constant.
    private static func moments(of rows: SampleMatrix) -> (means: [Double], deviations: [Double]) {
        var means: [Double] = []
        var deviations: [Double] = []
        for column in 0..<rows.columns {
            let moments = ColumnMoments(rows.finiteColumn(column).map(Double.init))
            means.append(moments.mean)
            deviations.append(moments.scale(over: moments.count))
        }
        return (means, deviations)
    }
}

/// Newton's method on the penalised log loss.
private struct LogisticFit {
    private let inputs: [Double]
    private let targets: [Double]
    private let penalties: [Double]
    private let width: Int
    private(set) var weights: [Double]

    init(inputs: [Double], targets: [Double], penalties: [Double]) {
        self.inputs = inputs
        self.targets = targets
        self.penalties = penalties
        width = penalties.count
        weights = [Double](repeating: 0, count: penalties.count)
    }

    mutating func run() {
        var loss = self.loss(of: weights)
        for _ in 0..<50 {
            let (gradient, hessian) = derivatives()
            guard let step = hessian.solving(gradient) else { return }
            // Half of the squared Newton decrement is what the step can still gain.
            guard dot(gradient, step) > 1e-14 * max(1, abs(loss)) else { return }
            var scale = 1.0
            var moved = weights
            var found = loss
            while scale > 1e-6 {
                moved = zip(weights, step).map { $0 - scale * $1 }
                found = self.loss(of: moved)
                if found < loss { break }
                scale /= 2
            }
            guard found < loss else { return }
            weights = moved
            loss = found
        }
    }

    private func margin(_ row: Int, _ weights: [Double]) -> Double {
        var sum = 0.0
        for column in 0..<width { sum += inputs[row * width + column] * weights[column] }
        return sum
    }

    private func loss(of weights: [Double]) -> Double {
        var sum = 0.0
        for row in targets.indices {
            let margin = margin(row, weights)
            sum += max(margin, 0) - margin * targets[row] + log1p(exp(-abs(margin)))
        }
        for column in 0..<width { sum += 0.5 * penalties[column] * weights[column] * weights[column] }
        return sum
    }

    private func derivatives() -> (gradient: [Double], hessian: SymmetricMatrix) {
        var gradient = [Double](repeating: 0, count: width)
        var hessian = [Double](repeating: 0, count: width * width)
        hessian.withUnsafeMutableBufferPointer { hessian in
            for row in targets.indices {
                let probability = 1 / (1 + exp(-margin(row, weights)))
                let error = probability - targets[row]
                // A row that is certain keeps a little weight, so that the matrix can be inverted.
                let weight = max(probability * (1 - probability), 1e-12)
                for column in 0..<width {
                    let value = inputs[row * width + column]
                    gradient[column] += error * value
                    let weighted = weight * value
                    for other in 0...column {
                        hessian[column * width + other] += weighted * inputs[row * width + other]
                    }
                }
            }
        }
        for column in 0..<width {
            gradient[column] += penalties[column] * weights[column]
            hessian[column * width + column] += penalties[column]
            for other in 0..<column { hessian[other * width + column] = hessian[column * width + other] }
        }
        return (gradient, SymmetricMatrix(size: width, values: hessian))
    }
}
