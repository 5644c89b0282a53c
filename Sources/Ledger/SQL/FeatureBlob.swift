/// Feature rows as bytes: 32-bit little-endian floats, four bytes each.
package enum FeatureBlob {
    /// The bytes of a row.
    package static func encode(_ features: [Float]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: features.count * 4) { buffer, count in
            for (index, value) in features.enumerated() {
                let bits = value.bitPattern
                for byte in 0..<4 {
                    buffer.initializeElement(
                        at: index * 4 + byte,
                        to: UInt8(truncatingIfNeeded: bits >> UInt32(byte * 8))
                    )
                }
            }
            count = features.count * 4
        }
    }

    /// The row that the bytes hold; a trailing fragment is left out.
    package static func decode(_ bytes: [UInt8]) -> [Float] {
        (0..<bytes.count / 4).map { index in
            let bits = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[index * 4 + $1]) << UInt32($1 * 8) }
            return Float(bitPattern: bits)
        }
    }
}
