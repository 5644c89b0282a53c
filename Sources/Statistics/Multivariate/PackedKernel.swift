import Core

/// The kernel matrix of the reference rows: its lower triangle without the diagonal, row after row, and its row sums.
struct PackedKernel: Sendable {
    let rows: Int
    /// Entry (i, j), j < i, is at i (i - 1) / 2 + j.
    let values: [Float]
    let rowSums: [Double]
    /// 1 / 2σ² in transformed units, one per bandwidth.
    let gammas: [Float]
    /// The widths in the caller's units.
    let sigmas: [Double]

    /// The kernel of all rows, with its bandwidth from the rows themselves or given.
    ///
    /// - Throws: `failedPrecondition` when the median distance is 0.
    static func reference(
        _ columns: FeatureColumns,
        bandwidth: MaximumMeanDiscrepancy.Bandwidth,
        unit: Double
    ) throws -> PackedKernel {
        let distances = triangle(columns, rows: columns.rows)
        let sigmas: [Double] =
            if case .fixed(let given) = bandwidth {
                given
            } else {
                // alibi-detect takes rank n + (n² - n)/2 - 1 of all n² distances: n zeros, then each pair twice.
                [try width(RankSelection.value(atRank: (distances.count - 1) / 2, in: distances), unit: unit)]
            }
        return PackedKernel(distances: distances, rows: columns.rows, sigmas: sigmas, unit: unit)
    }

    /// The kernel of the reference rows with its bandwidth from the distances between reference and current rows.
    ///
    /// - Throws: `failedPrecondition` when the median distance is 0.
    static func across(_ columns: FeatureColumns, referenceRows: Int, unit: Double) throws -> PackedKernel {
        let currentRows = columns.rows - referenceRows
        var between = [Float](repeating: 0, count: referenceRows * currentRows)
        between.withUnsafeMutableBufferPointer { output in
            columns.values.withUnsafeBufferPointer { input in
                guard let output = output.baseAddress, let input = input.baseAddress else { return }
                for row in 0..<currentRows {
                    GaussianKernel.squaredDistances(
                        of: referenceRows + row,
                        to: referenceRows,
                        columns: input,
                        stride: columns.rows,
                        features: columns.features,
                        output: output + row * referenceRows
                    )
                }
            }
        }
        let sigma = try width(RankSelection.value(atRank: between.count / 2 - 1, in: between), unit: unit)
        let distances = triangle(columns, rows: referenceRows)
        return PackedKernel(distances: distances, rows: referenceRows, sigmas: [sigma], unit: unit)
    }

    private init(distances: [Float], rows: Int, sigmas: [Double], unit: Double) {
        let gammas = sigmas.map { sigma in
            let transformed = sigma / unit
            // Beyond a float the kernel is 1 or 0 everywhere; a finite value keeps 0 · gamma from being NaN.
            return min(Float(1 / (2 * transformed * transformed)), Float.greatestFiniteMagnitude)
        }
        var kernel = distances
        var sums = [Double](repeating: 0, count: rows)
        kernel.withUnsafeMutableBufferPointer { kernel in
            sums.withUnsafeMutableBufferPointer { sums in
                guard let values = kernel.baseAddress, let sums = sums.baseAddress else { return }
                GaussianKernel.apply(gammas, to: values, count: kernel.count)
                Self.addRowSums(values, from: 0, to: rows, into: sums)
            }
        }
        self.rows = rows
        self.values = kernel
        self.rowSums = sums
        self.gammas = gammas
        self.sigmas = sigmas
    }

    /// Adds the packed entries of rows `from..<to` to the sums of both rows that each entry belongs to.
    static func addRowSums(
        _ values: UnsafePointer<Float>,
        from: Int,
        to: Int,
        into sums: UnsafeMutablePointer<Double>
    ) {
        var entry = values
        for row in from..<to {
            var sum = 0.0
            for other in 0..<row {
                let value = Double(entry[other])
                sum += value
                sums[other] += value
            }
            sums[row] += sum
            entry += row
        }
    }

