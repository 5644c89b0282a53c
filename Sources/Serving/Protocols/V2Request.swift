import Core

/// The JSON part of an Open Inference V2 request.
///
/// For a model of rows the numbers of every tensor are read straight into 32-bit floats; for other models it is noted
/// where they stand, and `tensors` reads them in their datatype.
struct V2Request {
    /// One input tensor.
    struct Input {
        var name = ""
        var shape: [Int]?
        var datatype: DataType?
        var values: [Float]?
        /// Where the data begins in the JSON part, when it was not read as numbers.
        var dataAt: Int?
        /// How MLServer's clients want the values understood, such as `base64`.
        var contentType: String?
        /// Size of the tensor's blob behind the JSON; nil when the data stands in the JSON.
        var binarySize: Int?
    }

    /// One output that the client asked for.
    struct Output {
        var name = ""
        /// Whether it shall be a blob; nil to follow the request.
        var isBinary: Bool?
        /// How many of the highest values are wanted as text instead of all as numbers.
        var ranked: Int?
    }

    var id: String?
    var inputs: [Input] = []
    var outputs: [Output]?
    /// Whether outputs are blobs unless they say otherwise.
    var wantsBinary = false
    /// How MLServer's clients say that the tensors belong together: `pd`, `np`, `str`.
    var contentType: String?
    /// How long the client waits for the answer, in microseconds.
    var timeoutMicroseconds: Int64?
    /// The request's other parameters.
    var parameters: [String: JSONValue] = [:]

    /// The names of the outputs that are wanted.
    var asked: [String]? { outputs?.map(\.name) }

    /// Reads the JSON part; `data` as 32-bit floats when `readsNumbers`.
    ///
    /// - Throws: `invalidArgument` naming what is wrong.
    init(_ bytes: UnsafeBufferPointer<UInt8>, readsNumbers: Bool = true) throws(MartletError) {
        var reader = JSONReader(bytes)
        guard reader.peek() == 0x7B else {
            throw MartletError(.invalidArgument, "The body must be an object with 'inputs'.")
        }
        var keys: Set<String> = []
        try reader.forEachMember { key, reader throws(MartletError) in
            guard keys.insert(key).inserted else {
                throw MartletError(.invalidArgument, "'\(key.prefix(100))' is given twice.")
            }
            switch key {
            case "id": id = reader.takeNull() ? nil : try reader.readString()
            case "inputs":
                try reader.forEachElement("inputs") { reader throws(MartletError) in
                    guard inputs.count < CoreLimits.tableColumns else { throw JSONReader.tooManyValues() }
                    inputs.append(try Self.input(&reader, readsNumbers))
                }
            case "outputs":
                outputs = []
                try reader.forEachElement("outputs") { reader throws(MartletError) in
                    guard outputs?.count ?? 0 < ServingLimits.outputsPerRequest else { throw Self.tooManyOutputs() }
                    outputs?.append(try Self.output(&reader))
                }
            case "parameters":
                try take(try reader.readParameters())
            default: try reader.skipValue()
            }
        }
        try reader.expectEnd()
        guard keys.contains("inputs"), !inputs.isEmpty else {
            throw MartletError(.invalidArgument, "'inputs' is missing: an array with at least one tensor.")
        }
    }

    static func tooManyOutputs() -> MartletError {
        MartletError(
            .payloadTooLarge,
            "A request asks for at most \(ServingLimits.outputsPerRequest) outputs; name each one once."
        )
    }

    private mutating func take(_ given: [String: JSONValue]) throws(MartletError) {
        for (key, value) in given {
            switch key {
            case "binary_data_output": wantsBinary = try Self.flag(key, value)
            case "content_type": contentType = value.stringValue
            case "timeout":
                guard let time = value.integerValue, time >= 0 else {
                    throw MartletError(.invalidArgument, "'parameters.timeout' must be a whole number of microseconds.")
                }
                timeoutMicroseconds = time == 0 ? nil : time
            default: parameters[key] = value
            }
        }
    }

    private static func flag(_ key: String, _ value: JSONValue) throws(MartletError) -> Bool {
        guard let flag = value.boolValue else {
            throw MartletError(.invalidArgument, "The parameter '\(key)' must be true or false.")
        }
        return flag
    }

