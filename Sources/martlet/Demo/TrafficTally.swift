import Core

/// What the traffic generator has seen of one version: counts and latencies as the client measures them.
struct TrafficTally: Sendable {
    /// Requests answered with status 200.
    private(set) var answered = 0
    /// Labels known for them so far.
    private(set) var judged = 0
    /// Labels that agree with the prediction.
    private(set) var correct = 0
    private var latencies: [Double] = []
    private static let keptLatencies = 2000

    /// Takes note of an answer after so many milliseconds.
    mutating func answer(milliseconds: Double, isCorrect: Bool) {
        answered += 1
        judged += 1
        if isCorrect { correct += 1 }
        if latencies.count == Self.keptLatencies { latencies.removeFirst(Self.keptLatencies / 2) }
        latencies.append(milliseconds)
    }

    /// Share of right answers; nil before the first.
    var accuracy: Double? {
        judged > 0 ? Double(correct) / Double(judged) : nil
    }

    /// The median latency in milliseconds; nil before the first answer.
    var medianLatency: Double? {
        latencies.isEmpty ? nil : latencies.sorted()[latencies.count / 2]
    }
}
