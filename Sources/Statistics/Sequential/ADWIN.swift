package import Core
import Foundation

/// Adaptive windowing: drift when two parts of a growing window have different means.
///
/// Bifet and Gavaldà, "Learning from Time-Changing Data with Adaptive Windowing", SDM 2007, with the variance bound of its
/// section 3.2. The window is kept as buckets of 1, 2, 4, … values, at most `maxBuckets` of each width, so n values need
/// memory in log n. A cut is drift when |μ₀ - μ₁| > √(2 m σ² ln(2 ln n / δ)) + ⅔ m ln(2 ln n / δ) with
/// m = 1 / (n₀ - w + 1) + 1 / (n₁ - w + 1), w the least length of a part.
package struct ADWIN: SequentialDetector {
    package static let kind = SequentialKind.adwin

    /// The parameters, with river's defaults.
    package struct Parameters: Sendable, Equatable {
        /// The confidence that a cut needs, above 0, below 1; smaller means fewer alarms.
        package var delta = 0.002
        /// Cuts are looked for every so many values, at least 1.
        package var clock = 32
        /// Buckets of one width before two of them become one of twice the width.
        package var maxBuckets = 5
        /// The least number of values on either side of a cut, at least 1.
        package var minWindowLength = 5
        /// No cut is looked for in a window of this many values or fewer.
        package var gracePeriod = 10

        /// River's defaults.
        package init() {}
    }

    /// The parameters.
    package let parameters: Parameters
    package private(set) var tally = SequentialTally()
    /// The number of values in the window.
    package private(set) var width = 0
    /// The sum of the values in the window.
    package private(set) var total = 0.0
    /// The sum of squared deviations from the window's mean, not divided by anything.
    package private(set) var variance = 0.0
    private var ticks = 0
    private var rows = [BucketRow()]

    /// The mean of the window.
    package var statistic: Double? { width == 0 ? nil : estimation }
    /// The mean of the window; 0 when it is empty.
    package var estimation: Double { width == 0 ? 0 : total / Double(width) }

    /// A detector that has seen nothing.
    ///
    /// - Parameter parameters: The parameters.
    /// - Throws: `invalidArgument` naming the parameter that is out of range.
    package init(_ parameters: Parameters = Parameters()) throws(MartletError) {
        try self.init(parameters: JSONFields(parameters.json))
    }

    package init(parameters fields: JSONFields) throws(MartletError) {
        parameters = try Parameters(fields)
    }

    package mutating func update(_ value: Double) -> SequentialSignal {
        guard value.isObservable else { return tally.skip() }
        if tally.signal == .drift { reset() }
        insert(value)
        ticks += 1
        let isDue = ticks.isMultiple(of: parameters.clock) && width > parameters.gracePeriod
        return tally.take(isDue && hasCut() ? .drift : .none)
    }

    package mutating func reset() {
        (width, total, variance, ticks) = (0, 0, 0, 0)
        rows = [BucketRow()]
        tally.signal = .none
    }

    private mutating func insert(_ value: Double) {
        rows[0].append(total: value, variance: 0)
        width += 1
        if width > 1 {
            let distance = value - total / Double(width - 1)
            variance += Double(width - 1) * distance * distance / Double(width)
        }
        total += value
        compress()
    }

    /// Two buckets of a full row become one of the next row.
    private mutating func compress() {
        for row in 0..<SequentialLimits.bucketRows {
            guard row < rows.count, rows[row].count > parameters.maxBuckets else { return }
            guard row + 1 < SequentialLimits.bucketRows else { return forgetOldest() }
            if row + 1 == rows.count { rows.append(BucketRow()) }
            let merged = rows[row].mergeOldest(width: Double(1 << row))
            rows[row + 1].append(total: merged.total, variance: merged.variance)
        }
    }

    /// Drops the oldest bucket: only after more than 2^39 values without a cut.
    private mutating func forgetOldest() {
        guard let last = rows.indices.last, rows[last].count > 0 else { return }
        let size = Double(1 << last)
        let oldest = rows[last].removeOldest()
        width -= 1 << last
        total -= oldest.total
        let distance = oldest.total / size - total / Double(width)
        variance -= oldest.variance + size * Double(width) * distance * distance / (size + Double(width))
    }

    /// Whether some cut of the window, tried from the oldest value on, separates two means.
    private func hasCut() -> Bool {
        let confidence = log(2 * log(Double(width)) / parameters.delta)
        let spread = 2 * variance / Double(width) * confidence
        let least = Double(parameters.minWindowLength)
        var (olderCount, olderTotal) = (0.0, 0.0)
        var (newerCount, newerTotal) = (Double(width), total)
        for row in rows.indices.reversed() {
            let size = Double(1 << row)
            for bucket in rows[row].totals.dropLast(row == 0 ? 1 : 0) {
                olderCount += size
                newerCount -= size
                olderTotal += bucket
                newerTotal -= bucket
                guard olderCount >= least, newerCount >= least else { continue }
                let harmonic = 1 / (olderCount - least + 1) + 1 / (newerCount - least + 1)
                let bound = (harmonic * spread).squareRoot() + 2 / 3 * confidence * harmonic
                if abs(olderTotal / olderCount - newerTotal / newerCount) > bound { return true }
            }
        }
        return false
    }
}

