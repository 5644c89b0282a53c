import Core

/// Checks trees and lays them out; what it returns can be walked without a check.
struct TreeForestBuilder {
    /// How the messages name the model: `XGBoost`, `LightGBM` or `ONNX`.
    private let maker: String
    private let featureCount: Int
    private let width: Int
    private let isDouble: Bool
    private let hasVectors: Bool
    private var nodes: [TreeNode]
    private var covers: [Float] = [0, 0]
    private var roots: [UInt32] = []
    private var outputs: [UInt32] = []
    private var depths: [UInt32] = []
    private var slots: [TreeSlot] = []
    private var slotIndex: [TreeSlot: UInt32] = [:]
    private var words: [UInt32] = []
    private var doubles: [Double] = []
    private var floats: [Float] = []
    private var hasSets = false

    /// Starts a forest.
    ///
    /// - Parameters:
    ///   - maker: how messages name the model.
    ///   - featureCount: numbers in a row.
    ///   - width: sums of a row.
    ///   - isDouble: whether leaves add up in 64 bits.
    ///   - hasVectors: whether a leaf holds a value for every output.
    init(maker: String, featureCount: Int, width: Int, isDouble: Bool, hasVectors: Bool) {
        self.maker = maker
        self.featureCount = featureCount
        self.width = width
        self.isDouble = isDouble
        self.hasVectors = hasVectors
        // The first node is the leaf in which the roots that fill up the last group end.
        nodes = [.leaf(at: 0), .leaf(at: 1)]
    }

    /// Adds a tree; the sums follow the order of the calls.
    ///
    /// - Throws: `dataLoss` when the tree is not one, `unimplemented` when its sets are too large.
    mutating func add(_ draft: TreeDraft) throws {
        let position = roots.count
        guard position < RuntimesLimits.trees else { throw damaged("it has more than \(RuntimesLimits.trees) trees") }
        guard draft.output >= 0, draft.output < width, let output = UInt32(exactly: draft.output) else {
            throw damaged("tree \(position) belongs to the output \(draft.output)")
        }
        guard !draft.nodes.isEmpty else { throw damaged("tree \(position) is empty") }
        let firstWord = words.count
        guard firstWord + draft.words.count <= RuntimesLimits.categoryWords else {
            throw MartletError(.unimplemented, "The tree walker does not take sets of so many categories.")
        }
        words += draft.words
        let root = UInt32(nodes.count)
        roots.append(root)
        outputs.append(output)
        appendPair()
        depths.append(try flatten(draft, position, root: root, firstWord: UInt32(firstWord)))
    }

    /// The finished forest.
    func finish(hasCovers: Bool, scaling: (offsets: [Float], factors: [Float])? = nil) -> TreeForest {
        let lanes = TreeForest.lanes
        let padded = roots + [UInt32](repeating: 0, count: (lanes - roots.count % lanes) % lanes)
        let groups = stride(from: 0, to: roots.count, by: lanes).map { first in
            depths[first..<min(first + lanes, depths.count)].max() ?? 0
        }
        // A forest without splits still walks over a key.
        let known = slots.isEmpty ? [TreeSlot(feature: 0, use: .number, missingGoesLeft: false)] : slots
        let scales = scaling.map { scaling in
            known.map { TreeForest.Scale(scaling.offsets[Int($0.feature)], scaling.factors[Int($0.feature)]) }
        }
        return TreeForest(
            nodes: TreeMemory(nodes),
            roots: TreeMemory(padded),
            outputs: TreeMemory(outputs),
            depths: TreeMemory(depths),
            groupDepths: TreeMemory(groups),
            slots: TreeMemory(featureCount == 0 ? [] : known),
            words: TreeMemory(words),
            doubles: TreeMemory(doubles),
            floats: TreeMemory(floats),
            covers: TreeMemory(hasCovers ? covers : []),
            scales: TreeMemory(scales ?? []),
            treeCount: roots.count,
            hasSets: hasSets,
            hasVectors: hasVectors,
            isDouble: isDouble,
            width: width
        )
    }

    private mutating func appendPair() {
        let index = UInt32(nodes.count)
        nodes.append(.leaf(at: index))
        nodes.append(.leaf(at: index + 1))
        covers.append(0)
        covers.append(0)
    }

    private struct Pending {
        let source: Int
        let target: UInt32
        let depth: UInt32
    }

