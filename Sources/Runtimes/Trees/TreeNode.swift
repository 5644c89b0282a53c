/// A node of a tree as it is walked: 12 bytes, children side by side.
struct TreeNode {
    /// The split's feature; the top bit says that a missing value goes left.
    var feature: UInt32
    /// The index of the left child, with the right one next to it; -1 for a leaf.
    var left: Int32
    /// The split's threshold (less goes left), or the leaf's value.
    var value: Float

    static let missingGoesLeft: UInt32 = 1 << 31
    static let featureMask: UInt32 = ~missingGoesLeft
}

/// What turns a margin into a prediction.
enum TreeLink: Sendable {
    /// `reg:squarederror`
    case identity
    /// `binary:logistic`
    case logistic
    /// `multi:softprob`
    case softmax
}

/// A tree's root and the output that its leaf adds to.
struct TreeRoot {
    var node: Int32
    var output: Int32
}
