/// Exact SHAP values of a forest, path-dependent: algorithm 2 of Lundberg, Erion and Lee, 2018.
///
/// What a missing feature would have done is read from the training weight of the nodes, as the libraries do.
struct TreeSHAP {
    /// One feature on the way to a node.
    private struct Step {
        var feature: Int32
        /// The share of training weight that goes this way when the feature is unknown.
        var zero: Double
        /// 1 when the row goes this way at every split by the feature, else 0.
        var one: Double
        /// The weight of the feature sets of this size.
        var weight: Double
    }

    private let forest: TreeForest
    private let featureCount: Int
    private let path: UnsafeMutablePointer<Step>
    private let keys: UnsafeMutablePointer<UInt32>
    /// 1 / n at n.
    private let inverses: UnsafePointer<Double>

    /// Runs `body` with working memory for `forest`.
    static func withExplainer(
        _ forest: TreeForest,
        featureCount: Int,
        _ body: (TreeSHAP) throws -> Void
    ) rethrows {
        let depth = forest.deepest
        let steps = (depth + 3) * (depth + 4) / 2
        let inverses = TreeMemory((0...depth + 3).map { $0 == 0 ? 0 : 1 / Double($0) })
        defer { withExtendedLifetime(inverses) {} }
        try withUnsafeTemporaryAllocation(of: Step.self, capacity: steps) { path in
            try withUnsafeTemporaryAllocation(of: UInt32.self, capacity: max(1, forest.slots.count)) { keys in
                guard let path = path.baseAddress, let keys = keys.baseAddress else { return }
                path.initialize(repeating: Step(feature: -1, zero: 0, one: 0, weight: 0), count: steps)
                let explainer = TreeSHAP(
                    forest: forest,
                    featureCount: featureCount,
                    path: path,
                    keys: keys,
                    inverses: inverses.base
                )
                try body(explainer)
            }
        }
    }

    /// The mean margin of each output over the training weight, without the start.
    static func baseValues(_ forest: TreeForest) -> [Double] {
        var base = [Double](repeating: 0, count: forest.width)
        // Children stand behind their parents, so one pass from the back knows them first.
        let leafWidth = forest.hasVectors ? forest.width : 1
        var means = [Double](repeating: 0, count: forest.nodes.count * leafWidth)
        for index in (0..<forest.nodes.count).reversed() {
            let node = forest.nodes.base[index]
            if Int(node.right) == index {
                for place in 0..<leafWidth { means[index * leafWidth + place] = forest.leafValue(node, place) }
                continue
            }
            let right = Int(node.right)
            let share = forest.leftShare(node)
            for place in 0..<leafWidth {
                means[index * leafWidth + place] =
                    share * means[(right - 1) * leafWidth + place] + (1 - share) * means[right * leafWidth + place]
            }
        }
        for tree in 0..<forest.treeCount {
            let root = Int(forest.roots.base[tree])
            guard forest.hasVectors else {
                base[Int(forest.outputs.base[tree])] += means[root]
                continue
            }
            for place in 0..<leafWidth { base[place] += means[root * leafWidth + place] }
        }
        return base
    }

    /// Adds the contributions of one row: `width × (featureCount + 1)` numbers, base values untouched.
    func explain(_ row: UnsafePointer<Float>, into values: UnsafeMutablePointer<Double>) {
        for slot in 0..<forest.slots.count { keys[slot] = forest.key(row, slot) }
        for tree in 0..<forest.treeCount {
            let own = forest.hasVectors ? values : values + Int(forest.outputs.base[tree]) * (featureCount + 1)
            descend(Int(forest.roots.base[tree]), path, 0, zero: 1, one: 1, feature: -1, own)
        }
    }

    private func goesLeft(_ node: TreeNode) -> Bool {
        let key = keys[Int(node.slot & TreeNode.slotMask) / TreeForest.lanes]
        guard node.slot >= TreeNode.set else { return key < node.threshold }
        guard key < node.payload else { return key == TreeKey.everyCategory }
        return forest.words.base[Int(node.threshold) &+ Int(key >> 5)] >> (key & 31) & 1 == 1
    }

