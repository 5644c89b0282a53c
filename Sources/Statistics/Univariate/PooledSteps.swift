/// Walks through two sorted samples together, one distinct value at a time.
struct PooledSteps: Sequence, IteratorProtocol {
    /// One distinct value of the pooled sample.
    struct Step {
        /// The value.
        let value: Double
        /// How many values of the first sample lie below it.
        let firstBelow: Int
        /// How many values of the second sample lie below it.
        let secondBelow: Int
        /// How many values of the first sample equal it.
        let firstEqual: Int
        /// How many values of the second sample equal it.
        let secondEqual: Int

        /// The mean rank of the value in the pooled sample, from 1.
        var midrank: Double { Double(firstBelow + secondBelow) + Double(firstEqual + secondEqual + 1) / 2 }
    }

    private let first: [Double]
    private let second: [Double]
    private var i = 0
    private var j = 0

    init(_ first: SortedSample, _ second: SortedSample) {
        self.first = first.values
        self.second = second.values
    }

    mutating func next() -> Step? {
        guard i < first.count || j < second.count else { return nil }
        let left = i < first.count ? first[i] : .infinity
        let right = j < second.count ? second[j] : .infinity
        let value = left < right ? left : right
        let (startI, startJ) = (i, j)
        while i < first.count, first[i] == value { i += 1 }
        while j < second.count, second[j] == value { j += 1 }
        return Step(
            value: value,
            firstBelow: startI,
            secondBelow: startJ,
            firstEqual: i - startI,
            secondEqual: j - startJ
        )
    }
}