    /// The squared distances among the first `rows` rows, packed.
    private static func triangle(_ columns: FeatureColumns, rows: Int) -> [Float] {
        var distances = [Float](repeating: 0, count: rows * (rows - 1) / 2)
        distances.withUnsafeMutableBufferPointer { output in
            columns.values.withUnsafeBufferPointer { input in
                guard var next = output.baseAddress, let input = input.baseAddress else { return }
                for row in 1..<rows {
                    GaussianKernel.squaredDistances(
                        of: row,
                        to: row,
                        columns: input,
                        stride: columns.rows,
                        features: columns.features,
                        output: next
                    )
                    next += row
                }
            }
        }
        return distances
    }

    /// σ = √(d²/2) in the caller's units.
    private static func width(_ median: Float, unit: Double) throws -> Double {
        let sigma = (Double(median) / 2).squareRoot() * unit
        guard sigma > 0, sigma.isFinite else {
            throw MartletError(
                .failedPrecondition,
                "The median distance between rows is \(median): most rows are equal. Give the kernel a bandwidth."
            )
        }
        return sigma
    }
}

/// The kernel of reference rows followed by current rows: the prepared triangle and the rows below it.
struct JointKernel {
    private let head: PackedKernel
    private let tail: [Float]
    private let rowSums: [Double]
    private let total: Double
    private let rows: Int

    /// Computes the rows of the current sample; `columns` holds the reference rows, then the current ones.
    init(head: PackedKernel, columns: FeatureColumns) {
        let rows = columns.rows
        let offset = head.rows * (head.rows - 1) / 2
        var tail = [Float](repeating: 0, count: rows * (rows - 1) / 2 - offset)
        var sums = head.rowSums + [Double](repeating: 0, count: rows - head.rows)
        tail.withUnsafeMutableBufferPointer { output in
            columns.values.withUnsafeBufferPointer { input in
                sums.withUnsafeMutableBufferPointer { sums in
                    guard let start = output.baseAddress, let input = input.baseAddress,
                        let sums = sums.baseAddress
                    else { return }
                    var next = start
                    for row in head.rows..<rows {
                        GaussianKernel.squaredDistances(
                            of: row,
                            to: row,
                            columns: input,
                            stride: rows,
                            features: columns.features,
                            output: next
                        )
                        next += row
                    }
                    GaussianKernel.apply(head.gammas, to: start, count: output.count)
                    PackedKernel.addRowSums(start, from: head.rows, to: rows, into: sums)
                }
            }
        }
        self.head = head
        self.tail = tail
        self.rows = rows
        rowSums = sums
        total = sums.reduce(0, +)
    }

    /// The unbiased squared discrepancy when the rows of `subset` (ascending) play the test sample.
    func statistic(of subset: [Int]) -> Double {
        let offset = head.rows * (head.rows - 1) / 2
        var pairs = 0.0
        var sums = 0.0
        head.values.withUnsafeBufferPointer { upper in
            tail.withUnsafeBufferPointer { lower in
                subset.withUnsafeBufferPointer { subset in
                    guard let upper = upper.baseAddress, let lower = lower.baseAddress else { return }
                    for position in 0..<subset.count {
                        let row = subset[position]
                        sums += rowSums[row]
                        let start = row * (row - 1) / 2
                        let entries = row < head.rows ? upper + start : lower + (start - offset)
                        var sum: Float = 0
                        for earlier in 0..<position { sum += entries[subset[earlier]] }
                        pairs += Double(sum)
                    }
                }
            }
        }
        let yy = 2 * pairs
        let xy = sums - yy
        let xx = total - 2 * xy - yy
        let (m, n) = (Double(subset.count), Double(rows - subset.count))
        return xx / (n * (n - 1)) + yy / (m * (m - 1)) - 2 * xy / (m * n)
    }
}
