/// The number columns of a table made ready for all their pairs.
///
/// A pair is compared in the rows that have both values, as pandas does. Columns that miss values in the same rows need no
/// second look: their deviations are scaled to length 1, with 0 for what is missing, and a pair is one sum of products.
struct NumberPairs {
    private let columns: [PreparedColumn]

    /// Prepares columns; of more than `QualityLimits.correlatedRows` rows evenly spaced ones are taken.
    init(_ columns: [(byRow: [Double], order: ValueOrder)]) {
        self.columns = columns.map { column in
            let step = max(1, (column.byRow.count + QualityLimits.correlatedRows - 1) / QualityLimits.correlatedRows)
            guard step > 1 else { return PreparedColumn(column.byRow, ascending: column.order.rows) }
            return PreparedColumn(
                stride(from: 0, to: column.byRow.count, by: step).map { column.byRow[$0] },
                ascending: column.order.rows.lazy.filter { Int($0) % step == 0 }.map { $0 / Int32(step) }
            )
        }
    }

    /// Pearson's correlation of two columns.
    func pearson(_ first: Int, _ second: Int) -> Double? {
        let (left, right) = (columns[first], columns[second])
        if left.missing == right.missing { return Self.product(left.unit, right.unit) }
        return left.scaled.withUnsafeBufferPointer { x in
            right.scaled.withUnsafeBufferPointer { y in
                left.mask.withUnsafeBufferPointer { hasX in
                    right.mask.withUnsafeBufferPointer { hasY in Self.jointPearson(x, y, hasX, hasY) }
                }
            }
        }
    }

    /// Spearman's correlation of two columns.
    func spearman(_ first: Int, _ second: Int) -> Double? {
        let (left, right) = (columns[first], columns[second])
        if left.missing == right.missing { return Self.product(left.unitRanks, right.unitRanks) }
        // Ranks count only the rows that have both.
        return Self.product(left.unitRanks(among: right.mask), right.unitRanks(among: left.mask))
    }

    private static func product(_ left: [Double]?, _ right: [Double]?) -> Double? {
        guard let left, let right else { return nil }
        return min(max(PreparedColumn.dot(left, right), -1), 1)
    }

    private static func jointPearson(
        _ x: UnsafeBufferPointer<Double>,
        _ y: UnsafeBufferPointer<Double>,
        _ hasX: UnsafeBufferPointer<Double>,
        _ hasY: UnsafeBufferPointer<Double>
    ) -> Double? {
        var (count, sumX, sumY) = (0.0, 0.0, 0.0)
        for row in x.indices {
            count += hasX[row] * hasY[row]
            sumX += x[row] * hasY[row]
            sumY += y[row] * hasX[row]
        }
        guard count > 1 else { return nil }
        let (meanX, meanY) = (sumX / count, sumY / count)
        var (restX, restY, varianceX, varianceY, covariance) = (0.0, 0.0, 0.0, 0.0, 0.0)
        for row in x.indices {
            let both = hasX[row] * hasY[row]
            let (deltaX, deltaY) = ((x[row] - meanX) * both, (y[row] - meanY) * both)
            restX += deltaX
            restY += deltaY
            varianceX += deltaX * deltaX
            varianceY += deltaY * deltaY
            covariance += deltaX * deltaY
        }
        // Far from 0 the means are rounded more coarsely than the values spread.
        varianceX -= restX * restX / count
        varianceY -= restY * restY / count
        covariance -= restX * restY / count
        guard isSpread(varianceX, meanX, count), isSpread(varianceY, meanY, count) else { return nil }
        let value = covariance / (varianceX.squareRoot() * varianceY.squareRoot())
        return value.isFinite ? min(max(value, -1), 1) : nil
    }

    /// Whether a sum of squared deviations is more than the rounding of the mean.
    private static func isSpread(_ squares: Double, _ mean: Double, _ count: Double) -> Bool {
        let rounding = 2 * Double.ulpOfOne * mean
        return squares > rounding * rounding * count
    }
}

/// One column, ready for pairs.
private struct PreparedColumn {
    /// Values by row, scaled by a power of two to at most 1; 0 where missing.
    let scaled: [Double]
    /// 1 where there is a value, 0 where not.
    let mask: [Double]
    /// The rows without a value.
    let missing: [Int32]
    /// Deviations from the mean, of length 1; nil for a constant.
    let unit: [Double]?
    /// Deviations of the ranks from theirs, of length 1; nil for a constant.
    let unitRanks: [Double]?
    private let ascending: [Int32]

