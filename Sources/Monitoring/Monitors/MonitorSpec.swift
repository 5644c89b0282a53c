package import Core
package import Drift

/// A monitor as declared: what it watches, how it decides and how often.
package struct MonitorSpec: Sendable, Equatable {
    /// Whose rows are compared with the reference.
    package enum Versions: String, Sendable, CaseIterable {
        /// Those of every version that answers.
        case any
        /// Only those of the version that the reference came with.
        case reference
    }

    /// The monitor's name.
    package let name: String
    /// The deployment whose inputs are watched.
    package let deployment: String
    /// What the window spans.
    package let window: WindowExtent
    /// Rows that the window must hold before it is evaluated.
    package let minimum: Int
    /// Rows that must arrive between two evaluations, so that each brings evidence of its own.
    package let stride: Int
    /// When it evaluates.
    package let schedule: MonitorSchedule
    /// Consecutive evaluations that must agree before the verdict changes.
    package let hysteresis: Int
    /// How much its drift matters.
    package let severity: MonitorSeverity
    /// What it compares with.
    package let reference: ReferenceSource
    /// Whose rows are compared.
    package let versions: Versions
    /// The detectors.
    package let detectors: [MonitorDetector]
    /// Which changes of the data themselves count: missing values, infinities, unseen categories, …; nil for none.
    package let events: DataEventOptions?
    /// What is asked of the model's performance; nil for nothing.
    package let performance: PerformanceSpec?
    /// Whether the declaration itself sets the events' significance; else it is corrected for the number of columns.
    let hasOwnSignificance: Bool
    private let eventsJSON: JSONValue

    private static let keys = [
        "deployment", "window", "minimum", "stride", "interval", "schedule", "hysteresis", "severity", "reference",
        "versions", "detectors", "events", "performance",
    ]

    /// Reads a monitor from its section of the manifest; unknown keys are errors.
    ///
    /// Keys: `deployment` (required), `window` (200; or `{rows: 200}`, `{time: 1h}`), `minimum` (60, at most the window),
    /// `stride` (a tenth of the window), `interval` or `schedule` (5s, or a cron line), `hysteresis` (2), `severity`
    /// (warning), `reference` (version, or `{dataset: name@version}`), `versions` (any or reference), `detectors` (`mmd`
    /// and `ks`), `events` (true, false or settings), `performance` (see `PerformanceSpec`).
    ///
    /// - Throws: `invalidArgument` naming the key.
    package init(name: String, _ fields: JSONFields) throws(MartletError) {
        try Self.check(name: name)
        try fields.rejectUnknown(Self.keys)
        self.name = name
        deployment = try fields.string("deployment")
        guard !deployment.isEmpty else { throw fields.invalid("deployment", "must name a deployment") }
        window = try WindowExtent(fields, "window", fallback: 200)
        let rows = Int64(window.rowsWanted)
        let fallback: Int64 = if case .rows = window { rows } else { 200 }
        minimum = Int(try fields.optionalInt("minimum", in: 2...rows) ?? min(60, rows))
        stride = Int(try fields.optionalInt("stride", in: 1...rows) ?? max(1, fallback / 10))
        schedule = try MonitorSchedule(fields)
        hysteresis = Int(try fields.optionalInt("hysteresis", in: 1...Int64(MonitoringLimits.hysteresis)) ?? 2)
        severity = try Self.choice(fields, "severity", default: .warning)
        reference = try ReferenceSource(fields)
        versions = try Self.choice(fields, "versions", default: .any)
        detectors = try MonitorDetector.list(fields)
        eventsJSON = fields.value("events") ?? true
        switch eventsJSON {
        case .bool(let isOn):
            events = isOn ? DataEventOptions() : nil
            hasOwnSignificance = false
        default:
            let inner = try fields.fields("events")
            events = try DataEventOptions(inner)
            hasOwnSignificance = inner.value("significance") != nil || inner.value("range_significance") != nil
        }
        performance = try fields.optionalFields("performance").map { fields throws(MartletError) in
            try PerformanceSpec(fields)
        }
        guard !detectors.isEmpty || events != nil || performance != nil else {
            throw fields.invalid("detectors", "must name a detector when 'events' is false")
        }
    }

    private static func choice<Choice: RawRepresentable & CaseIterable>(
        _ fields: JSONFields,
        _ key: String,
        default fallback: Choice
    ) throws(MartletError) -> Choice where Choice.RawValue == String {
        guard let text = try fields.optionalString(key) else { return fallback }
        guard let value = Choice(rawValue: text) else {
            throw fields.invalid(key, "must be one of " + Choice.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return value
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

    /// What sequential detectors read, each once.
    package var streams: [String] {
        var found: [String] = []
        for case .sequential(let spec) in detectors where !found.contains(spec.source) { found.append(spec.source) }
        return found
    }

    /// The specification as its section would be written, every default filled in; parsing it gives the same value.
    package var json: JSONValue {
        var object: JSONObject = [
            "deployment": .string(deployment), "window": window.json, "minimum": .int(minimum), "stride": .int(stride),
        ]
        if case .cron = schedule { object["schedule"] = schedule.json } else { object["interval"] = schedule.json }
        object["hysteresis"] = .int(hysteresis)
        object["severity"] = .string(severity.rawValue)
        object["reference"] = reference.json
        object["versions"] = .string(versions.rawValue)
        object["detectors"] = .array(detectors.map(\.json))
        object["events"] = eventsJSON
        if let performance { object["performance"] = performance.json }
        return .object(object)
    }
}
