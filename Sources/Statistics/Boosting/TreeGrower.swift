/// Grows one tree leaf by leaf: always the leaf whose best split gains most.
struct TreeGrower {
    private struct Split {
        var gain: Double
        var feature: Int
        var bin: Int
        var missingLeft: Bool
    }

    private struct Leaf {
        var node: Int
        var range: Range<Int>
        var total: GradientHistogram.Cell
        var depth: Int
        var histogram: GradientHistogram?
        var split: Split?
    }

    private let bins: FeatureBins
    private let options: GradientBoostedTrees.Options
    /// The rows, those of one leaf beside each other.
    private var order: [Int32]
    private var leaves: [Leaf] = []
    private var tree = RegressionTree(nodes: [])

    init(bins: FeatureBins, options: GradientBoostedTrees.Options) {
        self.bins = bins
        self.options = options
        order = []
    }

    /// A tree for these gradients; adds what its leaves say to `margins` and its splits' gains to `gains`.
    mutating func grow(
        gradients: [Double],
        hessians: [Double],
        margins: inout [Double],
        gains: inout [Double]
    ) -> RegressionTree {
        order = (0..<Int32(bins.rows)).map { $0 }
        tree = RegressionTree(nodes: [.init()])
        var total = GradientHistogram.Cell(rows: bins.rows)
        for row in 0..<bins.rows {
            total.gradient += gradients[row]
            total.hessian += hessians[row]
        }
        let histogram = self.histogram(0..<bins.rows, gradients, hessians)
        leaves = [leaf(node: 0, range: 0..<bins.rows, total: total, depth: 0, histogram)]
        while leaves.count < options.leaves, let next = bestLeaf() {
            split(next, gradients: gradients, hessians: hessians, gains: &gains)
        }
        for leaf in leaves {
            let value = -leaf.total.gradient / (leaf.total.hessian + options.regularisation) * options.learningRate
            tree.nodes[leaf.node].value = value.isFinite ? value : 0
            for position in leaf.range { margins[Int(order[position])] += tree.nodes[leaf.node].value }
        }
        return tree
    }

    private func bestLeaf() -> Int? {
        var best: (index: Int, gain: Double)?
        for (index, leaf) in leaves.enumerated() {
            guard let gain = leaf.split?.gain, gain > best?.gain ?? 0 else { continue }
            best = (index, gain)
        }
        return best?.index
    }

    /// Puts two leaves in the place of one.
    private mutating func split(_ index: Int, gradients: [Double], hessians: [Double], gains: inout [Double]) {
        let parent = leaves[index]
        guard let split = parent.split, let whole = parent.histogram else { return }
        let middle = partition(parent.range, by: split)
        let (left, right) = (parent.range.lowerBound..<middle, middle..<parent.range.upperBound)
        let smallest = left.count <= right.count ? left : right
        let built = histogram(smallest, gradients, hessians)
        let rest = GradientHistogram(whole, without: built)
        let (ofLeft, ofRight) = left.count <= right.count ? (built, rest) : (rest, built)
        var leftTotal = GradientHistogram.Cell(rows: left.count)
        for position in left {
            leftTotal.gradient += gradients[Int(order[position])]
            leftTotal.hessian += hessians[Int(order[position])]
        }
        let rightTotal = parent.total - leftTotal
        let node = tree.nodes.count
        tree.nodes[parent.node] = .init(
            feature: Int32(split.feature),
            threshold: split.bin < bins.bounds[split.feature].count ? bins.bounds[split.feature][split.bin] : .infinity,
            missingLeft: split.missingLeft,
            left: Int32(node),
            right: Int32(node + 1)
        )
        tree.nodes.append(.init())
        tree.nodes.append(.init())
        gains[split.feature] += split.gain
        let depth = parent.depth + 1
        leaves[index] = leaf(node: node, range: left, total: leftTotal, depth: depth, ofLeft)
        leaves.append(leaf(node: node + 1, range: right, total: rightTotal, depth: depth, ofRight))
    }

