import Core
import Runtimes

/// A `ModelInferRequest`, read straight from its bytes: a row costs no tree of messages.
///
/// Slices point into the message, so a value must not outlive the bytes it was read from; `tensors()` copies.
struct InferMessage {
    /// One `InferInputTensor`.
    struct Input {
        var name = ""
        var datatype = ""
        var shape: [Int] = []
        /// The parts of `contents`; protobuf lets a field of one message come in several.
        var contents: [UnsafeRawBufferPointer] = []
        var usesSharedMemory = false
    }

    var model = ""
    var version = ""
    var id = ""
    var inputs: [Input] = []
    /// Names of the outputs that are wanted; empty for those that the model gives of itself.
    var outputs: [String] = []
    /// `raw_input_contents`.
    var raw: [UnsafeRawBufferPointer] = []
    /// Parameters of the request, but for those that only Triton's own features use.
    var parameters: JSONObject = [:]

    /// Whether the answer's tensors are bytes, as the request's are.
    var isRaw: Bool { !raw.isEmpty }

    /// Reads a message.
    ///
    /// - Throws: `invalidArgument` for bytes that are no message; `unimplemented` for what is not offered.
    init(_ bytes: UnsafeRawBufferPointer) throws(MartletError) {
        var reader = WireReader(bytes)
        while let (field, type) = try reader.next() {
            switch field {
            case 1: model = try reader.text(type)
            case 2: version = try reader.text(type)
            case 3: id = try reader.text(type)
            case 4:
                guard let (name, value) = try Self.parameter(try reader.slice(type)) else { continue }
                parameters[name] = value
            case 5:
                guard inputs.count < CoreLimits.tableColumns else { throw JSONReader.tooManyValues() }
                inputs.append(try Self.input(try reader.slice(type)))
            case 6:
                guard outputs.count < ServingLimits.outputsPerRequest else { throw V2Request.tooManyOutputs() }
                outputs.append(try Self.output(try reader.slice(type)))
            case 7:
                guard raw.count < CoreLimits.tableColumns else { throw JSONReader.tooManyValues() }
                raw.append(try reader.slice(type))
            default: try reader.skip(type)
            }
        }
    }

    private static func input(_ bytes: UnsafeRawBufferPointer) throws(MartletError) -> Input {
        var input = Input()
        var reader = WireReader(bytes)
        while let (field, type) = try reader.next() {
            switch field {
            case 1: input.name = try reader.text(type)
            case 2: input.datatype = try reader.text(type)
            case 3: try extents(&reader, type, into: &input.shape)
            case 4:
                if let (name, _) = try parameter(try reader.slice(type)), name.hasPrefix("shared_memory") {
                    input.usesSharedMemory = true
                }
            case 5:
                guard input.contents.count < CoreLimits.tensorRank else { throw WireReader.broken }
                input.contents.append(try reader.slice(type))
            default: try reader.skip(type)
            }
        }
        return input
    }

    /// `repeated int64 shape`, packed or not.
    private static func extents(
        _ reader: inout WireReader,
        _ type: WireReader.WireType,
        into shape: inout [Int]
    ) throws(MartletError) {
        func append(_ value: UInt64) throws(MartletError) {
            guard shape.count < CoreLimits.tensorRank else {
                throw MartletError(.invalidArgument, "A shape has at most \(CoreLimits.tensorRank) dimensions.")
            }
            shape.append(Int(Int64(bitPattern: value)))
        }
        switch type {
        case .varint: try append(try reader.varint())
        case .bytes:
            var packed = WireReader(try reader.slice())
            while !packed.isAtEnd { try append(try packed.varint()) }
        default: throw WireReader.broken
        }
    }

    private static func output(_ bytes: UnsafeRawBufferPointer) throws(MartletError) -> String {
        var name = ""
        var reader = WireReader(bytes)
        while let (field, type) = try reader.next() {
            switch field {
            case 1: name = try reader.text(type)
            case 2:
                guard let (key, _) = try parameter(try reader.slice(type)) else { continue }
                if key == "classification" || key.hasPrefix("shared_memory") {
                    throw MartletError(
                        .unimplemented,
                        "The output '\(name.prefix(100))' asks for '\(key.prefix(100))', which is not offered."
                    )
                }
            default: try reader.skip(type)
            }
        }
        return name
    }

    /// An entry of `map<string, InferParameter>`; nil when it has no value.
    static func parameter(_ bytes: UnsafeRawBufferPointer) throws(MartletError) -> (String, JSONValue)? {
        var name = ""
        var value: JSONValue?
        var reader = WireReader(bytes)
        while let (field, type) = try reader.next() {
            switch field {
            case 1: name = try reader.text(type)
            case 2: value = try choice(try reader.slice(type))
            default: try reader.skip(type)
            }
        }
        return value.map { (name, $0) }
    }

    /// An `InferParameter`.
    private static func choice(_ bytes: UnsafeRawBufferPointer) throws(MartletError) -> JSONValue? {
        var value: JSONValue?
        var reader = WireReader(bytes)
        while let (field, type) = try reader.next() {
            switch (field, type) {
            case (1, .varint): value = .bool(try reader.varint() != 0)
            case (2, .varint): value = .integer(Int64(bitPattern: try reader.varint()))
            case (3, .bytes): value = .string(try reader.text())
            case (4, .fixed64): value = .number(Double(bitPattern: try reader.fixed64()))
            case (5, .varint):
                let number = try reader.varint()
                value = Int64(exactly: number).map { .integer($0) } ?? .number(Double(number))
            default: try reader.skip(type)
            }
        }
        return value
    }
}

extension InferMessage {
    /// The input tensors, checked and copied out of the message.
    ///
    /// - Throws: `invalidArgument` naming the expected and received size, datatype or field.
    func tensors() throws(MartletError) -> [NamedTensor] {
        guard raw.isEmpty || raw.count == inputs.count else {
            throw MartletError(
                .invalidArgument,
                "'raw_input_contents' has \(raw.count) entries, but there are \(inputs.count) inputs; send one for each."
            )
        }
        var tensors: [NamedTensor] = []
        tensors.reserveCapacity(inputs.count)
        for (position, input) in inputs.enumerated() {
            guard !input.usesSharedMemory else {
                throw MartletError(
                    .unimplemented,
                    "The input '\(input.name.prefix(100))' lies in shared memory, which is not offered; send its bytes."
                )
            }
            guard let type = DataType(rawValue: input.datatype) else {
                throw MartletError(
                    .invalidArgument,
                    "The input '\(input.name.prefix(100))' has the unknown datatype '\(input.datatype.prefix(40))'."
                )
            }
            let tensor: Tensor
            if raw.isEmpty {
                tensor = try TypedContents.tensor(input, type)
            } else {
                guard input.contents.allSatisfy(\.isEmpty) else {
                    throw MartletError(
                        .invalidArgument,
                        "The input '\(input.name.prefix(100))' has 'contents' beside 'raw_input_contents'; send one of them."
                    )
                }
                tensor = try V2Blob.tensor(input.name, type, shape: input.shape, raw[position])
            }
            tensors.append(NamedTensor(input.name, tensor))
        }
        return tensors
    }
}
