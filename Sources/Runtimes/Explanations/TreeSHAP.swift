/// Exact SHAP values and interactions of a forest, path-dependent, for many rows at once.
///
/// What a missing feature would have done is read from the training weight of the nodes, as the libraries do. A leaf
/// with `d` features treats a row in one of `2^d` ways, so with many rows each way is computed once (`LeafGame`) and
/// then looked up. Rows stand in blocks of 64: a split's outcome for a block is one word of bits.
struct TreeSHAP {
    /// What is computed.
    enum Kind {
        /// A number for each feature.
        case values
        /// A number for each pair of features, the single ones among them.
        case interactions
    }

    /// Rows whose bits are one word.
    static let block = 64
    /// Leaves of at most so many features are looked up; others are computed for each row.
    private static let tableSteps = 8

    private let forest: TreeForest
    private let featureCount: Int
    private let kind: Kind
    private var paths = TreePaths()
    private var keys: [UInt32] = []
    private var decisions: [UInt64] = []
    private var rules: [Int: QuadratureRule] = [:]
    private var places: [Int] = []

    init(_ forest: TreeForest, featureCount: Int, kind: Kind) {
        self.forest = forest
        self.featureCount = featureCount
        self.kind = kind
    }

    /// The sums of an output: one for each feature, or for each pair of them.
    static func terms(_ kind: Kind, _ featureCount: Int) -> Int {
        kind == .values ? featureCount : featureCount * featureCount
    }

    /// Adds up what the features did in `count` rows.
    ///
    /// - Parameters:
    ///   - rows: `count × featureCount` numbers.
    ///   - count: how many rows.
    ///   - sums: zeros, `width × terms × stride` of them; that of a term and a row lies at `term × stride + row`. Of a
    ///     pair the smaller feature is named first, its single values are not yet diminished by its pairs.
    ///   - stride: at least `count`.
    mutating func explain(
        _ rows: UnsafePointer<Float>,
        count: Int,
        into sums: UnsafeMutablePointer<Double>,
        stride: Int
    ) {
        let blocks = (count + Self.block - 1) / Self.block
        fillKeys(rows, count, blocks * Self.block)
        let terms = Self.terms(kind, featureCount)
        for tree in 0..<forest.treeCount {
            paths.read(forest, tree: tree)
            decide(blocks)
            let own = forest.hasVectors ? sums : sums + Int(forest.outputs.base[tree]) * terms * stride
            for leaf in paths.leaves where !leaf.steps.isEmpty {
                let target = Target(
                    sums: own,
                    count: count,
                    blocks: blocks,
                    stride: stride,
                    outputs: forest.hasVectors ? forest.width : 1,
                    terms: terms
                )
                findPlaces(leaf)
                leaf.steps.count <= Self.tableSteps ? lookUp(leaf, target) : compute(leaf, target)
            }
        }
    }

    private struct Target {
        let sums: UnsafeMutablePointer<Double>
        let count: Int
        let blocks: Int
        let stride: Int
        let outputs: Int
        let terms: Int
    }

    private mutating func fillKeys(_ rows: UnsafePointer<Float>, _ count: Int, _ stride: Int) {
        keys = [UInt32](repeating: 0, count: max(1, forest.slots.count) * stride)
        for row in 0..<count {
            for slot in 0..<forest.slots.count {
                keys[slot * stride + row] = forest.key(rows + row * featureCount, slot)
            }
        }
    }

    /// For each split and block of rows, who goes left.
    private mutating func decide(_ blocks: Int) {
        let stride = blocks * Self.block
        decisions.removeAll(keepingCapacity: true)
        keys.withUnsafeBufferPointer { keys in
            guard let start = keys.baseAddress else { return }
            for node in paths.splits {
                let own = start + Int(node.slot & TreeNode.slotMask) / TreeForest.lanes * stride
                for block in 0..<blocks { decisions.append(leftward(node, own + block * Self.block)) }
            }
        }
    }

