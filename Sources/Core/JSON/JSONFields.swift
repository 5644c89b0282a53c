/// Reads the members of a JSON object with their types checked; every error names the field by its path.
///
/// `null` counts as absent, as in proto3 JSON.
package struct JSONFields: Sendable {
    /// The members.
    package let object: JSONObject
    /// Where the object stands in its document, such as `pipelines.train.tasks`; empty at the root.
    package let path: String

    /// Takes an object apart.
    ///
    /// - Throws: `invalidArgument` when `value` is not an object.
    package init(_ value: JSONValue, path: String = "") throws(MartletError) {
        guard let object = value.objectValue else {
            let place = path.isEmpty ? "The document" : "'\(path)'"
            throw MartletError(.invalidArgument, "\(place) must be an object, but is \(value.kind).")
        }
        self.init(object, path: path)
    }

    /// Takes an object apart.
    package init(_ object: JSONObject, path: String = "") {
        self.object = object
        self.path = path
    }

    /// The path of the member `key`.
    package func path(of key: String) -> String {
        path.isEmpty ? key : "\(path).\(key)"
    }

    /// The member as it is; nil when absent or null.
    package func value(_ key: String) -> JSONValue? {
        guard let value = object[key], value != .null else { return nil }
        return value
    }

    /// The error for a member that is wrong: names its path, what it must be and what it is.
    package func invalid(_ key: String, _ requirement: String) -> MartletError {
        let found = object[key].map { value in
            let text = value.description
            return text.utf8.count <= 80 ? ", but is \(text)" : ", but is \(value.kind)"
        }
        return MartletError(.invalidArgument, "'\(path(of: key))' \(requirement)\(found ?? "").")
    }

    private func require<T>(_ value: T?, _ key: String) throws(MartletError) -> T {
        guard let value else { throw MartletError(.invalidArgument, "'\(path(of: key))' is missing.") }
        return value
    }

    /// Text, or nil when absent.
    package func optionalString(_ key: String) throws(MartletError) -> String? {
        guard let value = value(key) else { return nil }
        guard let text = value.stringValue else { throw invalid(key, "must be a string") }
        return text
    }

    /// Text; an absent member is an error.
    package func string(_ key: String) throws(MartletError) -> String {
        try require(try optionalString(key), key)
    }

    /// A whole number in `range`, or nil when absent.
    package func optionalInt(
        _ key: String,
        in range: ClosedRange<Int64> = .min ... .max
    ) throws(MartletError) -> Int64? {
        guard let value = value(key) else { return nil }
        guard let number = value.integerValue else { throw invalid(key, "must be a whole number") }
        guard range.contains(number) else {
            throw invalid(key, "must be between \(range.lowerBound) and \(range.upperBound)")
        }
        return number
    }

    /// A whole number in `range`; an absent member is an error.
    package func int(_ key: String, in range: ClosedRange<Int64> = .min ... .max) throws(MartletError) -> Int64 {
        try require(try optionalInt(key, in: range), key)
    }

    /// A number in `range`, or nil when absent.
    package func optionalDouble(
        _ key: String,
        in range: ClosedRange<Double> = -.infinity ... .infinity
    ) throws(MartletError) -> Double? {
        guard let value = value(key) else { return nil }
        guard let number = value.doubleValue else { throw invalid(key, "must be a number") }
        guard range.contains(number) else {
            throw invalid(key, "must be between \(range.lowerBound) and \(range.upperBound)")
        }
        return number
    }

    /// A number in `range`; an absent member is an error.
    package func double(
        _ key: String,
        in range: ClosedRange<Double> = -.infinity ... .infinity
    ) throws(MartletError) -> Double {
        try require(try optionalDouble(key, in: range), key)
    }

    /// A truth value, or nil when absent.
    package func optionalBool(_ key: String) throws(MartletError) -> Bool? {
        guard let value = value(key) else { return nil }
        guard let truth = value.boolValue else { throw invalid(key, "must be true or false") }
        return truth
    }

    /// An array, or nil when absent.
    package func optionalArray(_ key: String) throws(MartletError) -> [JSONValue]? {
        guard let value = value(key) else { return nil }
        guard let elements = value.arrayValue else { throw invalid(key, "must be an array") }
        return elements
    }

    /// An array; an absent member is an error.
    package func array(_ key: String) throws(MartletError) -> [JSONValue] {
        try require(try optionalArray(key), key)
    }

    /// An array of text; empty when absent.
    package func strings(_ key: String) throws(MartletError) -> [String] {
        var texts: [String] = []
        for (position, element) in (try optionalArray(key) ?? []).enumerated() {
            guard let text = element.stringValue else {
                throw MartletError(
                    .invalidArgument,
                    "'\(path(of: key))[\(position)]' must be a string, but is \(element.kind)."
                )
            }
            texts.append(text)
        }
        return texts
    }

    /// An object, or nil when absent.
    package func optionalObject(_ key: String) throws(MartletError) -> JSONObject? {
        guard let value = value(key) else { return nil }
        guard let object = value.objectValue else { throw invalid(key, "must be an object") }
        return object
    }

    /// The fields of a nested object; an absent member is an error.
    package func fields(_ key: String) throws(MartletError) -> JSONFields {
        JSONFields(try require(try optionalObject(key), key), path: path(of: key))
    }

    /// The fields of a nested object, or nil when absent.
    package func optionalFields(_ key: String) throws(MartletError) -> JSONFields? {
        guard let object = try optionalObject(key) else { return nil }
        return JSONFields(object, path: path(of: key))
    }

    /// A duration written as `250ms`, `4s`, `2m`, `1h`, `1d` or a number of seconds; nil when absent.
    package func optionalDuration(_ key: String) throws(MartletError) -> Duration? {
        guard let value = value(key) else { return nil }
        if let seconds = value.doubleValue, seconds >= 0, seconds <= 1e9 { return .milliseconds(Int64(seconds * 1000)) }
        if let text = value.stringValue, let duration = Duration(writtenAs: text) { return duration }
        throw invalid(key, "must be a duration such as 250ms, 4s, 2m, 1h or 1d")
    }

    /// Throws when a member is none of `allowed`, naming it and the nearest allowed ones.
    package func rejectUnknown(_ allowed: [String]) throws(MartletError) {
        for key in object.keys where !allowed.contains(key) {
            let known = allowed.sorted().joined(separator: ", ")
            let hint = NearestName.of(key, among: allowed).map { "did you mean '\($0)'? Allowed" } ?? "allowed"
            throw MartletError(.invalidArgument, "'\(path(of: key))' is not a known key; \(hint) here: \(known).")
        }
    }
}

extension Duration {
    /// Reads `250ms`, `4s`, `1.5m`, `1h` or `1d`; nil for anything else, negative or past 31 years.
    package init?(writtenAs text: String) {
        let units: [(String, Double)] = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600), ("d", 86_400)]
        for (suffix, scale) in units where text.hasSuffix(suffix) {
            guard let amount = Double(text.dropLast(suffix.count)), amount.isFinite, amount >= 0 else { continue }
            let seconds = amount * scale
            guard seconds <= 1e9 else { return nil }
            self = .milliseconds(Int64((seconds * 1000).rounded()))
            return
        }
        return nil
    }
}
