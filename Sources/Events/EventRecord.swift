package import Core

/// Something that happened, as the feature that made it happen tells it.
package struct EventRecord: Sendable, Equatable {
    /// What happened, such as `martlet.alias.moved`.
    package let type: String
    /// What it happened to, such as `models/cancer/aliases/production`.
    package let subject: String
    /// The figures and names.
    package let data: JSONObject
    /// When it happened.
    package let at: Timestamp

    /// Describes an event.
    ///
    /// - Parameters:
    ///   - type: lower-case words joined by dots, the first of which is `martlet`.
    ///   - subject: a path of nouns and names.
    ///   - data: what is to be known of it; no secret may be in it.
    ///   - at: when it happened.
    package init(type: String, subject: String, data: JSONObject, at: Timestamp) {
        self.type = type
        self.subject = subject
        self.data = data
        self.at = at
    }
}

/// An event in the stream.
package struct StoredEvent: Sendable, Equatable {
    /// Its place in the stream, from 1: what a reader resumes after.
    package let cursor: Int64
    /// Its id, unlike that of any other event anywhere.
    package let id: String
    /// What happened.
    package let record: EventRecord

    /// The event as Martlet's own JSON shows it.
    package var json: JSONValue {
        [
            "cursor": .integer(cursor), "id": .string(id), "type": .string(record.type),
            "subject": .string(record.subject), "at": .integer(record.at.milliseconds), "data": .object(record.data),
        ]
    }
}
