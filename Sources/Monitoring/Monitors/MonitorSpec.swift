package import Core
package import Statistics

/// A monitor as declared: what it watches, how it decides and how often.
package struct MonitorSpec: Sendable, Equatable {
    /// The settings of the kernel test over all features.
    package struct MMD: Sendable, Equatable {
        /// The rate of false alarms of one evaluation.
        package var pValue = 0.01
        /// Permutations behind the p-value; at least 1 / pValue.
        package var permutations = 100
        /// Whether features are standardised by the reference before distances are taken.
        package var standardise = true
        /// A fixed kernel width; nil takes the median distance between reference rows.
        package var bandwidth: Double?

        /// The defaults.
        package init() {}
    }

    /// The settings of the test per feature.
    package struct KS: Sendable, Equatable {
        /// The rate of false alarms of one evaluation over all features together.
        package var pValue = 0.01
        /// How the number of features is corrected for.
        package var correction = MultipleTesting.bonferroni
        /// The correction as specifications name it.
        package var correctionName: String { correction.rawValue }

        /// The defaults.
        package init() {}
    }

    /// The monitor's name.
    package let name: String
    /// The deployment whose inputs are watched.
    package let deployment: String
    /// Rows in the sliding window.
    package let window: Int
    /// Rows that the window must hold before it is evaluated.
    package let minimum: Int
    /// Rows that must arrive between two evaluations, so that each brings evidence of its own.
    package let stride: Int
    /// The least time between two evaluations.
    package let interval: Duration
    /// Consecutive evaluations that must agree before the verdict changes.
    package let hysteresis: Int
    /// The kernel test; nil leaves it out.
    package let mmd: MMD?
    /// The test per feature; nil leaves it out.
    package let ks: KS?

    /// Reads a monitor from its section of the manifest; unknown keys are errors.
    ///
    /// Keys: `deployment` (required), `window` (200), `minimum` (60, at most the window), `stride` (a tenth of the window),
    /// `interval` (5s), `hysteresis` (2), `detectors` (`mmd` and `ks`, both with their defaults).
    ///
    /// - Throws: `invalidArgument` naming the key.
    package init(name: String, _ fields: JSONFields) throws(MartletError) {
        try Self.check(name: name)
        try fields.rejectUnknown([
            "deployment", "window", "minimum", "stride", "interval", "hysteresis", "detectors",
        ])
        self.name = name
        deployment = try fields.string("deployment")
        guard !deployment.isEmpty else { throw fields.invalid("deployment", "must name a deployment") }
        let window = try fields.optionalInt("window", in: 2...Int64(MonitoringLimits.windowRows)) ?? 200
        let minimum = try fields.optionalInt("minimum", in: 2...window) ?? min(60, window)
        let stride = try fields.optionalInt("stride", in: 1...window) ?? max(1, window / 10)
        self.window = Int(window)
        self.minimum = Int(minimum)
        self.stride = Int(stride)
        interval = try fields.optionalDuration("interval") ?? .seconds(5)
        guard interval >= .milliseconds(100), interval <= .seconds(MonitoringLimits.intervalSeconds) else {
            throw fields.invalid("interval", "must be between 100ms and 1d")
        }
        hysteresis = Int(try fields.optionalInt("hysteresis", in: 1...Int64(MonitoringLimits.hysteresis)) ?? 2)
        guard let detectors = try fields.optionalFields("detectors") else {
            mmd = MMD()
            ks = KS()
            return
        }
        try detectors.rejectUnknown(DetectorKind.allCases.map(\.rawValue))
        mmd = try detectors.optionalFields("mmd").map(MMD.init)
        ks = try detectors.optionalFields("ks").map(KS.init)
        guard mmd != nil || ks != nil else {
            throw fields.invalid("detectors", "must hold mmd, ks or both; an empty one is written mmd: {}")
        }
    }

    private static func check(name: String) throws(MartletError) {
        let allowed = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                true
            default: false
            }
        }
        guard allowed, !name.isEmpty, name.utf8.count <= MonitoringLimits.nameBytes else {
            throw MartletError(
                .invalidArgument,
                "The monitor name '\(name.prefix(160))' must be 1 to \(MonitoringLimits.nameBytes) letters, digits, '-', '_' or '.'."
            )
        }
    }

    /// The specification as its section would be written, every default filled in; parsing it gives the same value.
    package var json: JSONValue {
        var detectors = JSONObject()
        if let mmd {
            var settings: JSONObject = [
                "p_value": .number(mmd.pValue), "permutations": .int(mmd.permutations),
                "standardise": .bool(mmd.standardise),
            ]
            if let bandwidth = mmd.bandwidth { settings["bandwidth"] = .number(bandwidth) }
            detectors["mmd"] = .object(settings)
        }
        if let ks {
            detectors["ks"] = ["p_value": .number(ks.pValue), "correction": .string(ks.correction.rawValue)]
        }
        return [
            "deployment": .string(deployment), "window": .int(window), "minimum": .int(minimum),
            "stride": .int(stride), "interval": .number(interval / .seconds(1)), "hysteresis": .int(hysteresis),
            "detectors": .object(detectors),
        ]
    }
}

extension MonitorSpec.MMD {
    fileprivate init(_ fields: JSONFields) throws(MartletError) {
        self.init()
        try fields.rejectUnknown(["p_value", "permutations", "standardise", "bandwidth"])
        pValue = try readPValue(fields, default: pValue)
        let range = 1...Int64(StatisticsLimits.permutations)
        permutations = Int(try fields.optionalInt("permutations", in: range) ?? Int64(permutations))
        standardise = try fields.optionalBool("standardise") ?? standardise
        bandwidth = try fields.optionalDouble("bandwidth", in: 1e-30...1e30)
        guard pValue * Double(permutations) >= 1 - 1e-9 else {
            let needed = Int((1 / pValue).rounded(.up))
            throw fields.invalid("permutations", "must be at least \(needed) for a p_value of \(pValue)")
        }
    }
}

extension MonitorSpec.KS {
    fileprivate init(_ fields: JSONFields) throws(MartletError) {
        self.init()
        try fields.rejectUnknown(["p_value", "correction"])
        pValue = try readPValue(fields, default: pValue)
        if let text = try fields.optionalString("correction") {
            guard let value = MultipleTesting(rawValue: text) else {
                throw fields.invalid("correction", "must be bonferroni or fdr")
            }
            correction = value
        }
    }
}

/// Reads `p_value`: from 0.0001 to 0.5, the range in which a verdict means something.
private func readPValue(_ fields: JSONFields, default fallback: Double) throws(MartletError) -> Double {
    try fields.optionalDouble("p_value", in: 0.0001...0.5) ?? fallback
}
