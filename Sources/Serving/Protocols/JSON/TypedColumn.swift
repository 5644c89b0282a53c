import Core

/// Makes tensors of columns of JSON values, in the types that a signature declares or, without one, that fit.
enum TypedColumn {
    /// A column `[n]` for a declared field.
    ///
    /// A missing number is NaN. Text and whole numbers have nothing that stands for a missing one, so it is refused.
    ///
    /// - Throws: `invalidArgument` naming column, row, what was expected and received.
    static func tensor(_ values: [JSONValue], _ field: ModelSignature.Field) throws(MartletError) -> Tensor {
        let shape = [values.count]
        switch field.type {
        case .boolean:
            let bytes = try each(values, field) { value in value.boolValue.map { UInt8($0 ? 1 : 0) } }
            return try Tensor(.bool, shape: shape, packed: bytes)
        case .integer:
            return try Tensor(
                shape: shape,
                elements: try each(values, field) { value in value.integerValue.flatMap { Int32(exactly: $0) } }
            )
        case .long: return try Tensor(shape: shape, elements: try each(values, field) { $0.integerValue })
        case .float:
            let numbers = try each(values, field) { $0 == .null ? Float.nan : $0.doubleValue.map { Float($0) } }
            return try Tensor(shape: shape, elements: numbers)
        case .double:
            return try Tensor(
                shape: shape,
                elements: try each(values, field) { $0 == .null ? Double.nan : $0.doubleValue }
            )
        case .string:
            return try Tensor(shape: shape, texts: try each(values, field) { $0.stringValue.map { Array($0.utf8) } })
        case .binary:
            let texts = try each(values, field) { value in value.stringValue.flatMap { Base64Text.decode($0.utf8) } }
            return try Tensor(shape: shape, texts: texts)
        case .datetime, .array, .object, .map, .any, .vector:
            for (row, value) in values.enumerated() { try field.schema.check(value, at: "\(field.name)[\(row)]") }
            let isText = field.type == .datetime
            return try Tensor(
                shape: shape,
                texts: values.map { isText ? Array(($0.stringValue ?? "").utf8) : $0.serialized() }
            )
        }
    }

    private static func each<Element>(
        _ values: [JSONValue],
        _ field: ModelSignature.Field,
        _ convert: (JSONValue) -> Element?
    ) throws(MartletError) -> [Element] {
        var elements: [Element] = []
        elements.reserveCapacity(values.count)
        for (row, value) in values.enumerated() {
            guard let element = convert(value) else {
                let text = value.description
                let received = text.utf8.count <= 80 ? text : value.kind
                let expected = field.type == .binary ? "binary, as base64 text" : field.type.rawValue
                throw MartletError(
                    .invalidArgument,
                    "The column '\(field.name)', row \(row), is \(received); expected \(expected)."
                )
            }
            elements.append(element)
        }
        return elements
    }

    /// A column `[n]` of the narrowest type that holds all values: truth values, whole numbers, numbers or text.
    ///
    /// - Throws: `invalidArgument` for values that are nested or of several kinds.
    static func tensor(_ values: [JSONValue], inferredFor name: String) throws(MartletError) -> Tensor {
        try NestedArray(values: values, shape: [values.count], name: name).tensor(nil)
    }
}