    @inline(__always)
    private func leftward(_ node: TreeNode, _ keys: UnsafePointer<UInt32>) -> UInt64 {
        var bits: UInt64 = 0
        if node.slot < TreeNode.set {
            for row in 0..<Self.block { bits |= (keys[row] < node.threshold ? 1 : 0) << UInt64(row) }
            return bits
        }
        for row in 0..<Self.block {
            let key = keys[row]
            let isLeft =
                key < node.payload
                ? forest.words.base[Int(node.threshold) &+ Int(key >> 5)] >> (key & 31) & 1 == 1
                : key == TreeKey.everyCategory
            if isLeft { bits |= 1 << UInt64(row) }
        }
        return bits
    }

    /// For each step of a leaf, which rows of a block go its way.
    @inline(__always)
    private func match(
        _ leaf: TreePaths.Leaf,
        _ block: Int,
        _ blocks: Int,
        _ masks: UnsafeMutablePointer<UInt64>
    ) {
        for step in 0..<leaf.steps.count { masks[step] = .max }
        paths.tests.withUnsafeBufferPointer { tests in
            decisions.withUnsafeBufferPointer { decisions in
                for place in leaf.tests {
                    let test = tests[place]
                    let left = decisions[test.split &* blocks &+ block]
                    masks[test.step] &= test.wantsLeft ? left : ~left
                }
            }
        }
    }

    private func place(_ first: Int, _ second: Int) -> Int {
        first <= second ? first * featureCount + second : second * featureCount + first
    }

    /// Finds the sums that a leaf's steps, and their pairs, add to.
    private mutating func findPlaces(_ leaf: TreePaths.Leaf) {
        places.removeAll(keepingCapacity: true)
        guard kind == .interactions else {
            for step in leaf.steps { places.append(paths.steps[step].feature) }
            return
        }
        let features = paths.steps[leaf.steps].map(\.feature)
        for feature in features { places.append(place(feature, feature)) }
        for first in features.indices {
            for second in features.indices where second > first {
                places.append(place(features[first], features[second]))
            }
        }
    }

    /// Looks each row's way of meeting the leaf up, and computes those that are met for the first time.
    private func lookUp(_ leaf: TreePaths.Leaf, _ target: Target) {
        let (steps, ways) = (leaf.steps.count, 1 << leaf.steps.count)
        let rule = Self.shortRule
        let (points, weights) = (rule.points, rule.weights)
        withUnsafeTemporaryAllocation(of: Double.self, capacity: places.count * ways + Self.tableSteps) { table in
            withUnsafeTemporaryAllocation(of: SIMD4<Double>.self, capacity: 3 * Self.tableSteps + 4) { memory in
                withUnsafeTemporaryAllocation(of: Int.self, capacity: Self.tableSteps) { others in
                    guard let table = table.baseAddress, let memory = memory.baseAddress,
                        let others = others.baseAddress
                    else { return }
                    memory[0] = weights
                    memory[1] = points
                    let game = LeafGame<SIMD4<Double>>(
                        weights: memory,
                        chunks: 1,
                        memory: memory + 2,
                        zeros: table + places.count * ways,
                        others: others,
                        most: Self.tableSteps
                    )
                    for step in 0..<steps {
                        game.set(step, zero: paths.steps[leaf.steps.lowerBound + step].zero, points: memory + 1)
                    }
                    var known = SIMD4<UInt64>(repeating: 0)
                    for block in 0..<target.blocks {
                        add(leaf, block, ways, table, game, &known, target)
                    }
                }
            }
        }
    }

