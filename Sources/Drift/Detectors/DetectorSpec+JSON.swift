package import Core
import Statistics

extension DetectorSpec {
    private static let keys = [
        "detector", "kind", "threshold", "p_value", "correction", "drift_share", "columns", "ignore", "methods",
        "num_method",
        "num_threshold", "cat_method", "cat_threshold", "text_method", "text_threshold", "kinds", "permutations",
        "standardise", "bandwidth", "variance", "seed",
    ]

    /// Reads a specification; unknown keys are errors.
    ///
    /// Keys: `detector` or `kind` (required), `threshold` or `p_value`, `correction` (`none`, `bonferroni`, `fdr`), `drift_share`,
    /// `columns`, `ignore`, `methods` (by column: a name, or `method` and `threshold`), `num_method`, `num_threshold` and the
    /// same for `cat` and `text`, `kinds` (by column), `permutations`, `standardise`, `bandwidth`, `variance`, `seed`.
    ///
    /// - Parameter fields: The object.
    /// - Throws: `invalidArgument` naming the key.
    package init(_ fields: JSONFields) throws(MartletError) {
        let key = fields.value("kind") != nil ? "kind" : "detector"
        try self.init(kind: try Self.kind(fields, key, of: fields.string(key)), fields)
    }

    /// Reads the settings of a detector whose name stands elsewhere, such as before its section.
    ///
    /// - Parameters:
    ///   - kind: Which detector.
    ///   - fields: The settings.
    /// - Throws: `invalidArgument` naming the key.
    package init(kind: DetectorKind, _ fields: JSONFields) throws(MartletError) {
        self.init(kind)
        try fields.rejectUnknown(Self.keys)
        if fields.value("threshold") != nil, fields.value("p_value") != nil {
            throw fields.invalid("p_value", "and 'threshold' are two names of one setting; give one")
        }
        let key = fields.value("p_value") != nil ? "p_value" : "threshold"
        threshold = try fields.optionalDouble(key, in: kind.isPValue ? 1e-9...1 : 0...1e12)
        if let text = try fields.optionalString("correction") {
            guard let value = Correction(rawValue: text) else {
                throw fields.invalid("correction", "must be none, bonferroni or fdr")
            }
            correction = value
        }
        driftShare = try fields.optionalDouble("drift_share", in: 0...1) ?? driftShare
        columns = try Self.names(fields, "columns")
        ignored = try Self.names(fields, "ignore")
        try readMethods(fields)
        try readKinds(fields)
        let range = 1...Int64(StatisticsLimits.permutations)
        permutations = Int(try fields.optionalInt("permutations", in: range) ?? Int64(permutations))
        standardise = try fields.optionalBool("standardise") ?? standardise
        bandwidth = try fields.optionalDouble("bandwidth", in: 1e-30...1e30)
        variance = try fields.optionalDouble("variance", in: 0.01...0.999) ?? variance
        seed = UInt64(try fields.optionalInt("seed", in: 0 ... .max) ?? 0)
        try check(fields)
    }

    /// Reads a section that holds one object of settings for each detector, by name: `{"mmd": {}, "ks": {}}`.
    ///
    /// - Parameter fields: The section.
    /// - Returns: The specifications in the order written.
    /// - Throws: `invalidArgument` naming the key, also for an empty section and past `DriftLimits.detectors`.
    package static func section(_ fields: JSONFields) throws(MartletError) -> [DetectorSpec] {
        guard !fields.object.isEmpty, fields.object.count <= DriftLimits.detectors else {
            throw MartletError(
                .invalidArgument,
                "'\(fields.path)' must name 1 to \(DriftLimits.detectors) detectors; an empty one is written mmd: {}."
            )
        }
        var specs: [DetectorSpec] = []
        for name in fields.object.keys {
            let settings = try fields.optionalFields(name) ?? JSONFields(JSONObject(), path: fields.path(of: name))
            specs.append(try DetectorSpec(kind: kind(fields, name, of: name), settings))
        }
        return specs
    }

    private static func kind(
        _ fields: JSONFields,
        _ key: String,
        of name: String
    ) throws(MartletError) -> DetectorKind {
        guard let kind = DetectorKind(rawValue: name) else {
            let known = DetectorKind.allCases.map(\.rawValue).sorted().joined(separator: ", ")
            throw MartletError(
                .invalidArgument,
                "'\(fields.path(of: key))' names no detector: '\(name.prefix(80))'; there are \(known)."
            )
        }
        return kind
    }

    private static func names(_ fields: JSONFields, _ key: String) throws(MartletError) -> [String] {
        let names = try fields.strings(key)
        guard names.count <= DriftLimits.namedColumns else {
            throw MartletError(
                .invalidArgument,
                "'\(fields.path(of: key))' names \(names.count) columns; the limit is \(DriftLimits.namedColumns)."
            )
        }
        return names
    }

