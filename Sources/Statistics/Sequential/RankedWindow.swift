/// The reference values of one feature and what sums over them need.
struct ReferenceRanks: Sendable {
    private let values: [Float]
    /// Sums over the first k reference values of their distribution function, and of its square.
    fileprivate let sums: [Double]
    fileprivate let squares: [Double]

    var count: Int { sums.count - 1 }

    /// Takes ascending values.
    init(_ sorted: [Float]) {
        self.init(values: sorted, shares: sorted.map { value in Double(sorted.countLeading { $0 <= value }) })
    }

    /// The ranks of so many different values; only `RankedWindow.replace(_:with:)` by rank makes sense with them.
    init(distinct count: Int) {
        self.init(values: [], shares: (1...max(count, 1)).map(Double.init))
    }

    private init(values: [Float], shares: [Double]) {
        self.values = values
        var (sums, squares) = ([0.0], [0.0])
        for share in shares {
            let part = share / Double(shares.count)
            sums.append(sums[sums.count - 1] + part)
            squares.append(squares[squares.count - 1] + part * part)
        }
        self.sums = sums
        self.squares = squares
    }

    /// How many reference values are smaller, and how many are not greater.
    func position(of value: Float) -> (below: Int, upTo: Int) {
        (values.countLeading { $0 < value }, values.countLeading { $0 <= value })
    }
}

/// The values of one feature in one sliding window, in order, with their places among the reference values.
struct RankedWindow: Sendable {
    private struct Entry: Sendable {
        let value: Double
        let below: Int
        let upTo: Int
    }

    private let length: Int
    private var entries: [Entry] = []

    init(length: Int) { self.length = length }

    /// Takes a value out, if one leaves, and puts one in.
    mutating func replace(_ leaving: Float?, with entering: Float, _ ranks: ReferenceRanks) {
        let position = ranks.position(of: entering)
        replace(leaving.map(Double.init), with: Double(entering), below: position.below, upTo: position.upTo)
    }

    /// The same for a value whose places are known.
    mutating func replace(_ leaving: Double?, with entering: Double, below: Int, upTo: Int) {
        if let leaving {
            let place = entries.countLeading { $0.value < leaving }
            if place < entries.count, entries[place].value == leaving { entries.remove(at: place) }
        }
        let place = entries.countLeading { $0.value < entering }
        entries.insert(Entry(value: entering, below: below, upTo: upTo), at: place)
    }

    /// The standardised statistic of the full window against the reference.
    func statistic(_ ranks: ReferenceRanks) -> Double {
        let (n, m) = (Double(ranks.count), Double(entries.count))
        var sum = 0.0
        // Reference values below the first value of the window.
        var (from, share) = (0, 0.0)
        for (index, entry) in entries.enumerated() {
            sum += part(ranks, from, entry.below, share)
            (from, share) = (entry.below, Double(index + 1) / m)
        }
        sum += part(ranks, from, ranks.count, share)
        var start = 0
        while start < entries.count {
            var end = start + 1
            while end < entries.count, entries[end].value == entries[start].value { end += 1 }
            let gap = Double(entries[start].upTo) / n - Double(end) / m
            sum += Double(end - start) * gap * gap
            start = end
        }
        let all = n + m
        let mean = 1 / 6 + 1 / (6 * all)
        let numerator = (all + 1) * (4 * n * m * all - 3 * (n * n + m * m) - 2 * n * m)
        let variance = numerator / (45 * all * all * 4 * n * m)
        return (sum * n * m / (all * all) - mean) / variance.squareRoot()
    }

    /// The squared distances of the distribution functions over reference values `from` to `to` - 1.
    private func part(_ ranks: ReferenceRanks, _ from: Int, _ to: Int, _ share: Double) -> Double {
        let sums = ranks.sums[to] - ranks.sums[from]
        let squares = ranks.squares[to] - ranks.squares[from]
        return max(0, squares - 2 * share * sums + share * share * Double(to - from))
    }
}

extension Array {
    /// How many elements from the start on satisfy a condition that no later one satisfies again.
    func countLeading(_ holds: (Element) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = low + (high - low) / 2
            if holds(self[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
