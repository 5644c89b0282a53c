/// One tree of a boosted model: inner nodes that compare one feature with a threshold, and leaves with a value.
struct RegressionTree: Sendable, Equatable {
    /// A node; a leaf has no feature.
    struct Node: Sendable, Equatable {
        /// The feature compared, or -1 in a leaf.
        var feature: Int32 = -1
        /// Values up to this go left.
        var threshold: Float = 0
        /// Where a missing value goes.
        var missingLeft = false
        /// The positions of the children.
        var left: Int32 = 0
        var right: Int32 = 0
        /// What a leaf adds to the prediction.
        var value = 0.0
    }

    var nodes: [Node]

    /// The value of the leaf in which a row ends; `row` begins at its first feature.
    @inline(__always)
    static func value(of row: UnsafePointer<Float>, nodes: UnsafePointer<Node>) -> Double {
        var position = 0
        while true {
            let node = nodes + position
            let feature = Int(node.pointee.feature)
            guard feature >= 0 else { return node.pointee.value }
            let value = row[feature]
            let left = value.isNaN ? node.pointee.missingLeft : value <= node.pointee.threshold
            position = Int(left ? node.pointee.left : node.pointee.right)
        }
    }
}
