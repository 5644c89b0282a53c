package import Core

/// What a detector with an expected run time says after a row.
package struct OnlineResult: Sendable, Equatable {
    /// The statistic, the largest where several run beside each other; nil while no window is full, or when the row was skipped.
    package let statistic: Double?
    /// The bound of the statistic at this time; nil with the statistic.
    package let threshold: Double?
    /// Whether a statistic passed its bound.
    package let drifted: Bool
    /// The features whose statistic passed its bound; empty for a detector that looks at rows as a whole.
    package let features: [Int]

    /// What is said of a row that was skipped or comes too early.
    static let nothing = OnlineResult(statistic: nil, threshold: nil, drifted: false, features: [])
}

/// A detector that compares a sliding test window with a reference after every row, in constant memory.
///
/// Its thresholds are set by simulation so that without a change the first alarm comes after `expectedRunTime` rows on the
/// average, as alibi-detect 0.13 does it (Ross et al. 2012; Cobb, Van Looveren and Klaise 2022). Simulating takes a while: make
/// the detector off the hot path. A row with a NaN or an infinity is counted in `skipped` and changes nothing else.
package protocol OnlineDetector: Sendable {
    /// The mean number of rows before a false alarm.
    var expectedRunTime: Double { get }
    /// The rows taken since the start or the last reset.
    var time: Int { get }
    /// The rows that could not be taken.
    var skipped: Int { get }
    /// How often a row ended in drift.
    var detections: Int { get }

    /// Takes the next row.
    ///
    /// - Parameter row: One value for each feature of the reference, in its order.
    /// - Returns: The statistic of the window that ends with this row. Drift does not reset the detector; `reset()` does.
    /// - Throws: `invalidArgument` when the row has another number of features.
    mutating func update(_ row: [Float]) throws(MartletError) -> OnlineResult

    /// Forgets the rows seen, so that the run time counts from the next row on.
    mutating func reset()

    /// The state: parameters, thresholds and window, but not the reference.
    func encode() -> JSONValue

    /// Continues from a state, without simulating anew.
    ///
    /// - Parameters:
    ///   - state: What `encode()` gave.
    ///   - reference: The reference that the detector was made with.
    /// - Throws: `dataLoss` when the state is damaged or belongs to another reference.
    init(state: JSONValue, reference: SampleMatrix) throws(MartletError)
}

/// What a detector with an expected run time is asked for.
package struct OnlineOptions: Sendable, Equatable {
    /// The mean number of rows before a false alarm, above 1.
    package var expectedRunTime: Double
    /// The lengths of the test windows; the kernel detectors have one.
    ///
    /// Short ones see great changes soon, long ones small changes.
    package var windows: [Int]
    /// The simulated streams; ten times the expected run time is a good number.
    package var bootstraps: Int
    /// What the simulation begins with.
    package var seed: UInt64

    /// Asks for a run time.
    ///
    /// - Parameters:
    ///   - expectedRunTime: The mean number of rows before a false alarm.
    ///   - windows: The lengths of the test windows.
    ///   - bootstraps: The simulated streams.
    ///   - seed: What the simulation begins with.
    package init(expectedRunTime: Double, windows: [Int], bootstraps: Int = 1_000, seed: UInt64 = 0) {
        self.expectedRunTime = expectedRunTime
        self.windows = windows
        self.bootstraps = bootstraps
        self.seed = seed
    }

    var largestWindow: Int { windows.max() ?? 0 }
    var smallestWindow: Int { windows.min() ?? 0 }
    /// The time after which the distribution of the windows stays the same.
    var horizon: Int { 2 * largestWindow - 1 }

    /// Refuses what no simulation can satisfy.
    func check(windowsAtMost most: Int, count: Int) throws(MartletError) {
        guard expectedRunTime > 1, expectedRunTime.isFinite else {
            throw MartletError(.invalidArgument, "The expected run time \(expectedRunTime) must be a number above 1.")
        }
        guard (1...count).contains(windows.count), windows.allSatisfy({ (2...most).contains($0) }) else {
            throw MartletError(
                .invalidArgument,
                "The test windows \(windows.prefix(20)) must be 1 to \(count) lengths from 2 to \(most)."
            )
        }
        guard Double(bootstraps) >= expectedRunTime, bootstraps <= SequentialLimits.bootstraps else {
            throw MartletError(
                .invalidArgument,
                "\(bootstraps) simulated streams cannot set an expected run time of \(expectedRunTime); give"
                    + " \(Int(min(expectedRunTime, 1e6).rounded(.up))) to \(SequentialLimits.bootstraps)."
            )
        }
        guard bootstraps * horizon <= SequentialLimits.simulatedStatistics else {
            throw MartletError(
                .payloadTooLarge,
                "\(bootstraps) streams of \(horizon) rows are more than \(SequentialLimits.simulatedStatistics)"
                    + " statistics; simulate fewer streams or shorten the windows."
            )
        }
    }
}

/// Which rows a kernel detector draws: from a seed, or recorded.
package enum OnlineDraws: Sendable {
    /// Martlet's own generator, from the seed in the options.
    case seeded
    /// Orders of the rows: one for each simulated stream (its last ones play the stream), one for the split into reference and
    /// first window, and one whose first rows are the kernel centres.
    case given(streams: [[Int]], split: [Int], centres: [Int])
}

/// Thresholds from simulated statistics.
enum RunTimeThresholds {
    /// For each time the statistic that a share `rate` of the streams still alive exceeds; those leave.
    ///
    /// - Parameters:
    ///   - statistics: Stream after stream, `times` statistics each.
    ///   - times: The number of times.
    ///   - rate: The share that may leave at each time.
    ///   - keepsFirst: Whether the streams that exceed the first threshold stay, as in the peer's density difference.
    /// - Returns: One threshold for each time.
    /// - Throws: `failedPrecondition` when too few streams are left.
    static func survivors(
        _ statistics: [Double],
        times: Int,
        rate: Double,
        keepsFirst: Bool = false
    ) throws(MartletError) -> [Double] {
        var alive = Array(stride(from: 0, to: statistics.count, by: times))
        var thresholds: [Double] = []
        for time in 0..<times {
            let now = alive.map { statistics[$0 + time] }
            let threshold = try quantile(now.sorted(), 1 - rate)
            thresholds.append(threshold)
            if keepsFirst, time == 0 { continue }
            // Equal statistics, which windows of few distinct rows have, must not all leave at once.
            let staying = alive.filter { statistics[$0 + time] < threshold }
            alive = staying.isEmpty ? alive : staying
        }
        return thresholds
    }

    /// The quantile of type 7 (linear between order statistics).
    static func quantile(_ sorted: [Double], _ share: Double) throws(MartletError) -> Double {
        try check(sorted.count, share)
        let place = Double(sorted.count - 1) * share
        let below = Int(place)
        let next = min(below + 1, sorted.count - 1)
        return sorted[below] + (place - Double(below)) * (sorted[next] - sorted[below])
    }

    /// Refuses a share that so few values cannot tell apart from the largest one.
    static func check(_ count: Int, _ share: Double) throws(MartletError) {
        let least = 1 / Double(max(count, 1))
        guard count > 1, share >= least * (1 - 1e-9), share <= (1 - least) * (1 + 1e-9) else {
            throw MartletError(
                .failedPrecondition,
                "Only \(count) simulated streams are left where \(Int((1 / (1 - share)).rounded(.up))) are needed: simulate"
                    + " more streams."
            )
        }
    }
}
