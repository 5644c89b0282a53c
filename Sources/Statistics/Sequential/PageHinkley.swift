package import Core

/// Page and Hinkley's test: drift when the sum of deviations from the mean has moved too far from its extreme.
///
/// Page, "Continuous Inspection Schemes", Biometrika 41 (1954). With the mean x̄ of the values so far,
/// S⁺ ← α S⁺ + (x - x̄) - δ and S⁻ ← α S⁻ + (x - x̄) + δ; drift when S⁺ - min S⁺ > λ or max S⁻ - S⁻ > λ.
package struct PageHinkley: SequentialDetector {
    package static let kind = SequentialKind.pageHinkley

    /// Which changes of the mean count.
    package enum Mode: String, Sendable, CaseIterable {
        /// Increases.
        case up
        /// Decreases.
        case down
        /// Both.
        case both
    }

    /// The parameters, with river's defaults; δ and λ are in the units of the values.
    package struct Parameters: Sendable, Equatable {
        /// Values before drift can be signalled.
        package var minInstances = 30
        /// The change per value that is tolerated.
        package var delta = 0.005
        /// The bound λ of the sums.
        package var threshold = 50.0
        /// The forgetting factor of the sums, 0 to 1.
        package var alpha = 0.9999
        /// The direction that counts.
        package var mode = Mode.both

        /// River's defaults.
        package init() {}
    }

    /// The parameters.
    package let parameters: Parameters
    package private(set) var tally = SequentialTally()
    private var mean = RunningMean()
    private var (increase, decrease) = (0.0, 0.0)
    private var leastIncrease: Double?
    /// The sum that is compared with λ: the larger one where both directions count.
    package var statistic: Double? {
        guard let leastIncrease else { return nil }
        let (up, down) = (increase - leastIncrease, greatestDecrease - decrease)
        return parameters.mode == .up ? up : parameters.mode == .down ? down : max(up, down)
    }
    // River starts the greatest sum of decreases at -1, not at the first sum.
    private var greatestDecrease = -1.0

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
        mean.update(value)
        let deviation = value - mean.mean
        increase = parameters.alpha * increase + deviation - parameters.delta
        decrease = parameters.alpha * decrease + deviation + parameters.delta
        let least = min(leastIncrease ?? increase, increase)
        leastIncrease = least
        greatestDecrease = max(greatestDecrease, decrease)
        guard mean.count >= Double(parameters.minInstances) else { return tally.take(.none) }
        let isUp = parameters.mode != .down && increase - least > parameters.threshold
        let isDown = parameters.mode != .up && greatestDecrease - decrease > parameters.threshold
        return tally.take(isUp || isDown ? .drift : .none)
    }

    package mutating func reset() {
        mean = RunningMean()
        (increase, decrease, leastIncrease, greatestDecrease) = (0, 0, nil, -1)
        tally.signal = .none
    }
}

extension PageHinkley {
    package func encode() -> JSONValue {
        var values: JSONObject = [
            "increase": .number(increase),
            "decrease": .number(decrease),
            "least_increase": .optional(leastIncrease),
            "greatest_decrease": .number(greatestDecrease),
        ]
        values.set("mean", mean)
        return SequentialState.write(self, parameters: parameters.json, values: values)
    }

    package init(state: JSONValue) throws(MartletError) {
        self = try SequentialState.read(state) { (saved) throws(MartletError) in
            var detector = try PageHinkley(parameters: saved.parameters)
            detector.tally = saved.tally
            let bound = SequentialLimits.largestMagnitude
            detector.mean = try saved.mean("mean", in: -bound...bound)
            detector.increase = try saved.number("increase")
            detector.decrease = try saved.number("decrease")
            detector.leastIncrease = try saved.optionalNumber("least_increase")
            detector.greatestDecrease = try saved.number("greatest_decrease")
            return detector
        }
    }
}

extension PageHinkley.Parameters {
    fileprivate var json: JSONObject {
        [
            "min_instances": .int(minInstances),
            "delta": .number(delta),
            "threshold": .number(threshold),
            "alpha": .number(alpha),
            "mode": .string(mode.rawValue),
        ]
    }

    fileprivate init(_ fields: JSONFields) throws(MartletError) {
        try fields.rejectUnknown(["min_instances", "delta", "threshold", "alpha", "mode"])
        minInstances = try fields.count("min_instances", in: 1...1_000_000_000) ?? minInstances
        delta = try fields.optionalDouble("delta", in: 0...SequentialLimits.largestMagnitude) ?? delta
        threshold = try fields.optionalDouble("threshold", in: 0...SequentialLimits.largestMagnitude) ?? threshold
        alpha = try fields.optionalDouble("alpha", in: 0...1) ?? alpha
        guard let name = try fields.optionalString("mode") else { return }
        guard let known = PageHinkley.Mode(rawValue: name) else {
            throw fields.invalid("mode", "must be up, down or both")
        }
        mode = known
    }
}
