package import Core

/// The share of values in each chunk that are missing, were never seen, or lie outside the reference's range, as in NannyML 0.13.
package struct ChunkedQuality: Sendable {
    /// What is counted.
    package enum Measure: String, Sendable, CaseIterable {
        /// Rows without a value, of all rows.
        case missing
        /// Categories that the reference does not have, of all rows.
        case unseen
        /// Numbers below the reference's least or above its greatest, of all rows.
        case outOfRange = "out_of_range"
    }

    /// What is counted.
    package let measure: Measure
    /// The bounds: for missing values from the reference's chunks, otherwise nothing above 0.
    package let bounds: ChunkBounds
    /// What the chunks of the reference came to, in order.
    package let reference: [ChunkValue]
    private let known: Known
    private let rate: Double

    private enum Known: Sendable {
        case nothing
        case categories(Set<String>)
        case range(ClosedRange<Double>)
    }

    /// Prepares the reference and sets the bounds.
    ///
    /// - Parameters:
    ///   - reference: The rows of the reference in order.
    ///   - measure: What is counted.
    ///   - chunkSize: The rows of one chunk.
    /// - Throws: `failedPrecondition` when the reference has no row, or no value to compare with, `invalidArgument` when the measure
    ///   does not fit the kind of value, `payloadTooLarge` for too many chunks.
    package init(reference: ChunkedColumn, measure: Measure, chunkSize: Int) throws(MartletError) {
        guard chunkSize >= 1 else {
            throw MartletError(.invalidArgument, "A chunk of \(chunkSize) rows is too small: it needs at least 1.")
        }
        let chunks = reference.chunks(of: chunkSize)
        guard chunks.count <= ChunkLimits.chunks else {
            throw MartletError(
                .payloadTooLarge,
                "The reference has \(chunks.count) chunks; the limit is \(ChunkLimits.chunks). Make them larger."
            )
        }
        let sample = reference.present
        let known = try Self.known(sample, measure)
        guard reference.rows > 0, measure == .missing || sample.count > 0 else {
            throw MartletError(.failedPrecondition, "insufficient data: the reference has no value to compare with.")
        }
        let shares = chunks.map { Self.share($0, measure, known) }
        let bounds =
            measure == .missing
            ? ChunkBounds(shares.compactMap(\.self), multiplier: 3, hasLower: true, range: 0...1)
            : ChunkBounds(lower: nil, upper: 0)
        self.measure = measure
        self.known = known
        self.bounds = bounds
        rate = 1 - Double(sample.count) / Double(reference.rows)
        self.reference = shares.map { Self.verdict($0, bounds) }
    }

    /// Measures one chunk.
    ///
    /// - Parameter chunk: Rows of the reference's kind of value.
    /// - Returns: The share and whether it is an alert; nothing of both when there is nothing to measure.
    package func compare(_ chunk: ChunkedColumn) -> ChunkValue {
        Self.verdict(Self.share(chunk, measure, known), bounds)
    }

    /// The standard deviation that chance gives to a chunk's share of missing values.
    ///
    /// - Parameter rows: The rows of the chunk, at least 1.
    /// - Returns: √(p (1 - p) / n) with the reference's share p.
    package func samplingError(rows: Int) -> Double { (rate * (1 - rate) / Double(max(rows, 1))).squareRoot() }

    private static func verdict(_ share: Double?, _ bounds: ChunkBounds) -> ChunkValue {
        guard let share else { return .insufficient }
        return ChunkValue(value: share, pValue: nil, alert: bounds.excludes(share))
    }

    private static func known(_ sample: UnivariateSample, _ measure: Measure) throws(MartletError) -> Known {
        switch (measure, sample) {
        case (.missing, _): return .nothing
        case (.unseen, .categories(let values)): return .categories(Set(values))
        case (.outOfRange, .numbers(let values, _)):
            guard let least = values.min(), let greatest = values.max() else { return .nothing }
            return .range(least...greatest)
        default:
            let kind = sample.isNumeric ? "numbers" : "text"
            throw MartletError(.invalidArgument, "The measure \(measure.rawValue) does not fit \(kind).")
        }
    }

    private static func share(_ chunk: ChunkedColumn, _ measure: Measure, _ known: Known) -> Double? {
        let sample = chunk.present
        guard measure == .missing ? chunk.rows > 0 : sample.count > 0 else { return nil }
        let count =
            switch (known, sample) {
            case (.categories(let seen), .categories(let values)): values.count { !seen.contains($0) }
            case (.range(let range), .numbers(let values, _)): values.count { !range.contains($0) }
            // Values of another kind are all unseen, or outside.
            case (.categories, .numbers), (.range, .categories): sample.count
            case (.nothing, _): chunk.rows - sample.count
            }
        return Double(count) / Double(chunk.rows)
    }
}
