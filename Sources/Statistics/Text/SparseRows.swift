/// Rows of which only the values that are not 0 are stored.
struct SparseRows: Sendable {
    private(set) var features: [Int32] = []
    private(set) var values: [Double] = []
    private var starts = [0]

    var count: Int { starts.count - 1 }

    /// Where the entries of a row are.
    @inline(__always)
    func range(of row: Int) -> Range<Int> { starts[row]..<starts[row + 1] }

    /// Adds a row, its entries in the order in which sums go over them.
    mutating func append(_ entries: [(feature: Int32, value: Double)]) {
        for entry in entries {
            features.append(entry.feature)
            values.append(entry.value)
        }
        starts.append(features.count)
    }
}
