import Core

/// The body of `POST /predict`: `{"features": [numbers] or {name: number}, "deployment": name}`.
struct PredictBody {
    /// The deployment the client named, if it did.
    var deployment: String?
    /// The features in order, when they were sent as an array.
    var features: [Float]?
    /// Where the features begin in the body, when they were sent by name.
    var namedAt: Int?

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
        guard features != nil || namedAt != nil else {
            throw MartletError(
                .invalidArgument,
                "'features' is missing: an array of numbers, or an object of numbers by name."
            )
        }
    }

    private mutating func read(_ key: String, _ reader: inout JSONReader) throws(MartletError) {
        switch key {
        case "features":
            guard features == nil, namedAt == nil else {
                throw MartletError(.invalidArgument, "'features' is given twice.")
            }
            switch reader.peek() {
            case 0x5B:
                var values: [Float] = []
                values.reserveCapacity(32)
                _ = try reader.readRow(into: &values)
                features = values
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
}
