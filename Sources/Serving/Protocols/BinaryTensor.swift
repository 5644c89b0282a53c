import Core
import Ledger

/// The binary tensor extension's element formats: little-endian, row-major, no padding.
enum BinaryTensor {
    /// Reads `count` elements of a numeric type as 32-bit floats; the caller has checked the size.
    static func decode(_ bytes: UnsafeBufferPointer<UInt8>, _ type: DataType, count: Int) -> [Float] {
        let raw = UnsafeRawBufferPointer(bytes)
        func read<Bits: FixedWidthInteger>(_ bits: Bits.Type, _ convert: (Bits) -> Float) -> [Float] {
            (0..<count).map { index in
                let offset = index * MemoryLayout<Bits>.size
                return convert(Bits(littleEndian: raw.loadUnaligned(fromByteOffset: offset, as: Bits.self)))
            }
        }
        switch type {
        case .bool: return read(UInt8.self) { $0 == 0 ? 0 : 1 }
        case .uint8: return read(UInt8.self) { Float($0) }
        case .uint16: return read(UInt16.self) { Float($0) }
        case .uint32: return read(UInt32.self) { Float($0) }
        case .uint64: return read(UInt64.self) { Float($0) }
        case .int8: return read(Int8.self) { Float($0) }
        case .int16: return read(Int16.self) { Float($0) }
        case .int32: return read(Int32.self) { Float($0) }
        case .int64: return read(Int64.self) { Float($0) }
        case .float16: return read(UInt16.self, half)
        case .brain16: return read(UInt16.self) { Float(bitPattern: UInt32($0) << 16) }
        case .float32: return read(UInt32.self) { Float(bitPattern: $0) }
        case .float64: return read(UInt64.self) { Float(Double(bitPattern: $0)) }
        case .bytes: return []
        }
    }

    /// IEEE 754 binary16 as binary32.
    static func half(_ bits: UInt16) -> Float {
        let sign: Float = bits & 0x8000 == 0 ? 1 : -1
        let exponent = Int(bits >> 10) & 0x1F
        let fraction = Float(bits & 0x3FF)
        switch exponent {
        case 0: return sign * fraction * 0x1p-24
        case 31: return fraction == 0 ? sign * .infinity : .nan
        default: return sign * (1 + fraction * 0x1p-10) * Float(sign: .plus, exponent: exponent - 15, significand: 1)
        }
    }

    /// Appends 32-bit floats.
    static func append(_ values: [Float], to bytes: inout [UInt8]) {
        bytes.append(contentsOf: FeatureBlob.encode(values))
    }

    /// Appends texts as BYTES: a 32-bit length before each.
    static func append(_ texts: [String], to bytes: inout [UInt8]) {
        for text in texts {
            let length = UInt32(clamping: text.utf8.count)
            for byte in 0..<4 { bytes.append(UInt8(truncatingIfNeeded: length >> UInt32(byte * 8))) }
            bytes.append(contentsOf: text.utf8)
        }
    }
}
