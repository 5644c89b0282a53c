/// Random identifiers: 128 bits from the system's generator, as 32 lower-case hexadecimal digits (MLflow's run-id form).
package enum Identifier {
    private static let digits = Array("0123456789abcdef".utf8)

    /// A fresh identifier; unique for all practical purposes.
    package static func random() -> String {
        var generator = SystemRandomNumberGenerator()
        return hexadecimal(generator.next(), generator.next())
    }

    /// Two 64-bit words as 32 digits, high word first.
    package static func hexadecimal(_ high: UInt64, _ low: UInt64) -> String {
        String(unsafeUninitializedCapacity: 32) { buffer in
            for index in 0..<32 {
                let word = index < 16 ? high : low
                let shift = UInt64(60 - (index % 16) * 4)
                buffer[index] = digits[Int((word >> shift) & 15)]
            }
            return 32
        }
    }

    /// Whether `text` is 32 lower-case hexadecimal digits.
    package static func isValid(_ text: String) -> Bool {
        text.utf8.count == 32 && text.utf8.allSatisfy { ($0 >= 48 && $0 <= 57) || ($0 >= 97 && $0 <= 102) }
    }
}
