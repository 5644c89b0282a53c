import Core

/// The columns of one tree in an XGBoost model document, their lengths checked.
struct XGBoostTreeTable {
    /// Whether the tree says how much training weight each node saw.
    let hasCovers: Bool
    private let position: Int
    private let count: Int
    private let left: [Double]
    private let right: [Double]
    private let feature: [Double]
    private let condition: [Double]
    private let defaultLeft: [Double]
    private let splitType: [Double]
    private let hessian: [Double]
    private let leafWeights: [Double]?
    private let baseWeights: [Double]
    private var words: [UInt32] = []
    /// Where the set of each categorical node stands in `words`.
    private var sets: [Int: (first: UInt32, count: UInt32)] = [:]

    init(_ fields: [String: ModelDocument], position: Int) throws {
        self.position = position
        left = fields["left_children"]?.packedNumbers ?? []
        right = fields["right_children"]?.packedNumbers ?? []
        feature = fields["split_indices"]?.packedNumbers ?? []
        condition = fields["split_conditions"]?.packedNumbers ?? []
        defaultLeft = fields["default_left"]?.packedNumbers ?? []
        splitType = fields["split_type"]?.packedNumbers ?? []
        hessian = fields["sum_hessian"]?.packedNumbers ?? []
        leafWeights = fields["leaf_weights"]?.packedNumbers
        baseWeights = fields["base_weights"]?.packedNumbers ?? []
        let length = left.count
        count = length
        hasCovers = hessian.count == length
        let columns = [right, feature, condition, defaultLeft]
        guard length > 0, length < Int32.max, columns.allSatisfy({ $0.count == length }),
            splitType.isEmpty || splitType.count == length, hessian.isEmpty || hasCovers,
            fields["leaf_weights"] == nil || leafWeights != nil
        else { throw damaged("its columns are missing or differ in length") }
        try readSets(fields)
    }

    /// The categories of each node as bits: those in the set go right, all others left.
    private mutating func readSets(_ fields: [String: ModelDocument]) throws {
        guard splitType.contains(where: { $0 != 0 }) else { return }
        let categories = fields["categories"]?.packedNumbers ?? []
        let nodes = fields["categories_nodes"]?.packedNumbers ?? []
        let segments = fields["categories_segments"]?.packedNumbers ?? []
        let sizes = fields["categories_sizes"]?.packedNumbers ?? []
        guard nodes.count == segments.count, nodes.count == sizes.count else {
            throw damaged("its categories do not match their nodes")
        }
        for (entry, node) in nodes.enumerated() {
            guard let node = Int(exactly: node), let first = Int(exactly: segments[entry]),
                let size = Int(exactly: sizes[entry]), first >= 0, size >= 0, first <= categories.count,
                size <= categories.count - first
            else { throw damaged("the categories of its node \(node) are outside the file's") }
            let members = try categories[first..<first + size].map { category in
                guard let category = UInt32(exactly: category), category < 1 << 24 else {
                    throw damaged("a category of its node \(node) is \(category)")
                }
                return category
            }
            let length = members.max().map { Int($0 / 32) + 1 } ?? 0
            let start = words.count
            guard start + length <= RuntimesLimits.categoryWords else {
                throw MartletError(
                    .unimplemented,
                    "The tree walker does not take so many categories; the XGBoost library does."
                )
            }
            words.append(contentsOf: repeatElement(0, count: length))
            for member in members { words[start + Int(member / 32)] |= 1 << (member % 32) }
            sets[node] = (UInt32(start), UInt32(length))
        }
    }

    /// The tree with its leaves multiplied by `weight`.
    ///
    /// - Throws: `dataLoss` for children outside the tree, thresholds and leaves that are no numbers.
    mutating func draft(output: Int, weight: Float?, leafWidth: Int) throws -> TreeDraft {
        var draft = TreeDraft(output: output)
        draft.words = words
        draft.nodes.reserveCapacity(count)
        for node in 0..<count {
            var drafted = left[node] == -1 ? TreeDraft.Node() : try split(node)
            drafted.cover = hasCovers ? Float(hessian[node]) : 0
            if drafted.isLeaf {
                drafted.value =
                    leafWidth > 1
                    ? try vector(node, leafWidth, weight, &draft) : scaled(condition[node], weight)
            }
            draft.nodes.append(drafted)
        }
        return draft
    }

    private func scaled(_ value: Double, _ weight: Float?) -> Double {
        Double(weight.map { Float(value) * $0 } ?? Float(value))
    }

    /// Appends the values of a vector leaf: since XGBoost 3.1 in an array of their own, with the row in `right`.
    private func vector(_ node: Int, _ width: Int, _ weight: Float?, _ draft: inout TreeDraft) throws -> Double {
        let (values, row) = leafWeights.map { ($0, Int(exactly: right[node])) } ?? (baseWeights, node)
        guard let row, row >= 0, row < values.count / width else {
            throw damaged("the leaf \(node) has no \(width) values")
        }
        let start = draft.vectors.count
        draft.vectors += values[row * width..<(row + 1) * width].map { scaled($0, weight) }
        return Double(start)
    }

    /// A node as a split.
    private func split(_ node: Int) throws -> TreeDraft.Node {
        guard let left = Int32(exactly: left[node]), let right = Int32(exactly: right[node]),
            left > 0, right > 0, left < count, right < count, left != right
        else { throw damaged("the children of node \(node) are outside the tree") }
        guard let index = Int(exactly: feature[node]) else {
            throw damaged("node \(node) splits the feature \(feature[node])")
        }
        var split = TreeDraft.Node(left: left, right: right, feature: index)
        split.missingGoesLeft = defaultLeft[node] != 0
        guard !splitType.isEmpty, splitType[node] != 0 else {
            let threshold = Float(condition[node])
            guard !threshold.isNaN else { throw damaged("node \(node) has no threshold") }
            split.threshold = TreeKey.less(than: threshold)
            return split
        }
        guard let set = sets[node] else { throw damaged("node \(node) has no categories") }
        // What is in the set goes right, so the children change places.
        (split.left, split.right) = (right, left)
        split.missingGoesLeft.toggle()
        split.use = .category
        split.threshold = set.first
        split.wordCount = set.count
        return split
    }

    private func damaged(_ what: String) -> MartletError {
        MartletError(.dataLoss, "The XGBoost model is damaged: in tree \(position), \(what).")
    }
}
