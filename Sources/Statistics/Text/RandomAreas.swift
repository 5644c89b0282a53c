/// The areas under the ROC curve that random scores give.
enum RandomAreas {
    private static let draws = 1_000
    /// Above this the areas are normal to more digits than a thousand draws show.
    private static let drawnRows = 2_000

    /// The area that a share of random scores stays below; `labels` says which rows are positive, both sorts being there.
    static func percentile(_ share: Double, labels: [Bool], seed: UInt32) -> Double {
        let positives = Double(labels.count { $0 })
        let negatives = Double(labels.count) - positives
        guard labels.count <= drawnRows else {
            let deviation = ((positives + negatives + 1) / (12 * positives * negatives)).squareRoot()
            return 0.5 + deviation * normalQuantile(share)
        }
        var generator = MersenneTwister(seed: seed)
        var areas: [Double] = []
        for _ in 0..<draws {
            let scores = labels.map { label in (score: generator.uniform(), label: label) }
            var rank = 0.0
            var sum = 0.0
            for row in scores.sorted(by: { $0.score < $1.score }) {
                rank += 1
                if row.label { sum += rank }
            }
            areas.append((sum - positives * (positives + 1) / 2) / (positives * negatives))
        }
        areas.sort()
        let position = share * Double(draws - 1)
        let low = min(Int(position), draws - 2)
        return areas[low] + (areas[low + 1] - areas[low]) * (position - Double(low))
    }

    /// The standard normal quantile by bisection, which is exact enough and cannot fail.
    private static func normalQuantile(_ share: Double) -> Double {
        var (low, high) = (-40.0, 40.0)
        for _ in 0..<80 {
            let middle = (low + high) / 2
            if NormalDistribution.cumulative(middle) < share { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }
}

extension MersenneTwister {
    /// A number in [0, 1) with 53 random bits, as `RandomState.random_sample` draws it.
    fileprivate mutating func uniform() -> Double {
        let high = Double(next() >> 5)
        let low = Double(next() >> 6)
        return (high * 67_108_864 + low) / 9_007_199_254_740_992
    }
}
