/// The labels of one series: legal names, sorted, each once, with bounded values.
package struct LabelSet: Hashable, Sendable {
    /// The pairs in order of their names.
    package let pairs: [Pair]

    /// One label.
    package struct Pair: Hashable, Sendable {
        /// A legal label name.
        package let name: String
        /// Any text.
        package let value: String
    }

    /// Makes the labels legal; of equal names the last wins, as in swift-metrics back ends.
    package init(_ dimensions: [(String, String)]) {
        var values: [String: String] = [:]
        for (key, value) in dimensions.prefix(MetricsLimits.maximumLabels) {
            values[MetricName.label(key)] = Self.bounded(value)
        }
        pairs = values.sorted { $0.key < $1.key }.map { Pair(name: $0.key, value: $0.value) }
    }

    /// The series that takes what no longer fits; the name follows OpenTelemetry's overflow attribute.
    static let overflow = LabelSet([("overflow", "true")])

    /// Appends `{a="1",b="2"}`, or nothing without labels; `extra` comes last, for `le`.
    func append(to bytes: inout [UInt8], extra: (name: String, value: String)? = nil) {
        guard !pairs.isEmpty || extra != nil else { return }
        bytes.append(UInt8(ascii: "{"))
        var isFirst = true
        for pair in pairs {
            Self.append(pair.name, pair.value, isFirst: isFirst, to: &bytes)
            isFirst = false
        }
        if let extra {
            Self.append(extra.name, extra.value, isFirst: isFirst, to: &bytes)
        }
        bytes.append(UInt8(ascii: "}"))
    }

    private static func append(_ name: String, _ value: String, isFirst: Bool, to bytes: inout [UInt8]) {
        if !isFirst { bytes.append(UInt8(ascii: ",")) }
        bytes.append(contentsOf: name.utf8)
        bytes.append(contentsOf: "=\"".utf8)
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): bytes.append(contentsOf: "\\\\".utf8)
            case UInt8(ascii: "\""): bytes.append(contentsOf: "\\\"".utf8)
            case UInt8(ascii: "\n"): bytes.append(contentsOf: "\\n".utf8)
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// The value cut to its limit at a character's border.
    private static func bounded(_ value: String) -> String {
        guard value.utf8.count > MetricsLimits.maximumLabelValueBytes else { return value }
        var cut = ""
        var size = 0
        for scalar in value.unicodeScalars {
            size += UTF8.width(scalar)
            guard size <= MetricsLimits.maximumLabelValueBytes else { break }
            cut.unicodeScalars.append(scalar)
        }
        return cut
    }
}
