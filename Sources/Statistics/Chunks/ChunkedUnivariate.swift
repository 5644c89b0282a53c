package import Core

/// Compares a column with its reference chunk by chunk, as NannyML 0.13's univariate calculator does.
///
/// The bounds come from the reference itself: it is cut into chunks of the same size, each is compared with the whole, and what
/// lies above the mean of those values plus three standard deviations is an alert. So the bound knows how much chunks of this
/// size vary. Mass outside the reference's bins, or in categories that it does not have, falls into one bin of its own.
package struct ChunkedUnivariate: Sendable {
    /// The significance of the chi-squared method, which goes by its p-value instead of bounds.
    package static let significance = 0.05

    /// The method.
    package let method: ChunkMethod
    /// The rows of one chunk.
    package let chunkSize: Int
    /// The bounds; none for the chi-squared method.
    package let bounds: ChunkBounds
    /// What the chunks of the reference came to, in order.
    package let reference: [ChunkValue]
    private let prepared: PreparedReference

    /// Prepares the reference and sets the bounds.
    ///
    /// - Parameters:
    ///   - reference: The rows of the reference in order.
    ///   - method: The method.
    ///   - chunkSize: The rows of one chunk.
    ///   - multiplier: How many standard deviations above the mean the bound is.
    /// - Throws: `failedPrecondition` when the reference has no value, `invalidArgument` when the method does not compare this
    ///   kind of value or the numbers make no sense, `payloadTooLarge` past `StatisticsLimits.columnValues`.
    package init(
        reference: ChunkedColumn,
        method: ChunkMethod,
        chunkSize: Int,
        multiplier: Double = 3
    ) throws(MartletError) {
        guard chunkSize >= 1, multiplier >= 0, multiplier.isFinite else {
            throw MartletError(
                .invalidArgument,
                "Chunks of \(chunkSize) rows with bounds \(multiplier) deviations away: a chunk needs at least 1 row, the"
                    + " bounds a distance of at least 0."
            )
        }
        let chunks = reference.chunks(of: chunkSize)
        guard chunks.count <= ChunkLimits.chunks else {
            throw MartletError(
                .payloadTooLarge,
                "The reference has \(chunks.count) chunks; the limit is \(ChunkLimits.chunks). Make them larger."
            )
        }
        let prepared = try PreparedReference(reference, method)
        let values = try chunks.map { (chunk) throws(MartletError) in try prepared.compare(chunk) }
        let bounds =
            method == .chiSquared
            ? ChunkBounds(lower: nil, upper: nil)
            : ChunkBounds(
                values.compactMap { $0?.value },
                multiplier: multiplier,
                hasLower: false,
                range: 0...method.largest
            )
        self.method = method
        self.chunkSize = chunkSize
        self.bounds = bounds
        self.prepared = prepared
        self.reference = values.map { Self.verdict($0, bounds) }
    }

    /// Compares one chunk with the reference.
    ///
    /// - Parameter chunk: Rows of the same kind of value; of any number, though the bounds were made for `chunkSize` rows.
    /// - Returns: The value and whether it is an alert; nothing of both when no row has a value.
    /// - Throws: `invalidArgument` for another kind of value, `payloadTooLarge` past `StatisticsLimits.columnValues`.
    package func compare(_ chunk: ChunkedColumn) throws(MartletError) -> ChunkValue {
        Self.verdict(try prepared.compare(chunk), bounds)
    }

    private static func verdict(_ found: PreparedReference.Found?, _ bounds: ChunkBounds) -> ChunkValue {
        guard let found else { return .insufficient }
        let alert = found.pValue.map { $0 < significance } ?? bounds.excludes(found.value)
        return ChunkValue(value: found.value, pValue: found.pValue, alert: alert)
    }
}

/// The largest sizes of chunked comparisons.
package enum ChunkLimits {
    /// Chunks of one reference.
    package static let chunks = 10_000
}
