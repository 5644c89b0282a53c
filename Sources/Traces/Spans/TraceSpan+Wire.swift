import Core

/// The form of spans in replies: OpenTelemetry's message in the JSON of MLflow's protocol.
extension TraceSpan {
    /// The span as a reply carries it: snake_case, ids in base64, times as numbers.
    var wire: JSONValue {
        var object: JSONObject = [
            "trace_id": .string(Base64.encode(Hexadecimal.decode(otelTraceID) ?? [])),
            "span_id": .string(Base64.encode(Hexadecimal.decode(id) ?? [])),
        ]
        if let parentID { object["parent_span_id"] = .string(Base64.encode(Hexadecimal.decode(parentID) ?? [])) }
        if !name.isEmpty { object["name"] = .string(name) }
        object["start_time_unix_nano"] = .integer(startTime)
        if let endTime { object["end_time_unix_nano"] = .integer(endTime) }
        object["attributes"] = Self.list(attributes.map { Self.keyValue($0.key, $0.value) })
        object["events"] = Self.list(
            events.map { event in
                var message: JSONObject = ["time_unix_nano": .integer(event.time), "name": .string(event.name)]
                message["attributes"] = Self.list(event.attributes.pairs.map(Self.keyValue))
                return .object(message)
            }
        )
        object["links"] = Self.list(
            links.compactMap { link in
                guard let traceID = Hexadecimal.decode(link.traceID), let spanID = Hexadecimal.decode(link.spanID)
                else {
                    return nil
                }
                var message: JSONObject = [
                    "trace_id": .string(Base64.encode(traceID)), "span_id": .string(Base64.encode(spanID)),
                ]
                message["attributes"] = Self.list(link.attributes.pairs.map(Self.keyValue))
                return .object(message)
            }
        )
        var status = JSONObject()
        if !statusMessage.isEmpty { status["message"] = .string(statusMessage) }
        if self.status != .unset { status["code"] = .string(self.status.code) }
        object["status"] = .object(status)
        return .object(object)
    }

    private static func list(_ elements: [JSONValue]) -> JSONValue? {
        elements.isEmpty ? nil : .array(elements)
    }

    private static func keyValue(_ key: String, _ value: JSONValue) -> JSONValue {
        ["key": .string(key), "value": anyValue(value)]
    }

    private static func anyValue(_ value: JSONValue) -> JSONValue {
        switch value {
        case .null: [:]
        case .bool(let value): ["bool_value": .bool(value)]
        case .integer(let value): ["int_value": .integer(value)]
        case .number(let value): ["double_value": number(value)]
        case .string(let text): ["string_value": .string(text)]
        case .array(let elements):
            ["array_value": elements.isEmpty ? [:] : ["values": .array(elements.map(anyValue))]]
        case .object(let object):
            ["kvlist_value": object.isEmpty ? [:] : ["values": .array(object.pairs.map(keyValue))]]
        }
    }

    private static func number(_ value: Double) -> JSONValue {
        if value.isFinite { return .number(value) }
        if value.isNaN { return "NaN" }
        return value > 0 ? "Infinity" : "-Infinity"
    }
}
