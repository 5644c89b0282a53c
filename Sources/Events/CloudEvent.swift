package import Core

/// An event in the JSON form of CloudEvents 1.0, structured mode.
package enum CloudEvent {
    /// The media type of one event.
    package static let mediaType = "application/cloudevents+json"
    /// The media type of an array of events.
    package static let batchMediaType = "application/cloudevents-batch+json"

    /// An event of the stream.
    ///
    /// - Parameters:
    ///   - event: the event; its place becomes the extension `sequence`, which sorts as text.
    ///   - source: where it comes from.
    /// - Returns: the JSON.
    package static func json(_ event: StoredEvent, source: String) -> JSONObject {
        var object = json(event.record, id: event.id, source: source)
        let digits = String(event.cursor)
        object["sequence"] = .string(String(repeating: "0", count: max(0, 20 - digits.count)) + digits)
        return object
    }

    /// What happened, whether or not it is in the stream.
    ///
    /// - Parameters:
    ///   - record: what happened.
    ///   - id: its id, unlike any other of the source.
    ///   - source: where it comes from.
    /// - Returns: the JSON.
    package static func json(_ record: EventRecord, id: String, source: String) -> JSONObject {
        [
            "specversion": "1.0", "id": .string(id), "source": .string(source), "type": .string(record.type),
            "subject": .string(record.subject), "time": .string(record.at.iso8601),
            "datacontenttype": "application/json", "data": .object(record.data),
        ]
    }
}
