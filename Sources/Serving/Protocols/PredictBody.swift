import Core
import Runtimes

/// The body of `POST /predict`: `{"features": row, "deployment": name}` or `{"features": [rows]}`, where a row is an array of
/// values in the model's order or an object of values by name.
struct PredictBody {
    /// The deployment the client named, if it did.
    var deployment: String?
    /// The features in order, when they were sent as an array of numbers.
    var features: [Float]?
    /// Where the features begin in the body, when they were sent by name.
    var namedAt: Int?
    /// Where the features begin in the body, when several rows were sent or values that are no numbers.
    var rowsAt: Int?
    /// Where the features begin in the body.
    private var start = 0

    /// Whether one row was sent as such.
    var isSingle: Bool { rowsAt == nil }

    /// Reads a body; features by name are read later, when the model is known.
    init(_ bytes: UnsafeBufferPointer<UInt8>) throws(MartletError) {
        var reader = JSONReader(bytes)
        guard reader.peek() == 0x7B else {
            throw MartletError(.invalidArgument, "The body must be an object with 'features'.")
        }
        try reader.expect(0x7B)
        if !reader.take(0x7D) {
            repeat {
                let key = try reader.readString()
                try reader.expect(0x3A)
                try read(key, &reader)
            } while reader.take(0x2C)
            try reader.expect(0x7D)
        }
        try reader.expectEnd()
        guard features != nil || namedAt != nil || rowsAt != nil else {
            throw MartletError(
                .invalidArgument,
                "'features' is missing: an array of numbers, or an object of numbers by name."
            )
        }
    }

    private mutating func read(_ key: String, _ reader: inout JSONReader) throws(MartletError) {
        switch key {
        case "features":
            guard features == nil, namedAt == nil, rowsAt == nil else {
                throw MartletError(.invalidArgument, "'features' is given twice.")
            }
            let first = reader.peek()
            start = reader.offset
            switch first {
            case 0x5B:
                var values: [Float] = []
                values.reserveCapacity(32)
                if try reader.readNumbers(into: &values) {
                    features = values
                } else {
                    rowsAt = start
                    try reader.skipValue()
                }
            case 0x7B:
                namedAt = reader.offset
                try reader.skipValue()
            default:
                throw MartletError(
                    .invalidArgument,
                    "'features' must be an array of numbers, or an object of numbers by name."
                )
            }
        case "deployment":
            guard deployment == nil else { throw MartletError(.invalidArgument, "'deployment' is given twice.") }
            if !reader.takeNull() { deployment = try reader.readString() }
        default: try reader.skipValue()
        }
    }

    /// The row for `model`.
    func row(_ bytes: UnsafeBufferPointer<UInt8>, _ model: LoadedModel) throws(MartletError) -> [Float] {
        if let features { return features }
        var values: [Float] = []
        guard let namedAt else { return values }
        var reader = JSONReader(UnsafeBufferPointer(rebasing: bytes[namedAt...]))
        try reader.readNamedRow(model, into: &values)
        return values
    }

    /// What the features mean to any model, and how many rows there are.
    ///
    /// - Throws: `invalidArgument` when they do not fit the model.
    func meaning(_ bytes: UnsafeBufferPointer<UInt8>, _ model: LoadedModel) throws(MartletError) -> JSONInput.Meaning {
        var reader = JSONReader(UnsafeBufferPointer(rebasing: bytes[start...]))
        guard model.rows != nil else {
            let input = JSONInput(model, dropsUnknown: false)
            let value = try reader.readValue()
            let holdsRows = value.arrayValue?.allSatisfy { $0.arrayValue != nil || $0.objectValue != nil } ?? false
            return try input.rows(holdsRows ? value : [value], "features")
        }
        guard rowsAt != nil else { return (.rows(try row(bytes, model), count: 1), 1) }
        var rows = reader
        if try rows.beginsWithRow() {
            let read = try reader.readRows(model)
            return (.rows(read.values, count: read.count), read.count)
        }
        var values: [Float] = []
        _ = try reader.readRow(into: &values)
        return (.rows(values, count: 1), 1)
    }
}

extension JSONReader {
    /// Whether the array that comes next begins with an array or an object.
    mutating func beginsWithRow() throws(MartletError) -> Bool {
        try expect(0x5B)
        let next = peek()
        return next == 0x5B || next == 0x7B
    }

    /// Reads an array of numbers; leaves the reader where it was and says false when there are rows or texts in it.
    mutating func readNumbers(into values: inout [Float]) throws(MartletError) -> Bool {
        let start = self
        do {
            _ = try readRow(into: &values)
            return true
        } catch {
            switch peek() {
            case 0x5B, 0x7B, 0x22:
                self = start
                values = []
                return false
            default: throw error
            }
        }
    }
}
