import Core

/// Writes and reads the states of detectors with an expected run time.
struct OnlineState {
    private let values: JSONFields
    let options: OnlineOptions
    let time: Int
    let skipped: Int
    let detections: Int

    /// Reads a state and makes the detector from it; whatever is wrong is `dataLoss`.
    static func read<Detector>(
        _ state: JSONValue,
        of name: String,
        reference: SampleMatrix,
        _ make: (OnlineState) throws(MartletError) -> Detector
    ) throws(MartletError) -> Detector {
        do {
            return try make(OnlineState(state, of: name, reference: reference))
        } catch {
            throw MartletError(.dataLoss, "The saved state of the detector '\(name)' is damaged: \(error.message)")
        }
    }

    private init(_ state: JSONValue, of name: String, reference: SampleMatrix) throws(MartletError) {
        let fields = try JSONFields(state)
        guard try fields.string("detector") == name else { throw fields.invalid("detector", "must be '\(name)'") }
        _ = try fields.int("format", in: 1...1)
        guard try fields.string("reference") == Self.digest(reference) else {
            throw fields.invalid("reference", "must be the digest of the given reference")
        }
        let windows = try fields.array("windows").map { $0.integerValue }
        options = OnlineOptions(
            expectedRunTime: try fields.double("expected_run_time"),
            windows: windows.compactMap { $0.flatMap { Int(exactly: $0) } },
            bootstraps: Int(try fields.int("bootstraps", in: 0...SequentialLimits.largestCount)),
            seed: UInt64(bitPattern: try fields.int("seed"))
        )
        guard options.windows.count == windows.count else { throw fields.invalid("windows", "must be whole numbers") }
        time = Int(try fields.int("time", in: 0...SequentialLimits.largestCount))
        skipped = Int(try fields.int("skipped", in: 0...SequentialLimits.largestCount))
        detections = Int(try fields.int("detections", in: 0...SequentialLimits.largestCount))
        values = fields
    }

    /// Writes the members that all detectors share.
    static func write(
        _ name: String,
        _ options: OnlineOptions,
        _ detector: some OnlineDetector,
        digest: String
    ) -> JSONObject {
        [
            "detector": .string(name),
            "format": 1,
            "reference": .string(digest),
            "expected_run_time": .number(options.expectedRunTime),
            "windows": .array(options.windows.map { .int($0) }),
            "bootstraps": .int(options.bootstraps),
            "seed": .integer(Int64(bitPattern: options.seed)),
            "time": .int(detector.time),
            "skipped": .int(detector.skipped),
            "detections": .int(detector.detections),
        ]
    }

    /// A digest of a reference (FNV-1a over shape and bits), so that a state meets no other one by mistake.
    static func digest(_ reference: SampleMatrix) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        func add(_ word: UInt64) {
            hash ^= word
            hash &*= 0x100_0000_01B3
            hash ^= hash >> 29
        }
        add(UInt64(reference.rows))
        add(UInt64(reference.columns))
        for element in reference.elements { add(UInt64(element.bitPattern)) }
        return String(hash, radix: 16)
    }

    func number(_ key: String, in range: ClosedRange<Double>) throws(MartletError) -> Double {
        try values.double(key, in: range)
    }

    /// Exactly so many finite numbers.
    func numbers(_ key: String, count: Int) throws(MartletError) -> [Double] {
        let numbers = try values.array(key).compactMap(\.doubleValue)
        guard numbers.count == count, try values.array(key).count == count, numbers.allSatisfy(\.isFinite) else {
            throw values.invalid(key, "must hold \(count) finite numbers")
        }
        return numbers
    }

    /// Exactly so many finite floats.
    func floats(_ key: String, count: Int) throws(MartletError) -> [Float] {
        let floats = try numbers(key, count: count).map { Float($0) }
        guard floats.allSatisfy(\.isFinite) else { throw values.invalid(key, "must hold \(count) finite floats") }
        return floats
    }

    /// A place below a bound.
    func place(_ key: String, below bound: Int) throws(MartletError) -> Int {
        Int(try values.int(key, in: 0...Int64(bound - 1)))
    }

    /// Exactly so many different places below a bound.
    func places(_ key: String, count: Int, below bound: Int) throws(MartletError) -> [Int] {
        let places = try values.array(key).compactMap { $0.integerValue.flatMap { Int(exactly: $0) } }
        guard places.count == count, Set(places).count == count, places.allSatisfy({ (0..<bound).contains($0) }) else {
            throw values.invalid(key, "must hold \(count) different numbers from 0 to \(bound - 1)")
        }
        return places
    }

    /// As many finite numbers as there are, up to a bound.
    func numbers(_ key: String, atMost bound: Int) throws(MartletError) -> [Double] {
        let count = try values.array(key).count
        guard count <= bound else { throw values.invalid(key, "must hold at most \(bound) numbers") }
        return try numbers(key, count: count)
    }
}

extension JSONValue {
    /// Floats as an array of numbers that read back to the same floats.
    static func floats(_ values: [Float]) -> JSONValue { .array(values.map { .number(Double($0)) }) }

    /// Places as an array of whole numbers.
    static func places(_ values: [Int]) -> JSONValue { .array(values.map { .int($0) }) }
}
