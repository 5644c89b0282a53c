import Core

/// The features of some rows as small whole numbers, feature after feature: what histograms of gradients are built from.
struct FeatureBins: Sendable {
    /// The bin of a missing value, in every feature.
    static let missing = UInt8(StatisticsLimits.boostingBins)

    let rows: Int
    let features: Int
    /// The largest value of each bin of a feature; the last bin has no bound, so there is one bound fewer than bins.
    let bounds: [[Float]]
    /// Where the cells of a feature begin in a histogram: one cell per bin, then one for missing values.
    let offsets: [Int]
    /// The bin of row r in feature f is at `f * rows + r`.
    let values: [UInt8]

    /// How many cells a histogram of all features has.
    var cells: Int { offsets.last ?? 0 }

    /// How many bins feature `feature` has beside the one of missing values.
    func count(of feature: Int) -> Int { bounds[feature].count + 1 }

    /// Bins every column: one bin per distinct value if there are at most `limit`, else bins of about equally many rows.
    init(_ matrix: SampleMatrix, limit: Int) {
        let rows = matrix.rows
        let features = matrix.columns
        var bounds = [[Float]](repeating: [], count: features)
        var values = [UInt8](repeating: Self.missing, count: rows * features)
        bounds.withUnsafeMutableBufferPointer { bounds in
            values.withUnsafeMutableBufferPointer { values in
                ParallelLoop.perform(features, worthwhile: rows * features > 20_000) { feature in
                    let found = Self.bounds(of: matrix, feature: feature, limit: limit)
                    for row in 0..<rows {
                        let value = matrix.elements[row * features + feature]
                        if !value.isNaN { values[feature * rows + row] = UInt8(Self.bin(of: value, in: found)) }
                    }
                    bounds[feature] = found
                }
            }
        }
        var offsets = [0]
        for feature in 0..<features { offsets.append(offsets[feature] + bounds[feature].count + 2) }
        self.rows = rows
        self.features = features
        self.bounds = bounds
        self.offsets = offsets
        self.values = values
    }

    /// The number of the first bin whose bound is not below `value`.
    private static func bin(of value: Float, in bounds: [Float]) -> Int {
        var low = 0
        var high = bounds.count
        while low < high {
            let middle = (low + high) / 2
            if value <= bounds[middle] { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// The bounds between the bins of one column, ascending.
    private static func bounds(of matrix: SampleMatrix, feature: Int, limit: Int) -> [Float] {
        let step = max(1, matrix.rows / StatisticsLimits.boostingBoundaryRows)
        var column: [Float] = []
        column.reserveCapacity(matrix.rows / step + 1)
        for row in stride(from: 0, to: matrix.rows, by: step) {
            let value = matrix.elements[row * matrix.columns + feature]
            if !value.isNaN { column.append(value) }
        }
        column.sort()
        var distinct: [(value: Float, count: Int)] = []
        for value in column {
            if let last = distinct.last, last.value == value {
                distinct[distinct.count - 1].count += 1
            } else {
                distinct.append((value, 1))
            }
        }
        var bounds: [Float] = []
        var remaining = column.count
        var inBin = 0
        var inside = 0
        for index in distinct.indices.dropLast() {
            inBin += distinct[index].count
            inside += 1
            let binsLeft = limit - bounds.count
            guard binsLeft > 1 else { break }
            // Room for one bin per value that is left, or the bin has its share of the rows that are left.
            let roomy = distinct.count - index + inside - 1 <= binsLeft
            guard roomy || inBin * binsLeft >= remaining else { continue }
            bounds.append(between(distinct[index].value, distinct[index + 1].value))
            remaining -= inBin
            inBin = 0
            inside = 0
        }
        return bounds
    }

    /// A bound that `low` does not exceed and `high` does: the middle, where there is one.
    private static func between(_ low: Float, _ high: Float) -> Float {
        let middle = Float((Double(low) + Double(high)) / 2)
        return middle >= low && middle < high ? middle : low
    }
}
