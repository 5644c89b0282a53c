import Core

/// One column in the order of its rows, missing values included, to be compared chunk by chunk.
package enum ChunkedColumn: Sendable, Equatable {
    /// Numbers; NaN and infinities count as missing. `areIntegers` says that the column holds whole numbers by type.
    case numbers([Double], areIntegers: Bool)
    /// Categories; nil is missing.
    case categories([String?])

    /// How many rows there are.
    package var rows: Int {
        switch self {
        case .numbers(let values, _): values.count
        case .categories(let values): values.count
        }
    }

    /// The rows in runs of `size`; the last run may be shorter.
    ///
    /// - Parameter size: The rows of one chunk, at least 1.
    /// - Returns: The chunks in order; none for a column without rows.
    package func chunks(of size: Int) -> [ChunkedColumn] {
        stride(from: 0, to: rows, by: max(size, 1)).map { start in
            let end = min(start + max(size, 1), rows)
            return switch self {
            case .numbers(let values, let areIntegers): .numbers(Array(values[start..<end]), areIntegers: areIntegers)
            case .categories(let values): .categories(Array(values[start..<end]))
            }
        }
    }

    /// The values without the missing ones.
    var present: UnivariateSample {
        switch self {
        case .numbers(let values, let areIntegers): .numbers(values.filter(\.isFinite), areIntegers: areIntegers)
        case .categories(let values): .categories(values.compactMap(\.self))
        }
    }
}

/// What one chunk of a column came to.
package struct ChunkValue: Sendable, Equatable {
    /// The distance or statistic; nil when the chunk has no value that could be compared.
    package let value: Double?
    /// The p-value, for the chi-squared method alone.
    package let pValue: Double?
    /// Whether the value lies outside the bounds; nil without a value.
    package let alert: Bool?

    /// What a chunk without values comes to: no verdict.
    static let insufficient = ChunkValue(value: nil, pValue: nil, alert: nil)
}

/// Bounds from the chunks of the reference: their mean and so many standard deviations (by n) to either side.
package struct ChunkBounds: Sendable, Equatable {
    /// The lower bound; nil for none.
    package let lower: Double?
    /// The upper bound; nil for none.
    package let upper: Double?

    /// Bounds as they are.
    ///
    /// - Parameters:
    ///   - lower: The lower bound.
    ///   - upper: The upper bound.
    package init(lower: Double?, upper: Double?) {
        self.lower = lower
        self.upper = upper
    }

    /// Bounds from the values of reference chunks.
    ///
    /// - Parameters:
    ///   - values: The values, at least one.
    ///   - multiplier: How many standard deviations away a bound is.
    ///   - hasLower: Whether values can be too small.
    ///   - range: Where values can lie at all; a bound outside moves to its end.
    init(_ values: [Double], multiplier: Double, hasLower: Bool, range: ClosedRange<Double>) {
        let mean = CompensatedSum.of(values) / Double(values.count)
        let squares = CompensatedSum.of(values.lazy.map { ($0 - mean) * ($0 - mean) })
        let reach = multiplier * (max(squares, 0) / Double(values.count)).squareRoot()
        upper = min(mean + reach, range.upperBound)
        lower = hasLower ? max(mean - reach, range.lowerBound) : nil
    }

    /// Whether a value lies outside.
    ///
    /// - Parameter value: The value of a chunk.
    /// - Returns: True below the lower or above the upper bound; a bound itself is inside.
    package func excludes(_ value: Double) -> Bool {
        (lower.map { value < $0 } ?? false) || (upper.map { value > $0 } ?? false)
    }
}
