package import Core
import Foundation

/// Fisher's exact test of sliding windows of zeros and ones, with an expected run time.
///
/// Ross, Tasoulis and Adams, "Sequential Monitoring of a Bernoulli Sequence When the Pre-change Parameter Is Unknown",
/// Computational Statistics 28 (2013), with a fixed reference. The statistic is 1 - p, smoothed by s ← (1 - λ) s + λ (1 - p); thresholds
/// are simulated for each feature from its share of ones. Because the statistic is discrete, a value equal to the threshold is
/// drift with just the probability that makes the run time right.
package struct OnlineFisherExact: OnlineDetector {
    static let name = "fet_online"

    /// Which change of the share of ones is drift.
    package enum Alternative: String, Sendable, CaseIterable {
        /// The stream has more ones than the reference.
        case greater
        /// The stream has fewer ones than the reference.
        case less
    }

    /// The bound at one time and what happens at the bound itself.
    package struct Threshold: Sendable, Equatable {
        /// The bound.
        package let value: Float
        /// The probability that a statistic equal to the bound is no drift; 1 when none was equal in the simulation.
        package let permitted: Double

        /// A bound.
        ///
        /// - Parameters:
        ///   - value: The bound.
        ///   - permitted: The probability that a statistic equal to it is no drift.
        package init(value: Float, permitted: Double) {
            self.value = value
            self.permitted = permitted
        }
    }

    /// What was asked for.
    package let options: OnlineOptions
    /// The direction.
    package let alternative: Alternative
    /// The weight of the newest statistic, above 0, at most 1.
    package let smoothing: Double
    /// For each feature the bounds from the time on at which the shortest window is full; later times take the last one.
    package let thresholds: [[Threshold]]
    /// The smoothed statistic of each window (outer) and feature (inner); nil while the window fills.
    package private(set) var statistics: [[Double?]]
    package private(set) var time = 0
    package private(set) var skipped = 0
    package private(set) var detections = 0
    private let digest: String
    /// For each window and feature, 1 - p by the number of ones in the window.
    private let tables: [[[Double]]]
    /// The last rows as ones, as many as the longest window, the oldest first.
    private var recent: [[Bool]] = []

    package var expectedRunTime: Double { options.expectedRunTime }

    /// Prepares the reference and simulates the thresholds; rows with a NaN or an infinity are left out.
    ///
    /// - Parameters:
    ///   - reference: Rows of zeros and ones.
    ///   - options: The run time and the windows.
    ///   - alternative: The direction.
    ///   - smoothing: The weight of the newest statistic.
    ///   - thresholds: Thresholds that are known already; nil simulates them.
    /// - Throws: `failedPrecondition` for fewer than two complete rows or a feature that is always 0 or always 1,
    ///   `invalidArgument` for values other than 0 and 1 or bad options, `payloadTooLarge` past `SequentialLimits`.
    package init(
        reference: SampleMatrix,
        options: OnlineOptions,
        alternative: Alternative = .greater,
        smoothing: Double = 0.99,
        thresholds: [[Threshold]]? = nil
    ) throws(MartletError) {
        try options.check(windowsAtMost: SequentialLimits.onlineWindow, count: SequentialLimits.onlineWindows)
        guard smoothing > 0, smoothing <= 1 else {
            throw MartletError(.invalidArgument, "The smoothing weight \(smoothing) must be above 0 and at most 1.")
        }
        let complete = try SampleCheck.complete(reference, named: "reference", most: SequentialLimits.onlineReference)
        let ones = try Self.ones(complete)
        self.options = options
        self.alternative = alternative
        self.smoothing = smoothing
        digest = OnlineState.digest(reference)
        tables = options.windows.map { length in
            ones.map { Self.table($0, rows: complete.rows, window: length, alternative) }
        }
        statistics = options.windows.map { _ in ones.map { _ in nil } }
        if let thresholds {
            let expected = options.horizon - options.smallestWindow + 1
            guard thresholds.count == ones.count, thresholds.allSatisfy({ $0.count == expected }) else {
                throw MartletError(.invalidArgument, "Each of \(ones.count) features needs \(expected) thresholds.")
            }
            self.thresholds = thresholds
        } else {
            var simulated: [[Threshold]] = []
            for feature in ones.indices {
                let simulation = FisherSimulation(
                    tables: tables.map { $0[feature] },
                    share: Double(ones[feature]) / Double(complete.rows),
                    options: options,
                    smoothing: smoothing
                )
                simulated.append(try simulation.thresholds(features: ones.count, feature: feature))
            }
            self.thresholds = simulated
        }
    }

    package mutating func update(_ row: [Float]) throws(MartletError) -> OnlineResult {
        try OnlineRow.check(row, features: thresholds.count)
        guard row.allSatisfy({ $0 == 0 || $0 == 1 }) else {
            skipped += 1
            return .nothing
        }
        time += 1
        recent.append(row.map { $0 == 1 })
        if recent.count > options.largestWindow { recent.removeFirst() }
        for (window, length) in options.windows.enumerated() where recent.count >= length {
            let last = recent.suffix(length)
            for feature in row.indices {
                let now = tables[window][feature][last.count { $0[feature] }]
                let before = statistics[window][feature]
                statistics[window][feature] = before.map { (1 - smoothing) * $0 + smoothing * now } ?? now
            }
        }
        return verdict()
    }

    private mutating func verdict() -> OnlineResult {
        guard time >= options.smallestWindow else { return .nothing }
        let place = min(time - options.smallestWindow, (thresholds.first?.count ?? 1) - 1)
        // One generator per row: chance depends on nothing but the seed and the place in the stream.
        var generator = SeededGenerator(seed: options.seed &+ UInt64(time) &* 0x9E37_79B9_7F4A_7C15)
        var (drifted, largest, bound) = ([Int](), -Double.infinity, 0.0)
        for feature in thresholds.indices {
            let statistic = statistics.compactMap { $0[feature] }.max() ?? -.infinity
            let threshold = thresholds[feature][place]
            let chance = generator.uniform()
            let isEqual = Float(statistic) == threshold.value
            if Float(statistic) > threshold.value || (isEqual && chance > threshold.permitted) {
                drifted.append(feature)
            }
            if statistic > largest { (largest, bound) = (statistic, Double(threshold.value)) }
        }
        if !drifted.isEmpty { detections += 1 }
        return OnlineResult(statistic: largest, threshold: bound, drifted: !drifted.isEmpty, features: drifted)
    }

    package mutating func reset() {
        (time, recent) = (0, [])
        statistics = statistics.map { $0.map { _ in nil } }
    }

    /// How many ones each feature has.
    private static func ones(_ complete: SampleMatrix) throws(MartletError) -> [Int] {
        guard complete.columns <= SequentialLimits.onlineFeatures else {
            throw MartletError(
                .payloadTooLarge,
                "The reference has \(complete.columns) features; the limit is \(SequentialLimits.onlineFeatures)."
            )
        }
        var ones: [Int] = []
        for column in 0..<complete.columns {
            let values = complete.finiteColumn(column)
            guard values.allSatisfy({ $0 == 0 || $0 == 1 }) else {
                throw MartletError(
                    .invalidArgument,
                    "The feature '\(complete.names[column])' holds values other than 0 and 1."
                )
            }
            let count = values.count { $0 == 1 }
            guard count > 0, count < values.count else {
                throw MartletError(
                    .failedPrecondition,
                    "insufficient data: the feature '\(complete.names[column])' of the reference is always \(count > 0 ? 1 : 0)."
                )
            }
            ones.append(count)
        }
        return ones
    }

    /// 1 - p for each number of ones that a window can hold.
    private static func table(_ ones: Int, rows: Int, window: Int, _ alternative: Alternative) -> [Double] {
        (0...window).map { found in
            let all = rows + window
            let p: Double? =
                switch alternative {
                case .greater:
                    HypergeometricDistribution(total: all, marked: ones + found, draws: rows)?.cumulative(ones)
                case .less:
                    HypergeometricDistribution(total: all, marked: ones + found, draws: window)?.cumulative(found)
                }
            return 1 - min(max(p ?? 1, 0), 1)
        }
    }
}

