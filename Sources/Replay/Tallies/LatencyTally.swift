/// How long answers took, in microseconds; of each kind the first `ReplayLimits.timedRows`.
struct LatencyTally: Sendable {
    private var times: [Double] = []

    mutating func add(_ microseconds: Double) {
        guard times.count < ReplayLimits.timedRows, microseconds.isFinite else { return }
        times.append(microseconds)
    }

    var count: Int { times.count }

    /// A quantile with the bounds that the order of the times gives it, whatever their distribution; nil without times.
    func quantile(_ share: Double) -> Interval? {
        guard !times.isEmpty else { return nil }
        let sorted = times.sorted()
        let n = Double(sorted.count)
        let half = Interval.z * (n * share * (1 - share)).squareRoot()
        let at = { (rank: Double) -> Double in sorted[min(max(Int(rank.rounded(.up)) - 1, 0), sorted.count - 1)] }
        let value = at(n * share)
        return Interval(value, low: min(value, at(n * share - half)), high: max(value, at(n * share + half + 1)))
    }
}
