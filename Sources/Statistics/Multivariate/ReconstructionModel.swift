import Core

/// Standardised features squeezed through their first principal components and back: what is lost is the reconstruction error.
struct ReconstructionModel: Sendable {
    /// The number of columns that the model was given.
    let width: Int
    /// The shares of the variance that the kept components explain, the largest first.
    let explained: [Double]
    /// The columns in use: those with at least one finite reference value.
    private let used: [Int]
    private let means: [Double]
    private let factors: [Double]
    private let components: [[Double]]

    /// Fits reference columns; a value that is not finite counts as the column's mean.
    ///
    /// - Throws: `failedPrecondition` when no column varies, `payloadTooLarge` past `StatisticsLimits.principalFeatures`.
    init(_ columns: [[Double]], variance: Double) throws(MartletError) {
        guard columns.count <= StatisticsLimits.principalFeatures else {
            throw MartletError(
                .payloadTooLarge,
                "Principal components of \(columns.count) features; the limit is \(StatisticsLimits.principalFeatures)."
            )
        }
        width = columns.count
        used = columns.indices.filter { columns[$0].contains(where: \.isFinite) }
        var means: [Double] = []
        var factors: [Double] = []
        for column in used {
            let moments = ColumnMoments(columns[column].filter(\.isFinite))
            means.append(moments.mean)
            // Values that are missing count as the mean, hence as no distance.
            factors.append(1 / moments.scale(over: columns[column].count))
        }
        self.means = means
        self.factors = factors
        let size = used.count
        let inputs = Self.standardise(columns, used, means, factors)
        var products = [Double](repeating: 0, count: size * size)
        for row in 0..<size {
            for column in 0...max(row, 0) {
                let product = dot(inputs[row], inputs[column])
                products[row * size + column] = product
                products[column * size + row] = product
            }
        }
        let eigen = SymmetricEigen(SymmetricMatrix(size: size, values: products))
        let total = eigen.values.reduce(0) { $0 + max($1, 0) }
        guard total > 0, total.isFinite else {
            throw MartletError(
                .failedPrecondition,
                "No feature of the reference varies: there are no principal components."
            )
        }
        // The fewest components that together explain more than the share asked for.
        var kept: [Double] = []
        var sum = 0.0
        for value in eigen.values {
            kept.append(max(value, 0) / total)
            sum += kept[kept.count - 1]
            if sum > variance { break }
        }
        explained = kept
        components = Array(eigen.vectors.prefix(kept.count))
    }

    /// For every row the distance, in standard deviations, between it and what is left of it.
    func errors(of columns: [[Double]]) -> [Double] {
        let inputs = Self.standardise(columns, used, means, factors)
        let rows = inputs.first?.count ?? 0
        var errors = [Double](repeating: 0, count: rows)
        let worthwhile = rows * inputs.count * components.count > 100_000
        let pieces = worthwhile ? 16 : 1
        errors.withUnsafeMutableBufferPointer { errors in
            ParallelLoop.perform(pieces, worthwhile: worthwhile) { piece in
                var residual = [Double](repeating: 0, count: inputs.count)
                for row in (rows * piece / pieces)..<(rows * (piece + 1) / pieces) {
                    for column in inputs.indices { residual[column] = inputs[column][row] }
                    for component in components {
                        var score = 0.0
                        for column in inputs.indices { score += inputs[column][row] * component[column] }
                        for column in inputs.indices { residual[column] -= score * component[column] }
                    }
                    errors[row] = dot(residual, residual).squareRoot()
                }
            }
        }
        return errors
    }

    private static func standardise(
        _ columns: [[Double]],
        _ used: [Int],
        _ means: [Double],
        _ factors: [Double]
    ) -> [[Double]] {
        used.enumerated().map { position, column in
            columns[column].map { $0.isFinite ? ($0 - means[position]) * factors[position] : 0 }
        }
    }
}
