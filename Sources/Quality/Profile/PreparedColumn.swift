/// One column of numbers, ready to be compared with others.
struct PreparedColumn: Sendable {
    /// Values by row, scaled by a power of two to at most 1; 0 where missing.
    let scaled: [Double]
    /// 1 where there is a value, 0 where not.
    let mask: [Double]
    /// The rows without a value.
    let missing: [Int32]
    /// Deviations from the mean, of length 1; 0 for a constant.
    let unit: [Double]
    /// Deviations of the ranks from theirs, of length 1; 0 for a constant.
    let unitRanks: [Double]
    /// The rows with a value in the order of their values.
    let ascending: [Int32]
    /// Where runs of equal values end in that order; empty when all values differ.
    let runEnds: [Int32]
    /// Whether there are not two different values.
    let isConstant: Bool

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
        let runs = Self.runEnds(scaled, ascending)
        (self.scaled, self.mask, self.missing, self.ascending) = (scaled, mask, missing, ascending)
        isConstant = runs.count < 2
        runEnds = runs.count == ascending.count ? [] : runs
        guard !isConstant else {
            unit = [Double](repeating: 0, count: byRow.count)
            unitRanks = unit
            return
        }
        unit = missing.isEmpty ? Self.unit(scaled) : Self.unit(scaled, mask)
        var ranks = RankBuffer(rows: byRow.count)
        ranks.fill(ascending, ascending.count == runs.count ? [] : runs, among: mask)
        unitRanks = ranks.unit
    }

    private static func runEnds(_ values: [Double], _ ascending: [Int32]) -> [Int32] {
        var ends: [Int32] = []
        ends.reserveCapacity(ascending.count)
        var last = Double.nan
        for (position, row) in ascending.enumerated() {
            let value = values[Int(row)]
            if value != last, position > 0 { ends.append(Int32(truncatingIfNeeded: position)) }
            last = value
        }
        if !ascending.isEmpty { ends.append(Int32(truncatingIfNeeded: ascending.count)) }
        return ends
    }

    /// The deviations of some values from their mean, of length 1.
    static func unit(_ values: [Double]) -> [Double] { unit(values, nil) }

    private static func unit(_ values: [Double], _ mask: [Double]?) -> [Double] {
        let count = mask.map { $0.reduce(0, +) } ?? Double(values.count)
        let rough = sum(values) / count
        var deviations = values.map { $0 - rough }
        if let mask { for row in deviations.indices { deviations[row] *= mask[row] } }
        // Far from 0 the mean is rounded more coarsely than the values spread; what is left over is taken away as well.
        let rest = sum(deviations) / count
        for row in deviations.indices { deviations[row] -= rest }
        if let mask { for row in deviations.indices { deviations[row] *= mask[row] } }
        return normed(deviations)
    }

    static func normed(_ deviations: [Double]) -> [Double] {
        let squares = deviations.withUnsafeBufferPointer { buffer in
            buffer.baseAddress.map { ColumnBlock.product($0, $0, buffer.count) } ?? 0
        }
        guard squares > 0 else { return deviations }
        let scale = 1 / squares.squareRoot()
        return deviations.map { $0 * scale }
    }

    private static func sum(_ values: [Double]) -> Double {
        values.withUnsafeBufferPointer { values in
            var sums = SIMD4<Double>.zero
            var row = 0
            while row &+ 4 <= values.count {
                sums += SIMD4(values[row], values[row + 1], values[row + 2], values[row + 3])
                row &+= 4
            }
            return values[row...].reduce(sums.sum(), +)
        }
    }
}

/// Ranks by row, less their mean; 0 for rows that take no part.
///
/// Equal values share the mean of their ranks.
struct RankBuffer {
    private var ranks: [Double]
    private var squares = 0.0

    init(rows: Int) { ranks = [Double](repeating: 0, count: rows) }

    /// The ranks as deviations of length 1.
    var unit: [Double] { PreparedColumn.normed(ranks) }

    /// Ranks a column among the rows in which another one has a value too.
    mutating func fill(_ column: PreparedColumn, among other: PreparedColumn) {
        for row in column.missing { ranks[Int(row)] = 0 }
        fill(column.ascending, column.runEnds, among: other.mask)
    }

    /// Ranks rows given in ascending order, of which those take part that have 1 in the mask.
    mutating func fill(_ ascending: [Int32], _ runEnds: [Int32], among mask: [Double]) {
        squares = ranks.withUnsafeMutableBufferPointer { ranks in
            mask.withUnsafeBufferPointer { mask in
                ascending.withUnsafeBufferPointer { ascending in
                    var count = 0.0
                    for row in ascending { count += mask[Int(row)] }
                    let middle = (count - 1) / 2
                    return runEnds.isEmpty
                        ? Self.rank(ascending, mask, &ranks, middle)
                        : Self.rank(ascending, runEnds, mask, &ranks, middle)
                }
            }
        }
    }

    /// Spearman's correlation of two columns ranked among the same rows; nil when one of them is constant there.
    func correlation(with other: RankBuffer) -> Double? {
        guard squares > 0, other.squares > 0 else { return nil }
        let product: Double = ranks.withUnsafeBufferPointer { left in
            other.ranks.withUnsafeBufferPointer { right in
                guard let left = left.baseAddress, let right = right.baseAddress else { return 0.0 }
                return ColumnBlock.product(left, right, ranks.count)
            }
        }
        return product / (squares.squareRoot() * other.squares.squareRoot())
    }

    private static func rank(
        _ ascending: UnsafeBufferPointer<Int32>,
        _ mask: UnsafeBufferPointer<Double>,
        _ ranks: inout UnsafeMutableBufferPointer<Double>,
        _ middle: Double
    ) -> Double {
        var next = -middle
        for row in ascending {
            let takesPart = mask[Int(row)]
            ranks[Int(row)] = next * takesPart
            next += takesPart
        }
        let count = 2 * middle + 1
        return count * (count * count - 1) / 12
    }

    private static func rank(
        _ ascending: UnsafeBufferPointer<Int32>,
        _ runEnds: [Int32],
        _ mask: UnsafeBufferPointer<Double>,
        _ ranks: inout UnsafeMutableBufferPointer<Double>,
        _ middle: Double
    ) -> Double {
        var (start, squares, before) = (0, 0.0, 0.0)
        for end in runEnds {
            var members = 0.0
            for position in start..<Int(end) { members += mask[Int(ascending[position])] }
            let rank = before + (members - 1) / 2 - middle
            for position in start..<Int(end) {
                let row = Int(ascending[position])
                ranks[row] = rank * mask[row]
            }
            before += members
            squares += members * rank * rank
            start = Int(end)
        }
        return squares
    }
}
