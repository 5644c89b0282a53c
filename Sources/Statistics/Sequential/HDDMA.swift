package import Core
import Foundation

/// Hoeffding's bound on averages: drift when the error rate since the best cut point has risen more than chance allows.
///
/// Frías-Blanco and others, "Online and Non-Parametric Drift Detection Methods Based on Hoeffding's Bounds", TKDE 27 (2015).
/// The cut point is where the mean plus √(ln(1/α) / 2n) was least; drift when the mean now exceeds the mean then by
/// √(½ m ln(2/α)), m = (n - n_cut) / (n_cut n).
package struct HDDMA: SequentialDetector {
    package static let kind = SequentialKind.hddmA

    /// The parameters, with river's defaults.
    package struct Parameters: Sendable, Equatable {
        /// The confidence α of drift, above 0, at most 1.
        package var driftConfidence = 0.001
        /// The confidence of a warning, above 0, at most 1.
        package var warningConfidence = 0.005
        /// Whether falling error rates count too.
        package var isTwoSided = false

        /// River's defaults.
        package init() {}
    }

    /// The parameters.
    package let parameters: Parameters
    package private(set) var tally = SequentialTally()
    private var all = RunningMean()
    private var (lowest, highest) = (RunningMean(), RunningMean())

    /// How far the error rate has risen above the one at the cut point; the larger of rise and fall when both count.
    package var statistic: Double? {
        guard all.count > 0 else { return nil }
        return max(all.mean - lowest.mean, parameters.isTwoSided ? highest.mean - all.mean : -1)
    }

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
        guard value.isErrorShare else { return tally.skip() }
        if tally.signal == .drift { reset() }
        all.update(value)
        if lowest.count == 0 { lowest = all }
        if highest.count == 0 { highest = all }
        let margin = bound(all.count)
        if lowest.mean + bound(lowest.count) >= all.mean + margin { lowest = all }
        if highest.mean - bound(highest.count) <= all.mean - margin { highest = all }
        return tally.take(
            hasChanged(parameters.driftConfidence)
                ? .drift : hasChanged(parameters.warningConfidence) ? .warning : .none
        )
    }

    package mutating func reset() {
        (all, lowest, highest) = (RunningMean(), RunningMean(), RunningMean())
        tally.signal = .none
    }

    private func bound(_ count: Double) -> Double {
        (1 / (2 * count) * log(1 / parameters.driftConfidence)).squareRoot()
    }

    private func hasChanged(_ confidence: Double) -> Bool {
        if exceeds(all.mean - lowest.mean, since: lowest, confidence) { return true }
        return parameters.isTwoSided && exceeds(highest.mean - all.mean, since: highest, confidence)
    }

    private func exceeds(_ difference: Double, since cut: RunningMean, _ confidence: Double) -> Bool {
        guard cut.count != all.count else { return false }
        let share = (all.count - cut.count) / cut.count * (1 / all.count)
        return difference >= (share / 2 * log(2 / confidence)).squareRoot()
    }
}

extension HDDMA {
    package func encode() -> JSONValue {
        var values = JSONObject()
        values.set("all", all)
        values.set("lowest", lowest)
        values.set("highest", highest)
        return SequentialState.write(self, parameters: parameters.json, values: values)
    }

    package init(state: JSONValue) throws(MartletError) {
        self = try SequentialState.read(state) { (saved) throws(MartletError) in
            var detector = try HDDMA(parameters: saved.parameters)
            detector.tally = saved.tally
            detector.all = try saved.mean("all", in: 0...1.000_001)
            detector.lowest = try saved.mean("lowest", in: 0...1.000_001)
            detector.highest = try saved.mean("highest", in: 0...1.000_001)
            guard max(detector.lowest.count, detector.highest.count) <= detector.all.count else {
                throw saved.impossible("all_count", "must be no less than 'lowest_count' and 'highest_count'")
            }
            return detector
        }
    }
}

extension HDDMA.Parameters {
    fileprivate var json: JSONObject {
        [
            "drift_confidence": .number(driftConfidence),
            "warning_confidence": .number(warningConfidence),
            "two_sided_test": .bool(isTwoSided),
        ]
    }

    fileprivate init(_ fields: JSONFields) throws(MartletError) {
        try fields.rejectUnknown(["drift_confidence", "warning_confidence", "two_sided_test"])
        driftConfidence = try fields.confidence("drift_confidence") ?? driftConfidence
        warningConfidence = try fields.confidence("warning_confidence") ?? warningConfidence
        isTwoSided = try fields.optionalBool("two_sided_test") ?? isTwoSided
    }
}

extension JSONFields {
    /// A probability above 0, or nil when absent.
    func confidence(_ key: String) throws(MartletError) -> Double? {
        // The least confidence whose logarithm is finite on both sides.
        try optionalDouble(key, in: 1e-300...1)
    }
}
