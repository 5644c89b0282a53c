package import Core

/// One span of a trace, in MLflow's form: every attribute is JSON as text.
package struct TraceSpan: Sendable, Equatable {
    /// How a span ended; the raw value is the number of OpenTelemetry.
    package enum Status: Int, Sendable, CaseIterable {
        case unset = 0
        case ok = 1
        case error = 2

        /// The word of filters and of the database.
        var word: String {
            switch self {
            case .unset: "UNSET"
            case .ok: "OK"
            case .error: "ERROR"
            }
        }

        /// The word of OpenTelemetry's JSON.
        var code: String { "STATUS_CODE_\(word)" }
    }

    /// An attribute and its value as JSON text.
    package struct Attribute: Sendable, Equatable {
        /// The name.
        package let key: String
        /// The value as JSON text, such as `"gpt-4"` with its quotes.
        package var text: String

        /// Makes an attribute.
        package init(key: String, text: String) {
            self.key = key
            self.text = text
        }

        /// The value, or the text itself if it is no JSON.
        package var value: JSONValue {
            AttributeText.parse(text) ?? .string(text)
        }
    }

    /// Something that happened at a moment of the span.
    package struct Event: Sendable, Equatable {
        /// What.
        package let name: String
        /// When, in nanoseconds since 1970.
        package let time: Int64
        /// What is known about it.
        package let attributes: JSONObject
    }

    /// A reference to a span of another trace.
    package struct Link: Sendable, Equatable {
        /// 32 hexadecimal digits.
        package let traceID: String
        /// 16 hexadecimal digits.
        package let spanID: String
        /// What is known about it.
        package let attributes: JSONObject
    }

    /// The trace, as 32 hexadecimal digits.
    package var otelTraceID: String
    /// 16 hexadecimal digits.
    package var id: String
    /// The span within which it ran; nil for a root span.
    package var parentID: String?
    /// What it is called.
    package var name: String
    /// When it began, in nanoseconds since 1970.
    package var startTime: Int64
    /// When it ended; nil while it runs.
    package var endTime: Int64?
    /// How it ended.
    package var status: Status
    /// Why it failed.
    package var statusMessage: String
    /// Its attributes, in the order in which they came; keys are unique.
    package var attributes: [Attribute]
    /// What happened in it.
    package var events: [Event]
    /// The spans of other traces that it refers to.
    package var links: [Link]
    /// What produced it, as OpenTelemetry's resource; not stored with the span.
    package var resource: JSONObject

    /// Makes a span.
    package init(
        otelTraceID: String,
        id: String,
        parentID: String?,
        name: String,
        startTime: Int64,
        endTime: Int64?,
        status: Status,
        statusMessage: String,
        attributes: [Attribute],
        events: [Event],
        links: [Link],
        resource: JSONObject
    ) {
        self.otelTraceID = otelTraceID
        self.id = id
        self.parentID = parentID
        self.name = name
        self.startTime = startTime
        self.endTime = endTime
        self.status = status
        self.statusMessage = statusMessage
        self.attributes = attributes
        self.events = events
        self.links = links
        self.resource = resource
    }

    /// The trace's id in MLflow: `tr-` and the digits.
    package var traceID: String { TraceSpan.traceID(of: otelTraceID) }

    /// The id of a trace in MLflow.
    package static func traceID(of otelTraceID: String) -> String { "tr-" + otelTraceID }

    /// An attribute's value as JSON text.
    package func attribute(_ key: String) -> String? {
        attributes.first { $0.key == key }?.text
    }

    /// An attribute's value.
    func attributeValue(_ key: String) -> JSONValue? {
        attributes.first { $0.key == key }?.value
    }

    /// An attribute as plain text: without quotes if it is a JSON string.
    package func attributeString(_ key: String) -> String? {
        guard let text = attribute(key) else { return nil }
        return AttributeText.parse(text)?.stringValue ?? text
    }

    /// Sets an attribute, in its old place if it is there.
    mutating func setAttribute(_ key: String, _ text: String) {
        if let index = attributes.firstIndex(where: { $0.key == key }) {
            attributes[index].text = text
        } else {
            attributes.append(Attribute(key: key, text: text))
        }
    }
}
