import Core

/// Kubernetes' quantities, such as `512Mi`, `2G` and `500m`.
enum KServeQuantity {
    private static let units: [(suffix: String, factor: Double)] = [
        ("Ki", 1024), ("Mi", 1_048_576), ("Gi", 1_073_741_824), ("Ti", 1_099_511_627_776),
        ("k", 1e3), ("M", 1e6), ("G", 1e9), ("T", 1e12), ("m", 1e-3), ("", 1),
    ]

    /// Bytes; nil for what is no quantity or less than one.
    static func bytes(_ value: JSONValue) -> Int? {
        number(value).flatMap { Int(exactly: $0.rounded(.up)) }
    }

    /// Whole processors, at least one; nil for what is no quantity.
    static func processors(_ value: JSONValue) -> Int? {
        number(value).flatMap { Int(exactly: $0.rounded(.up)) }
    }

    private static func number(_ value: JSONValue) -> Double? {
        if let number = value.doubleValue { return number > 0 && number < 1e18 ? number : nil }
        guard let text = value.stringValue else { return nil }
        for (suffix, factor) in units where text.hasSuffix(suffix) {
            guard let amount = Double(text.dropLast(suffix.count)), amount > 0, amount * factor < 1e18 else { continue }
            return amount * factor
        }
        return nil
    }
}
