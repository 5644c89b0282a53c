/// Checked trees in memory, ready to walk; made by `TreeForestBuilder`, which guarantees every index.
struct TreeForest: Sendable {
    /// Rows or trees that are walked side by side.
    static let lanes = 8

    /// An offset and a factor.
    typealias Scale = SIMD2<Float>

    let nodes: TreeMemory<TreeNode>
    /// The trees' roots in the order of their sums, filled up to whole groups with a leaf.
    let roots: TreeMemory<UInt32>
    /// The output of each tree.
    let outputs: TreeMemory<UInt32>
    /// The longest way from a root to a leaf, for each tree.
    let depths: TreeMemory<UInt32>
    /// The same for each group of trees.
    let groupDepths: TreeMemory<UInt32>
    let slots: TreeMemory<TreeSlot>
    /// Sets of categories as bits.
    let words: TreeMemory<UInt32>
    /// Leaves in 64 bits, for models that add up in 64 bits; with vector leaves all of one after the other.
    let doubles: TreeMemory<Double>
    /// Vector leaves in 32 bits.
    let floats: TreeMemory<Float>
    /// The training weight of each node; empty when the file does not say.
    let covers: TreeMemory<Float>
    /// What is taken from the value of each slot, and what it is multiplied by; empty for nothing.
    let scales: TreeMemory<Scale>
    let treeCount: Int
    /// Whether any split asks for a set of categories.
    let hasSets: Bool
    /// Whether leaves hold one number for every output.
    let hasVectors: Bool
    /// Whether leaves add up in 64 bits, as LightGBM's do.
    let isDouble: Bool
    /// How many sums a row has.
    let width: Int

    /// The key of a row at a slot.
    @inline(__always)
    func key(_ row: UnsafePointer<Float>, _ slot: Int) -> UInt32 {
        let description = slots.base[slot]
        let value = row[Int(description.feature)]
        guard scales.count > 0 else { return description.key(value) }
        let scale = scales.base[slot]
        return description.key((value - scale[0]) * scale[1])
    }

    var memoryBytes: Int {
        nodes.bytes + roots.bytes + outputs.bytes + depths.bytes + groupDepths.bytes + slots.bytes + words.bytes
            + doubles.bytes + floats.bytes + covers.bytes
    }
}
