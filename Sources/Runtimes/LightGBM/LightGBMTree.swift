import Core

/// The columns of one tree in a LightGBM model file.
struct LightGBMTree {
    private let position: Int
    private var leafCount = 0
    private var features: [Int] = []
    private var thresholds: [Double] = []
    private var decisions: [Int] = []
    private var left: [Int] = []
    private var right: [Int] = []
    private var leafValues: [Double] = []
    private var leafCounts: [Double] = []
    private var internalCounts: [Double] = []
    private var boundaries: [Int] = []
    private var categories: [Int] = []
    /// Whether leaves hold linear models, which only the library runs.
    private(set) var isLinear = false

    private static let categorical = 1
    private static let defaultLeft = 2

    init(position: Int) {
        self.position = position
    }

    /// Takes a line of the tree; keys that prediction does not need are skipped.
    mutating func take(_ line: LightGBMLines.Line, _ lines: LightGBMLines) throws {
        switch line.key {
        case "num_leaves": leafCount = try lines.whole(line, in: 1...Int(Int32.max / 4))
        case "split_feature": features = try lines.integers(line)
        case "threshold": thresholds = try lines.numbers(line)
        case "decision_type": decisions = try lines.integers(line)
        case "left_child": left = try lines.integers(line)
        case "right_child": right = try lines.integers(line)
        case "leaf_value": leafValues = try lines.numbers(line)
        case "leaf_count": leafCounts = try lines.numbers(line)
        case "internal_count": internalCounts = try lines.numbers(line)
        case "cat_boundaries": boundaries = try lines.integers(line)
        case "cat_threshold": categories = try lines.integers(line)
        case "is_linear": isLinear = try lines.whole(line, in: 0...1) == 1
        default: break
        }
    }

    /// Whether the tree says how many training rows each node saw.
    var hasCovers: Bool { leafCounts.count == leafCount && internalCounts.count == leafCount - 1 }

    /// The tree: splits first, then leaves.
    func draft(output: Int) throws -> TreeDraft {
        let splits = leafCount - 1
        let columns = [features.count, thresholds.count, decisions.count, left.count, right.count]
        guard leafCount > 0, leafValues.count == leafCount, splits == 0 || columns.allSatisfy({ $0 == splits }) else {
            throw damaged("its columns are missing or differ in length")
        }
        var draft = TreeDraft(output: output)
        draft.words = try categories.map { word in
            guard let word = UInt32(exactly: word) else { throw damaged("a word of categories is \(word)") }
            return word
        }
        draft.nodes.reserveCapacity(splits + leafCount)
        for node in 0..<splits { draft.nodes.append(try split(node)) }
        for leaf in 0..<leafCount {
            var node = TreeDraft.Node()
            node.value = leafValues[leaf]
            node.cover = hasCovers ? Float(leafCounts[leaf]) : 0
            draft.nodes.append(node)
        }
        return draft
    }

    /// Where a child stands in the draft: leaves are written as their complement.
    private func child(_ index: Int, of node: Int) throws -> Int32 {
        let place = index >= 0 ? index : leafCount - 1 + ~index
        guard index < leafCount - 1, place < 2 * leafCount - 1, let place = Int32(exactly: place) else {
            throw damaged("the children of node \(node) are outside the tree")
        }
        return place
    }

    private func split(_ node: Int) throws -> TreeDraft.Node {
        var split = TreeDraft.Node(left: try child(left[node], of: node), right: try child(right[node], of: node))
        split.feature = features[node]
        split.cover = hasCovers ? Float(internalCounts[node]) : 0
        let decision = decisions[node]
        guard decision & Self.categorical == 0 else {
            split.use = .categoryTruncated
            guard let set = Int(exactly: thresholds[node]), set >= 0, set < boundaries.count - 1,
                boundaries[set] >= 0, boundaries[set] <= boundaries[set + 1], boundaries[set + 1] <= categories.count,
                let first = UInt32(exactly: boundaries[set]),
                let count = UInt32(exactly: boundaries[set + 1] - boundaries[set]),
                count <= RuntimesLimits.categoryWords
            else { throw damaged("the categories of node \(node) are outside the file's") }
            (split.threshold, split.wordCount) = (first, count)
            return split
        }
        let threshold = thresholds[node]
        guard threshold.isFinite else { throw damaged("node \(node) has no threshold") }
        split.threshold = Self.key(threshold)
        switch decision >> 2 & 3 {
        // What is missing counts as zero.
        case 0: split.missingGoesLeft = threshold >= 0
        case 1:
            split.use = .numberMissingZero
            split.missingGoesLeft = decision & Self.defaultLeft != 0
        case 2: split.missingGoesLeft = decision & Self.defaultLeft != 0
        default: throw damaged("node \(node) has the unknown decision type \(decision)")
        }
        return split
    }

    /// The key of a threshold: the library takes numbers that it calls zero as zero before it compares.
    private static func key(_ threshold: Double) -> UInt32 {
        let zero = Double(TreeSlot.zeroThreshold)
        if threshold >= 0, threshold <= zero { return TreeKey.atMost(TreeSlot.zeroThreshold) }
        if threshold < 0, threshold >= -zero { return TreeKey.less(than: -TreeSlot.zeroThreshold) }
        return TreeKey.atMost(threshold)
    }

    private func damaged(_ what: String) -> MartletError {
        MartletError(.dataLoss, "The LightGBM model is damaged: in tree \(position), \(what).")
    }
}
