package import Core

/// The Cramér–von Mises statistic of sliding windows of each feature, with an expected run time.
///
/// Ross and Adams, "Two Nonparametric Control Charts for Detecting Arbitrary Distribution Changes", J. Quality Technology 44
/// (2012), with a fixed reference. Statistics are standardised by their null moments (Anderson 1962); the largest over the windows is
/// compared with the 1 - β quantile over simulated streams that have not passed an earlier one, β = 1 - (1 - 1/ERT)^(1/d) for d
/// features, which are taken to be independent. Ranks decide, so the simulation needs no data.
package struct OnlineCramerVonMises: OnlineDetector {
    static let name = "cvm_online"

    /// What was asked for.
    package let options: OnlineOptions
    /// The bound at each time from the first row on (nil while no window is full); later times take the last one.
    package let thresholds: [Double?]
    /// The statistic of each window (outer) and feature (inner) after the last row; nil while the window fills.
    package private(set) var statistics: [[Double?]] = []
    package private(set) var time = 0
    package private(set) var skipped = 0
    package private(set) var detections = 0
    private let digest: String
    private let ranks: [ReferenceRanks]
    /// The last rows, as many as the longest window, the oldest first.
    private var recent: [[Float]] = []
    /// For each window and feature, the values in it in order.
    private var sorted: [[RankedWindow]] = []

    package var expectedRunTime: Double { options.expectedRunTime }

    /// Prepares the reference and simulates the thresholds; rows with a NaN or an infinity are left out.
    ///
    /// - Parameters:
    ///   - reference: The reference rows.
    ///   - options: The run time and the windows.
    ///   - thresholds: Thresholds that are known already, one for each time from the first row on; nil simulates them.
    /// - Throws: `failedPrecondition` for fewer than two complete rows, `invalidArgument` for bad options, `payloadTooLarge`
    ///   past `SequentialLimits`.
    package init(
        reference: SampleMatrix,
        options: OnlineOptions,
        thresholds: [Double?]? = nil
    ) throws(MartletError) {
        try options.check(windowsAtMost: SequentialLimits.onlineWindow, count: SequentialLimits.onlineWindows)
        let complete = try SampleCheck.complete(reference, named: "reference", most: SequentialLimits.onlineReference)
        guard complete.columns <= SequentialLimits.onlineFeatures else {
            throw MartletError(
                .payloadTooLarge,
                "The reference has \(complete.columns) features; the limit is \(SequentialLimits.onlineFeatures)."
            )
        }
        self.options = options
        digest = OnlineState.digest(reference)
        ranks = (0..<complete.columns).map { ReferenceRanks(complete.finiteColumn($0).sorted()) }
        if let thresholds {
            guard thresholds.count == options.horizon else {
                throw MartletError(
                    .invalidArgument,
                    "\(thresholds.count) thresholds were given; the windows need \(options.horizon)."
                )
            }
            self.thresholds = thresholds
        } else {
            let simulated = try CramerVonMisesSimulation(rows: complete.rows, options: options)
                .thresholds(features: complete.columns)
            self.thresholds = [Double?](repeating: nil, count: options.smallestWindow - 1) + simulated
        }
        sorted = emptyWindows
    }

    private var emptyWindows: [[RankedWindow]] {
        options.windows.map { length in ranks.map { _ in RankedWindow(length: length) } }
    }

    package mutating func update(_ row: [Float]) throws(MartletError) -> OnlineResult {
        try OnlineRow.check(row, features: ranks.count)
        guard row.allSatisfy(\.isFinite) else {
            skipped += 1
            return .nothing
        }
        time += 1
        statistics = options.windows.indices.map { window in
            let length = options.windows[window]
            let leaving = recent.count >= length ? recent[recent.count - length] : nil
            return ranks.indices.map { feature in
                sorted[window][feature].replace(leaving?[feature], with: row[feature], ranks[feature])
                return time >= length ? sorted[window][feature].statistic(ranks[feature]) : nil
            }
        }
        recent.append(row)
        if recent.count > options.largestWindow { recent.removeFirst() }
        guard let threshold = thresholds[min(time, thresholds.count) - 1] else { return .nothing }
        let largest = ranks.indices.map { feature in statistics.compactMap { $0[feature] }.max() ?? -.infinity }
        let drifted = largest.indices.filter { largest[$0] > threshold }
        if !drifted.isEmpty { detections += 1 }
        return OnlineResult(
            statistic: largest.max(),
            threshold: threshold,
            drifted: !drifted.isEmpty,
            features: drifted
        )
    }

    package mutating func reset() {
        (time, recent, statistics) = (0, [], [])
        sorted = emptyWindows
    }

    package func encode() -> JSONValue {
        var state = OnlineState.write(Self.name, options, self, digest: digest)
        state["thresholds"] = .numbers(thresholds.compactMap(\.self))
        state["recent"] = .floats(recent.flatMap(\.self))
        return .object(state)
    }

    package init(state: JSONValue, reference: SampleMatrix) throws(MartletError) {
        self = try OnlineState.read(state, of: Self.name, reference: reference) { (saved) throws(MartletError) in
            try saved.options.check(windowsAtMost: SequentialLimits.onlineWindow, count: SequentialLimits.onlineWindows)
            let early = saved.options.smallestWindow - 1
            let known = try saved.numbers("thresholds", count: saved.options.horizon - early)
            var detector = try OnlineCramerVonMises(
                reference: reference,
                options: saved.options,
                thresholds: [Double?](repeating: nil, count: early) + known
            )
            let width = detector.ranks.count
            let count = min(saved.time, saved.options.largestWindow)
            let values = try saved.floats("recent", count: count * width)
            // The windows are filled again by the rows that were in them.
            for start in stride(from: 0, to: values.count, by: width) {
                _ = try detector.update(Array(values[start..<(start + width)]))
            }
            (detector.time, detector.skipped, detector.detections) = (saved.time, saved.skipped, saved.detections)
            return detector
        }
    }
}
