import Core

/// Reads a saved state; whatever is wrong with it is `dataLoss` naming the member.
struct SequentialState {
    /// The parameters of the detector.
    let parameters: JSONFields
    /// What the detector had counted.
    let tally: SequentialTally
    private let values: JSONFields

    private static let format: Int64 = 1

    /// Reads a state and makes the detector from it.
    static func read<Detector: SequentialDetector>(
        _ state: JSONValue,
        _ make: (SequentialState) throws(MartletError) -> Detector
    ) throws(MartletError) -> Detector {
        do {
            return try make(SequentialState(state, of: Detector.kind))
        } catch {
            throw MartletError(
                .dataLoss,
                "The saved state of the detector '\(Detector.kind.rawValue)' is damaged: \(error.message)"
            )
        }
    }

    private init(_ state: JSONValue, of kind: SequentialKind) throws(MartletError) {
        let fields = try JSONFields(state)
        try fields.rejectUnknown(["detector", "format", "parameters", "tally", "values"])
        guard try fields.string("detector") == kind.rawValue else {
            throw fields.invalid("detector", "must be '\(kind.rawValue)'")
        }
        _ = try fields.int("format", in: Self.format...Self.format)
        parameters = try fields.fields("parameters")
        values = try fields.fields("values")
        let counts = try fields.fields("tally")
        var tally = SequentialTally()
        tally.observed = Int(try counts.int("observed", in: 0...SequentialLimits.largestCount))
        tally.skipped = Int(try counts.int("skipped", in: 0...SequentialLimits.largestCount))
        tally.detections = Int(try counts.int("detections", in: 0...SequentialLimits.largestCount))
        guard let signal = SequentialSignal(rawValue: try counts.string("signal")) else {
            throw counts.invalid("signal", "must be none, warning or drift")
        }
        tally.signal = signal
        self.tally = tally
    }

    /// Writes a state.
    static func write<Detector: SequentialDetector>(
        _ detector: Detector,
        parameters: JSONObject,
        values: JSONObject
    ) -> JSONValue {
        let tally = detector.tally
        return [
            "detector": .string(Detector.kind.rawValue),
            "format": .integer(format),
            "parameters": .object(parameters),
            "tally": [
                "observed": .int(tally.observed),
                "skipped": .int(tally.skipped),
                "detections": .int(tally.detections),
                "signal": .string(tally.signal.rawValue),
            ],
            "values": .object(values),
        ]
    }

    /// A finite number in a range.
    func number(
        _ key: String,
        in range: ClosedRange<Double> = -.greatestFiniteMagnitude ... .greatestFiniteMagnitude
    ) throws(MartletError) -> Double {
        try values.double(key, in: range)
    }

    /// A finite number in a range, or nil when there was none yet.
    func optionalNumber(
        _ key: String,
        in range: ClosedRange<Double> = -.greatestFiniteMagnitude ... .greatestFiniteMagnitude
    ) throws(MartletError) -> Double? {
        try values.optionalDouble(key, in: range)
    }

    /// A count.
    func count(_ key: String, in range: ClosedRange<Int64> = 0...SequentialLimits.largestCount) throws(MartletError)
        -> Int
    {
        Int(try values.int(key, in: range))
    }

    /// Finite numbers.
    func numbers(_ key: String, atMost limit: Int) throws(MartletError) -> [Double] {
        guard let numbers = Self.numbers(try values.array(key), atMost: limit) else {
            throw values.invalid(key, "must hold at most \(limit) finite numbers")
        }
        return numbers
    }

    /// Lists of finite numbers.
    func lists(_ key: String, atMost limit: Int, each: Int) throws(MartletError) -> [[Double]] {
        let lists = try values.array(key)
        let numbers = lists.prefix(limit + 1).map { list in list.arrayValue.flatMap { Self.numbers($0, atMost: each) } }
        let whole = numbers.compactMap(\.self)
        guard lists.count <= limit, whole.count == lists.count else {
            throw values.invalid(key, "must hold at most \(limit) lists of at most \(each) finite numbers")
        }
        return whole
    }

    /// The error for a member that contradicts another.
    func impossible(_ key: String, _ requirement: String) -> MartletError { values.invalid(key, requirement) }

    private static func numbers(_ values: [JSONValue], atMost limit: Int) -> [Double]? {
        guard values.count <= limit else { return nil }
        let numbers = values.compactMap(\.doubleValue)
        return numbers.count == values.count && numbers.allSatisfy(\.isFinite) ? numbers : nil
    }
}

extension JSONValue {
    /// Numbers as an array.
    static func numbers(_ values: [Double]) -> JSONValue { .array(values.map(JSONValue.number)) }
}
