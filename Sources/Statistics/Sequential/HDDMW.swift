package import Core
import Foundation

/// McDiarmid's bound on weighted averages: as `HDDMA`, but recent values weigh more, so that sudden changes show sooner.
///
/// Frías-Blanco and others, TKDE 27 (2015). The exponentially weighted mean before the best cut point is compared with the one
/// since; drift when they differ by more than √(½ (b₁ + b₂) ln(1/α)), where b is the sum of squared weights.
package struct HDDMW: SequentialDetector {
    package static let kind = SequentialKind.hddmW

    /// The parameters, with river's defaults.
    package struct Parameters: Sendable, Equatable {
        /// The confidence α of drift, above 0, at most 1.
        package var driftConfidence = 0.001
        /// The confidence of a warning, above 0, at most 1.
        package var warningConfidence = 0.005
        /// The weight of the newest value, above 0, at most 1.
        package var lambda = 0.05
        /// Whether falling error rates count too.
        package var isTwoSided = false

        /// River's defaults.
        package init() {}
    }

    /// The parameters.
    package let parameters: Parameters
    package private(set) var tally = SequentialTally()
    private var windows = Windows()

    /// How far the weighted error rate has risen above the one before the cut point; nil right after a cut.
    package var statistic: Double? {
        let rise = windows.afterRise.mean.flatMap { after in windows.beforeRise.mean.map { after - $0 } }
        let fall = windows.afterFall.mean.flatMap { after in windows.beforeFall.mean.map { $0 - after } }
        return parameters.isTwoSided ? [rise, fall].compactMap(\.self).max() : rise
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
        windows.update(value, parameters)
        return tally.take(
            hasChanged(parameters.driftConfidence)
                ? .drift : hasChanged(parameters.warningConfidence) ? .warning : .none
        )
    }

    package mutating func reset() {
        windows = Windows()
        tally.signal = .none
    }

    private func hasChanged(_ confidence: Double) -> Bool {
        if exceeds(windows.afterRise, windows.beforeRise, confidence) { return true }
        return parameters.isTwoSided && exceeds(windows.beforeFall, windows.afterFall, confidence)
    }

    private func exceeds(_ high: WeightedMean, _ low: WeightedMean, _ confidence: Double) -> Bool {
        guard let highMean = high.mean, let lowMean = low.mean else { return false }
        return highMean - lowMean > ((low.bound + high.bound) * log(1 / confidence) / 2).squareRoot()
    }
}

/// An exponentially weighted mean and its sum of squared weights.
private struct WeightedMean: Sendable {
    var mean: Double?
    var bound = 1.0

    mutating func update(_ value: Double, lambda: Double) {
        mean = mean.map { lambda * value + (1 - lambda) * $0 } ?? value
        bound = lambda * lambda + (1 - lambda) * (1 - lambda) * bound
    }
}

/// The weighted means of everything, and of what lies before and after the cut points.
private struct Windows: Sendable {
    var all = WeightedMean()
    var (beforeRise, afterRise) = (WeightedMean(), WeightedMean())
    var (beforeFall, afterFall) = (WeightedMean(), WeightedMean())
    var riseCut: Double?
    var fallCut: Double?

    mutating func update(_ value: Double, _ parameters: HDDMW.Parameters) {
        all.update(value, lambda: parameters.lambda)
        let margin = (all.bound * log(1 / parameters.driftConfidence) / 2).squareRoot()
        let mean = all.mean ?? 0
        if riseCut.map({ mean + margin < $0 }) ?? true {
            (riseCut, beforeRise, afterRise) = (mean + margin, all, WeightedMean())
        } else {
            afterRise.update(value, lambda: parameters.lambda)
        }
        if fallCut.map({ mean - margin > $0 }) ?? true {
            (fallCut, beforeFall, afterFall) = (mean - margin, all, WeightedMean())
        } else {
            afterFall.update(value, lambda: parameters.lambda)
        }
    }
}

extension HDDMW {
    private static var parts: [(String, WritableKeyPath<Windows, WeightedMean>)] {
        [
            ("all", \.all), ("before_rise", \.beforeRise), ("after_rise", \.afterRise),
            ("before_fall", \.beforeFall), ("after_fall", \.afterFall),
        ]
    }

    package func encode() -> JSONValue {
        var values: JSONObject = ["rise_cut": .optional(windows.riseCut), "fall_cut": .optional(windows.fallCut)]
        for (name, part) in Self.parts {
            values[name] = .optional(windows[keyPath: part].mean)
            values["\(name)_bound"] = .number(windows[keyPath: part].bound)
        }
        return SequentialState.write(self, parameters: parameters.json, values: values)
    }

    package init(state: JSONValue) throws(MartletError) {
        self = try SequentialState.read(state) { (saved) throws(MartletError) in
            var detector = try HDDMW(parameters: saved.parameters)
            detector.tally = saved.tally
            detector.windows.riseCut = try saved.optionalNumber("rise_cut")
            detector.windows.fallCut = try saved.optionalNumber("fall_cut")
            for (name, part) in Self.parts {
                detector.windows[keyPath: part] = WeightedMean(
                    mean: try saved.optionalNumber(name, in: 0...1.000_001),
                    bound: try saved.number("\(name)_bound", in: 0...1)
                )
            }
            return detector
        }
    }
}

extension HDDMW.Parameters {
    fileprivate var json: JSONObject {
        [
            "drift_confidence": .number(driftConfidence),
            "warning_confidence": .number(warningConfidence),
            "lambda": .number(lambda),
            "two_sided_test": .bool(isTwoSided),
        ]
    }

    fileprivate init(_ fields: JSONFields) throws(MartletError) {
        try fields.rejectUnknown(["drift_confidence", "warning_confidence", "lambda", "two_sided_test"])
        driftConfidence = try fields.confidence("drift_confidence") ?? driftConfidence
        warningConfidence = try fields.confidence("warning_confidence") ?? warningConfidence
        lambda = try fields.optionalDouble("lambda", in: 1e-12...1) ?? lambda
        isTwoSided = try fields.optionalBool("two_sided_test") ?? isTwoSided
    }
}
