import Core

/// The elements of nested JSON arrays, and their shape.
struct NestedArray {
    /// The elements in row-major order, none of them an array.
    private(set) var values: [JSONValue]
    /// The extents.
    private(set) var shape: [Int]
    /// What the array is called, for messages.
    let name: String

    /// Elements that are known already.
    init(values: [JSONValue], shape: [Int], name: String) {
        self.values = values
        self.shape = shape
        self.name = name
    }

    /// Takes nested arrays apart.
    ///
    /// - Throws: `invalidArgument` when arrays beside each other differ in length, or are nested too deeply.
    init(_ value: JSONValue, name: String) throws(MartletError) {
        values = []
        shape = []
        self.name = name
        var next = value
        while let elements = next.arrayValue {
            guard shape.count < CoreLimits.tensorRank else {
                throw MartletError(
                    .invalidArgument,
                    "'\(name)' is nested more than \(CoreLimits.tensorRank) levels deep."
                )
            }
            shape.append(elements.count)
            guard let first = elements.first else { break }
            next = first
        }
        _ = try Tensor.elementCount(of: shape)
        try flatten(value, depth: 0)
    }

    private mutating func flatten(_ value: JSONValue, depth: Int) throws(MartletError) {
        guard depth < shape.count else {
            guard value.arrayValue == nil else { throw ragged() }
            guard values.count < ServingLimits.valuesPerRequest else { throw JSONReader.tooManyValues() }
            return values.append(value)
        }
        guard let elements = value.arrayValue, elements.count == shape[depth] else { throw ragged() }
        for element in elements { try flatten(element, depth: depth + 1) }
    }

    private func ragged() -> MartletError {
        MartletError(.invalidArgument, "'\(name)' is ragged: arrays beside each other must have the same length.")
    }

    /// A tensor of a declared datatype, or of the narrowest one that holds all elements.
    ///
    /// - Throws: `invalidArgument` for elements of another type, or of several kinds.
    func tensor(_ type: DataType?) throws(MartletError) -> Tensor {
        switch type ?? inferred {
        case .bool:
            let bytes = try each { value in value.boolValue.map { UInt8($0 ? 1 : 0) } }
            return try Tensor(.bool, shape: shape, packed: bytes)
        case .bytes: return try Tensor(shape: shape, texts: try each { $0.stringValue.map { Array($0.utf8) } })
        case .float32:
            let numbers = try each { $0 == .null ? Float.nan : $0.doubleValue.map { Float($0) } }
            return try Tensor(shape: shape, elements: numbers)
        case .float64, .float16, .brain16:
            let numbers = try each { $0 == .null ? Double.nan : $0.doubleValue }
            return try converted(Tensor(shape: shape, elements: numbers), type)
        default:
            return try converted(Tensor(shape: shape, elements: try each { $0.integerValue }), type)
        }
    }

    private func converted(_ tensor: Tensor, _ type: DataType?) throws(MartletError) -> Tensor {
        guard let type, type != tensor.dataType else { return tensor }
        do {
            return try tensor.converted(to: type)
        } catch {
            throw MartletError(.invalidArgument, "'\(name)': \(error.message)")
        }
    }

    /// The narrowest datatype that holds all elements.
    private var inferred: DataType {
        guard let first = values.first(where: { $0 != .null }) else { return .float64 }
        switch first {
        case .bool: return .bool
        case .string: return .bytes
        default: break
        }
        let isWhole = values.allSatisfy { if case .integer = $0 { true } else { false } }
        return isWhole ? .int64 : .float64
    }

    private func each<Element>(_ convert: (JSONValue) -> Element?) throws(MartletError) -> [Element] {
        var elements: [Element] = []
        elements.reserveCapacity(values.count)
        for (position, value) in values.enumerated() {
            guard let element = convert(value) else {
                throw MartletError(
                    .invalidArgument,
                    "Element \(position) of '\(name)' is \(value.kind), which does not fit the others or the model."
                )
            }
            elements.append(element)
        }
        return elements
    }
}
