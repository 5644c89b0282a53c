/// What running a batch costs: `base + perRow * rows` nanoseconds, fitted to the batches seen, the recent ones most.
package struct BatchCost: Sendable, Equatable {
    /// The share of what was known before that a new batch leaves.
    private static let memory = 0.97

    private var weight = 0.0
    private var rows = 0.0
    private var time = 0.0
    private var rowsSquared = 0.0
    private var rowsTime = 0.0
    /// Batches seen.
    package private(set) var samples = 0

    /// Knows nothing.
    package init() {}

    /// Adds a batch that ran to its end.
    package mutating func record(rows count: Int, nanoseconds: UInt64) {
        let (x, y) = (Double(max(0, count)), Double(nanoseconds))
        weight = weight * Self.memory + 1
        rows = rows * Self.memory + x
        time = time * Self.memory + y
        rowsSquared = rowsSquared * Self.memory + x * x
        rowsTime = rowsTime * Self.memory + x * y
        samples &+= 1
    }

    /// What a batch costs whatever its size, and what each row adds, in nanoseconds; neither is below zero.
    ///
    /// Batches of one size alone cannot tell the two apart: then all counts as the base, so that larger batches are tried.
    package var line: (base: Double, perRow: Double) {
        guard weight > 0 else { return (0, 0) }
        let mean = time / weight
        let spread = rowsSquared - rows * rows / weight
        guard spread > weight * 1e-6 else { return (mean, 0) }
        let slope = max(0, (rowsTime - rows * time / weight) / spread)
        let base = (time - slope * rows) / weight
        guard base < 0 else { return (base, slope) }
        // Through the origin: the cost is all in the rows.
        return (0, rowsSquared > 0 ? rowsTime / rowsSquared : 0)
    }
}
