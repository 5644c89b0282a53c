import Core

/// What was logged to a run, by key.
struct RunData {
    /// The id.
    let id: String
    /// The name, or else the id.
    let name: String
    /// The latest values; NaN is NaN.
    let metrics: [String: Double]
    /// The params.
    let params: [String: String]
    /// The tags.
    let tags: [String: String]

    /// Reads a run as MLflow's API writes it.
    init(_ run: JSONValue) {
        let data = run["data"]
        id = run["info"]?["run_id"]?.stringValue ?? ""
        let name = run["info"]?["run_name"]?.stringValue ?? ""
        self.name = name.isEmpty ? id : name
        metrics = Self.pairs(data?["metrics"]).compactMapValues(Self.number)
        params = Self.pairs(data?["params"]).compactMapValues(\.stringValue)
        tags = Self.pairs(data?["tags"]).compactMapValues(\.stringValue)
    }

    private static func pairs(_ list: JSONValue?) -> [String: JSONValue] {
        var pairs: [String: JSONValue] = [:]
        for entry in list?.arrayValue ?? [] {
            guard let key = entry["key"]?.stringValue, let value = entry["value"] else { continue }
            pairs[key] = value
        }
        return pairs
    }

    /// A number, also one that JSON cannot write and MLflow writes as text.
    static func number(_ value: JSONValue?) -> Double? {
        if let number = value?.doubleValue { return number }
        switch value?.stringValue {
        case "NaN"?: return .nan
        case "Infinity"?: return .infinity
        case "-Infinity"?: return -.infinity
        case let text?: return Double(text)
        case nil: return nil
        }
    }
}
