import Core

/// One category: a distinct number or text.
enum CategoryKey: Hashable, Comparable, Sendable {
    case number(Double)
    case text(String)
}

/// How often each category of a sample occurs, with the sample's own order kept.
struct CategoryTally: Sendable {
    /// The categories in order of appearance.
    let keys: [CategoryKey]
    /// How often each occurs.
    let counts: [Int]
    /// The category of each value, as an index into `keys`.
    let codes: [Int32]
    /// Where each category stands in `keys`.
    let positions: [CategoryKey: Int32]
    /// Whether the values were numbers.
    let isNumeric: Bool

    /// Counts a sample once it is known to be countable.
    ///
    /// - Parameters:
    ///   - sample: The values; numbers count by distinct value.
    ///   - method: The method they are for, which messages name.
    ///   - side: `reference` or `current`, which messages name.
    /// - Throws: `failedPrecondition` for none, `payloadTooLarge` for too many, `invalidArgument` for NaN or infinity.
    init(_ sample: UnivariateSample, for method: UnivariateMethod, side: String) throws(MartletError) {
        switch sample {
        case .categories(let values):
            try sample.checkCount(for: method, side: side)
            self.init(values, isNumeric: false) { .text($0) }
        case .numbers:
            self.init(try sample.finiteNumbers(for: method, side: side).map { $0 + 0 }, isNumeric: true) { .number($0) }
        }
    }

    private init<Value: Hashable>(_ values: [Value], isNumeric: Bool, key: (Value) -> CategoryKey) {
        var codes: [Int32] = []
        codes.reserveCapacity(values.count)
        var (distinct, counts) = ([Value](), [Int]())
        var positions: [Value: Int32] = [:]
        for value in values {
            if let position = positions[value] {
                counts[Int(position)] += 1
                codes.append(position)
                continue
            }
            // At most columnValues categories, which an Int32 holds.
            let position = Int32(truncatingIfNeeded: distinct.count)
            positions[value] = position
            distinct.append(value)
            counts.append(1)
            codes.append(position)
        }
        let keys = distinct.map(key)
        self.keys = keys
        self.counts = counts
        self.codes = codes
        self.positions = Dictionary(uniqueKeysWithValues: zip(keys, (0...).lazy.map { Int32(truncatingIfNeeded: $0) }))
        self.isNumeric = isNumeric
    }

    /// How many values there are.
    var count: Int { codes.count }

    /// The counts of this and another sample over the categories of both.
    func paired(with current: CategoryTally) -> CategoryCounts {
        var keys = self.keys
        var currentCounts = [Int](repeating: 0, count: keys.count)
        var referenceCounts = counts
        for (key, count) in zip(current.keys, current.counts) {
            if let position = positions[key] {
                currentCounts[Int(position)] = count
            } else {
                keys.append(key)
                referenceCounts.append(0)
                currentCounts.append(count)
            }
        }
        return CategoryCounts(keys: keys, reference: referenceCounts, current: currentCounts)
    }
}

/// The counts of two samples over the same categories.
struct CategoryCounts: Sendable {
    let keys: [CategoryKey]
    let reference: [Int]
    let current: [Int]

    /// The counts of the first category in sorted order, which comparisons of two proportions leave out.
    var first: (reference: Int, current: Int) {
        let smallest = keys.indices.min { keys[$0] < keys[$1] } ?? 0
        return (reference[smallest], current[smallest])
    }
}
