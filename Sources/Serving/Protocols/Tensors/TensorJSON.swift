package import Core

/// Reads the `data` of a V2 tensor: an array of elements, flat or nested, in row-major order.
package struct TensorJSON {
    private let name: String
    private let type: DataType
    private let limit: Int
    private var packed: [UInt8] = []
    private var texts: [[UInt8]] = []
    private var count = 0

    /// Reads the array that comes next.
    ///
    /// - Throws: `invalidArgument` when an element is not of the datatype, or their number does not fit the shape.
    package static func tensor(
        named name: String,
        _ type: DataType,
        shape: [Int],
        _ reader: inout JSONReader
    ) throws(MartletError) -> Tensor {
        guard type != .float16, type != .brain16 else { throw notInJSON("The input", name, type) }
        let expected = try Tensor.elementCount(of: shape)
        guard expected <= ServingLimits.valuesPerRequest else { throw JSONReader.tooManyValues() }
        var data = TensorJSON(name: name, type: type, limit: expected)
        try data.elements(&reader, depth: CoreLimits.tensorRank)
        guard data.count == expected else {
            throw MartletError(
                .invalidArgument,
                "The input '\(name)' has shape \(shape), \(expected) elements, but \(data.count) in 'data'."
            )
        }
        return type == .bytes
            ? try Tensor(shape: shape, texts: data.texts) : try Tensor(type, shape: shape, packed: data.packed)
    }

    /// The refusal of half-precision numbers in JSON.
    static func notInJSON(_ what: String, _ name: String, _ type: DataType) -> MartletError {
        MartletError(
            .invalidArgument,
            "\(what) '\(name)': \(type.rawValue) cannot be sent as JSON; use the binary tensor extension or FP32."
        )
    }

    private init(name: String, type: DataType, limit: Int) {
        self.name = name
        self.type = type
        self.limit = limit
    }

    private mutating func elements(_ reader: inout JSONReader, depth: Int) throws(MartletError) {
        guard reader.peek() == 0x5B else { throw MartletError(.invalidArgument, "'data' must be an array.") }
        guard depth > 0 else { throw reader.tooDeep() }
        try reader.expect(0x5B)
        if reader.take(0x5D) { return }
        repeat {
            if reader.peek() == 0x5B {
                try elements(&reader, depth: depth - 1)
                continue
            }
            count += 1
            // What goes past the shape is counted but not kept; the message says how many there were.
            if count > limit { try reader.skipValue() } else { try element(&reader) }
        } while reader.take(0x2C)
        try reader.expect(0x5D)
    }

    private mutating func element(_ reader: inout JSONReader) throws(MartletError) {
        switch type {
        case .bool: packed.append(try truth(&reader) ? 1 : 0)
        case .uint8: append(try whole(&reader, UInt8.self))
        case .uint16: append(try whole(&reader, UInt16.self))
        case .uint32: append(try whole(&reader, UInt32.self))
        case .uint64: append(try unsigned(&reader))
        case .int8: append(try whole(&reader, Int8.self))
        case .int16: append(try whole(&reader, Int16.self))
        case .int32: append(try whole(&reader, Int32.self))
        case .int64: append(try whole(&reader, Int64.self))
        case .float32: append(try reader.readFeature().bitPattern)
        case .float64: append(reader.takeNull() ? Double.nan.bitPattern : try reader.readDouble().bitPattern)
        case .bytes:
            guard reader.peek() == 0x22 else { throw refused("is not a string") }
            texts.append(Array(try reader.readString().utf8))
        case .float16, .brain16: throw Self.notInJSON("The input", name, type)
        }
    }

    private mutating func append(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { packed.append(contentsOf: $0) }
    }

    private func truth(_ reader: inout JSONReader) throws(MartletError) -> Bool {
        switch reader.peek() {
        case 0x74, 0x66: return try reader.readBool()
        default:
            switch try reader.readNumber().integerValue {
            case 0: return false
            case 1: return true
            default: throw refused("is neither true nor false")
            }
        }
    }

    private func whole<Value: FixedWidthInteger>(
        _ reader: inout JSONReader,
        _ type: Value.Type
    ) throws(MartletError) -> Value {
        let number = try reader.readNumber()
        guard let whole = number.integerValue else { throw refused("is not a whole number") }
        guard let value = Value(exactly: whole) else { throw refused("does not fit") }
        return value
    }

    /// A 64-bit number without sign, also past the range of signed ones.
    private func unsigned(_ reader: inout JSONReader) throws(MartletError) -> UInt64 {
        _ = reader.peek()
        let start = reader.offset
        let number = try reader.readNumber()
        if let whole = number.integerValue {
            guard let value = UInt64(exactly: whole) else { throw refused("does not fit") }
            return value
        }
        guard let value = UInt64(String(decoding: reader.bytes[start..<reader.offset], as: UTF8.self)) else {
            throw refused("is not a whole number of 64 bits")
        }
        return value
    }

    private func refused(_ why: String) -> MartletError {
        MartletError(.invalidArgument, "Element \(count - 1) of the \(type.rawValue) input '\(name)' \(why).")
    }
}

