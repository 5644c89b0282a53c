/// How the lower triangle of a symmetric matrix, without its diagonal, is packed and cut into pieces of work.
///
/// Entry (i, j), j < i, is at i (i - 1) / 2 + j.
enum TriangleBlocks {
    /// About a quarter of a megabyte of floats: what stays in the cache of a core.
    private static let blockEntries = 1 << 16

    /// Where row `row` begins.
    @inline(__always)
    static func entries(before row: Int) -> Int { row * (row - 1) / 2 }

    /// Rows `from..<to` in pieces of about equally many entries; the same on every machine.
    static func ranges(from: Int, to: Int) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var start = from
        while start < to {
            var end = start
            var entries = 0
            while end < to, entries < blockEntries {
                // Four rows at a time are computed together.
                for row in end..<min(end + 4, to) { entries += row }
                end = min(end + 4, to)
            }
            ranges.append(start..<end)
            start = end
        }
        return ranges
    }

    /// Calls `body` with the index, the rows and the first entry of every piece of a triangle whose rows are `from..<to`;
    /// entries are counted from the beginning of row `from`.
    static func forEach(from: Int, to: Int, _ body: (Int, Range<Int>, Int) -> Void) {
        let ranges = ranges(from: from, to: to)
        let first = entries(before: from)
        ParallelLoop.perform(ranges.count) { index in
            body(index, ranges[index], entries(before: ranges[index].lowerBound) - first)
        }
    }
}
