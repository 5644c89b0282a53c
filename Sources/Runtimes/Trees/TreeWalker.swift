/// Walks a forest: eight trees side by side for one row, eight rows side by side for many.
///
/// One step depends on the last, so a single walk waits for memory; eight at once fill that time. Leaves are added in
/// the order of the trees, in the library's precision, so that sums are equal bit by bit.
struct TreeWalker<Value: TreeValue> {
    private let forest: TreeForest
    private let nodes: UnsafePointer<TreeNode>
    private let words: UnsafePointer<UInt32>
    private let slotCount: Int
    private let featureCount: Int
    private let start: UnsafePointer<Value>

    /// Looks at `forest`, which the caller keeps alive, as it does `start`: the sums to begin with, `width` of them.
    @inline(__always)
    init(_ forest: TreeForest, featureCount: Int, start: UnsafePointer<Value>) {
        self.forest = forest
        self.featureCount = featureCount
        self.start = start
        nodes = forest.nodes.base
        words = forest.words.base
        slotCount = forest.slots.count
    }

    private static var lanes: Int { TreeForest.lanes }
    /// How many bytes of keys a block of rows may have; half of a first-level cache.
    private static var blockBytes: Int { 16384 }

    /// Adds up the leaves of each of `count` rows into `sums`, `width` numbers a row.
    @inline(__always)
    func walk(_ rows: UnsafePointer<Float>, count: Int, into sums: UnsafeMutablePointer<Value>) {
        let laneBytes = max(1, slotCount) * Self.lanes * MemoryLayout<UInt32>.stride
        let groups = count < Self.lanes ? 1 : min(count / Self.lanes, max(1, Self.blockBytes / laneBytes))
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: groups * max(1, slotCount) * Self.lanes) { keys in
            guard let keys = keys.baseAddress else { return }
            // Leaves look at the first key also in a model that has no features.
            if slotCount == 0 { keys.initialize(repeating: 0, count: Self.lanes) }
            var row = 0
            while count - row >= Self.lanes {
                let taken = min(groups, (count - row) / Self.lanes)
                block(rows + row * featureCount, groups: taken, keys, sums + row * forest.width)
                row += taken * Self.lanes
            }
            while row < count {
                single(rows + row * featureCount, keys, sums + row * forest.width)
                row += 1
            }
        }
    }

    @inline(__always)
    private func fill(_ row: UnsafePointer<Float>, _ keys: UnsafeMutablePointer<UInt32>) {
        for slot in 0..<slotCount { keys[slot &* Self.lanes] = forest.key(row, slot) }
    }

    /// One row, eight trees at a time.
    @inline(__always)
    private func single(
        _ row: UnsafePointer<Float>,
        _ keys: UnsafeMutablePointer<UInt32>,
        _ sums: UnsafeMutablePointer<Value>
    ) {
        sums.update(from: start, count: forest.width)
        fill(row, keys)
        let (roots, depths) = (forest.roots.base, forest.groupDepths.base)
        var ends = Self.noEnds
        var tree = 0
        while tree < forest.treeCount {
            let group = roots + tree
            let from = SIMD8<UInt32>(
                group[0],
                group[1],
                group[2],
                group[3],
                group[4],
                group[5],
                group[6],
                group[7]
            )
            let depth = Int(depths[tree / Self.lanes])
            ends =
                forest.hasSets
                ? walkSets(UnsafePointer(keys), spread: 0, from, depth)
                : walkNumbers(UnsafePointer(keys), spread: 0, from, depth)
            let taken = min(Self.lanes, forest.treeCount &- tree)
            for lane in 0..<taken { add(Int(ends[lane]), tree &+ lane, sums) }
            tree += Self.lanes
        }
    }

    private static var noEnds: SIMD8<UInt32> { SIMD8(repeating: 0) }

    /// Groups of eight rows, one tree after the other, so that a tree's nodes stay near.
    @inline(__always)
    private func block(
        _ rows: UnsafePointer<Float>,
        groups: Int,
        _ keys: UnsafeMutablePointer<UInt32>,
        _ sums: UnsafeMutablePointer<Value>
    ) {
        let (width, stride) = (forest.width, slotCount &* Self.lanes)
        for row in 0..<groups &* Self.lanes {
            (sums + row &* width).update(from: start, count: width)
            fill(rows + row &* featureCount, keys + (row / Self.lanes) &* stride + row % Self.lanes)
        }
        let (roots, depths) = (forest.roots.base, forest.depths.base)
        for tree in 0..<forest.treeCount {
            let from = SIMD8<UInt32>(repeating: roots[tree])
            for group in 0..<groups {
                let own = UnsafePointer(keys + group &* stride)
                let ends =
                    forest.hasSets
                    ? walkSets(own, spread: 1, from, Int(depths[tree]))
                    : walkNumbers(own, spread: 1, from, Int(depths[tree]))
                let first = sums + group &* Self.lanes &* width
                for lane in 0..<Self.lanes { add(Int(ends[lane]), tree, first + lane &* width) }
            }
        }
    }

    @inline(__always)
    private func add(_ leaf: Int, _ tree: Int, _ sums: UnsafeMutablePointer<Value>) {
        if forest.hasVectors {
            let values = Value.vectors(forest) + Int(nodes[leaf].payload)
            for output in 0..<forest.width { sums[output] += values[output] }
        } else {
            sums[Int(forest.outputs.base[tree])] += Value.leaf(nodes + leaf, forest)
        }
    }

    @inline(__always)
    private func next(_ index: Int, _ keys: UnsafePointer<UInt32>) -> Int {
        let node = nodes + index
        return Int(node.pointee.right) &- (keys[Int(node.pointee.slot)] < node.pointee.threshold ? 1 : 0)
    }

    /// Eight walks whose keys stand `spread` apart.
    @inline(__always)
    private func walkNumbers(
        _ keys: UnsafePointer<UInt32>,
        spread: Int,
        _ from: SIMD8<UInt32>,
        _ depth: Int
    ) -> SIMD8<UInt32> {
        var (a, b, c, d) = (Int(from[0]), Int(from[1]), Int(from[2]), Int(from[3]))
        var (e, f, g, h) = (Int(from[4]), Int(from[5]), Int(from[6]), Int(from[7]))
        var left = depth
        while left > 0 {
            let before = left & 3 == 0 ? (a &+ b &+ c &+ d) &+ (e &+ f &+ g &+ h) : -1
            a = next(a, keys)
            b = next(b, keys + spread)
            c = next(c, keys + 2 &* spread)
            d = next(d, keys + 3 &* spread)
            e = next(e, keys + 4 &* spread)
            f = next(f, keys + 5 &* spread)
            g = next(g, keys + 6 &* spread)
            h = next(h, keys + 7 &* spread)
            left &-= 1
            // Children stand behind their parents, so the sum stays only when every walk has ended.
            if before == (a &+ b &+ c &+ d) &+ (e &+ f &+ g &+ h) { break }
        }
        return SIMD8(
            UInt32(truncatingIfNeeded: a),
            UInt32(truncatingIfNeeded: b),
            UInt32(truncatingIfNeeded: c),
            UInt32(truncatingIfNeeded: d),
            UInt32(truncatingIfNeeded: e),
            UInt32(truncatingIfNeeded: f),
            UInt32(truncatingIfNeeded: g),
            UInt32(truncatingIfNeeded: h)
        )
    }

    /// The same where some splits ask for a set of categories.
    @inline(__always)
    private func walkSets(
        _ keys: UnsafePointer<UInt32>,
        spread: Int,
        _ from: SIMD8<UInt32>,
        _ depth: Int
    ) -> SIMD8<UInt32> {
        var ends = from
        for lane in 0..<Self.lanes {
            let own = keys + lane &* spread
            var index = Int(from[lane])
            while true {
                let node = nodes + index
                let following: Int
                if node.pointee.slot >= TreeNode.set {
                    following = nextBySet(node, own)
                } else {
                    following = next(index, own)
                }
                if following == index { break }
                index = following
            }
            ends[lane] = UInt32(truncatingIfNeeded: index)
        }
        return ends
    }

    @inline(__always)
    private func nextBySet(_ node: UnsafePointer<TreeNode>, _ keys: UnsafePointer<UInt32>) -> Int {
        let key = keys[Int(node.pointee.slot & TreeNode.slotMask)]
        let isIn =
            key < node.pointee.payload
            ? words[Int(node.pointee.threshold) &+ Int(key >> 5)] >> (key & 31) & 1 == 1
            : key == TreeKey.everyCategory
        return Int(node.pointee.right) &- (isIn ? 1 : 0)
    }
}
