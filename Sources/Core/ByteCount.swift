/// Sizes in bytes as people write them.
package enum ByteCount {
    /// Units in bytes: decimal ones and, with an `i`, powers of 1,024.
    private static let units: [String: Int] = [
        "": 1, "b": 1, "k": 1000, "kb": 1000, "m": 1_000_000, "mb": 1_000_000, "g": 1_000_000_000,
        "gb": 1_000_000_000, "ki": 1 << 10, "kib": 1 << 10, "mi": 1 << 20, "mib": 1 << 20, "gi": 1 << 30,
        "gib": 1 << 30, "ti": 1 << 40, "tib": 1 << 40,
    ]

    /// Reads a size such as `512MiB`, `2GB`, `64M`, `1.5Gi` or `1048576`; nil for anything else.
    package static func parse(_ text: String) -> Int? {
        let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let unit = text.dropFirst(number.count).filter { $0 != " " }.lowercased()
        guard let value = Double(number), let factor = units[unit] else { return nil }
        return Int(exactly: (value * Double(factor)).rounded())
    }
}