    private mutating func readMethods(_ fields: JSONFields) throws(MartletError) {
        if let section = try fields.optionalFields("methods") {
            guard section.object.count <= DriftLimits.namedColumns else {
                throw fields.invalid("methods", "must name at most \(DriftLimits.namedColumns) columns")
            }
            for (column, value) in section.object.pairs {
                if let name = value.stringValue {
                    methods[column] = Method(try Self.columnMethod(section, column, name))
                    continue
                }
                let settings = try section.fields(column)
                try settings.rejectUnknown(["method", "threshold"])
                let kind = try Self.columnMethod(settings, "method", settings.string("method"))
                let bound = try settings.optionalDouble("threshold", in: kind.isPValue ? 0...1 : 0...1e12)
                methods[column] = Method(kind, threshold: bound)
            }
        }
        for (kind, prefix) in Self.prefixes {
            let bound = try fields.optionalDouble("\(prefix)_threshold", in: 0...1e12)
            let name = try fields.optionalString("\(prefix)_method")
            guard bound != nil || name != nil else { continue }
            let method = try name.map { name throws(MartletError) in
                try Self.columnMethod(fields, "\(prefix)_method", name)
            }
            kindMethods[kind] = Method(method ?? .automatic, threshold: bound)
        }
    }

    private static let prefixes: [(ColumnKind, String)] = [(.numeric, "num"), (.categorical, "cat"), (.text, "text")]

    private static func columnMethod(
        _ fields: JSONFields,
        _ key: String,
        _ name: String
    ) throws(MartletError) -> DetectorKind {
        let kind = try kind(fields, key, of: name)
        guard kind.isPerColumn else {
            throw fields.invalid(key, "must be a method that compares one column, not \(name)")
        }
        return kind
    }

    private mutating func readKinds(_ fields: JSONFields) throws(MartletError) {
        guard let section = try fields.optionalFields("kinds") else { return }
        guard section.object.count <= DriftLimits.namedColumns else {
            throw fields.invalid("kinds", "must name at most \(DriftLimits.namedColumns) columns")
        }
        for column in section.object.keys {
            guard let kind = ColumnKind(rawValue: try section.string(column)) else {
                throw section.invalid(column, "must be numeric, categorical or text")
            }
            kinds[column] = kind
        }
    }

    private func check(_ fields: JSONFields) throws(MartletError) {
        switch kind {
        case .maximumMeanDiscrepancy, .densityDifference, .energy:
            let level = threshold ?? 0.05
            guard level * Double(permutations) >= 1 - 1e-9 else {
                let needed = Int((1 / level).rounded(.up))
                throw fields.invalid("permutations", "must be at least \(needed) for a threshold of \(level)")
            }
        case .principalComponents:
            guard threshold == nil else {
                throw fields.invalid("threshold", "is none of pca, whose bounds come from the reference")
            }
        default: break
        }
    }

    /// The specification as it would be written, every default filled in; parsing it gives the same value.
    package var json: JSONValue {
        var object: JSONObject = ["detector": .string(kind.rawValue)]
        if let threshold { object["threshold"] = .number(threshold) }
        object["correction"] = .string(correction.rawValue)
        object["drift_share"] = .number(driftShare)
        if !columns.isEmpty { object["columns"] = .array(columns.map(JSONValue.string)) }
        if !ignored.isEmpty { object["ignore"] = .array(ignored.map(JSONValue.string)) }
        if !methods.isEmpty {
            var section = JSONObject()
            for (column, method) in methods.sorted(by: { $0.key < $1.key }) {
                var settings: JSONObject = ["method": .string(method.kind.rawValue)]
                if let bound = method.threshold { settings["threshold"] = .number(bound) }
                section[column] = .object(settings)
            }
            object["methods"] = .object(section)
        }
        for (kind, prefix) in Self.prefixes {
            guard let method = kindMethods[kind] else { continue }
            object["\(prefix)_method"] = .string(method.kind.rawValue)
            if let bound = method.threshold { object["\(prefix)_threshold"] = .number(bound) }
        }
        if !kinds.isEmpty {
            object["kinds"] = .object(JSONObject(kinds.sorted { $0.key < $1.key }.map { ($0, .string($1.rawValue)) }))
        }
        guard !self.kind.isPerColumn else {
            object["seed"] = .int(seed)
            return .object(object)
        }
        object["permutations"] = .int(permutations)
        object["standardise"] = .bool(standardise)
        if let bandwidth { object["bandwidth"] = .number(bandwidth) }
        object["variance"] = .number(variance)
        object["seed"] = .int(seed)
        return .object(object)
    }
}
