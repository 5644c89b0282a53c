package import Core

/// The drift detection method: drift when the error rate has risen by so many standard deviations above its least value.
///
/// Gama, Medas, Castillo and Rodrigues, "Learning with Drift Detection", SBIA 2004. With the error rate p and
/// s = √(p (1 - p) / n), the pair with the least p + s is kept; p + s > p_min + 2 s_min warns, 3 is drift. It sees a model
/// that gets worse, not one that gets better.
package struct DDM: SequentialDetector {
    package static let kind = SequentialKind.ddm

    /// The parameters, with river's defaults.
    package struct Parameters: Sendable, Equatable {
        /// Values before anything is signalled.
        package var warmStart = 30
        /// Standard deviations that warn.
        package var warningThreshold = 2.0
        /// Standard deviations that are drift.
        package var driftThreshold = 3.0

        /// River's defaults.
        package init() {}
    }

    /// The parameters.
    package let parameters: Parameters
    package private(set) var tally = SequentialTally()
    private var rate = RunningMean()
    private var least: (rate: Double, deviation: Double)?

    /// How many of the least standard deviations the error rate stands above the least one; nil while that deviation is 0.
    package var statistic: Double? {
        guard let least, least.deviation > 0 else { return nil }
        let deviation = (max(0, rate.mean * (1 - rate.mean)) / rate.count).squareRoot()
        return (rate.mean + deviation - least.rate) / least.deviation
    }
    /// The error rate since the last drift.
    package var errorRate: Double { rate.mean }

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
        rate.update(value)
        let current = rate.mean
        // Rounding may leave the mean of ones a hair above 1.
        let deviation = (max(0, current * (1 - current)) / rate.count).squareRoot()
        guard rate.count > Double(parameters.warmStart) else { return tally.take(.none) }
        var best = least ?? (current, deviation)
        if current + deviation <= best.rate + best.deviation { best = (current, deviation) }
        least = best
        if current + deviation > best.rate + parameters.driftThreshold * best.deviation { return tally.take(.drift) }
        let isWarning = current + deviation > best.rate + parameters.warningThreshold * best.deviation
        return tally.take(isWarning ? .warning : .none)
    }

    package mutating func reset() {
        rate = RunningMean()
        least = nil
        tally.signal = .none
    }
}

extension DDM {
    package func encode() -> JSONValue {
        var values: JSONObject = [
            "least_rate": .optional(least?.rate),
            "least_deviation": .optional(least?.deviation),
        ]
        values.set("rate", rate)
        return SequentialState.write(self, parameters: parameters.json, values: values)
    }

    package init(state: JSONValue) throws(MartletError) {
        self = try SequentialState.read(state) { (saved) throws(MartletError) in
            var detector = try DDM(parameters: saved.parameters)
            detector.tally = saved.tally
            detector.rate = try saved.mean("rate", in: 0...1.000_001)
            if let rate = try saved.optionalNumber("least_rate", in: 0...1.000_001) {
                detector.least = (rate, try saved.number("least_deviation", in: 0...1))
            }
            return detector
        }
    }
}

extension DDM.Parameters {
    fileprivate var json: JSONObject {
        [
            "warm_start": .int(warmStart),
            "warning_threshold": .number(warningThreshold),
            "drift_threshold": .number(driftThreshold),
        ]
    }

    fileprivate init(_ fields: JSONFields) throws(MartletError) {
        try fields.rejectUnknown(["warm_start", "warning_threshold", "drift_threshold"])
        warmStart = try fields.count("warm_start", in: 0...1_000_000_000) ?? warmStart
        warningThreshold = try fields.optionalDouble("warning_threshold", in: 0...1_000) ?? warningThreshold
        driftThreshold = try fields.optionalDouble("drift_threshold", in: 0...1_000) ?? driftThreshold
        guard warningThreshold <= driftThreshold else {
            throw fields.invalid("warning_threshold", "must not be above 'drift_threshold' (\(driftThreshold))")
        }
    }
}
