/// Squared Euclidean distances between rows that are stored column by column.
enum PairwiseDistances {
    /// The rows and columns of a tile, whose sums stay in registers while the features pass by.
    private static let tileRows = 4
    private static let tileColumns = 8

    /// The distances of every row to the rows before it, for rows `from..<to`, packed row after row.
    static func triangle(_ columns: FeatureColumns, from: Int, to: Int) -> [Float] {
        let first = TriangleBlocks.entries(before: from)
        let count = TriangleBlocks.entries(before: to) - first
        let blocks = TriangleBlocks.ranges(from: from, to: to)
        return [Float](unsafeUninitializedCapacity: count) { output, initialised in
            columns.values.withUnsafeBufferPointer { input in
                guard let output = output.baseAddress, let input = input.baseAddress else { return }
                let worthwhile = count * columns.features > 200_000
                ParallelLoop.perform(blocks.count, worthwhile: worthwhile) { block in
                    for row in stride(from: blocks[block].lowerBound, to: blocks[block].upperBound, by: tileRows) {
                        let rows = min(tileRows, blocks[block].upperBound - row)
                        strip(columns, input, row: row, rows: rows, counts: (row, 1)) { offset in
                            output + (TriangleBlocks.entries(before: row + offset) - first)
                        }
                    }
                }
            }
            initialised = count
        }
    }

    /// The distances of rows `rows` to rows 0..<`others`, row after row.
    static func rectangle(_ columns: FeatureColumns, rows: Range<Int>, others: Int) -> [Float] {
        let strips = (rows.count + tileRows - 1) / tileRows
        return [Float](unsafeUninitializedCapacity: rows.count * others) { output, initialised in
            columns.values.withUnsafeBufferPointer { input in
                guard let output = output.baseAddress, let input = input.baseAddress else { return }
                let worthwhile = rows.count * others * columns.features > 200_000
                ParallelLoop.perform(strips, worthwhile: worthwhile) { index in
                    let row = rows.lowerBound + index * tileRows
                    let count = min(tileRows, rows.upperBound - row)
                    strip(columns, input, row: row, rows: count, counts: (others, 0)) { offset in
                        output + (row - rows.lowerBound + offset) * others
                    }
                }
            }
            initialised = rows.count * others
        }
    }

    /// The distances of `rows` rows from `row` on: row k of them to the first `counts.0 + k * counts.1` rows.
    private static func strip(
        _ columns: FeatureColumns,
        _ input: UnsafePointer<Float>,
        row: Int,
        rows: Int,
        counts: (Int, Int),
        output: (Int) -> UnsafeMutablePointer<Float>
    ) {
        let outputs = (output(0), output(min(1, rows - 1)), output(min(2, rows - 1)), output(min(3, rows - 1)))
        let whole = rows == tileRows ? counts.0 / tileColumns * tileColumns : 0
        var column = 0
        while column < whole {
            let tile = Tile(columns, input, row: row, column: column)
            tile.store(outputs.0 + column, outputs.1 + column, outputs.2 + column, outputs.3 + column)
            column &+= tileColumns
        }
        let last = counts.0 + (rows - 1) * counts.1
        while column < last {
            let tile = Tile(columns, input, row: row, column: column)
            for offset in 0..<rows {
                let target = offset == 0 ? outputs.0 : offset == 1 ? outputs.1 : offset == 2 ? outputs.2 : outputs.3
                let end = min(column + tileColumns, counts.0 + offset * counts.1)
                let (low, high) = tile.row(offset)
                for index in column..<max(column, end) {
                    target[index] = index - column < 4 ? low[index - column] : high[index - column - 4]
                }
            }
            column &+= tileColumns
        }
    }
}

/// The distances of four rows to eight.
private struct Tile {
    private var a0 = SIMD4<Float>.zero
    private var a1 = SIMD4<Float>.zero
    private var b0 = SIMD4<Float>.zero
    private var b1 = SIMD4<Float>.zero
    private var c0 = SIMD4<Float>.zero
    private var c1 = SIMD4<Float>.zero
    private var d0 = SIMD4<Float>.zero
    private var d1 = SIMD4<Float>.zero

    /// Sums over all features; reads up to the padding past the last row.
    @inline(__always)
    init(_ columns: FeatureColumns, _ input: UnsafePointer<Float>, row: Int, column: Int) {
        var next = UnsafeRawPointer(input + column)
        var own = UnsafeRawPointer(input + row)
        let step = columns.stride &* MemoryLayout<Float>.stride
        for _ in 0..<columns.features {
            let x = next.loadUnaligned(as: SIMD4<Float>.self)
            let y = next.loadUnaligned(fromByteOffset: 16, as: SIMD4<Float>.self)
            let r = own.loadUnaligned(as: SIMD4<Float>.self)
            Self.add(x, y, SIMD4(repeating: r[0]), &a0, &a1)
            Self.add(x, y, SIMD4(repeating: r[1]), &b0, &b1)
            Self.add(x, y, SIMD4(repeating: r[2]), &c0, &c1)
            Self.add(x, y, SIMD4(repeating: r[3]), &d0, &d1)
            next += step
            own += step
        }
    }

    @inline(__always)
    private static func add(
        _ x: SIMD4<Float>,
        _ y: SIMD4<Float>,
        _ r: SIMD4<Float>,
        _ low: inout SIMD4<Float>,
        _ high: inout SIMD4<Float>
    ) {
        let (p, q) = (x - r, y - r)
        low += p * p
        high += q * q
    }

    @inline(__always)
    func row(_ offset: Int) -> (SIMD4<Float>, SIMD4<Float>) {
        switch offset {
        case 0: (a0, a1)
        case 1: (b0, b1)
        case 2: (c0, c1)
        default: (d0, d1)
        }
    }

    @inline(__always)
    func store(
        _ a: UnsafeMutablePointer<Float>,
        _ b: UnsafeMutablePointer<Float>,
        _ c: UnsafeMutablePointer<Float>,
        _ d: UnsafeMutablePointer<Float>
    ) {
        Self.store(a, a0, a1)
        Self.store(b, b0, b1)
        Self.store(c, c0, c1)
        Self.store(d, d0, d1)
    }

    @inline(__always)
    private static func store(_ target: UnsafeMutablePointer<Float>, _ low: SIMD4<Float>, _ high: SIMD4<Float>) {
        let raw = UnsafeMutableRawPointer(target)
        raw.storeBytes(of: low, as: SIMD4<Float>.self)
        raw.storeBytes(of: high, toByteOffset: 16, as: SIMD4<Float>.self)
    }
}
