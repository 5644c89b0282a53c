import Core

extension FuzzTarget {
    /// JSON into values: what is printed reads as the same, and the two readers agree on what JSON is.
    static let json = FuzzTarget(
        "json",
        "JSON documents",
        seeds: [
            #"{"a": [1, -2.5e3, true, null, "x\u00e9\n\ud83d\ude00"], "b": {"": []}}"#, "[1,2,3]", "\"\"", "1e5", "NaN",
            "[[[[[[]]]]]]", "-0.0", "9223372036854775808", #"{"a":1,"a":2}"#, "[1,\n\t2 ]", "[1e400]",
        ],
        words: ["null", "true", "false", "\\u0041", "\\ud83d", "\\udc00", "{\"", "\":", "[["],
        forms: [.json]
    ) { bytes in
        let buffer = bytes.bindMemory(to: UInt8.self)
        let strict = Result { () throws(MartletError) in try JSONValue.parse(buffer) }
        let lenient = Result { () throws(MartletError) in try JSONValue.parse(buffer, limits: .lenientNumbers) }
        let skipped = Result { () throws(MartletError) in
            var reader = JSONReader(buffer)
            try reader.skipValue()
            try reader.expectEnd()
        }
        guard case .success(let value) = strict else {
            if case .success(let value) = lenient {
                try require(!isFinite(value), "lenient parsing takes more than numbers that are not finite")
            }
            if case .failure(let error) = strict, case .success = skipped {
                try require(error.message.contains("twice"), "skipped, but not parsed: \(error)")
            }
            throw try failure(of: strict)
        }
        try require((try? lenient.get()) == value, "lenient parsing reads another value")
        if case .failure(let error) = skipped { throw Violation("parsed, but not skipped: \(error)") }
        let written = value.serialized()
        let again = try reading(written)
        try require(
            again == value,
            "printed and parsed it is another value: \(String(decoding: written, as: UTF8.self))"
        )
        try require(again.serialized() == written, "printing it again gives other bytes")
        try require(try reading(Array(value.prettyPrinted().utf8)) == value, "pretty printed it is another value")
        return Fingerprint.structure(of: value)
    }

    /// Signatures of models, which are read from registered files and from clients.
    static let signature = FuzzTarget(
        "signature",
        "signatures of models",
        seeds: [
            #"{"inputs": "[{\"name\": \"x\", \"type\": \"double\", \"required\": true}]", "outputs": "[{\"type\": \"long\"}]"}"#,
            #"{"inputs": "[{\"type\": \"tensor\", \"tensor-spec\": {\"dtype\": \"float32\", \"shape\": [-1, 3]}}]"}"#,
            #"{"inputs": [{"name": "a", "type": "array", "items": {"type": "object", "properties": {"b": {"type": "string"}}}}]}"#,
            #"{"inputs": null, "params": "[{\"name\": \"t\", \"dtype\": \"double\", \"default\": 0.5, \"shape\": null}]"}"#,
        ],
        words: [
            "double", "float", "long", "integer", "string", "boolean", "datetime", "binary", "tensor", "tensor-spec",
            "dtype", "shape", "required", "array", "object", "map", "items", "properties", "any", "sparse_vector",
        ],
        forms: [.json]
    ) { bytes in
        let value = try JSONValue.parse(bytes)
        let signature = try ModelSignature(json: value)
        let again = try reading("the signature that it prints") { try ModelSignature(json: signature.json) }
        try require(again.json == signature.json, "printed and parsed it is another signature")
        return Fingerprint.structure(of: signature.json)
    }

    /// Comma-separated values.
    static let csv = FuzzTarget(
        "csv",
        "comma-separated values",
        seeds: ["a,b\n1,2\n3,\"x, \"\"y\"\"\"\n", "a\r\n1\r\n", "\"a\nb\",c\n,\n", "x,y,z\n1e5,,nan\n"],
        words: [",", "\"\"", "\r\n", "\"", ",,", "\n\n"],
        forms: [.text]
    ) { bytes in
        let table = try CSV.parse(bytes)
        let written = CSV.write(table)
        let again = try reading("the table that it prints") { try CSV.parse(written) }
        try require(again.columns.map(\.name) == table.columns.map(\.name), "printed and parsed it has other columns")
        try require(again.rowCount == table.rowCount, "printed and parsed it has other rows")
        return UInt64(table.columns.count) << 8 | UInt64(min(table.rowCount, 255))
    }

    /// Page tokens: whoever changes one is told so.
    static let pageToken = FuzzTarget(
        "page-token",
        "page tokens",
        seeds: [
            PageToken.encode(["query": "cbf29ce484222325", "after": [1, "a", ["real": 0.5]]]), PageToken.encode(nil),
            PageToken.encode([1, 2, 3]), "AAAA", "gASVAAAA", "-1", "////", "=",
        ],
        words: ["==", "-_", "AAAA", "%3D"],
        forms: [.text],
        longest: 8192
    ) { bytes in
        let token = String(decoding: bytes, as: UTF8.self)
        // As it came: nobody forges the check sum by chance.
        if let value = try? PageToken.decode(token) {
            let again = try reading("the token of its own value") { try PageToken.decode(PageToken.encode(value)) }
            try require(again == value, "encoded and decoded it is another value")
        }
        // Any value is carried there and back.
        guard let value = try? JSONValue.parse(bytes), value.serialized().count < 3000 else {
            throw MartletError(.invalidArgument, "No token and no value.")
        }
        let made = PageToken.encode(value)
        let read = try reading("a token that was made") { try PageToken.decode(made) }
        try require(read == value, "a value is not carried")
        return Fingerprint.structure(of: value)
    }

    private static func isFinite(_ value: JSONValue) -> Bool {
        switch value {
        case .number(let number): number.isFinite
        case .array(let elements): elements.allSatisfy(isFinite)
        case .object(let object): object.pairs.allSatisfy { isFinite($0.1) }
        default: true
        }
    }

    private static func failure<Value>(of result: Result<Value, MartletError>) throws(Violation) -> MartletError {
        guard case .failure(let error) = result else { throw Violation("no failure where one was seen") }
        return error
    }

    private static func reading(_ bytes: [UInt8]) throws(Violation) -> JSONValue {
        try reading("what it prints") { try JSONValue.parse(bytes, limits: JSONLimits(bytes: .max)) }
    }

    /// What `body` reads; a refusal breaks the rule that `what` can be read.
    static func reading<Value>(_ what: String, _ body: () throws -> Value) throws(Violation) -> Value {
        do {
            return try body()
        } catch {
            throw Violation("\(what) is refused: \(error)")
        }
    }
}
