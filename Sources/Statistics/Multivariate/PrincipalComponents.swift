package import Core

/// Drift of the relations between features: rows that no longer fit the reference's principal components.
///
/// NannyML's data reconstruction: standardise, keep the components that explain 65 % of the variance, and compare the mean
/// distance between rows and their reconstructions with that of the reference's chunks, mean ± 3 standard deviations.
package struct PrincipalComponents: Sendable {
    /// The mean error of one chunk or sample.
    package struct Chunk: Sendable, Equatable {
        /// The mean reconstruction error, in standard deviations of the features.
        package let value: Double
        /// The standard error of that mean; nil for a single row.
        package let samplingError: Double?
    }

    /// What a test found.
    package struct Report: Sendable, Equatable {
        /// The mean error as statistic; as threshold the bound that it is beyond, or the upper one.
        package let result: MultivariateResult
        /// The mean error and its standard error.
        package let chunk: Chunk
        /// Errors below this are drift too: rows that are simpler than the reference's.
        package let lower: Double
        /// Errors above this are drift.
        package let upper: Double
    }

    /// The shares of the variance that the kept components explain, the largest first.
    package var explained: [Double] { model.explained }
    private let model: ReconstructionModel
    private let errors: [Double]
    private let chunkRows: Int?

    /// Fits reference columns of equal length; a value that is not finite counts as its column's mean.
    ///
    /// - Parameters:
    ///   - columns: The features, each with a value per row.
    ///   - variance: The share of the variance that the kept components explain more than.
    ///   - chunkRows: How many rows a chunk of the reference has; by default as many as the current sample, at most a tenth of
    ///     the reference.
    /// - Throws: `failedPrecondition` for fewer than two rows or when nothing varies, `invalidArgument` for bad parameters or
    ///   columns of different lengths, `payloadTooLarge` past `StatisticsLimits`.
    package init(columns: [[Double]], variance: Double = 0.65, chunkRows: Int? = nil) throws(MartletError) {
        guard variance > 0, variance < 1 else {
            throw MartletError(
                .invalidArgument,
                "The share of the variance is \(variance); it must be between 0 and 1."
            )
        }
        if let chunkRows, chunkRows < 1 {
            throw MartletError(.invalidArgument, "A chunk of \(chunkRows) rows; it needs at least 1.")
        }
        try Self.check(columns, of: "reference")
        let rows = columns[0].count
        guard rows >= 2, (chunkRows ?? 1) < rows else {
            throw MartletError(
                .failedPrecondition,
                "The reference has \(rows) rows; its reconstruction errors need at least two chunks to be compared with."
            )
        }
        model = try ReconstructionModel(columns, variance: variance)
        errors = model.errors(of: columns)
        guard errors.allSatisfy(\.isFinite) else {
            throw MartletError(.failedPrecondition, "The reference's values are too large to be reconstructed.")
        }
        self.chunkRows = chunkRows
    }

    /// Fits reference rows.
    ///
    /// - Parameters:
    ///   - reference: The reference rows.
    ///   - variance: The share of the variance that the kept components explain more than.
    ///   - chunkRows: How many rows a chunk of the reference has.
    /// - Throws: as `init(columns:variance:chunkRows:)`.
    package init(reference: SampleMatrix, variance: Double = 0.65, chunkRows: Int? = nil) throws(MartletError) {
        try self.init(columns: Self.columns(of: reference), variance: variance, chunkRows: chunkRows)
    }

    /// Compares the current rows' mean error with those of the reference's chunks.
    ///
    /// - Parameter columns: The features of the reference, with any number of rows.
    /// - Returns: The mean error and its bounds.
    /// - Throws: `failedPrecondition` when there is no row or no finite value, `invalidArgument` for another number of features.
    package func test(columns: [[Double]]) throws(MartletError) -> Report {
        let chunk = try error(of: columns)
        let bounds = bounds(for: columns[0].count)
        let drifted = chunk.value < bounds.lower || chunk.value > bounds.upper
        let threshold = chunk.value < bounds.lower ? bounds.lower : bounds.upper
        return Report(
            result: .init(statistic: chunk.value, pValue: nil, threshold: threshold, drifted: drifted),
            chunk: chunk,
            lower: bounds.lower,
            upper: bounds.upper
        )
    }

    /// Compares current rows as `test(columns:)` does.
    ///
    /// - Parameter current: Rows with the features of the reference.
    /// - Returns: The mean error and its bounds.
    /// - Throws: as `test(columns:)`.
    package func test(_ current: SampleMatrix) throws(MartletError) -> Report {
        try test(columns: Self.columns(of: current))
    }

    /// The mean reconstruction error of some rows.
    ///
    /// - Parameter columns: The features of the reference, with any number of rows.
    /// - Returns: The mean and its standard error.
    /// - Throws: as `test(columns:)`.
    package func error(of columns: [[Double]]) throws(MartletError) -> Chunk {
        guard columns.count == model.width else {
            throw MartletError(
                .invalidArgument,
                "The current sample has \(columns.count) features; the reference has \(model.width)."
            )
        }
        try Self.check(columns, of: "current")
        let chunk = Self.chunk(model.errors(of: columns)[...])
        guard chunk.value.isFinite else {
            throw MartletError(.failedPrecondition, "The current values are too large to be reconstructed.")
        }
        return chunk
    }

    /// The mean error of every chunk of the reference, in order; the last one may be shorter.
    ///
    /// - Parameter rows: How many rows a chunk has, at least 1.
    /// - Returns: One mean and standard error per chunk.
    package func referenceChunks(of rows: Int) -> [Chunk] {
        let rows = max(1, rows)
        return stride(from: 0, to: errors.count, by: rows).map {
            Self.chunk(errors[$0..<min($0 + rows, errors.count)])
        }
    }

    /// Mean ± 3 standard deviations of the reference's chunks.
    private func bounds(for rows: Int) -> (lower: Double, upper: Double) {
        let length = chunkRows ?? max(1, min(rows, errors.count / 10))
        let values = referenceChunks(of: length).map(\.value)
        let mean = values.reduce(0, +) / Double(values.count)
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
        let width = 3 * variance.squareRoot()
        // An error cannot be negative.
        return (max(0, mean - width), mean + width)
    }

    private static func chunk(_ errors: ArraySlice<Double>) -> Chunk {
        let count = Double(errors.count)
        let mean = errors.reduce(0, +) / count
        guard errors.count > 1 else { return Chunk(value: mean, samplingError: nil) }
        let variance = errors.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
        return Chunk(value: mean, samplingError: (variance / count).squareRoot())
    }

    private static func check(_ columns: [[Double]], of sample: String) throws(MartletError) {
        guard let rows = columns.first?.count, columns.allSatisfy({ $0.count == rows }) else {
            throw MartletError(.invalidArgument, "The \(sample) sample needs columns, all of the same length.")
        }
        guard columns.contains(where: { $0.contains(where: \.isFinite) }) else {
            throw MartletError(.failedPrecondition, "The \(sample) sample has no finite value.")
        }
    }

    private static func columns(of matrix: SampleMatrix) -> [[Double]] {
        (0..<matrix.columns).map { column in
            (0..<matrix.rows).map { Double(matrix[$0, column]) }
        }
    }
}
