extension Tensor {
    /// The elements as 32-bit floats, whatever numbers they are; nil for text.
    ///
    /// Integers and 64-bit floats are rounded to the nearest float, truth values are 0 and 1.
    package var floats: [Float]? {
        if dataType == .float32 { return elements(Float.self) }
        return converted {
            Float($0)
        } integer: {
            Float($0)
        } unsigned: {
            Float($0)
        }
    }

    /// The elements as 64-bit floats, whatever numbers they are; nil for text.
    package var doubles: [Double]? {
        if dataType == .float64 { return elements(Double.self) }
        return converted {
            $0
        } integer: {
            Double($0)
        } unsigned: {
            Double($0)
        }
    }

    private func converted<Result>(
        _ float: (Double) -> Result,
        integer: (Int64) -> Result,
        unsigned: (UInt64) -> Result
    ) -> [Result]? {
        guard case .packed(let bytes) = storage else { return nil }
        func read<Bits: FixedWidthInteger>(_ bits: Bits.Type, _ convert: (Bits) -> Result) -> [Result] {
            bytes.withUnsafeBytes { raw in
                (0..<count).map { index in
                    let offset = index * MemoryLayout<Bits>.size
                    return convert(Bits(littleEndian: raw.loadUnaligned(fromByteOffset: offset, as: Bits.self)))
                }
            }
        }
        switch dataType {
        case .bool: return read(UInt8.self) { unsigned($0 == 0 ? 0 : 1) }
        case .uint8: return read(UInt8.self) { unsigned(UInt64($0)) }
        case .uint16: return read(UInt16.self) { unsigned(UInt64($0)) }
        case .uint32: return read(UInt32.self) { unsigned(UInt64($0)) }
        case .uint64: return read(UInt64.self) { unsigned($0) }
        case .int8: return read(Int8.self) { integer(Int64($0)) }
        case .int16: return read(Int16.self) { integer(Int64($0)) }
        case .int32: return read(Int32.self) { integer(Int64($0)) }
        case .int64: return read(Int64.self) { integer($0) }
        case .float16: return read(UInt16.self) { float(Double(HalfPrecision.single($0))) }
        case .brain16: return read(UInt16.self) { float(Double(Float(bitPattern: UInt32($0) << 16))) }
        case .float32: return read(UInt32.self) { float(Double(Float(bitPattern: $0))) }
        case .float64: return read(UInt64.self) { float(Double(bitPattern: $0)) }
        case .bytes: return nil
        }
    }
}

/// IEEE 754 binary16 numbers as bit patterns.
package enum HalfPrecision {
    /// A binary16 as binary32; exact.
    package static func single(_ bits: UInt16) -> Float {
        let sign: Float = bits & 0x8000 == 0 ? 1 : -1
        let exponent = Int(bits >> 10) & 0x1F
        let fraction = Float(bits & 0x3FF)
        switch exponent {
        case 0: return sign * fraction * 0x1p-24
        case 31: return fraction == 0 ? sign * .infinity : .nan
        default: return sign * (1 + fraction * 0x1p-10) * Float(sign: .plus, exponent: exponent - 15, significand: 1)
        }
    }
}