    private static func input(
        _ reader: inout JSONReader,
        _ readsNumbers: Bool
    ) throws(MartletError) -> Input {
        var input = Input()
        try reader.forEachMember { key, reader throws(MartletError) in
            switch key {
            case "name": input.name = try reader.readString()
            case "shape": input.shape = try shape(&reader)
            case "datatype":
                let name = try reader.readString()
                guard let type = DataType(rawValue: name) else {
                    let known = DataType.allCases.map(\.rawValue).joined(separator: ", ")
                    throw MartletError(
                        .invalidArgument,
                        "The datatype '\(name.prefix(40))' is not known; known are \(known)."
                    )
                }
                input.datatype = type
            case "parameters":
                let parameters = try reader.readParameters()
                input.contentType = parameters["content_type"]?.stringValue
                guard parameters["shared_memory_region"] == nil else { throw Self.noSharedMemory() }
                guard let size = parameters["binary_data_size"] else { return }
                guard let bytes = size.integerValue.flatMap({ Int(exactly: $0) }), bytes >= 0 else {
                    throw MartletError(.invalidArgument, "'binary_data_size' must be a whole number of bytes.")
                }
                input.binarySize = bytes
            case "data" where input.values != nil || input.dataAt != nil:
                throw MartletError(.invalidArgument, "'data' is given twice in one input.")
            case "data" where !readsNumbers:
                input.dataAt = reader.offset
                try reader.skipValue()
            case "data":
                var values: [Float] = []
                try reader.readFlattened(into: &values, depth: CoreLimits.tensorRank)
                input.values = values
            default: try reader.skipValue()
            }
        }
        guard !input.name.isEmpty else { throw MartletError(.invalidArgument, "An input has no 'name'.") }
        return input
    }

    private static func output(_ reader: inout JSONReader) throws(MartletError) -> Output {
        var output = Output()
        try reader.forEachMember { key, reader throws(MartletError) in
            switch key {
            case "name": output.name = try reader.readString()
            case "parameters":
                let parameters = try reader.readParameters()
                output.isBinary = try parameters["binary_data"].map { value throws(MartletError) in
                    try flag("binary_data", value)
                }
                guard parameters["shared_memory_region"] == nil else { throw Self.noSharedMemory() }
                guard let ranked = parameters["classification"] else { return }
                guard let count = ranked.integerValue.flatMap({ Int(exactly: $0) }), count > 0 else {
                    throw MartletError(.invalidArgument, "'classification' must be a whole number above 0.")
                }
                output.ranked = count
            default: try reader.skipValue()
            }
        }
        guard !output.name.isEmpty else { throw MartletError(.invalidArgument, "An output has no 'name'.") }
        return output
    }

    /// The refusal of tensors that lie in memory of the client's machine.
    static func noSharedMemory() -> MartletError {
        MartletError(.unimplemented, "Shared memory is not supported; send the tensors in the request.")
    }

    private static func shape(_ reader: inout JSONReader) throws(MartletError) -> [Int] {
        var shape: [Int] = []
        try reader.forEachElement("shape") { reader throws(MartletError) in
            guard shape.count < CoreLimits.tensorRank,
                let extent = try reader.readNumber().integerValue.flatMap({ Int(exactly: $0) }), extent >= 0
            else {
                throw MartletError(
                    .invalidArgument,
                    "'shape' must be at most \(CoreLimits.tensorRank) whole numbers that are not negative."
                )
            }
            shape.append(extent)
        }
        return shape
    }
}

extension JSONReader {
    /// Reads an object and hands each member's key over; the body must read the value.
    mutating func forEachMember(
        _ body: (String, inout JSONReader) throws(MartletError) -> Void
    ) throws(MartletError) {
        try expect(0x7B)
        if take(0x7D) { return }
        repeat {
            let key = try readString()
            try expect(0x3A)
            try body(key, &self)
        } while take(0x2C)
        try expect(0x7D)
    }

    /// Reads an array; the body must read each element.
    mutating func forEachElement(
        _ name: StaticString,
        _ body: (inout JSONReader) throws(MartletError) -> Void
    ) throws(MartletError) {
        guard peek() == 0x5B else { throw MartletError(.invalidArgument, "'\(name)' must be an array.") }
        try expect(0x5B)
        if take(0x5D) { return }
        repeat { try body(&self) } while take(0x2C)
        try expect(0x5D)
    }

    /// Reads an object; members that are null count as absent.
    mutating func readParameters() throws(MartletError) -> [String: JSONValue] {
        if takeNull() { return [:] }
        var parameters: [String: JSONValue] = [:]
        try forEachMember { key, reader throws(MartletError) in
            switch reader.peek() {
            case 0x74, 0x66: parameters[key] = .bool(try reader.readBool())
            case 0x22: parameters[key] = .string(try reader.readString())
            case 0x5B, 0x7B: parameters[key] = try reader.readValue(depth: CoreLimits.jsonDepth - 4)
            case 0x6E: try reader.skipValue()
            default: parameters[key] = try reader.readNumber()
            }
        }
        return parameters
    }

    /// Reads numbers in arrays of any nesting, in order.
    mutating func readFlattened(into values: inout [Float], depth: Int) throws(MartletError) {
        guard peek() == 0x5B else { throw MartletError(.invalidArgument, "'data' must be an array.") }
        guard depth > 0 else { throw tooDeep() }
        try expect(0x5B)
        if take(0x5D) { return }
        repeat {
            if peek() == 0x5B {
                try readFlattened(into: &values, depth: depth - 1)
            } else {
                guard values.count < ServingLimits.valuesPerRequest else { throw Self.tooManyValues() }
                values.append(try readFeature())
            }
        } while take(0x2C)
        try expect(0x5D)
    }
}
