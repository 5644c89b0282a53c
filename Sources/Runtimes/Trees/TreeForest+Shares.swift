extension TreeForest {
    /// The value of a leaf, of a vector leaf that for one output.
    @inline(__always)
    func leafValue(_ leaf: TreeNode, _ output: Int) -> Double {
        guard hasVectors else {
            return isDouble ? doubles.base[Int(leaf.payload)] : Double(Float(bitPattern: leaf.payload))
        }
        let place = Int(leaf.payload) + output
        return isDouble ? doubles.base[place] : Double(floats.base[place])
    }

    /// The share of a split's training weight that went left; a half when nothing went through it.
    @inline(__always)
    func leftShare(_ node: TreeNode) -> Double {
        let right = Int(node.right)
        let (left, both) = (Double(covers.base[right - 1]), Double(covers.base[right - 1]) + Double(covers.base[right]))
        return both > 0 ? left / both : 0.5
    }

    /// The longest way from a root to a leaf.
    var deepest: Int { (0..<treeCount).reduce(0) { max($0, Int(depths.base[$1])) } }
}
