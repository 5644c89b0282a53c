import Core

/// The JSON of OTLP, where ids are hexadecimal digits; protobuf's own JSON has base64 there.
enum ExportJSON {
    private static let ids = ["traceId", "spanId", "parentSpanId", "trace_id", "span_id", "parent_span_id"]

    /// The same document with the ids of spans and links in base64.
    ///
    /// - Throws: `invalidArgument` if it is no JSON or an id is not hexadecimal.
    static func withBase64IDs(_ body: [UInt8]) throws(MartletError) -> [UInt8] {
        let limits = JSONLimits(
            depth: TracesLimits.exportJSONDepth,
            bytes: TracesLimits.exportJSONBytes,
            allowsNonFinite: false
        )
        let document = try JSONValue.parse(body, limits: limits)
        return try changed(document, ["resourceSpans", "scopeSpans", "spans"][...]).serialized()
    }

    /// Descends along lists of objects and changes the ids of those at the end.
    private static func changed(_ value: JSONValue, _ path: ArraySlice<String>) throws(MartletError) -> JSONValue {
        guard var object = value.objectValue else { return value }
        guard let list = path.first else { return .object(try withIDs(object)) }
        for name in Set([list, snakeCase(list)]) {
            guard let elements = object[name]?.arrayValue else { continue }
            var result: [JSONValue] = []
            for element in elements { result.append(try changed(element, path.dropFirst())) }
            object[name] = .array(result)
        }
        return .object(object)
    }

    private static func withIDs(_ object: JSONObject) throws(MartletError) -> JSONObject {
        var object = object
        for name in ids {
            guard let text = object[name]?.stringValue else { continue }
            guard let bytes = Hexadecimal.decode(text) else {
                throw MartletError(.invalidArgument, "'\(name)' must be hexadecimal digits.")
            }
            object[name] = .string(Base64.encode(bytes))
        }
        if let links = object["links"]?.arrayValue {
            var result: [JSONValue] = []
            for link in links { result.append(try changed(link, [])) }
            object["links"] = .array(result)
        }
        return object
    }

    private static func snakeCase(_ name: String) -> String {
        name.map { $0.isUppercase ? "_" + $0.lowercased() : String($0) }.joined()
    }
}
