/// Writes sketches and windows as bytes: whole numbers in as few bytes as they need, floats by their bits.
struct BlobWriter {
    private(set) var bytes: [UInt8] = []

    mutating func count(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    mutating func int(_ value: Int) { count(UInt64(max(value, 0))) }

    mutating func float(_ value: Float) { fixed(value.bitPattern) }

    mutating func double(_ value: Double) { fixed(value.bitPattern) }

    mutating func time(_ milliseconds: Int64) { fixed(UInt64(bitPattern: milliseconds)) }

    mutating func text(_ value: String) {
        let utf8 = Array(value.utf8)
        int(utf8.count)
        bytes.append(contentsOf: utf8)
    }

    private mutating func fixed(_ bits: some FixedWidthInteger) {
        withUnsafeBytes(of: bits.littleEndian) { bytes.append(contentsOf: $0) }
    }
}
