import Statistics

/// Columns of equal length, one after the other.
struct ColumnBlock {
    let rows: Int
    let count: Int
    private(set) var values: [Double]

    init(_ columns: [[Double]]) {
        rows = columns.first?.count ?? 0
        count = columns.count
        values = columns.flatMap(\.self)
    }

    init(rows: Int, count: Int, values: [Double]) {
        (self.rows, self.count, self.values) = (rows, count, values)
    }

    /// The block with every number squared.
    var squared: ColumnBlock { ColumnBlock(rows: rows, count: count, values: values.map { $0 * $0 }) }

    /// The sums of products of each column of this block with each of another: `count × other.count`, row by row.
    ///
    /// Two columns are multiplied with two at a time, so that each number loaded is used twice; on all cores.
    func products(_ other: ColumnBlock) -> [Double] {
        let (rows, width) = (rows, other.count)
        var sums = [Double](repeating: 0, count: count * width)
        guard rows > 0 else { return sums }
        sums.withUnsafeMutableBufferPointer { sums in
            values.withUnsafeBufferPointer { left in
                other.values.withUnsafeBufferPointer { right in
                    guard let left = left.baseAddress, let right = right.baseAddress else { return }
                    let isLarge = count * width * rows > 200_000
                    ParallelLoop.perform((count + 1) / 2, worthwhile: isLarge) { pair in
                        let (first, second) = (2 * pair, min(2 * pair + 1, count - 1))
                        for third in stride(from: 0, to: width, by: 2) {
                            let fourth = min(third + 1, width - 1)
                            let four = Self.four(
                                left + first * rows,
                                left + second * rows,
                                right + third * rows,
                                right + fourth * rows,
                                rows
                            )
                            sums[first * width + third] = four[0]
                            sums[first * width + fourth] = four[1]
                            sums[second * width + third] = four[2]
                            sums[second * width + fourth] = four[3]
                        }
                    }
                }
            }
        }
        return sums
    }

    /// The sums of products of two columns with two others.
    private static func four(
        _ first: UnsafePointer<Double>,
        _ second: UnsafePointer<Double>,
        _ third: UnsafePointer<Double>,
        _ fourth: UnsafePointer<Double>,
        _ rows: Int
    ) -> SIMD4<Double> {
        var (a, b, c, d) = (SIMD4<Double>.zero, SIMD4<Double>.zero, SIMD4<Double>.zero, SIMD4<Double>.zero)
        var row = 0
        while row &+ 4 <= rows {
            let (x, y) = (load(first, row), load(second, row))
            let (z, w) = (load(third, row), load(fourth, row))
            a += x * z
            b += x * w
            c += y * z
            d += y * w
            row &+= 4
        }
        var sums = SIMD4(a.sum(), b.sum(), c.sum(), d.sum())
        while row < rows {
            let (left, right) = (SIMD2(first[row], second[row]), SIMD2(third[row], fourth[row]))
            sums += SIMD4(left[0], left[0], left[1], left[1]) * SIMD4(right[0], right[1], right[0], right[1])
            row &+= 1
        }
        return sums
    }

    @inline(__always)
    private static func load(_ column: UnsafePointer<Double>, _ row: Int) -> SIMD4<Double> {
        UnsafeRawPointer(column + row).loadUnaligned(as: SIMD4<Double>.self)
    }

    /// The sum of products of two columns in memory.
    static func product(_ left: UnsafePointer<Double>, _ right: UnsafePointer<Double>, _ rows: Int) -> Double {
        four(left, left, right, right, rows)[0]
    }
}