    /// Lays the reachable nodes out with siblings side by side; a node met twice means a cycle or a shared child.
    private mutating func flatten(
        _ draft: TreeDraft,
        _ position: Int,
        root: UInt32,
        firstWord: UInt32
    ) throws -> UInt32 {
        var isVisited = [Bool](repeating: false, count: draft.nodes.count)
        var pending = [Pending(source: 0, target: root, depth: 0)]
        var deepest: UInt32 = 0
        while let next = pending.popLast() {
            guard !isVisited[next.source] else {
                throw damaged("tree \(position) reaches its node \(next.source) twice")
            }
            isVisited[next.source] = true
            let node = draft.nodes[next.source]
            covers[Int(next.target)] = node.cover
            if node.isLeaf {
                nodes[Int(next.target)].payload = try leaf(node, draft, position, next.source)
                deepest = max(deepest, next.depth)
                continue
            }
            guard nodes.count < Int(Int32.max) - 2 else { throw damaged("it has more than \(Int32.max) nodes") }
            let count = draft.nodes.count
            guard let left = Int(exactly: node.left), let right = Int(exactly: node.right), left != right,
                left < count, right >= 0, right < count
            else { throw damaged("in tree \(position), the children of node \(next.source) are outside the tree") }
            let target = UInt32(nodes.count)
            nodes[Int(next.target)] = try split(node, draft, position, next.source, right: target + 1, firstWord)
            appendPair()
            pending.append(Pending(source: right, target: target + 1, depth: next.depth + 1))
            pending.append(Pending(source: left, target: target, depth: next.depth + 1))
        }
        return deepest
    }

    private mutating func split(
        _ node: TreeDraft.Node,
        _ draft: TreeDraft,
        _ position: Int,
        _ source: Int,
        right: UInt32,
        _ firstWord: UInt32
    ) throws -> TreeNode {
        guard node.feature >= 0, node.feature < featureCount, let feature = UInt32(exactly: node.feature) else {
            throw damaged(
                "in tree \(position), node \(source) splits the feature \(node.feature) of \(featureCount)"
            )
        }
        let key = TreeSlot(feature: feature, use: node.use, missingGoesLeft: node.missingGoesLeft)
        let lanes = UInt32(TreeForest.lanes)
        let slot: UInt32
        if let known = slotIndex[key] {
            slot = known
        } else {
            slot = UInt32(slots.count) * lanes
            slots.append(key)
            slotIndex[key] = slot
        }
        guard node.isSet else {
            return TreeNode(threshold: node.threshold, slot: slot, right: right, payload: 0)
        }
        let (first, last) = (Int(node.threshold), Int(node.threshold) + Int(node.wordCount))
        guard first <= draft.words.count, last <= draft.words.count else {
            throw damaged("in tree \(position), the categories of node \(source) are outside the file's")
        }
        hasSets = true
        return TreeNode(
            threshold: firstWord + node.threshold,
            slot: slot | TreeNode.set,
            right: right,
            payload: node.wordCount * 32
        )
    }

    /// The payload of a leaf.
    private mutating func leaf(
        _ node: TreeDraft.Node,
        _ draft: TreeDraft,
        _ position: Int,
        _ source: Int
    ) throws -> UInt32 {
        guard node.value.isFinite else {
            throw damaged("in tree \(position), the leaf \(source) has no finite value")
        }
        if hasVectors {
            guard let first = Int(exactly: node.value), first >= 0, first <= draft.vectors.count - width,
                draft.vectors[first..<first + width].allSatisfy({ $0.isFinite && (isDouble || Float($0).isFinite) })
            else { throw damaged("in tree \(position), the leaf \(source) has no \(width) finite values") }
            let values = draft.vectors[first..<first + width]
            let start = isDouble ? doubles.count : floats.count
            guard start < Int(UInt32.max) - width else { throw damaged("its leaves hold too many values") }
            if isDouble { doubles += values } else { floats += values.map { Float($0) } }
            return UInt32(start)
        }
        if isDouble {
            doubles.append(node.value)
            return UInt32(doubles.count - 1)
        }
        let value = Float(node.value)
        guard value.isFinite else { throw damaged("in tree \(position), the leaf \(source) has no finite value") }
        return value.bitPattern
    }

    private func damaged(_ what: String) -> MartletError {
        MartletError(.dataLoss, "The \(maker) model is damaged: \(what).")
    }
}
