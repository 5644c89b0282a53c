import Foundation

/// Brings features into a range in which squared distances neither overflow nor vanish.
///
/// Standardised features already are; otherwise all are divided by one power of two near the largest reference value, which
/// rounds nothing and which the median rule cancels.
struct FeatureTransform: Sendable {
    private let offsets: [Double]
    private let factors: [Double]
    /// What one transformed unit is in the units that the caller sees.
    let unit: Double

    /// Distances of values clamped here stay finite in sums of some thousand squares.
    private static let bound = 1e17

    init(reference: SampleMatrix, scaling: MaximumMeanDiscrepancy.Scaling) {
        let width = reference.columns
        switch scaling {
        case .none:
            let largest = reference.elements.reduce(Float(0)) { max($0, abs($1)) }
            unit = largest > 0 ? pow(2, Double(largest.exponent)) : 1
            offsets = [Double](repeating: 0, count: width)
            factors = [Double](repeating: 1 / unit, count: width)
        case .standardised:
            unit = 1
            var offsets: [Double] = []
            var factors: [Double] = []
            for column in 0..<width {
                let moments = ColumnMoments(reference.finiteColumn(column).map(Double.init))
                offsets.append(moments.mean)
                factors.append(1 / moments.sampleScale)
            }
            self.offsets = offsets
            self.factors = factors
        }
    }

    /// The transformed samples one after the other, feature-major; the samples have the reference's width.
    func columns(of samples: [SampleMatrix]) -> FeatureColumns {
        let rows = samples.reduce(0) { $0 + $1.rows }
        let stride = FeatureColumns.stride(for: rows)
        var values = [Float](repeating: 0, count: stride * offsets.count)
        var start = 0
        for sample in samples {
            for column in 0..<offsets.count {
                let (offset, factor) = (offsets[column], factors[column])
                var target = column * stride + start
                var source = column
                for _ in 0..<sample.rows {
                    let value = (Double(sample.elements[source]) - offset) * factor
                    values[target] = Float(min(max(value, -Self.bound), Self.bound))
                    target += 1
                    source += offsets.count
                }
            }
            start += sample.rows
        }
        return FeatureColumns(rows: rows, features: offsets.count, stride: stride, values: values)
    }
}
