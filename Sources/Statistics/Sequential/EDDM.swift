package import Core

/// The early drift detection method: drift when errors come closer together than they ever did.
///
/// Baena-García and others, "Early Drift Detection Method", 2006. With the mean p' and deviation s' of the distances between
/// errors, the largest p' + 2 s' is kept; a share of it below α warns, below β is drift.
package struct EDDM: SequentialDetector {
    package static let kind = SequentialKind.eddm

    /// The parameters, with river's defaults.
    package struct Parameters: Sendable, Equatable {
        /// Values, and errors, before anything is signalled.
        package var warmStart = 30
        /// The share that warns.
        package var alpha = 0.95
        /// The share that is drift, at most `alpha`.
        package var beta = 0.9

        /// River's defaults.
        package init() {}
    }

    /// The parameters.
    package let parameters: Parameters
    package private(set) var tally = SequentialTally()
    private var count = 0
    private var lastError = 0
    private var distances = RunningMean()
    private var squares = 0.0
    private var greatest = -1.0

    /// The share of the largest distance between errors that the distance has now; nil before the second error.
    package var statistic: Double? {
        guard greatest > 0, distances.count > 1 else { return nil }
        return (distances.mean + 2 * (squares / (distances.count - 1)).squareRoot()) / greatest
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
        count += 1
        // A warning stands until the next error says otherwise.
        guard value == 1 else { return tally.take(tally.signal) }
        let distance = Double(count - lastError)
        lastError = count
        let before = distances.mean
        distances.update(distance)
        squares += (distance - before) * (distance - distances.mean)
        guard count > parameters.warmStart else { return tally.take(tally.signal) }
        let variance = distances.count > 1 ? squares / (distances.count - 1) : 0
        let reach = distances.mean + 2 * variance.squareRoot()
        if reach > greatest {
            greatest = reach
            return tally.take(tally.signal)
        }
        guard distances.count > Double(parameters.warmStart) else { return tally.take(tally.signal) }
        let level = reach / greatest
        return tally.take(level < parameters.beta ? .drift : level < parameters.alpha ? .warning : .none)
    }

    package mutating func reset() {
        (count, lastError, distances, squares, greatest) = (0, 0, RunningMean(), 0, -1)
        tally.signal = .none
    }
}

extension EDDM {
    package func encode() -> JSONValue {
        var values: JSONObject = [
            "count": .int(count),
            "last_error": .int(lastError),
            "squares": .number(squares),
            "greatest": .number(greatest),
        ]
        values.set("distance", distances)
        return SequentialState.write(self, parameters: parameters.json, values: values)
    }

    package init(state: JSONValue) throws(MartletError) {
        self = try SequentialState.read(state) { (saved) throws(MartletError) in
            var detector = try EDDM(parameters: saved.parameters)
            detector.tally = saved.tally
            detector.count = try saved.count("count")
            detector.lastError = try saved.count("last_error", in: 0...Int64(detector.count))
            detector.distances = try saved.mean("distance", in: 0...Double(max(detector.count, 1)))
            detector.squares = try saved.number("squares", in: 0 ... .greatestFiniteMagnitude)
            detector.greatest = try saved.number("greatest", in: -1 ... .greatestFiniteMagnitude)
            return detector
        }
    }
}

extension EDDM.Parameters {
    fileprivate var json: JSONObject {
        ["warm_start": .int(warmStart), "alpha": .number(alpha), "beta": .number(beta)]
    }

    fileprivate init(_ fields: JSONFields) throws(MartletError) {
        try fields.rejectUnknown(["warm_start", "alpha", "beta"])
        warmStart = try fields.count("warm_start", in: 0...1_000_000_000) ?? warmStart
        alpha = try fields.optionalDouble("alpha", in: 0...1) ?? alpha
        beta = try fields.optionalDouble("beta", in: 0...1) ?? beta
        guard beta <= alpha else { throw fields.invalid("beta", "must not be above 'alpha' (\(alpha))") }
    }
}