    @inline(__always)
    private func add(
        _ leaf: TreePaths.Leaf,
        _ block: Int,
        _ ways: Int,
        _ table: UnsafeMutablePointer<Double>,
        _ game: LeafGame<SIMD4<Double>>,
        _ known: inout SIMD4<UInt64>,
        _ target: Target
    ) {
        let steps = leaf.steps.count
        let rows = min(Self.block, target.count - block * Self.block)
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: Self.tableSteps) { masks in
            withUnsafeTemporaryAllocation(of: Int.self, capacity: Self.block) { met in
                guard let masks = masks.baseAddress, let met = met.baseAddress else { return }
                match(leaf, block, target.blocks, masks)
                for row in 0..<rows {
                    var way = 0
                    for step in 0..<steps { way |= Int(masks[step] >> UInt64(row) & 1) << step }
                    met[row] = way
                    if known[way >> 6] >> UInt64(way & 63) & 1 == 0 {
                        known[way >> 6] |= 1 << UInt64(way & 63)
                        fill(table, ways, way, steps, game)
                    }
                }
                for output in 0..<target.outputs {
                    let value = forest.leafValue(leaf.node, output)
                    for (term, place) in places.enumerated() {
                        let sums = target.sums + (output * target.terms + place) * target.stride + block * Self.block
                        let own = table + term * ways
                        for row in 0..<rows { sums[row] += value * own[met[row]] }
                    }
                }
            }
        }
    }

    /// Computes one way of meeting a leaf.
    private func fill(
        _ table: UnsafeMutablePointer<Double>,
        _ ways: Int,
        _ way: Int,
        _ steps: Int,
        _ game: LeafGame<SIMD4<Double>>
    ) {
        let isOn = { (step: Int) in way >> step & 1 == 1 }
        game.values(steps, isOn: isOn) { table[$0 * ways + way] = $1 }
        guard kind == .interactions else { return }
        game.pairs(steps, isOn: isOn) { table[Self.pair($0, $1, steps) * ways + way] = $2 }
    }

    /// Where the term of a pair of steps stands, after those of single ones.
    @inline(__always)
    private static func pair(_ first: Int, _ second: Int, _ steps: Int) -> Int {
        steps + first * (2 * steps - first - 1) / 2 + second - first - 1
    }

    /// Computes a leaf with many features for each row.
    private mutating func compute(_ leaf: TreePaths.Leaf, _ target: Target) {
        let steps = leaf.steps.count
        let chunks = (steps + 15) / 16
        let rule = rules[chunks] ?? QuadratureRule(chunks * 8)
        rules[chunks] = rule
        withUnsafeTemporaryAllocation(of: SIMD8<Double>.self, capacity: (3 * steps + 4) * chunks) { memory in
            withUnsafeTemporaryAllocation(of: Double.self, capacity: steps) { zeros in
                withUnsafeTemporaryAllocation(of: Int.self, capacity: steps) { others in
                    guard let memory = memory.baseAddress, let zeros = zeros.baseAddress,
                        let others = others.baseAddress
                    else { return }
                    for chunk in 0..<chunks {
                        for lane in 0..<8 {
                            memory[chunk][lane] = rule.weights[chunk * 8 + lane]
                            memory[chunks + chunk][lane] = rule.points[chunk * 8 + lane]
                        }
                    }
                    let game = LeafGame<SIMD8<Double>>(
                        weights: memory,
                        chunks: chunks,
                        memory: memory + 2 * chunks,
                        zeros: zeros,
                        others: others,
                        most: steps
                    )
                    for step in 0..<steps {
                        game.set(step, zero: paths.steps[leaf.steps.lowerBound + step].zero, points: memory + chunks)
                    }
                    for block in 0..<target.blocks { add(leaf, block, game, target) }
                }
            }
        }
    }

    private func add(
        _ leaf: TreePaths.Leaf,
        _ block: Int,
        _ game: LeafGame<SIMD8<Double>>,
        _ target: Target
    ) {
        let steps = leaf.steps.count
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: steps) { masks in
            guard let masks = masks.baseAddress else { return }
            match(leaf, block, target.blocks, masks)
            for row in 0..<min(Self.block, target.count - block * Self.block) {
                let isOn = { (step: Int) in masks[step] >> UInt64(row) & 1 == 1 }
                let put = { (term: Int, part: Double) in
                    for output in 0..<target.outputs {
                        let place = (output * target.terms + places[term]) * target.stride
                        target.sums[place + block * Self.block + row] += part * forest.leafValue(leaf.node, output)
                    }
                }
                game.values(steps, isOn: isOn, put)
                guard kind == .interactions else { continue }
                game.pairs(steps, isOn: isOn) { put(Self.pair($0, $1, steps), $2) }
            }
        }
    }

    /// Four points, exact for up to eight features.
    private static let shortRule: (points: SIMD4<Double>, weights: SIMD4<Double>) = {
        let rule = QuadratureRule(4)
        return (
            SIMD4(rule.points[0], rule.points[1], rule.points[2], rule.points[3]),
            SIMD4(rule.weights[0], rule.weights[1], rule.weights[2], rule.weights[3])
        )
    }()

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
}
