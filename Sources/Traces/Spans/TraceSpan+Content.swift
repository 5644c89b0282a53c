import Core

/// The form in which spans are stored, searched and written to `traces.json`.
extension TraceSpan {
    /// The span as MLflow's span dictionary.
    var content: JSONObject {
        var attributes = JSONObject()
        for attribute in self.attributes { attributes[attribute.key] = .string(attribute.text) }
        return [
            "trace_id": .string(Self.base64(ofDigits: otelTraceID)),
            "span_id": .string(Self.base64(ofDigits: id)),
            "parent_span_id": .optional(parentID.map(Self.base64(ofDigits:))),
            "name": .string(name),
            "start_time_unix_nano": .integer(startTime),
            "end_time_unix_nano": .optional(endTime),
            "events": .array(
                events.map {
                    [
                        "name": .string($0.name), "time_unix_nano": .integer($0.time),
                        "attributes": .object($0.attributes),
                    ]
                }
            ),
            "status": ["code": .string(status.code), "message": .string(statusMessage)],
            "attributes": .object(attributes),
            "links": .array(
                links.map { link in
                    [
                        "trace_id": .string(Self.traceID(of: link.traceID)), "span_id": .string(link.spanID),
                        "attributes": link.attributes.isEmpty ? .null : .object(link.attributes),
                    ]
                }
            ),
        ]
    }

    /// Reads a span dictionary: the one of `content`, or one that another version of MLflow's client wrote.
    ///
    /// - Throws: `dataLoss` if it is none.
    init(content: JSONValue) throws(MartletError) {
        let broken = MartletError(.dataLoss, "A stored span is damaged.")
        guard let object = content.objectValue, let name = object["name"]?.stringValue else { throw broken }
        // Version 2 of MLflow kept the ids in "context" and the status in two members.
        let isOld = object["context"] != nil
        let ids = isOld ? object["context"]?.objectValue ?? [:] : object
        let parent = isOld ? object["parent_id"] : object["parent_span_id"]
        let times = isOld ? ("start_time", "end_time", "timestamp") : Self.timeNames
        guard let traceID = Self.digits(ids["trace_id"], width: 32), let id = Self.digits(ids["span_id"], width: 16),
            let start = Self.integer(object[times.0])
        else { throw broken }
        let code = isOld ? object["status_code"] : object["status"]?["code"]
        let message = isOld ? object["status_message"] : object["status"]?["message"]
        self.init(
            otelTraceID: traceID,
            id: id,
            parentID: Self.digits(parent, width: 16),
            name: name,
            startTime: start,
            endTime: Self.integer(object[times.1]).flatMap { $0 > 0 ? $0 : nil },
            status: Status.allCases.first { $0.code == code?.stringValue || $0.word == code?.stringValue } ?? .unset,
            statusMessage: message?.stringValue ?? "",
            attributes: (object["attributes"]?.objectValue ?? [:]).pairs.map { member in
                Attribute(key: member.key, text: member.value.stringValue ?? AttributeText.json(member.value))
            },
            events: (object["events"]?.arrayValue ?? []).map { event in
                Event(
                    name: event["name"]?.stringValue ?? "",
                    time: Self.integer(event[times.2]) ?? 0,
                    attributes: event["attributes"]?.objectValue ?? [:]
                )
            },
            links: (object["links"]?.arrayValue ?? []).compactMap(Self.link),
            resource: [:]
        )
    }

    private static let timeNames = ("start_time_unix_nano", "end_time_unix_nano", "time_unix_nano")

    private static func link(_ value: JSONValue) -> Link? {
        guard let traceID = value["trace_id"]?.stringValue, let spanID = value["span_id"]?.stringValue else {
            return nil
        }
        return Link(
            traceID: traceID.hasPrefix("tr-") ? String(traceID.dropFirst(3)) : traceID,
            spanID: spanID,
            attributes: value["attributes"]?.objectValue ?? [:]
        )
    }

    private static func integer(_ value: JSONValue?) -> Int64? {
        value?.integerValue ?? value?.stringValue.flatMap { Int64($0) }
    }

    private static func base64(ofDigits digits: String) -> String {
        Base64.encode(Hexadecimal.decode(digits) ?? [])
    }

    /// The digits of an id that is written as base64, as digits, or as `tr-` and digits.
    private static func digits(_ value: JSONValue?, width: Int) -> String? {
        guard var text = value?.stringValue, !text.isEmpty else { return nil }
        if text.hasPrefix("tr-") { text.removeFirst(3) }
        if text.utf8.count == width, let bytes = Hexadecimal.decode(text) {
            return Hexadecimal.encode(bytes, width: width)
        }
        if text.hasPrefix("0x"), text.utf8.count <= width + 2 {
            let bare = String(text.dropFirst(2))
            let padded = String(repeating: "0", count: width - bare.utf8.count) + bare
            // One in 4,096 ids begins so in base64 too, where padding follows that is no digit.
            if let bytes = Hexadecimal.decode(padded) { return Hexadecimal.encode(bytes, width: width) }
        }
        guard let bytes = Base64.decode(text), !bytes.isEmpty, bytes.count * 2 <= width else { return nil }
        return Hexadecimal.encode(bytes, width: width)
    }
}
