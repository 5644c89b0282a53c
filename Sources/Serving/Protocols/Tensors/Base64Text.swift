/// Base64 (RFC 4648, section 4) as requests carry bytes in JSON.
package enum Base64Text {
    /// The bytes, or nil when the text is not base64.
    package static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        guard text.count.isMultiple(of: 4) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 4 * 3)
        var bits: UInt32 = 0
        var position = 0
        var padding = 0
        for byte in text {
            position += 1
            bits <<= 6
            if byte == UInt8(ascii: "=") {
                padding += 1
                guard padding <= 2, position > text.count - 2 else { return nil }
            } else {
                guard padding == 0, let value = value(of: byte) else { return nil }
                bits |= UInt32(value)
            }
            guard position.isMultiple(of: 4) else { continue }
            for index in 0..<3 - padding { bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(16 - 8 * index))) }
            bits = 0
        }
        return bytes
    }

    private static func value(of byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