extension OnlineFisherExact {
    package func encode() -> JSONValue {
        var state = OnlineState.write(Self.name, options, self, digest: digest)
        state["alternative"] = .string(alternative.rawValue)
        state["smoothing"] = .number(smoothing)
        state["thresholds"] = .floats(thresholds.flatMap { $0.map(\.value) })
        state["permitted"] = .numbers(thresholds.flatMap { $0.map(\.permitted) })
        state["recent"] = .floats(recent.flatMap { $0.map { $0 ? 1 : 0 } })
        state["statistics"] = .numbers(statistics.flatMap { $0.compactMap(\.self) })
        return .object(state)
    }

    package init(state: JSONValue, reference: SampleMatrix) throws(MartletError) {
        self = try OnlineState.read(state, of: Self.name, reference: reference) { (saved) throws(MartletError) in
            let options = saved.options
            try options.check(windowsAtMost: SequentialLimits.onlineWindow, count: SequentialLimits.onlineWindows)
            guard let alternative = Alternative(rawValue: state["alternative"]?.stringValue ?? "") else {
                throw MartletError(.dataLoss, "'alternative' must be greater or less.")
            }
            let (features, each) = (reference.columns, options.horizon - options.smallestWindow + 1)
            let values = try saved.floats("thresholds", count: features * each)
            let permitted = try saved.numbers("permitted", count: features * each)
            let thresholds = (0..<features).map { feature in
                (0..<each).map {
                    Threshold(value: values[feature * each + $0], permitted: permitted[feature * each + $0])
                }
            }
            var detector = try OnlineFisherExact(
                reference: reference,
                options: options,
                alternative: alternative,
                smoothing: try saved.number("smoothing", in: 0...1),
                thresholds: thresholds
            )
            let count = min(saved.time, options.largestWindow)
            let recent = try saved.floats("recent", count: count * features)
            detector.recent = (0..<count).map { row in (0..<features).map { recent[row * features + $0] == 1 } }
            let full = options.windows.map { saved.time >= $0 }
            var statistics = try saved.numbers("statistics", count: full.count { $0 } * features)[...]
            for window in full.indices where full[window] {
                detector.statistics[window] = statistics.prefix(features).map { $0 }
                statistics = statistics.dropFirst(features)
            }
            (detector.time, detector.skipped, detector.detections) = (saved.time, saved.skipped, saved.detections)
            return detector
        }
    }
}