    init(_ byRow: [Double], ascending: [Int32]) {
        var mask = [Double](repeating: 1, count: byRow.count)
        var missing: [Int32] = []
        var largest = 0.0
        for (row, value) in byRow.enumerated() {
            if value.isNaN {
                mask[row] = 0
                missing.append(Int32(truncatingIfNeeded: row))
            } else {
                largest = max(largest, abs(value))
            }
        }
        // A power of two changes no digit; squares of what is at most 1 cannot leave the range.
        let exponent = largest > 0 ? largest.exponent + 1 : 0
        let scale = Double(sign: .plus, exponent: -max(-1000, min(1000, exponent)), significand: 1)
        let scaled = byRow.map { $0.isNaN ? 0 : $0 * scale }
        (self.scaled, self.mask, self.missing, self.ascending) = (scaled, mask, missing, ascending)
        let isConstant = ascending.isEmpty || scaled[Int(ascending[0])] == scaled[Int(ascending[ascending.count - 1])]
        guard !isConstant else {
            (unit, unitRanks) = (nil, nil)
            return
        }
        let rough = scaled.reduce(0, +) / Double(ascending.count)
        let deviations = scaled.indices.map { (scaled[$0] - rough) * mask[$0] }
        // Far from 0 the mean is rounded more coarsely than the values spread; what is left over is taken away as well.
        let rest = deviations.reduce(0, +) / Double(ascending.count)
        unit = Self.unit(deviations.indices.map { (deviations[$0] - rest) * mask[$0] })
        unitRanks = Self.unit(Self.centredRanks(scaled, ascending))
    }

    /// The ranks among the rows in which another column has a value too, as deviations of length 1.
    func unitRanks(among other: [Double]) -> [Double]? {
        Self.unit(Self.centredRanks(scaled, ascending.filter { other[Int($0)] != 0 }))
    }

    /// Each row's rank less the mean rank; equal values share the mean of their ranks, rows not listed have 0.
    private static func centredRanks(_ values: [Double], _ ascending: [Int32]) -> [Double] {
        var ranks = [Double](repeating: 0, count: values.count)
        let middle = Double(ascending.count - 1) / 2
        ranks.withUnsafeMutableBufferPointer { ranks in
            values.withUnsafeBufferPointer { values in
                var start = 0
                while start < ascending.count {
                    let value = values[Int(ascending[start])]
                    var end = start + 1
                    while end < ascending.count, values[Int(ascending[end])] == value { end += 1 }
                    let rank = Double(start + end - 1) / 2 - middle
                    for position in start..<end { ranks[Int(ascending[position])] = rank }
                    start = end
                }
            }
        }
        return ranks
    }

    private static func unit(_ deviations: [Double]) -> [Double]? {
        let length = dot(deviations, deviations).squareRoot()
        guard length > 0 else { return nil }
        return deviations.map { $0 / length }
    }

    /// The sum of products of two arrays of one length.
    static func dot(_ left: [Double], _ right: [Double]) -> Double {
        left.withUnsafeBytes { left in
            right.withUnsafeBytes { right in
                let width = MemoryLayout<SIMD8<Double>>.size
                let bytes = min(left.count, right.count)
                let whole = bytes - bytes % (2 * width)
                var (even, odd) = (SIMD8<Double>.zero, SIMD8<Double>.zero)
                var offset = 0
                while offset < whole {
                    even +=
                        left.loadUnaligned(fromByteOffset: offset, as: SIMD8<Double>.self)
                        * right.loadUnaligned(fromByteOffset: offset, as: SIMD8<Double>.self)
                    odd +=
                        left.loadUnaligned(fromByteOffset: offset + width, as: SIMD8<Double>.self)
                        * right.loadUnaligned(fromByteOffset: offset + width, as: SIMD8<Double>.self)
                    offset += 2 * width
                }
                var sum = (even + odd).sum()
                while offset < bytes {
                    sum +=
                        left.loadUnaligned(fromByteOffset: offset, as: Double.self)
                        * right.loadUnaligned(fromByteOffset: offset, as: Double.self)
                    offset += MemoryLayout<Double>.size
                }
                return sum
            }
        }
    }
}
