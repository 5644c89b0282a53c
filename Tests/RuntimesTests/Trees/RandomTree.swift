import Core

/// A random binary tree from which model files of every form are written.
struct RandomTree {
    /// One node; children are positions in `nodes`, -1 for a leaf.
    struct Node {
        var left = -1
        var right = -1
        var parent = -1
        var feature = 0
        var threshold: Float = 0
        /// The categories of a split by a set; nil for one by number.
        var categories: [Int]?
        var defaultLeft = false
        var leaf: Float = 0
        var cover: Float = 0
    }

    private(set) var nodes: [Node] = []

    /// Features below this are numbers, the others categories.
    static let numeric = 5
    static let features = 7

    /// Grows a tree of at most `depth` levels of splits.
    init(_ random: inout SeededGenerator, depth: Int, withSets: Bool) {
        nodes.append(Node())
        grow(0, depth, withSets, &random)
        // What goes into a node is what goes into its children, so the last nodes come first.
        for index in nodes.indices.reversed() {
            let node = nodes[index]
            nodes[index].cover =
                node.left < 0
                ? Float(1 + random.index(below: 50)) : nodes[node.left].cover + nodes[node.right].cover
        }
    }

    private mutating func grow(_ index: Int, _ depth: Int, _ withSets: Bool, _ random: inout SeededGenerator) {
        guard depth > 0, random.uniform() < 0.85 else {
            nodes[index].leaf = Float(random.normal()) * 0.3
            return
        }
        nodes[index].feature = random.index(below: withSets ? Self.features : Self.numeric)
        nodes[index].defaultLeft = random.uniform() < 0.5
        if nodes[index].feature >= Self.numeric {
            let count = 1 + random.index(below: 20)
            nodes[index].categories = Set((0..<count).map { _ in random.index(below: 70) }).sorted()
        } else {
            nodes[index].threshold = Self.number(&random)
        }
        let left = nodes.count
        nodes += [Node(parent: index), Node(parent: index)]
        nodes[index].left = left
        nodes[index].right = left + 1
        grow(left, depth - 1, withSets, &random)
        grow(left + 1, depth - 1, withSets, &random)
    }

    /// A number that thresholds and rows often share.
    static func number(_ random: inout SeededGenerator) -> Float {
        switch random.index(below: 8) {
        case 0: [0, -0.0, 1e-35, -1e-35, 5e-36, -5e-36, 1e-30, 3e38][random.index(below: 8)]
        case 1...4: Float(random.index(below: 9) - 4) / 4
        default: Float(random.normal())
        }
    }

    /// Rows with missing values, thresholds, zeros of every kind, and categories that no set has.
    static func rows(_ count: Int, _ random: inout SeededGenerator) -> [Float] {
        (0..<count * features).map { place in
            if random.uniform() < 0.12 { return .nan }
            guard place % features >= numeric else { return number(&random) }
            let strange: [Float] = [-1, -0.5, 0.5, 1.9, 200, 16_777_215, 3e9, -7]
            return random.uniform() < 0.15
                ? strange[random.index(below: strange.count)] : Float(random.index(below: 75))
        }
    }
}
