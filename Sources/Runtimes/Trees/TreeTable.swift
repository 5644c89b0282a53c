import Core

/// The columns of one tree in a model document, their lengths checked.
struct TreeTable {
    let position: Int
    let count: Int
    /// Whether every split compares numbers and every leaf holds one.
    let isNumeric: Bool
    private let featureCount: Int
    private let left: [Double]
    private let right: [Double]
    private let feature: [Double]
    private let condition: [Double]
    private let defaultLeft: [Double]

    init(_ fields: [String: ModelDocument], position: Int, featureCount: Int) throws {
        self.position = position
        self.featureCount = featureCount
        left = fields["left_children"]?.packedNumbers ?? []
        right = fields["right_children"]?.packedNumbers ?? []
        feature = fields["split_indices"]?.packedNumbers ?? []
        condition = fields["split_conditions"]?.packedNumbers ?? []
        defaultLeft = fields["default_left"]?.packedNumbers ?? []
        let categorical = fields["split_type"]?.packedNumbers?.contains { $0 != 0 } ?? false
        let leafWidth = fields["tree_param"]?.members?["size_leaf_vector"]?.text ?? "0"
        isNumeric = !categorical && (leafWidth == "0" || leafWidth == "1")
        let length = left.count
        count = length
        let columns = [right, feature, condition, defaultLeft]
        guard length > 0, columns.allSatisfy({ $0.count == length }) else {
            throw Self.damaged(position, "its columns are missing or differ in length")
        }
    }

    /// The children of a node, or nil for a leaf.
    func children(of node: Int) throws -> (left: Int, right: Int)? {
        if left[node] == -1 { return nil }
        guard let left = Int(exactly: left[node]), let right = Int(exactly: right[node]),
            left > 0, right > 0, left < count, right < count, left != right
        else { throw Self.damaged(position, "the children of node \(node) are outside the tree") }
        return (left, right)
    }

    /// The node as a split whose left child stands at `left`.
    func split(_ node: Int, left: Int32) throws -> TreeNode {
        guard let index = UInt32(exactly: feature[node]), index < featureCount else {
            throw Self.damaged(position, "node \(node) splits the feature \(feature[node]) of \(featureCount)")
        }
        let threshold = Float(condition[node])
        guard !threshold.isNaN || !isNumeric else { throw Self.damaged(position, "node \(node) has no threshold") }
        let missing = defaultLeft[node] != 0 ? TreeNode.missingGoesLeft : 0
        return TreeNode(feature: index | missing, left: left, value: threshold)
    }

    /// The value of a leaf.
    func leaf(_ node: Int) throws -> Float {
        let value = Float(condition[node])
        guard value.isFinite || !isNumeric else { throw Self.damaged(position, "the leaf \(node) has no finite value") }
        return value
    }

    private static func damaged(_ position: Int, _ what: String) -> MartletError {
        MartletError(.dataLoss, "The XGBoost model is damaged: in tree \(position), \(what).")
    }
}