/// Simulated streams of ones and zeros, from which the thresholds of one feature come.
private struct FisherSimulation {
    /// For each window 1 - p by the number of ones in it.
    let tables: [[Double]]
    let share: Double
    let options: OnlineOptions
    let smoothing: Double

    func thresholds(features: Int, feature: Int) throws(MartletError) -> [OnlineFisherExact.Threshold] {
        var generator = SeededGenerator(seed: options.seed &+ UInt64(feature))
        var alive = (0..<options.bootstraps).map { _ in stream(&generator) }
        let keep = pow(1 - 1 / options.expectedRunTime, 1 / Double(features))
        var thresholds: [OnlineFisherExact.Threshold] = []
        for time in 0...(options.horizon - options.smallestWindow) {
            let now = alive.map { $0[time] }.sorted()
            try RunTimeThresholds.check(now.count, keep)
            // Type 6 without interpolation: the threshold is a value that statistics can have.
            let place = Int(Double(now.count + 1) * keep)
            let threshold = now[min(max(place, 1), now.count) - 1]
            let below = now.countLeading { $0 < threshold }
            let equal = now.countLeading { $0 <= threshold } - below
            let undershoot = keep - Double(below) / Double(now.count)
            let permitted = min(max(undershoot * Double(now.count) / Double(equal), 0), 1)
            thresholds.append(OnlineFisherExact.Threshold(value: threshold, permitted: permitted))
            alive = alive.filter { stream in
                stream[time] < threshold || (stream[time] == threshold && generator.uniform() <= permitted)
            }
        }
        return thresholds
    }

    /// The largest statistic over the full windows at each time of one stream.
    private func stream(_ generator: inout SeededGenerator) -> [Float] {
        let ones = (0..<options.horizon).map { _ in generator.uniform() < share ? 1 : 0 }
        var counts = options.windows.map { _ in 0 }
        var smoothed = options.windows.map { _ in Double?.none }
        var result: [Float] = []
        for time in ones.indices {
            var largest = -Double.infinity
            for (window, length) in options.windows.enumerated() {
                counts[window] += ones[time] - (time >= length ? ones[time - length] : 0)
                guard time + 1 >= length else { continue }
                let now = tables[window][counts[window]]
                let value = smoothed[window].map { (1 - smoothing) * $0 + smoothing * now } ?? now
                smoothed[window] = value
                largest = max(largest, value)
            }
            if time + 1 >= options.smallestWindow { result.append(Float(largest)) }
        }
        return result
    }
}
