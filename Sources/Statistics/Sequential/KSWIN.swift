package import Core

/// Kolmogorov–Smirnov windowing: drift when the newest values of a sliding window differ from older ones of it.
///
/// Raab, Heusinger and Schleif, "Reactive Soft Prototype Computing for Concept Drift Streams", Neurocomputing 2020. Of the
/// `windowSize` values the newest `statSize` are compared with as many drawn from the rest; p ≤ α and a distance above 0.1
/// are drift, after which the newest values stay. As in river, except that the draws come from Martlet's own generator.
package struct KSWIN: SequentialDetector {
    package static let kind = SequentialKind.kswin

    /// The parameters, with river's defaults.
    package struct Parameters: Sendable, Equatable {
        /// The p-value that is drift; very sensitive, because the test is made for every value.
        package var alpha = 0.005
        /// The length of the sliding window, at least twice `statSize`.
        package var windowSize = 100
        /// The length of either sample.
        package var statSize = 30
        /// What the draws begin with.
        package var seed = 0

        /// River's defaults.
        package init() {}
    }

    /// The distance that must be exceeded besides.
    private static let leastDistance = 0.1

    /// The parameters.
    package let parameters: Parameters
    package private(set) var tally = SequentialTally()
    /// The sliding window as a ring: when it is full, `oldest` is the position of the oldest value.
    private var window: [Double] = []
    private var oldest = 0
    /// The distance of the last two samples; nil while the window fills.
    package private(set) var statistic: Double?

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
        // As in river, a drift empties the window that it left behind.
        if tally.signal == .drift { reset() }
        if window.count < parameters.windowSize {
            window.append(value)
        } else {
            window[oldest] = value
            oldest = oldest + 1 == window.count ? 0 : oldest + 1
        }
        guard window.count == parameters.windowSize else { return tally.take(.none) }
        return tally.take(hasChanged() ? .drift : .none)
    }

    package mutating func reset() {
        window.removeAll(keepingCapacity: true)
        (oldest, statistic) = (0, nil)
        tally.signal = .none
    }

    private func value(at age: Int) -> Double {
        let position = oldest + age
        return window[position < window.count ? position : position - window.count]
    }

    private mutating func hasChanged() -> Bool {
        let older = parameters.windowSize - parameters.statSize
        let newest = (older..<parameters.windowSize).map(value(at:)).sorted()
        // One generator per value: the draws depend on nothing but the seed and the place in the stream.
        var generator = SeededGenerator(seed: UInt64(parameters.seed) &+ UInt64(tally.observed))
        var places = Array(0..<older)
        for place in 0..<parameters.statSize {
            places.swapAt(place, place + generator.index(below: older - place))
        }
        let drawn = places.prefix(parameters.statSize).map(value(at:)).sorted()
        let distance = Self.distance(drawn, newest)
        statistic = distance
        guard distance > Self.leastDistance else { return false }
        guard let test = try? KolmogorovSmirnov.test(sorted: drawn, newest) else { return false }
        return test.pValue <= parameters.alpha
    }

    /// The distance of the distribution functions of two sorted samples of one size.
    private static func distance(_ first: [Double], _ second: [Double]) -> Double {
        var (i, j, largest) = (0, 0, 0)
        while i < first.count, j < second.count {
            let value = min(first[i], second[j])
            while i < first.count, first[i] <= value { i += 1 }
            while j < second.count, second[j] <= value { j += 1 }
            largest = max(largest, abs(i - j))
        }
        return Double(largest) / Double(first.count)
    }
}

extension KSWIN {
    package func encode() -> JSONValue {
        SequentialState.write(
            self,
            parameters: parameters.json,
            values: ["window": .numbers(window.indices.map(value(at:))), "distance": .optional(statistic)]
        )
    }

    package init(state: JSONValue) throws(MartletError) {
        self = try SequentialState.read(state) { (saved) throws(MartletError) in
            var detector = try KSWIN(parameters: saved.parameters)
            detector.tally = saved.tally
            detector.window = try saved.numbers("window", atMost: detector.parameters.windowSize)
            detector.statistic = try saved.optionalNumber("distance", in: 0...1)
            guard detector.window.allSatisfy(\.isObservable) else {
                throw saved.impossible("window", "must hold magnitudes of at most \(SequentialLimits.largestMagnitude)")
            }
            return detector
        }
    }
}

extension KSWIN.Parameters {
    fileprivate var json: JSONObject {
        [
            "alpha": .number(alpha), "window_size": .int(windowSize), "stat_size": .int(statSize), "seed": .int(seed),
        ]
    }

    fileprivate init(_ fields: JSONFields) throws(MartletError) {
        try fields.rejectUnknown(["alpha", "window_size", "stat_size", "seed"])
        alpha = try fields.optionalDouble("alpha", in: 0...1) ?? alpha
        windowSize = try fields.count("window_size", in: 2...SequentialLimits.slidingWindow) ?? windowSize
        statSize = try fields.count("stat_size", in: 1...SequentialLimits.slidingWindow) ?? statSize
        seed = try fields.count("seed", in: 0...Int.max) ?? seed
        guard statSize <= windowSize / 2 else {
            throw fields.invalid("stat_size", "must be at most half of 'window_size' (\(windowSize))")
        }
    }
}
