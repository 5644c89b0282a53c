/// The ways of one tree from its root to each leaf, as SHAP values need them: a feature that is asked twice is one step.
struct TreePaths {
    /// A leaf and what leads to it.
    struct Leaf {
        /// Its node in the forest.
        let node: TreeNode
        /// Where its steps begin, and how many there are.
        let steps: Range<Int>
        /// Where its tests begin, and how many there are.
        let tests: Range<Int>
    }

    /// One feature on the way to a leaf.
    struct Step {
        let feature: Int
        /// The share of training weight that goes this way when the feature is unknown.
        var zero: Double
    }

    /// One split on the way to a leaf.
    struct Test {
        /// The split's number in `splits`.
        let split: Int
        /// The step, counted from the leaf's first, that fails when the row goes the other way.
        let step: Int
        let wantsLeft: Bool
    }

    private(set) var leaves: [Leaf] = []
    private(set) var steps: [Step] = []
    private(set) var tests: [Test] = []
    /// The nodes of the tree that ask something.
    private(set) var splits: [TreeNode] = []

    private struct Edge {
        let feature: Int
        let share: Double
        let split: Int
        let isLeft: Bool
    }

    private var way: [Edge] = []

    /// Reads a tree; what was known of the last one is forgotten.
    mutating func read(_ forest: TreeForest, tree: Int) {
        leaves.removeAll(keepingCapacity: true)
        steps.removeAll(keepingCapacity: true)
        tests.removeAll(keepingCapacity: true)
        splits.removeAll(keepingCapacity: true)
        descend(forest, Int(forest.roots.base[tree]))
    }

    private mutating func descend(_ forest: TreeForest, _ index: Int) {
        let node = forest.nodes.base[index]
        guard Int(node.right) != index else {
            finish(node)
            return
        }
        let feature = Int(forest.slots.base[Int(node.slot & TreeNode.slotMask) / TreeForest.lanes].feature)
        let split = splits.count
        splits.append(node)
        let share = forest.leftShare(node)
        way.append(Edge(feature: feature, share: share, split: split, isLeft: true))
        descend(forest, Int(node.right) - 1)
        way[way.count - 1] = Edge(feature: feature, share: 1 - share, split: split, isLeft: false)
        descend(forest, Int(node.right))
        way.removeLast()
    }

    private mutating func finish(_ leaf: TreeNode) {
        let (firstStep, firstTest) = (steps.count, tests.count)
        for edge in way {
            var step = firstStep
            while step < steps.count, steps[step].feature != edge.feature { step += 1 }
            if step < steps.count {
                steps[step].zero *= edge.share
            } else {
                steps.append(Step(feature: edge.feature, zero: edge.share))
            }
            tests.append(Test(split: edge.split, step: step - firstStep, wantsLeft: edge.isLeft))
        }
        leaves.append(Leaf(node: leaf, steps: firstStep..<steps.count, tests: firstTest..<tests.count))
    }
}
