/// One tree as a model file describes it, before it is checked and laid out.
struct TreeDraft {
    /// One node; children are positions in the same draft.
    struct Node {
        /// The child of rows that pass the test; -1 for a leaf.
        var left: Int32 = -1
        /// The child of the others.
        var right: Int32 = -1
        /// The feature that is tested.
        var feature: Int = 0
        /// How it is looked at.
        var use = TreeSlot.Use.number
        /// Whether a missing value passes.
        var missingGoesLeft = false
        /// The key below which a number passes, or where the set begins in `words`.
        var threshold: UInt32 = 0
        /// How many words the set has.
        var wordCount: UInt32 = 0
        /// The leaf's value; with vector leaves, where its values begin in `vectors`.
        var value = 0.0
        /// How much training weight went through.
        var cover: Float = 0

        var isLeaf: Bool { left < 0 }
        var isSet: Bool { use == .category || use == .categoryTruncated }
    }

    /// The nodes, the root first.
    var nodes: [Node] = []
    /// Sets of categories as bits.
    var words: [UInt32] = []
    /// The values of vector leaves.
    var vectors: [Double] = []
    /// The output that leaves add to; of no meaning with vector leaves.
    var output = 0
}
