import Core

/// Rows of numbers as read from a body, before the data plane checks their width.
struct FeatureRows: Sendable, Equatable {
    /// Row-major values; NaN is missing.
    var values: [Float] = []
    /// Number of rows.
    var count = 0
}

extension JSONReader {
    /// Reads one number, `null` (missing) or truth value as a 32-bit float.
    @inline(__always)
    mutating func readFeature() throws(MartletError) -> Float {
        switch peek() {
        case 0x6E where takeNull(): return .nan
        case 0x74, 0x66: return try readBool() ? 1 : 0
        default:
            let value = Float(try readDouble())
            guard value.isFinite || (allowsNonFinite && value.isNaN) else {
                throw MartletError(
                    .invalidArgument,
                    "The number before byte \(offset) is too large for a 32-bit number; use null for missing."
                )
            }
            return value
        }
    }

    /// Reads an array of numbers and appends them; returns how many.
    mutating func readRow(into values: inout [Float]) throws(MartletError) -> Int {
        try expect(0x5B)
        if take(0x5D) { return 0 }
        let start = values.count
        repeat {
            guard values.count < ServingLimits.valuesPerRequest else { throw Self.tooManyValues() }
            values.append(try readFeature())
        } while take(0x2C)
        try expect(0x5D)
        return values.count - start
    }

    /// Reads an object of numbers by column name into a row in the model's order.
    ///
    /// Columns that the model does not have are refused, or skipped when `dropsUnknown`.
    mutating func readNamedRow(
        _ model: LoadedModel,
        dropsUnknown: Bool = false,
        into values: inout [Float]
    ) throws(MartletError) {
        let start = values.count
        guard start + model.inputs.count <= ServingLimits.valuesPerRequest else { throw Self.tooManyValues() }
        values.append(contentsOf: repeatElement(0, count: model.inputs.count))
        var seen = [Bool](repeating: false, count: model.inputs.count)
        try expect(0x7B)
        if !take(0x7D) {
            repeat {
                let name = try readString()
                try expect(0x3A)
                guard let position = model.position[name] else {
                    guard dropsUnknown else { throw Self.unknownColumn(name, model) }
                    try skipValue()
                    continue
                }
                guard !seen[position] else {
                    throw MartletError(.invalidArgument, "The feature '\(name.prefix(100))' is given twice.")
                }
                seen[position] = true
                values[start + position] = try readFeature()
            } while take(0x2C)
            try expect(0x7D)
        }
        if let missing = seen.firstIndex(of: false) {
            throw MartletError(.invalidArgument, "The feature '\(model.inputs[missing])' is missing.")
        }
    }

    /// Reads an array whose elements are rows: arrays of numbers, objects by column name or, for a model of one
    /// feature, numbers.
    mutating func readRows(_ model: LoadedModel, dropsUnknown: Bool = false) throws(MartletError) -> FeatureRows {
        var rows = FeatureRows()
        try expect(0x5B)
        if take(0x5D) { return rows }
        let width = model.inputs.count
        repeat {
            guard rows.count < ServingLimits.rowsPerRequest else { throw Self.tooManyRows() }
            switch peek() {
            case 0x5B:
                let received = try readRow(into: &rows.values)
                guard received == width else { throw DataPlane.wrongWidth(expected: width, received: received) }
            case 0x7B: try readNamedRow(model, dropsUnknown: dropsUnknown, into: &rows.values)
            default:
                let value = try readFeature()
                guard width == 1 else { throw DataPlane.wrongWidth(expected: width, received: 1) }
                rows.values.append(value)
            }
            rows.count += 1
        } while take(0x2C)
        try expect(0x5D)
        return rows
    }

    static func tooManyValues() -> MartletError {
        MartletError(
            .payloadTooLarge,
            "A request has at most \(ServingLimits.valuesPerRequest) numbers; send the rows in several requests."
        )
    }

    static func tooManyRows() -> MartletError {
        MartletError(
            .payloadTooLarge,
            "A request has at most \(ServingLimits.rowsPerRequest) rows; send them in several requests."
        )
    }

    static func unknownColumn(_ name: String, _ model: LoadedModel) -> MartletError {
        let known = model.inputs.prefix(5).joined(separator: ", ")
        return MartletError(
            .invalidArgument,
            "The model has no feature '\(name.prefix(100))'; it takes \(known)\(model.inputs.count > 5 ? ", …" : "")."
        )
    }
}