extension ADWIN {
    package func encode() -> JSONValue {
        SequentialState.write(
            self,
            parameters: parameters.json,
            values: [
                "ticks": .int(ticks),
                "width": .int(width),
                "total": .number(total),
                "variance": .number(variance),
                "totals": .array(rows.map { .numbers($0.totals) }),
                "variances": .array(rows.map { .numbers($0.variances) }),
            ]
        )
    }

    package init(state: JSONValue) throws(MartletError) {
        self = try SequentialState.read(state) { (saved) throws(MartletError) in
            var detector = try ADWIN(parameters: saved.parameters)
            detector.tally = saved.tally
            detector.ticks = try saved.count("ticks")
            detector.width = try saved.count("width")
            detector.total = try saved.number("total")
            detector.variance = try saved.number("variance")
            let each = detector.parameters.maxBuckets
            let totals = try saved.lists("totals", atMost: SequentialLimits.bucketRows, each: each)
            let variances = try saved.lists("variances", atMost: SequentialLimits.bucketRows, each: each)
            guard !totals.isEmpty, totals.map(\.count) == variances.map(\.count) else {
                throw saved.impossible("variances", "must hold one number for each of 'totals'")
            }
            let width = totals.enumerated().reduce(0) { $0 + $1.element.count << $1.offset }
            guard width == detector.width else {
                throw saved.impossible("width", "must be the \(width) values that the buckets hold")
            }
            detector.rows = zip(totals, variances).map { BucketRow(totals: $0, variances: $1) }
            return detector
        }
    }
}

extension ADWIN.Parameters {
    fileprivate var json: JSONObject {
        [
            "delta": .number(delta),
            "clock": .int(clock),
            "max_buckets": .int(maxBuckets),
            "min_window_length": .int(minWindowLength),
            "grace_period": .int(gracePeriod),
        ]
    }

    fileprivate init(_ fields: JSONFields) throws(MartletError) {
        try fields.rejectUnknown(["delta", "clock", "max_buckets", "min_window_length", "grace_period"])
        let open = Double.leastNonzeroMagnitude...(1 - Double.ulpOfOne)
        delta = try fields.optionalDouble("delta", in: open) ?? delta
        clock = try fields.count("clock", in: 1...1_000_000) ?? clock
        maxBuckets = try fields.count("max_buckets", in: 1...SequentialLimits.bucketsPerRow) ?? maxBuckets
        minWindowLength = try fields.count("min_window_length", in: 1...1_000_000) ?? minWindowLength
        gracePeriod = try fields.count("grace_period", in: 0...1_000_000) ?? gracePeriod
    }
}

extension JSONFields {
    /// A whole number in a range of `Int`, or nil when absent.
    func count(_ key: String, in range: ClosedRange<Int>) throws(MartletError) -> Int? {
        try optionalInt(key, in: Int64(range.lowerBound)...Int64(range.upperBound)).map { Int($0) }
    }
}

/// Buckets of one width, the oldest first.
private struct BucketRow: Sendable {
    private(set) var totals: [Double] = []
    private(set) var variances: [Double] = []

    var count: Int { totals.count }

    mutating func append(total: Double, variance: Double) {
        totals.append(total)
        variances.append(variance)
    }

    /// Takes the two oldest buckets out and gives the one that they make.
    mutating func mergeOldest(width: Double) -> (total: Double, variance: Double) {
        let distance = totals[0] / width - totals[1] / width
        let between = width * width * distance * distance / (width + width)
        let merged = (totals[0] + totals[1], variances[0] + variances[1] + between)
        totals.removeFirst(2)
        variances.removeFirst(2)
        return merged
    }

    mutating func removeOldest() -> (total: Double, variance: Double) {
        (totals.removeFirst(), variances.removeFirst())
    }
}
