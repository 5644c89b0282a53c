package import Core
package import Drift
package import Statistics

/// A detector of a monitor: one that compares the window with the reference, or one that reads values as they come.
package enum MonitorDetector: Sendable, Equatable {
    /// Compares the window with the reference.
    case windowed(DetectorSpec)
    /// Reads one stream of values in their order; it needs no reference.
    case sequential(SequentialSpec)

    /// A sequential detector as declared.
    package struct SequentialSpec: Sendable, Equatable {
        /// Which detector.
        package let kind: SequentialKind
        /// What it reads: an input's name, `score`, `prediction` or `error`.
        package let source: String
        /// Its parameters.
        package let parameters: JSONObject

        /// A detector that has seen nothing.
        func make() throws(MartletError) -> any SequentialDetector {
            try kind.make(parameters: JSONFields(parameters))
        }
    }

    /// The name that reports, metrics and the API use.
    package var name: String {
        switch self {
        case .windowed(let spec): spec.kind.rawValue
        case .sequential(let spec): spec.kind.rawValue
        }
    }

    /// The rate of false alarms, or the bound, of a test in a monitor: it is asked again and again.
    static let defaultLevel = 0.01

    /// Reads one detector.
    ///
    /// - Parameters:
    ///   - name: Which one.
    ///   - fields: Its settings.
    ///   - key: What names it, for errors.
    /// - Throws: `invalidArgument` naming the key.
    init(_ name: String, _ fields: JSONFields, named key: String) throws(MartletError) {
        if let kind = SequentialKind(rawValue: name) {
            self = .sequential(try SequentialSpec(kind, fields))
            return
        }
        guard let kind = Drift.DetectorKind(rawValue: name) else {
            let known = (Drift.DetectorKind.allCases.map(\.rawValue) + SequentialKind.allCases.map(\.rawValue)).sorted()
            throw MartletError(
                .invalidArgument,
                "'\(key)' names no detector: '\(name.prefix(80))'; there are \(known.joined(separator: ", "))."
            )
        }
        var object = fields.object
        // One column may be written without brackets.
        if let text = object["columns"]?.stringValue { object["columns"] = [.string(text)] }
        if kind.isPValue, object["threshold"] == nil, object["p_value"] == nil {
            object["threshold"] = .number(Self.defaultLevel)
        }
        self = .windowed(try DetectorSpec(kind: kind, JSONFields(object, path: fields.path)))
    }

    /// Reads `detectors`: an object of settings by name, or a list of objects with `detector`.
    ///
    /// - Parameter fields: The monitor's section.
    /// - Returns: The detectors in the order written; MMD and KS when nothing is said.
    /// - Throws: `invalidArgument` naming the key.
    static func list(_ fields: JSONFields) throws(MartletError) -> [MonitorDetector] {
        guard let value = fields.value("detectors") else {
            return try ["mmd", "ks"].map { name throws(MartletError) in
                try MonitorDetector(name, JSONFields(JSONObject(), path: name), named: "detectors")
            }
        }
        var detectors: [MonitorDetector] = []
        if case .array(let items) = value {
            for (position, item) in items.prefix(MonitoringLimits.detectors + 1).enumerated() {
                let entry = try JSONFields(item, path: fields.path(of: "detectors[\(position)]"))
                let key = entry.value("kind") != nil ? "kind" : "detector"
                detectors.append(try MonitorDetector(entry.string(key), entry, named: entry.path(of: key)))
            }
        } else {
            let section = try fields.fields("detectors")
            for name in section.object.keys.prefix(MonitoringLimits.detectors + 1) {
                let settings =
                    try section.optionalFields(name) ?? JSONFields(JSONObject(), path: section.path(of: name))
                detectors.append(try MonitorDetector(name, settings, named: section.path(of: name)))
            }
        }
        guard detectors.count <= MonitoringLimits.detectors else {
            throw fields.invalid("detectors", "must name at most \(MonitoringLimits.detectors) detectors")
        }
        return detectors
    }

    /// The detector as specifications write it, every default filled in.
    package var json: JSONValue {
        switch self {
        case .windowed(let spec): return spec.json
        case .sequential(let spec):
            var object: JSONObject = ["detector": .string(spec.kind.rawValue), "column": .string(spec.source)]
            for (key, value) in spec.parameters.pairs { object[key] = value }
            return .object(object)
        }
    }
}

extension MonitorDetector.SequentialSpec {
    private static let ownKeys = ["detector", "kind", "column"]

    fileprivate init(_ kind: SequentialKind, _ fields: JSONFields) throws(MartletError) {
        var parameters = JSONObject()
        for (key, value) in fields.object.pairs where !Self.ownKeys.contains(key) { parameters[key] = value }
        self.kind = kind
        self.parameters = parameters
        let fallback = kind.readsErrors ? OutputColumn.error : nil
        guard let source = try fields.optionalString("column") ?? fallback, !source.isEmpty else {
            throw fields.invalid(
                "column",
                "must name what \(kind.rawValue) reads: an input, score, prediction or error"
            )
        }
        self.source = source
        _ = try kind.make(parameters: JSONFields(parameters, path: fields.path))
    }
}
