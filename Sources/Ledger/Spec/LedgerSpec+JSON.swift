package import Core

extension LedgerSpec {
    /// Reads the `ledger` object of a deployment.
    ///
    /// - Throws: `invalidArgument` naming the field, for unknown keys, wrong types and impossible values.
    package init(fields: JSONFields) throws(MartletError) {
        try fields.rejectUnknown(["sampling", "retention", "redact", "payload_limit", "entity"])
        self.init()
        sampling = try fields.optionalDouble("sampling", in: 0...1) ?? sampling
        if let rule = try fields.optionalFields("retention") { retention = try Retention(fields: rule) }
        redact = try fields.strings("redact")
        for (position, name) in redact.enumerated() where name.isEmpty || redact[..<position].contains(name) {
            throw MartletError(
                .invalidArgument,
                "'\(fields.path(of: "redact"))[\(position)]' must be the name of a column, each once."
            )
        }
        guard redact.count <= LedgerLimits.redactedColumns else {
            throw fields.invalid("redact", "must name at most \(LedgerLimits.redactedColumns) columns")
        }
        if let bytes = try Self.bytes(fields, "payload_limit", in: 0...Int64(LedgerLimits.maximumPayloadBytes)) {
            payloadLimit = Int(bytes)
        }
        if let source = try fields.optionalFields("entity") { entity = try EntitySource(fields: source) }
    }

    /// A number of bytes, or a size such as `512MiB`; nil when absent.
    static func bytes(
        _ fields: JSONFields,
        _ key: String,
        in range: ClosedRange<Int64>
    ) throws(MartletError) -> Int64? {
        guard let value = fields.value(key) else { return nil }
        let bytes = value.integerValue ?? value.stringValue.flatMap(ByteCount.parse).map(Int64.init)
        guard let bytes, range.contains(bytes) else {
            throw fields.invalid(
                key,
                "must be a number of bytes such as 16KiB, from \(range.lowerBound) to \(range.upperBound)"
            )
        }
        return bytes
    }

    /// The object as it stands in a manifest, with every default written out.
    package var json: JSONValue {
        var object: JSONObject = [
            "sampling": .number(sampling),
            "retention": retention.json,
            "redact": .array(redact.map(JSONValue.string)),
            "payload_limit": .int(payloadLimit),
        ]
        if let entity { object["entity"] = entity.json }
        return .object(object)
    }
}

extension LedgerSpec.Retention {
    /// Reads the `retention` object.
    ///
    /// - Throws: `invalidArgument` naming the field.
    init(fields: JSONFields) throws(MartletError) {
        try fields.rejectUnknown(["age", "rows", "bytes"])
        self.init()
        if let age = try fields.optionalDuration("age") {
            guard age > .zero else { throw fields.invalid("age", "must be longer than nothing") }
            self.age = age
        }
        rows = try fields.optionalInt("rows", in: 1...LedgerLimits.maximumRows) ?? rows
        bytes = try LedgerSpec.bytes(fields, "bytes", in: 1...Int64(1) << 50)
    }

    var json: JSONValue {
        var object: JSONObject = ["age": .string("\(age.wholeMilliseconds)ms"), "rows": .integer(rows)]
        if let bytes { object["bytes"] = .integer(bytes) }
        return .object(object)
    }
}

extension LedgerSpec.EntitySource {
    /// Reads the `entity` object: one of `header` and `input`.
    ///
    /// - Throws: `invalidArgument` naming the field.
    init(fields: JSONFields) throws(MartletError) {
        try fields.rejectUnknown(["header", "input"])
        let header = try fields.optionalString("header")
        let input = try fields.optionalString("input")
        switch (header, input) {
        case (let header?, nil):
            let isName = header.utf8.allSatisfy { byte in
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 45
                    || byte == 95
            }
            guard isName, !header.isEmpty, header.utf8.count <= 128 else {
                throw fields.invalid("header", "must be the name of a header")
            }
            self = .header(header.lowercased())
        case (nil, let input?) where !input.isEmpty: self = .input(input)
        default:
            throw MartletError(.invalidArgument, "'\(fields.path)' must name either a 'header' or an 'input'.")
        }
    }

    var json: JSONValue {
        switch self {
        case .header(let name): ["header": .string(name)]
        case .input(let name): ["input": .string(name)]
        }
    }
}