    /// Moves the rows that go left to the front, both sides in their order; returns where the right side begins.
    private mutating func partition(_ range: Range<Int>, by split: Split) -> Int {
        var right: [Int32] = []
        var target = range.lowerBound
        let start = split.feature * bins.rows
        for position in range {
            let row = order[position]
            let bin = bins.values[start + Int(row)]
            let goesLeft = bin == FeatureBins.missing ? split.missingLeft : Int(bin) <= split.bin
            if goesLeft {
                order[target] = row
                target += 1
            } else {
                right.append(row)
            }
        }
        order.replaceSubrange(target..<range.upperBound, with: right)
        return target
    }

    private func histogram(_ range: Range<Int>, _ gradients: [Double], _ hessians: [Double]) -> GradientHistogram {
        let near = range.map { gradients[Int(order[$0])] }
        let nearHessians = range.map { hessians[Int(order[$0])] }
        return order[range].withUnsafeBufferPointer { rows in
            near.withUnsafeBufferPointer { near in
                nearHessians.withUnsafeBufferPointer { nearHessians in
                    // Empty ranges never come here: every leaf holds at least one row.
                    guard let gradients = near.baseAddress, let hessians = nearHessians.baseAddress else {
                        return GradientHistogram(bins)
                    }
                    return GradientHistogram(bins, order: rows, gradients: gradients, hessians: hessians)
                }
            }
        }
    }

    private func leaf(
        node: Int,
        range: Range<Int>,
        total: GradientHistogram.Cell,
        depth: Int,
        _ histogram: GradientHistogram
    ) -> Leaf {
        var leaf = Leaf(node: node, range: range, total: total, depth: depth, histogram: nil, split: nil)
        guard range.count >= 2 * options.leafRows, depth < options.depth else { return leaf }
        leaf.split = bestSplit(histogram, total: total)
        // A leaf that will not be split needs no histogram.
        if leaf.split != nil { leaf.histogram = histogram }
        return leaf
    }

    /// The split with the largest gain; the first one of equals.
    private func bestSplit(_ histogram: GradientHistogram, total: GradientHistogram.Cell) -> Split? {
        var best: Split?
        let root = score(total)
        for feature in 0..<bins.features {
            let start = bins.offsets[feature]
            let count = bins.count(of: feature)
            let missing = histogram.cells[start + count]
            var left = GradientHistogram.Cell()
            for bin in 0..<count {
                left += histogram.cells[start + bin]
                // Missing values alone against all others, only where there are some.
                if bin == count - 1, missing.rows == 0 { break }
                consider(left, total, root, Split(gain: 0, feature: feature, bin: bin, missingLeft: false), &best)
                guard missing.rows > 0, bin < count - 1 else { continue }
                var with = left
                with += missing
                consider(with, total, root, Split(gain: 0, feature: feature, bin: bin, missingLeft: true), &best)
            }
        }
        guard var found = best else { return nil }
        let cells = histogram.cells[bins.offsets[found.feature]..<(bins.offsets[found.feature + 1] - 1)]
        if histogram.cells[bins.offsets[found.feature + 1] - 1].rows == 0 {
            // Nothing was missing here: what is missing later goes with the many.
            let left = cells.prefix(found.bin + 1).reduce(0) { $0 + $1.rows }
            found.missingLeft = 2 * left >= total.rows
        }
        return found
    }

    private func consider(
        _ left: GradientHistogram.Cell,
        _ total: GradientHistogram.Cell,
        _ root: Double,
        _ candidate: Split,
        _ best: inout Split?
    ) {
        let right = total - left
        guard left.rows >= options.leafRows, right.rows >= options.leafRows,
            left.hessian >= options.leafHessian, right.hessian >= options.leafHessian
        else { return }
        let gain = score(left) + score(right) - root
        guard gain > options.minimumGain, gain > best?.gain ?? 0 else { return }
        best = candidate
        best?.gain = gain
    }

    private func score(_ cell: GradientHistogram.Cell) -> Double {
        cell.gradient * cell.gradient / (cell.hessian + options.regularisation)
    }
}
