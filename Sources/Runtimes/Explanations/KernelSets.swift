import Core

/// The sets of features that Kernel SHAP tries, with their weights.
struct KernelSets {
    /// How many sets there are.
    private(set) var count = 0
    /// The weight of each set; all together 1.
    private(set) var weights: [Double] = []
    /// The first of the sampled sets; they come in pairs from there on.
    private(set) var firstSampled = 0
    /// How many features vary.
    let features: Int
    private let words: Int
    private var bits: [UInt64] = []

    /// Whether no set had to be sampled.
    var isComplete: Bool { firstSampled == count }

    /// Chooses up to `budget` sets, neither empty nor full.
    init(features: Int, budget: Int, random: inout SeededGenerator) {
        self.features = features
        words = (features + 63) / 64
        guard features > 1 else { return }
        // What the sizes weigh: (M - 1) / (s (M - s)).
        var shares = (1..<features).map { Double(features - 1) / Double($0 * (features - $0)) }
        let total = shares.reduce(0, +)
        for size in shares.indices { shares[size] /= total }
        var (left, size) = (budget, 1)
        while size <= features / 2 {
            let isMiddle = 2 * size == features
            guard let sets = Self.choose(features, size, atMost: left), sets * (isMiddle ? 1 : 2) <= left else { break }
            // A whole size pays when sampling would draw from it as often anyway.
            let remaining = shares[(size - 1)..<(features - size)].reduce(0, +)
            let share = shares[size - 1] * (isMiddle ? 1 : 2)
            guard Double(left) * share / remaining >= Double(sets * (isMiddle ? 1 : 2)) * 0.999 else { break }
            addAll(size, share: shares[size - 1] / Double(sets), withComplements: !isMiddle)
            left -= sets * (isMiddle ? 1 : 2)
            size += 1
        }
        firstSampled = count
        guard size <= features / 2 else { return }
        sample(left / 2, sizes: size...(features - size), shares, &random)
    }

    /// Whether a feature is in a set.
    @inline(__always)
    func contains(_ feature: Int, in set: Int) -> Bool {
        bits[set &* words &+ feature >> 6] >> UInt64(feature & 63) & 1 == 1
    }

    private mutating func append(_ members: [Int], weight: Double, isComplement: Bool) {
        let start = bits.count
        bits.append(contentsOf: repeatElement(0, count: words))
        for member in members { bits[start + member / 64] |= 1 << UInt64(member % 64) }
        if isComplement {
            for feature in 0..<features { bits[start + feature / 64] ^= 1 << UInt64(feature % 64) }
        }
        weights.append(weight)
        count += 1
    }

    private mutating func addAll(_ size: Int, share: Double, withComplements: Bool) {
        var members = Array(0..<size)
        while true {
            append(members, weight: share, isComplement: false)
            if withComplements { append(members, weight: share, isComplement: true) }
            // The next combination in lexical order.
            guard let place = members.indices.last(where: { members[$0] != features - size + $0 }) else { return }
            members[place] += 1
            for later in members.indices where later > place { members[later] = members[later - 1] + 1 }
        }
    }

    private mutating func sample(
        _ pairs: Int,
        sizes: ClosedRange<Int>,
        _ shares: [Double],
        _ random: inout SeededGenerator
    ) {
        let mass = shares[(sizes.lowerBound - 1)...(sizes.upperBound - 1)].reduce(0, +)
        let weight = mass / Double(max(1, 2 * pairs))
        var order = Array(0..<features)
        for _ in 0..<pairs {
            var rest = random.uniform() * mass
            var size = sizes.lowerBound
            while size < sizes.upperBound, rest >= shares[size - 1] {
                rest -= shares[size - 1]
                size += 1
            }
            for place in 0..<size { order.swapAt(place, place + random.index(below: features - place)) }
            let members = Array(order[..<size])
            append(members, weight: weight, isComplement: false)
            append(members, weight: weight, isComplement: true)
        }
    }

    /// The number of sets of that size; nil when there are more than `limit`.
    private static func choose(_ features: Int, _ size: Int, atMost limit: Int) -> Int? {
        var result = 1
        for step in 1...size {
            let (product, overflow) = result.multipliedReportingOverflow(by: features - size + step)
            guard !overflow else { return nil }
            result = product / step
            guard result <= limit else { return nil }
        }
        return result
    }
}
