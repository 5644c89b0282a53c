/// The figures of the finite numbers of a column.
package struct NumberSummary: Sendable, Equatable {
    /// How many finite numbers there are; at least 1.
    package let count: Int
    /// The smallest.
    package let minimum: Double
    /// The largest.
    package let maximum: Double
    /// The arithmetic mean.
    package let mean: Double
    /// The standard deviation with n − 1 in the denominator; nil for one number.
    package let deviation: Double?
    /// The sum; infinite when it is past the largest number.
    package let sum: Double
    /// How many are 0.
    package let zeros: Int
    /// How many are below 0.
    package let negatives: Int
    /// Whether all are whole.
    package let isWhole: Bool
    /// The numbers at `quantileShares`.
    package let quantiles: [Double]

    /// The shares that a profile has quantiles of.
    package static let quantileShares = [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99]

    /// The median.
    package var median: Double { quantiles[4] }
    /// The number that a tenth lies above.
    package var upperDecile: Double { quantiles[6] }

    /// Summarises ascending numbers; nil when there are none.
    init?(ascending values: [Double]) {
        guard let first = values.first, let last = values.last else { return nil }
        count = values.count
        (minimum, maximum) = (first, last)
        let sums = Moments(values)
        sum = sums.sum
        if first == last {
            // Rounding must not give a constant column a spread.
            mean = first
            deviation = values.count > 1 ? 0 : nil
        } else {
            mean = min(max(sums.mean, first), last)
            deviation = sums.deviation
        }
        var (zeros, negatives, isWhole) = (0, 0, true)
        for value in values {
            zeros += value == 0 ? 1 : 0
            negatives += value < 0 ? 1 : 0
            isWhole = isWhole && value == value.rounded(.towardZero)
        }
        (self.zeros, self.negatives, self.isWhole) = (zeros, negatives, isWhole)
        quantiles = Self.quantileShares.map { Self.quantile($0, ofAscending: values) }
    }

    /// The quantile by linear interpolation (type 7, NumPy's default) of ascending numbers, at least one.
    static func quantile(_ share: Double, ofAscending values: [Double]) -> Double {
        guard let first = values.first, let last = values.last else { return .nan }
        let place = share * Double(values.count - 1)
        guard place > 0 else { return first }
        guard place < Double(values.count - 1) else { return last }
        let lower = Int(place)
        let part = place - Double(lower)
        let (left, right) = (values[lower], values[lower + 1])
        let gap = right - left
        // Numbers near both ends of the range are so far apart that their difference is no number.
        guard gap.isFinite else { return left * (1 - part) + right * part }
        return part < 0.5 ? left + gap * part : right - gap * (1 - part)
    }
}

/// Sum, mean and spread of numbers, in two passes and safe at both ends of the range.
struct Moments {
    let sum: Double
    let mean: Double
    /// With n − 1 in the denominator; nil under two numbers.
    let deviation: Double?

    init(_ values: [Double]) {
        let count = Double(values.count)
        sum = Self.total(values) { $0 }
        let rough = sum.isFinite ? sum / count : Self.total(values) { $0 / count }
        let centred = rough + Self.total(values) { ($0 - rough) / count }
        mean = centred.isFinite ? centred : rough
        guard values.count > 1 else {
            deviation = nil
            return
        }
        let centre = mean
        let squares = Self.total(values) { ($0 - centre) * ($0 - centre) }
        if squares.isFinite, squares >= .leastNormalMagnitude {
            deviation = (squares / (count - 1)).squareRoot()
            return
        }
        // Squares that leave the range are taken of numbers scaled to 1; halves because a difference may be too large.
        let scale = values.reduce(0) { max($0, abs($1 / 2 - centre / 2)) }
        let scaled = scale > 0 ? Self.total(values) { pow2(($0 / 2 - centre / 2) / scale) } : 0
        deviation = (scaled / (count - 1)).squareRoot() * scale * 2
    }

    /// The sum of what `term` makes of the values, in eight accumulators for speed and accuracy.
    @inline(__always)
    private static func total(_ values: [Double], _ term: (Double) -> Double) -> Double {
        values.withUnsafeBufferPointer { values in
            var sums = SIMD8<Double>.zero
            let whole = values.count - values.count % 8
            var position = 0
            while position < whole {
                var terms = SIMD8<Double>.zero
                for lane in 0..<8 { terms[lane] = term(values[position + lane]) }
                sums += terms
                position += 8
            }
            var total = sums.sum()
            for value in values[whole...] { total += term(value) }
            return total
        }
    }
}

private func pow2(_ value: Double) -> Double { value * value }
