import Core

/// A regression tree over points of the unit cube that remembers the box of every leaf.
struct ImportanceTree {
    /// One leaf: its value and its box.
    struct Leaf {
        let value: Double
        /// By parameter: the interval of a number, or the share of choices that are left.
        let box: [Side]
    }

    /// What is left of one parameter.
    enum Side {
        case interval(Double, Double)
        case words([Bool])

        /// The share of the parameter's range.
        var share: Double {
            switch self {
            case .interval(let low, let high): high - low
            case .words(let left): Double(left.count(where: { $0 })) / Double(max(1, left.count))
            }
        }
    }

    private struct Split {
        let axis: Int
        /// The bound of a number, or the index of a word.
        let bound: Double
        let error: Double
    }

    private(set) var leaves: [Leaf] = []
    private let points: [[Double]]
    private let targets: [Double]
    /// How many words each parameter has; 0 for numbers.
    private let words: [Int]

    /// Grows a tree on some of the points until leaves are pure.
    init(points: [[Double]], targets: [Double], words: [Int], rows: [Int]) {
        self.points = points
        self.targets = targets
        self.words = words
        let box: [Side] = words.map {
            $0 == 0 ? .interval(0, 1) : .words(Array(repeating: true, count: $0))
        }
        grow(rows, box, depth: 0)
    }

    private mutating func grow(_ rows: [Int], _ box: [Side], depth: Int) {
        let mean = rows.reduce(0) { $0 + targets[$1] } / Double(max(1, rows.count))
        guard rows.count >= 2, depth < 64, let split = best(rows) else {
            leaves.append(Leaf(value: mean, box: box))
            return
        }
        let isWord = words[split.axis] > 0
        let left = rows.filter {
            isWord ? points[$0][split.axis] == split.bound : points[$0][split.axis] <= split.bound
        }
        let right = rows.filter {
            isWord ? points[$0][split.axis] != split.bound : points[$0][split.axis] > split.bound
        }
        var (inner, outer) = (box, box)
        switch box[split.axis] {
        case .interval(let low, let high):
            inner[split.axis] = .interval(low, split.bound)
            outer[split.axis] = .interval(split.bound, high)
        case .words(let allowed):
            let index = Int(split.bound)
            inner[split.axis] = .words(allowed.indices.map { $0 == index })
            outer[split.axis] = .words(allowed.indices.map { allowed[$0] && $0 != index })
        }
        grow(left, inner, depth: depth + 1)
        grow(right, outer, depth: depth + 1)
    }

    /// The split that leaves the least squared error; nil when no split makes it less.
    private func best(_ rows: [Int]) -> Split? {
        let sum = rows.reduce(0) { $0 + targets[$1] }
        let squares = rows.reduce(0) { $0 + targets[$1] * targets[$1] }
        let whole = squares - sum * sum / Double(rows.count)
        guard whole > 1e-12 * max(squares, 1e-300) else { return nil }
        var best: Split?
        for axis in words.indices {
            let split = words[axis] > 0 ? byWord(rows, axis, sum, squares) : byBound(rows, axis, sum, squares)
            if let split, best.map({ split.error < $0.error }) ?? true { best = split }
        }
        return best
    }

    private func byBound(_ rows: [Int], _ axis: Int, _ sum: Double, _ squares: Double) -> Split? {
        let order = rows.sorted { points[$0][axis] < points[$1][axis] }
        var (below, best) = (0.0, Split?.none)
        for place in 0..<(order.count - 1) {
            below += targets[order[place]]
            let (here, next) = (points[order[place]][axis], points[order[place + 1]][axis])
            guard here < next else { continue }
            let (count, rest) = (Double(place + 1), Double(order.count - place - 1))
            let above = sum - below
            let error = squares - below * below / count - above * above / rest
            if best.map({ error < $0.error }) ?? true {
                best = Split(axis: axis, bound: here + (next - here) / 2, error: error)
            }
        }
        return best
    }

    private func byWord(_ rows: [Int], _ axis: Int, _ sum: Double, _ squares: Double) -> Split? {
        var (sums, counts) = ([Double](repeating: 0, count: words[axis]), [Double](repeating: 0, count: words[axis]))
        for row in rows {
            let word = Int(points[row][axis])
            sums[word] += targets[row]
            counts[word] += 1
        }
        var best: Split?
        for word in sums.indices where counts[word] > 0 && counts[word] < Double(rows.count) {
            let (rest, above) = (Double(rows.count) - counts[word], sum - sums[word])
            let error = squares - sums[word] * sums[word] / counts[word] - above * above / rest
            if best.map({ error < $0.error }) ?? true { best = Split(axis: axis, bound: Double(word), error: error) }
        }
        return best
    }

    /// The mean and variance of the prediction over the whole space, and by parameter the variance of its mean given
    /// that parameter.
    func variances() -> (total: Double, single: [Double]) {
        let volumes = leaves.map { $0.box.reduce(1.0) { $0 * $1.share } }
        let mean = zip(leaves, volumes).reduce(0) { $0 + $1.0.value * $1.1 }
        let total = zip(leaves, volumes).reduce(0) { $0 + ($1.0.value - mean) * ($1.0.value - mean) * $1.1 }
        return (total, words.indices.map { variance($0, volumes, mean) })
    }

    private func variance(_ axis: Int, _ volumes: [Double], _ mean: Double) -> Double {
        if words[axis] > 0 {
            var means = [Double](repeating: 0, count: words[axis])
            for (leaf, volume) in zip(leaves, volumes) {
                guard case .words(let allowed) = leaf.box[axis] else { continue }
                let share = volume / leaf.box[axis].share
                for word in allowed.indices where allowed[word] { means[word] += leaf.value * share }
            }
            return means.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(means.count)
        }
        var bounds: Set<Double> = [0, 1]
        for leaf in leaves {
            if case .interval(let low, let high) = leaf.box[axis] { bounds.formUnion([low, high]) }
        }
        let sorted = bounds.sorted()
        let places = Dictionary(uniqueKeysWithValues: sorted.enumerated().map { ($1, $0) })
        var changes = [Double](repeating: 0, count: sorted.count)
        for (leaf, volume) in zip(leaves, volumes) {
            guard case .interval(let low, let high) = leaf.box[axis], high > low else { continue }
            guard let first = places[low], let last = places[high] else { continue }
            changes[first] += leaf.value * volume / (high - low)
            changes[last] -= leaf.value * volume / (high - low)
        }
        var (value, sum) = (0.0, 0.0)
        for place in 0..<(sorted.count - 1) {
            value += changes[place]
            sum += (value - mean) * (value - mean) * (sorted[place + 1] - sorted[place])
        }
        return sum
    }
}