extension JSONWriter {
    /// The elements of a tensor as a flat array; numbers that are not finite become null.
    ///
    /// - Throws: `invalidArgument` for what JSON cannot carry: half-precision numbers and texts that are not UTF-8.
    package mutating func tensorData(_ tensor: Tensor, named name: String) throws(MartletError) {
        raw(0x5B)
        for index in 0..<tensor.count {
            if index > 0 { raw(0x2C) }
            try element(tensor, index, named: name)
        }
        raw(0x5D)
    }

    /// The elements of a tensor as arrays nested by its shape; a scalar stands alone.
    ///
    /// - Throws: `invalidArgument` for texts that are not UTF-8.
    package mutating func nestedTensor(_ tensor: Tensor, named name: String) throws(MartletError) {
        var index = 0
        try nested(tensor, dimension: 0, &index, named: name)
    }

    /// One entry along the first dimension, nested by the rest of the shape.
    mutating func nestedRow(_ tensor: Tensor, _ row: Int, named name: String) throws(MartletError) {
        let rows = tensor.shape.first ?? 1
        var index = rows > 0 ? tensor.count / rows * row : 0
        try nested(tensor, dimension: 1, &index, named: name)
    }

    private mutating func nested(
        _ tensor: Tensor,
        dimension: Int,
        _ index: inout Int,
        named name: String
    ) throws(MartletError) {
        guard dimension < tensor.shape.count else {
            try element(tensor, index, named: name)
            index += 1
            return
        }
        raw(0x5B)
        for position in 0..<tensor.shape[dimension] {
            if position > 0 { raw(0x2C) }
            try nested(tensor, dimension: dimension + 1, &index, named: name)
        }
        raw(0x5D)
    }

    private mutating func element(_ tensor: Tensor, _ index: Int, named name: String) throws(MartletError) {
        switch tensor.storage {
        case .texts(let texts):
            guard let text = String(validating: texts[index], as: UTF8.self) else {
                throw MartletError(
                    .invalidArgument,
                    "The output '\(name)' holds bytes that are not UTF-8; ask for it as binary data."
                )
            }
            string(text)
        case .packed(let bytes):
            bytes.withUnsafeBytes { number(UnsafeRawBufferPointer($0), tensor.dataType, index) }
        }
    }

    private mutating func number(_ bytes: UnsafeRawBufferPointer, _ type: DataType, _ index: Int) {
        func load<Bits: FixedWidthInteger>(_ bits: Bits.Type) -> Bits {
            Bits(littleEndian: bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<Bits>.size, as: Bits.self))
        }
        switch type {
        case .bool: bool(load(UInt8.self) != 0)
        case .uint8: integer(Int64(load(UInt8.self)))
        case .uint16: integer(Int64(load(UInt16.self)))
        case .uint32: integer(Int64(load(UInt32.self)))
        case .uint64: raw(load(UInt64.self).description.utf8)
        case .int8: integer(Int64(load(Int8.self)))
        case .int16: integer(Int64(load(Int16.self)))
        case .int32: integer(Int64(load(Int32.self)))
        case .int64: integer(load(Int64.self))
        case .float16: number(HalfPrecision.single(load(UInt16.self)))
        case .brain16: number(Float(bitPattern: UInt32(load(UInt16.self)) << 16))
        case .float32: number(Float(bitPattern: load(UInt32.self)))
        case .float64: number(Double(bitPattern: load(UInt64.self)))
        case .bytes: raw("null")
        }
    }
}
