/// A symmetric matrix over pairs of reference rows: its lower triangle without the diagonal, and its row sums.
struct PairTriangle: Sendable {
    let rows: Int
    let values: [Float]
    let rowSums: [Double]

    /// The triangle whose entries are squared distances that `function` then turns into what is summed, in place.
    init(distances: consuming [Float], rows: Int, function: PairFunction) {
        var values = distances
        rowSums = Self.apply(function, to: &values, from: 0, to: rows)
        self.values = values
        self.rows = rows
    }

    /// Replaces the squared distances of rows `from..<to` and returns the sums of all rows over these entries.
    static func apply(_ function: PairFunction, to values: inout [Float], from: Int, to: Int) -> [Double] {
        let blocks = TriangleBlocks.ranges(from: from, to: to).count
        var partial = [Double](repeating: 0, count: blocks * to)
        values.withUnsafeMutableBufferPointer { values in
            partial.withUnsafeMutableBufferPointer { partial in
                guard let values = values.baseAddress, let partial = partial.baseAddress else { return }
                TriangleBlocks.forEach(from: from, to: to) { block, rows, start in
                    var entries = values + start
                    let sums = partial + block * to
                    for row in rows {
                        function.apply(to: entries, count: row)
                        var sum = 0.0
                        for other in 0..<row {
                            let value = Double(entries[other])
                            sum += value
                            sums[other] += value
                        }
                        sums[row] += sum
                        entries += row
                    }
                }
            }
        }
        // Block after block, whoever computed them: the sum does not depend on the number of cores.
        return (0..<to).map { row in (0..<blocks).reduce(0.0) { $0 + partial[$1 * to + row] } }
    }
}

/// What becomes of the squared distance of two rows.
enum PairFunction: Sendable {
    /// The mean over these γ of exp(-γ d²).
    case gaussian([Float])
    /// d.
    case distance

    func apply(to values: UnsafeMutablePointer<Float>, count: Int) {
        switch self {
        case .gaussian(let gammas): GaussianKernel.apply(gammas, to: values, count: count)
        case .distance: for index in 0..<count { values[index] = values[index].squareRoot() }
        }
    }
}

/// A symmetric matrix over reference rows followed by current rows: the prepared triangle and the rows below it.
struct PairMatrix {
    /// The sums over unordered pairs within and between two groups of rows.
    struct GroupSums: Sendable, Equatable {
        /// Within the chosen group.
        var inside = 0.0
        /// Between the chosen group and all other rows.
        var between = 0.0
        /// Among the other rows.
        var outside = 0.0
    }

    private let head: PairTriangle
    private let tail: [Float]
    private let rowSums: [Double]
    private let total: Double
    let rows: Int

    /// Computes the rows of the current sample; `columns` holds the reference rows, then the current ones.
    init(head: PairTriangle, columns: FeatureColumns, function: PairFunction) {
        var tail = PairwiseDistances.triangle(columns, from: head.rows, to: columns.rows)
        let sums = PairTriangle.apply(function, to: &tail, from: head.rows, to: columns.rows)
        self.head = head
        self.tail = tail
        rows = columns.rows
        rowSums = sums.indices.map { sums[$0] + ($0 < head.rows ? head.rowSums[$0] : 0) }
        total = rowSums.reduce(0, +)
    }

    /// The sums for every group of rows; all groups have the same size.
    func sums(of groups: RowGroups) -> [GroupSums] {
        var pairs = [Double](repeating: 0, count: groups.count)
        let ranges = TriangleBlocks.ranges(from: 1, to: rows)
        // So many groups at a time that the parts of their sums stay small.
        for start in stride(from: 0, to: groups.count, by: 256) {
            let batch = start..<min(start + 256, groups.count)
            var partial = [Double](repeating: 0, count: ranges.count * batch.count)
            partial.withUnsafeMutableBufferPointer { partial in
                let worthwhile = batch.count * groups.size * groups.size > 200_000
                ParallelLoop.perform(ranges.count, worthwhile: worthwhile) { block in
                    for group in batch {
                        partial[block * batch.count + group - batch.lowerBound] =
                            pairSum(of: groups, group: group, rows: ranges[block])
                    }
                }
            }
            for group in batch {
                pairs[group] = ranges.indices.reduce(0.0) { $0 + partial[$1 * batch.count + group - batch.lowerBound] }
            }
        }
        return (0..<groups.count).map { group in
            let all = groups.rows(of: group).reduce(0.0) { $0 + rowSums[Int($1)] }
            let between = all - 2 * pairs[group]
            return GroupSums(inside: pairs[group], between: between, outside: total / 2 - between - pairs[group])
        }
    }

    /// The sum of the entries within a group that stand in the matrix rows `rows`.
    private func pairSum(of groups: RowGroups, group: Int, rows: Range<Int>) -> Double {
        let offset = TriangleBlocks.entries(before: head.rows)
        var pairs = 0.0
        head.values.withUnsafeBufferPointer { upper in
            tail.withUnsafeBufferPointer { lower in
                groups.rows(of: group).withUnsafeBufferPointer { members in
                    guard let upper = upper.baseAddress, let lower = lower.baseAddress,
                        let first = members.baseAddress
                    else { return }
                    var position = Self.position(of: rows.lowerBound, in: members)
                    while position < members.count, Int(members[position]) < rows.upperBound {
                        let row = Int(members[position])
                        let start = TriangleBlocks.entries(before: row)
                        let entries = row < head.rows ? upper + start : lower + (start - offset)
                        pairs += Double(Self.gather(entries, first, count: position))
                        position += 1
                    }
                }
            }
        }
        return pairs
    }

    /// The sum of the entries at `count` positions, in four chains so that one addition need not wait for the last.
    @inline(__always)
    private static func gather(_ entries: UnsafePointer<Float>, _ positions: UnsafePointer<Int32>, count: Int) -> Float
    {
        var (a, b, c, d) = (Float(0), Float(0), Float(0), Float(0))
        var index = 0
        while index &+ 4 <= count {
            a += entries[Int(positions[index])]
            b += entries[Int(positions[index &+ 1])]
            c += entries[Int(positions[index &+ 2])]
            d += entries[Int(positions[index &+ 3])]
            index &+= 4
        }
        while index < count {
            a += entries[Int(positions[index])]
            index &+= 1
        }
        return (a + b) + (c + d)
    }

    /// The first position whose member is not below `row`.
    private static func position(of row: Int, in members: UnsafeBufferPointer<Int32>) -> Int {
        var low = 0
        var high = members.count
        while low < high {
            let middle = (low + high) / 2
            if Int(members[middle]) < row { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
