package import Core

/// The energy distance between the joint distributions of all features, with a permutation p-value.
///
/// Székely and Rizzo, "Energy statistics" (2013): √(2 E|X-Y| - E|X-X'| - E|Y-Y'|) with Euclidean distances between rows; 0
/// exactly when the distributions are equal. It needs no bandwidth.
package struct EnergyDistance: Sendable {
    /// The number of complete reference rows in use.
    package let referenceRows: Int
    private let transform: FeatureTransform
    private let reference: SampleMatrix
    private let prepared: PairTriangle

    /// Prepares the reference; rows with a NaN or an infinity are left out.
    ///
    /// - Parameters:
    ///   - reference: The reference rows.
    ///   - scaling: What happens to the features before distances are taken.
    /// - Throws: `failedPrecondition` when fewer than two complete rows remain, `payloadTooLarge` past
    ///   `StatisticsLimits.kernelRows`.
    package init(
        reference: SampleMatrix,
        scaling: MaximumMeanDiscrepancy.Scaling = .standardised
    ) throws(MartletError) {
        let complete = try SampleCheck.complete(reference, named: "reference")
        self.reference = complete
        referenceRows = complete.rows
        transform = FeatureTransform(reference: complete, scaling: scaling)
        let distances = PairwiseDistances.triangle(transform.columns(of: [complete]), from: 0, to: complete.rows)
        prepared = PairTriangle(distances: distances, rows: complete.rows, function: .distance)
    }

    /// Tests current rows against the reference; rows with a NaN or an infinity are left out.
    ///
    /// - Parameters:
    ///   - current: Rows with the features of the reference.
    ///   - permutations: The permutations that the p-value comes from.
    /// - Returns: The distance, in the square root of the unit of the features after scaling, and its permutations.
    /// - Throws: `failedPrecondition` when fewer than two complete rows remain, `invalidArgument` for another number of
    ///   features or bad permutations, `payloadTooLarge` past the limits.
    package func test(_ current: SampleMatrix, permutations: Permutations) throws(MartletError) -> PermutationTest {
        try SampleCheck.width(of: current, reference: reference.columns)
        let complete = try SampleCheck.complete(current, named: "current")
        try SampleCheck.together(reference.rows, complete.rows)
        let columns = transform.columns(of: [reference, complete])
        let matrix = PairMatrix(head: prepared, columns: columns, function: .distance)
        let complement = complete.rows > reference.rows
        let observed = complement ? RowGroups(0..<reference.rows) : RowGroups(reference.rows..<columns.rows)
        let drawn = try RowGroups(permutations, testRows: complete.rows, total: columns.rows, complement: complement)
        func distance(_ sums: PairMatrix.GroupSums) -> Double {
            let (m, n) = (Double(observed.size), Double(columns.rows - observed.size))
            let squared = 2 * sums.between / (m * n) - 2 * sums.inside / (m * m) - 2 * sums.outside / (n * n)
            // Rounding can take the distance of equal samples below 0.
            return (max(0, squared) * transform.unit).squareRoot()
        }
        return PermutationTest(
            statistic: distance(matrix.sums(of: observed)[0]),
            permuted: matrix.sums(of: drawn).map(distance),
            sigmas: []
        )
    }
}
