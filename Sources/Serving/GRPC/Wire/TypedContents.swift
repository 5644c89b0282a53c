import Core

/// Reads and writes `InferTensorContents`: the elements of a tensor in the field of its datatype.
enum TypedContents {
    /// The field of a datatype; nil for those that travel as raw bytes only.
    private static func field(_ type: DataType) -> (number: UInt64, name: String)? {
        switch type {
        case .bool: (1, "bool_contents")
        case .int8, .int16, .int32: (2, "int_contents")
        case .int64: (3, "int64_contents")
        case .uint8, .uint16, .uint32: (4, "uint_contents")
        case .uint64: (5, "uint64_contents")
        case .float32: (6, "fp32_contents")
        case .float64: (7, "fp64_contents")
        case .bytes: (8, "bytes_contents")
        case .float16, .brain16: nil
        }
    }

    /// The tensor of an input.
    ///
    /// - Throws: `invalidArgument` naming the expected and received field or number of elements.
    static func tensor(_ input: InferMessage.Input, _ type: DataType) throws(MartletError) -> Tensor {
        guard let (number, name) = field(type) else {
            throw MartletError(
                .invalidArgument,
                "The input '\(input.name.prefix(100))' has datatype \(type.rawValue), which travels in "
                    + "'raw_input_contents' only."
            )
        }
        let count = try Tensor.elementCount(of: input.shape)
        guard count <= ServingLimits.valuesPerRequest else { throw JSONReader.tooManyValues() }
        var elements = Elements(type, count: count)
        for part in input.contents {
            var reader = WireReader(part)
            while let (field, wireType) = try reader.next() {
                guard field == number else {
                    throw MartletError(
                        .invalidArgument,
                        "The input '\(input.name.prefix(100))' has datatype \(type.rawValue), whose elements stand in "
                            + "'\(name)'; field \(field) of 'contents' was given."
                    )
                }
                try elements.read(&reader, wireType)
            }
        }
        guard elements.count == count else {
            let received = elements.count > count ? "more" : "\(elements.count)"
            throw MartletError(
                .invalidArgument,
                "The input '\(input.name.prefix(100))' has shape \(input.shape), \(count) elements, but \(received) in "
                    + "'\(name)'."
            )
        }
        return try elements.tensor(input.shape)
    }

    /// Writes a tensor as field `field` of the message that holds it; nothing for datatypes that have no field.
    static func write(_ tensor: Tensor, field: UInt8, to writer: inout WireWriter) {
        guard let (number, _) = Self.field(tensor.dataType) else { return }
        let inner = UInt8(number)
        switch tensor.dataType {
        case .bytes:
            writer.header(field, length: tensor.texts.reduce(0) { $0 + WireWriter.fieldSize($1.count) })
            for text in tensor.texts { writer.bytes(inner, text) }
        case .float32, .float64, .bool:
            guard !tensor.packed.isEmpty else { return }
            writer.header(field, length: WireWriter.fieldSize(tensor.packed.count))
            writer.bytes(inner, tensor.packed)
        default:
            let values = varints(tensor)
            guard !values.isEmpty else { return }
            let length = values.reduce(0) { $0 + WireWriter.size($1) }
            writer.header(field, length: WireWriter.fieldSize(length))
            writer.header(inner, length: length)
            for value in values { writer.varint(value) }
        }
    }

    /// Whole numbers as protobuf writes them: negative ones take all 64 bits.
    private static func varints(_ tensor: Tensor) -> [UInt64] {
        func signed<Whole: TensorElement & FixedWidthInteger>(_: Whole.Type) -> [UInt64] {
            (tensor.elements(Whole.self) ?? []).map { UInt64(bitPattern: Int64($0)) }
        }
        func unsigned<Whole: TensorElement & FixedWidthInteger>(_: Whole.Type) -> [UInt64] {
            (tensor.elements(Whole.self) ?? []).map { UInt64($0) }
        }
        switch tensor.dataType {
        case .int8: return signed(Int8.self)
        case .int16: return signed(Int16.self)
        case .int32: return signed(Int32.self)
        case .int64: return signed(Int64.self)
        case .uint8: return unsigned(UInt8.self)
        case .uint16: return unsigned(UInt16.self)
        case .uint32: return unsigned(UInt32.self)
        case .uint64: return unsigned(UInt64.self)
        default: return []
        }
    }

    /// The elements of one tensor while they are read.
    private struct Elements {
        private let type: DataType
        private let limit: Int
        private var packed: [UInt8] = []
        private var texts: [[UInt8]] = []
        private(set) var count = 0

        init(_ type: DataType, count: Int) {
            self.type = type
            limit = count
        }

        func tensor(_ shape: [Int]) throws(MartletError) -> Tensor {
            type == .bytes ? try Tensor(shape: shape, texts: texts) : try Tensor(type, shape: shape, packed: packed)
        }

        /// Reads one occurrence of the field: packed elements, or a single one.
        mutating func read(_ reader: inout WireReader, _ wireType: WireReader.WireType) throws(MartletError) {
            switch (type, wireType) {
            case (.bytes, .bytes):
                // Elements above the expected number are counted, so that the error can tell, but not kept.
                let text = try reader.slice()
                if count < limit { texts.append(Array(text)) }
                count += 1
            case (.float32, .fixed32): append(try reader.fixed32())
            case (.float64, .fixed64): append(try reader.fixed64())
            case (.float32, .bytes), (.float64, .bytes):
                let slice = try reader.slice()
                let size = type == .float32 ? 4 : 8
                guard slice.count.isMultiple(of: size) else { throw WireReader.broken }
                if count + slice.count / size <= limit { packed.append(contentsOf: slice) }
                count += slice.count / size
            case (.bytes, _), (.float32, _), (.float64, _): throw WireReader.broken
            case (_, .varint): try append(varint: try reader.varint())
            case (_, .bytes):
                var part = WireReader(try reader.slice())
                while !part.isAtEnd { try append(varint: try part.varint()) }
            default: throw WireReader.broken
            }
        }

        private mutating func append(_ bits: some FixedWidthInteger) {
            if count < limit { withUnsafeBytes(of: bits.littleEndian) { packed.append(contentsOf: $0) } }
            count += 1
        }

        private mutating func append(varint value: UInt64) throws(MartletError) {
            switch type {
            case .bool: append(UInt8(value == 0 ? 0 : 1))
            case .int8: append(try fitted(value, Int8.self))
            case .int16: append(try fitted(value, Int16.self))
            case .int32: append(try fitted(value, Int32.self))
            case .int64: append(value)
            case .uint8: append(try exactly(value, UInt8.self))
            case .uint16: append(try exactly(value, UInt16.self))
            case .uint32: append(try exactly(value, UInt32.self))
            default: append(value)
            }
        }

        private func fitted<Whole: FixedWidthInteger>(_ value: UInt64, _: Whole.Type) throws(MartletError) -> Whole {
            let signed = Int64(bitPattern: value)
            guard let fitted = Whole(exactly: signed) else { throw outOfRange("\(signed)") }
            return fitted
        }

        private func exactly<Whole: FixedWidthInteger>(_ value: UInt64, _: Whole.Type) throws(MartletError) -> Whole {
            guard let fitted = Whole(exactly: value) else { throw outOfRange("\(value)") }
            return fitted
        }

        private func outOfRange(_ value: String) -> MartletError {
            MartletError(.invalidArgument, "Element \(count) is \(value), which does not fit into \(type.rawValue).")
        }
    }
}
