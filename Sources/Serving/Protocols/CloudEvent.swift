import Core

/// The attributes of a CloudEvent (CloudEvents 1.0, "Context Attributes") that carries a V1 request or answer.
struct CloudEvent: Equatable {
    /// How an event travels over HTTP (CloudEvents HTTP binding, section 3).
    enum Mode: Equatable {
        /// Attributes as `ce-` headers, data as the body.
        case binary
        /// Attributes and data in one JSON object.
        case structured
    }

    /// What an answer is, as KServe names it.
    static let answerType = "io.kserve.inference.response"

    let mode: Mode
    let id: String
    let source: String
    let type: String

    /// Reads the attributes of binary mode; nil when the request is no event.
    ///
    /// - Throws: `invalidArgument` when only some of the attributes are there, or the version is another.
    static func binary(_ header: (String) -> String?) throws(MartletError) -> CloudEvent? {
        guard let version = header("ce-specversion") else { return nil }
        func required(_ name: String) throws(MartletError) -> String {
            guard let value = header("ce-\(name)"), !value.isEmpty else { throw missing("ce-\(name)") }
            return value
        }
        try check(version: version)
        return CloudEvent(
            mode: .binary,
            id: try required("id"),
            source: try required("source"),
            type: try required("type")
        )
    }

    /// Reads an event in structured mode.
    ///
    /// - Returns: the event and where its data stands in `bytes`.
    /// - Throws: `invalidArgument` when the body is not an event with JSON data.
    static func structured(
        _ bytes: UnsafeBufferPointer<UInt8>
    ) throws(MartletError) -> (event: CloudEvent, data: Range<Int>) {
        var reader = JSONReader(bytes)
        guard reader.peek() == 0x7B else {
            throw MartletError(.invalidArgument, "The body must be a CloudEvent: an object with 'data'.")
        }
        var attributes: [String: String] = [:]
        var data: Range<Int>?
        try reader.forEachMember { key, reader throws(MartletError) in
            switch (key, reader.peek()) {
            case ("data", _):
                guard data == nil else { throw MartletError(.invalidArgument, "'data' is given twice.") }
                let start = reader.offset
                try reader.skipValue()
                data = start..<reader.offset
            case ("data_base64", _):
                throw MartletError(.invalidArgument, "'data_base64' is not read; send JSON in 'data'.")
            case (_, 0x22):
                guard attributes.updateValue(try reader.readString(), forKey: key) == nil else {
                    throw MartletError(.invalidArgument, "'\(key.prefix(100))' is given twice.")
                }
            default: try reader.skipValue()
            }
        }
        try reader.expectEnd()
        func required(_ name: String) throws(MartletError) -> String {
            guard let value = attributes[name], !value.isEmpty else { throw missing(name) }
            return value
        }
        try check(version: try required("specversion"))
        guard let data else { throw missing("data") }
        let event = CloudEvent(
            mode: .structured,
            id: try required("id"),
            source: try required("source"),
            type: try required("type")
        )
        return (event, data)
    }

    /// Whether a JSON object that came without an event's media type has the attributes of one.
    ///
    /// The first member decides at little cost: an ordinary request begins with its rows.
    static func looksStructured(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        var reader = JSONReader(bytes)
        guard reader.take(0x7B), let first = try? reader.readString() else { return false }
        guard first != "instances", first != "inputs" else { return false }
        guard let object = try? JSONValue.parse(bytes).objectValue else { return false }
        return ["specversion", "id", "source", "type", "data"].allSatisfy { object[$0] != nil }
    }

    private static func check(version: String) throws(MartletError) {
        guard version == "1.0" || version == "0.3" else {
            throw MartletError(
                .invalidArgument,
                "The CloudEvents version is '\(version.prefix(20))'; events of version 1.0 are read."
            )
        }
    }

    private static func missing(_ name: String) -> MartletError {
        MartletError(.invalidArgument, "The CloudEvent has no '\(name)'.")
    }

    /// The attributes of the answer: an event of its own.
    static func answer(to event: CloudEvent, model: String, id: String) -> CloudEvent {
        CloudEvent(mode: event.mode, id: id, source: "io.kserve.inference.\(model)", type: answerType)
    }

    /// The event in structured mode around JSON data.
    func write(_ data: [UInt8], time: Timestamp) -> [UInt8] {
        var writer = JSONWriter(capacity: data.count + 256)
        writer.raw(#"{"specversion":"1.0","id":"#)
        writer.string(id)
        writer.raw(#","source":"#)
        writer.string(source)
        writer.raw(#","type":"#)
        writer.string(type)
        writer.raw(#","time":"#)
        writer.string(time.iso8601)
        writer.raw(#","datacontenttype":"application/json","data":"#)
        writer.raw(data)
        writer.raw(0x7D)
        return writer.bytes
    }

    /// The attributes as headers of binary mode, without the time.
    var headers: [(name: String, value: String)] {
        [("ce-specversion", "1.0"), ("ce-id", id), ("ce-source", source), ("ce-type", type)]
    }
}
