package import Core

/// Events as server-sent events: the text of WHATWG's `text/event-stream`.
package enum EventFrames {
    /// What a stream begins with: how soon to come back, and from where.
    package static func opening(at cursor: Int64) -> String {
        "retry: \(EventsLimits.retryMilliseconds)\nid: \(cursor)\n\n"
    }

    /// An event.
    package static func event(_ event: StoredEvent, _ json: JSONValue) -> String {
        // JSON has no line breaks of its own, and a type that could break the frame is cut there.
        let type = event.record.type.prefix { !$0.isNewline }
        return "id: \(event.cursor)\nevent: \(type)\ndata: \(String(decoding: json.serialized(), as: UTF8.self))\n\n"
    }

    /// A place without an event: the reader resumes after it.
    package static func place(_ cursor: Int64) -> String {
        "id: \(cursor)\n\n"
    }

    /// A sign of life, which no client takes for an event.
    package static func heartbeat(at cursor: Int64) -> String {
        ": still here\nid: \(cursor)\n\n"
    }

    /// Events are gone that the reader has not seen.
    package static func missing(after cursor: Int64, oldest: Int64) -> String {
        own(
            "martlet.stream.missing",
            [
                "after": .integer(cursor), "oldest": .integer(oldest),
                "message": "Events between these places are not kept any more.",
            ]
        )
    }

    /// The stream ends, and why.
    package static func ending(_ ending: StreamBoard.Ending) -> String {
        own("martlet.stream.end", ["reason": .string(ending.rawValue), "message": .string(ending.message)])
    }

    private static func own(_ type: String, _ data: JSONValue) -> String {
        "event: \(type)\ndata: \(String(decoding: data.serialized(), as: UTF8.self))\n\n"
    }
}