    private func descend(
        _ index: Int,
        _ parent: UnsafeMutablePointer<Step>,
        _ parentDepth: Int,
        zero: Double,
        one: Double,
        feature: Int32,
        _ values: UnsafeMutablePointer<Double>
    ) {
        var depth = parentDepth
        let path = parent + depth + 1
        path.update(from: parent, count: depth + 1)
        extend(path, depth, zero, one, feature)
        let node = forest.nodes.base[index]
        if Int(node.right) == index {
            attribute(node, path, depth, values)
            return
        }
        let split = Int32(forest.slots.base[Int(node.slot & TreeNode.slotMask) / TreeForest.lanes].feature)
        var (incomingZero, incomingOne) = (1.0, 1.0)
        var known = 1
        while known <= depth, path[known].feature != split { known += 1 }
        if known <= depth {
            (incomingZero, incomingOne) = (path[known].zero, path[known].one)
            unwind(path, depth, known)
            depth -= 1
        }
        let (isLeft, share) = (goesLeft(node), forest.leftShare(node))
        let (left, right) = (Int(node.right) - 1, Int(node.right))
        let leftOne = isLeft ? incomingOne : 0
        descend(left, path, depth + 1, zero: share * incomingZero, one: leftOne, feature: split, values)
        let rightOne = isLeft ? 0 : incomingOne
        descend(right, path, depth + 1, zero: (1 - share) * incomingZero, one: rightOne, feature: split, values)
    }

    private func attribute(
        _ leaf: TreeNode,
        _ path: UnsafeMutablePointer<Step>,
        _ depth: Int,
        _ values: UnsafeMutablePointer<Double>
    ) {
        guard depth > 0 else { return }
        let size = Double(depth + 1)
        // The features on which the row goes elsewhere all lose the same share.
        var off = 0.0
        for index in 0..<depth { off -= path[index].weight * inverses[depth - index] }
        off *= size
        for place in 1...depth {
            let step = path[place]
            let share = step.one == 0 ? off : unwoundSum(path, depth, step.zero) * (1 - step.zero)
            guard forest.hasVectors else {
                values[Int(step.feature)] += share * forest.leafValue(leaf, 0)
                continue
            }
            for output in 0..<forest.width {
                values[output * (featureCount + 1) + Int(step.feature)] += share * forest.leafValue(leaf, output)
            }
        }
    }

    /// Appends a feature to the path and updates the weights of all sizes of feature sets.
    private func extend(
        _ path: UnsafeMutablePointer<Step>,
        _ depth: Int,
        _ zero: Double,
        _ one: Double,
        _ feature: Int32
    ) {
        path[depth] = Step(feature: feature, zero: zero, one: one, weight: depth == 0 ? 1 : 0)
        let share = inverses[depth + 1]
        for place in stride(from: depth - 1, through: 0, by: -1) {
            let weight = path[place].weight * share
            path[place + 1].weight += one * weight * Double(place + 1)
            path[place].weight = zero * weight * Double(depth - place)
        }
    }

    /// Takes the feature at `place` out of the path again.
    private func unwind(_ path: UnsafeMutablePointer<Step>, _ depth: Int, _ place: Int) {
        let (zero, one) = (path[place].zero, path[place].one)
        let size = Double(depth + 1)
        if one != 0 {
            let share = zero * inverses[depth + 1]
            var next = path[depth].weight
            for index in stride(from: depth - 1, through: 0, by: -1) {
                let weight = path[index].weight
                path[index].weight = next * size * inverses[index + 1]
                next = weight - path[index].weight * share * Double(depth - index)
            }
        } else {
            // Without a share of either kind every weight is zero already.
            let factor = zero == 0 ? 0 : size / zero
            for index in 0..<depth { path[index].weight *= factor * inverses[depth - index] }
        }
        for index in place..<depth {
            path[index].feature = path[index + 1].feature
            path[index].zero = path[index + 1].zero
            path[index].one = path[index + 1].one
        }
    }

    /// The total weight of the path without a feature on which the row goes this way.
    private func unwoundSum(_ path: UnsafeMutablePointer<Step>, _ depth: Int, _ zero: Double) -> Double {
        let (size, share) = (Double(depth + 1), zero * inverses[depth + 1])
        var next = path[depth].weight
        var total = 0.0
        for index in stride(from: depth - 1, through: 0, by: -1) {
            let weight = next * size * inverses[index + 1]
            total += weight
            next = path[index].weight - weight * share * Double(depth - index)
        }
        return total
    }
}

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
}
