import Core

/// What keys, values and names may be: MLflow's rules, each with an error that names the field and the value.
///
/// Lengths count Unicode scalars, as MLflow's do.
enum TrackingRules {
    /// Checks the key of a param or tag: letters, digits, `_ - . space : /`, and itself as a relative path.
    ///
    /// - Parameters:
    ///   - key: the key.
    ///   - field: where it stands in the request, such as `params[2].key`.
    ///   - what: what the error of a key that is too long calls it; nil for the field.
    /// - Throws: `invalidArgument` naming the field, the value and the rule.
    static func checkKey(_ key: String, _ field: String, _ what: String? = nil) throws(MartletError) {
        if isPlain(key) { return }
        guard !key.isEmpty else { throw missing(field) }
        guard key.unicodeScalars.allSatisfy({ isWord($0) || "-. :/".unicodeScalars.contains($0) }) else {
            throw invalid(
                field,
                .string(key),
                "Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) "
                    + "and slashes (/)."
            )
        }
        let path = normalizedPath(key)
        guard path == key, path != ".", !path.hasPrefix(".."), !path.hasPrefix("/") else {
            throw invalid(
                field,
                .string(key),
                "Names may be treated as files in certain cases, and must not resolve to other names when treated as "
                    + "such. This name would resolve to '\(path.prefix(100))'"
            )
        }
        try checkLength(key, atMost: TrackingLimits.keyCharacters, what ?? field)
    }

    /// Whether a key is surely fine: short ASCII without slashes and not starting with a dot, as nearly all are.
    private static func isPlain(_ key: String) -> Bool {
        let bytes = key.utf8
        guard (1...TrackingLimits.keyCharacters).contains(bytes.count), bytes.first != UInt8(ascii: ".") else {
            return false
        }
        return bytes.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: " "), UInt8(ascii: ":"):
                true
            default: false
            }
        }
    }

    /// Whether a scalar is what Python's `\w` matches.
    private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
            .letterNumber, .otherNumber:
            true
        default: scalar == "_"
        }
    }

    /// The path without empty, `.` and `..` components, by the rules of POSIX.
    private static func normalizedPath(_ path: String) -> String {
        let isAbsolute = path.hasPrefix("/")
        var components: [Substring] = []
        for component in path.split(separator: "/") where component != "." {
            if component != ".." || (!isAbsolute && components.last ?? ".." == "..") {
                components.append(component)
            } else {
                _ = components.popLast()
            }
        }
        let relative = components.joined(separator: "/")
        return isAbsolute ? "/" + relative : relative.isEmpty ? "." : relative
    }

    /// Checks the length of a text; `place` says where the field stands, if its name alone does not.
    static func checkLength(
        _ text: String,
        atMost limit: Int,
        _ field: String,
        in place: String? = nil
    ) throws(MartletError) {
        guard text.utf8.count <= limit || text.unicodeScalars.count <= limit else {
            throw MartletError(
                .invalidArgument,
                "'\(field)' exceeds the maximum length of \(limit) characters" + (place.map { " in \($0)" } ?? "")
            )
        }
    }

    /// The text cut to `limit` scalars.
    static func cut(_ text: String, to limit: Int) -> String {
        guard text.utf8.count > limit else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.prefix(limit)))
    }

    /// The id of an experiment as stored.
    static func experimentNumber(_ id: String) throws(MartletError) -> Int64 {
        guard let number = Int64(id), String(number) == id else {
            throw MartletError(
                .invalidArgument,
                "Invalid experiment ID '\(id.prefix(80))'. Experiment ID must be a valid integer."
            )
        }
        return number
    }

    /// Checks the form of a run's id, whether or not there is such a run.
    static func checkRunID(_ id: String) throws(MartletError) {
        let isLong = id.unicodeScalars.count > TrackingLimits.runIDCharacters
        let startsWell = id.unicodeScalars.first.map { $0.isASCII && $0 != "_" && isWord($0) } ?? false
        guard startsWell, !isLong, id.unicodeScalars.allSatisfy({ isWord($0) || $0 == "-" }) else {
            throw MartletError(
                .invalidArgument,
                "Invalid value \(JSONValue.string(String(id.prefix(80)))) for parameter 'run_id' supplied."
            )
        }
    }

    /// Checks an experiment's name.
    static func checkExperimentName(_ name: String) throws(MartletError) {
        guard !name.allSatisfy(\.isWhitespace) else {
            throw MartletError(.invalidArgument, "Invalid experiment name: '\(name.prefix(80))'. It must not be blank.")
        }
        try checkLength(name, atMost: TrackingLimits.experimentNameCharacters, "name")
    }

    /// Whether a point is surely fine, as nearly all are; saves naming its place.
    static func isUsual(_ metric: Metric) -> Bool {
        isPlain(metric.key) && metric.timestamp.milliseconds >= 0 && metric.datasetName == nil
            && metric.datasetDigest == nil
    }

    /// Checks a metric's point; `place` is where it stands in the request, such as `metrics[2].`.
    static func check(_ metric: Metric, _ place: String) throws(MartletError) {
        guard !metric.key.isEmpty else { throw missing("\(place)key") }
        try checkKey(metric.key, "\(place)name", "Metric name")
        guard metric.timestamp.milliseconds >= 0 else {
            throw invalid(
                "\(place)timestamp",
                .integer(metric.timestamp.milliseconds),
                "metric '\(metric.key)' (value=\(metric.value)). Timestamp must be a nonnegative long (64-bit integer)"
            )
        }
        guard (metric.datasetName == nil) == (metric.datasetDigest == nil) else {
            throw MartletError(
                .invalidArgument,
                "Both dataset_name and dataset_digest must be provided if one is provided"
            )
        }
    }

    /// Checks a logged model's name.
    static func checkLoggedModelName(_ name: String) throws(MartletError) {
        guard !name.isEmpty, !name.contains(where: { "/:.%\"'".contains($0) }) else {
            throw MartletError(
                .invalidArgument,
                "Invalid model name ('\(name.prefix(80))') provided. Model name must be a non-empty string and cannot "
                    + "contain the following characters: ['/', ':', '.', '%', '\"', \"'\"]"
            )
        }
        try checkLength(name, atMost: TrackingLimits.nameCharacters, "name")
    }

    private static func missing(_ field: String) -> MartletError {
        MartletError(
            .invalidArgument,
            "Missing value for required parameter '\(field)'. See the API docs for more information about request "
                + "parameters."
        )
    }

    private static func invalid(_ field: String, _ value: JSONValue, _ reason: String) -> MartletError {
        MartletError(
            .invalidArgument,
            "Invalid value \(value.description.prefix(300)) for parameter '\(field)' supplied: \(reason)"
        )
    }
}
