import Core

/// The body of KServe V1's `:predict`: `{"instances": [rows]}` or `{"inputs": [rows]}`.
enum V1Body {
    /// Reads the rows.
    ///
    /// - Throws: `invalidArgument` when neither key is there, both are, or a row does not fit the model.
    static func rows(_ bytes: UnsafeBufferPointer<UInt8>, _ model: LoadedModel) throws(MartletError) -> FeatureRows {
        var reader = JSONReader(bytes)
        var rows: FeatureRows?
        guard reader.peek() == 0x7B else {
            throw MartletError(.invalidArgument, "The body must be an object with 'instances'.")
        }
        try reader.expect(0x7B)
        if !reader.take(0x7D) {
            repeat {
                let key = try reader.readString()
                try reader.expect(0x3A)
                guard key == "instances" || key == "inputs" else {
                    try reader.skipValue()
                    continue
                }
                guard rows == nil else {
                    throw MartletError(.invalidArgument, "Send the rows once, as 'instances' or as 'inputs'.")
                }
                guard reader.peek() == 0x5B else {
                    throw MartletError(.invalidArgument, "'\(key)' must be an array of rows.")
                }
                rows = try reader.readRows(model)
            } while reader.take(0x2C)
            try reader.expect(0x7D)
        }
        try reader.expectEnd()
        guard let rows else {
            throw MartletError(.invalidArgument, "'instances' is missing: an array with one element for each row.")
        }
        return rows
    }
}
