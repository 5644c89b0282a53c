/// One timed piece of work of a trace (OpenTelemetry "Tracing API", Span).
package struct Span: Sendable {
    /// What a span stands for.
    package enum Kind: Sendable {
        /// A request that came in.
        case server
        /// Work inside the process.
        case `internal`
    }

    /// The span's own place in the trace.
    package let context: TraceContext
    /// The span above; nil for the first of a trace.
    package let parentID: UInt64?
    /// What it did, with few different values.
    package let name: String
    /// What it stands for.
    package let kind: Kind
    /// When it began, in nanoseconds since 1970.
    package let start: UInt64
    /// When it ended, in nanoseconds since 1970.
    package let end: UInt64
    /// What is known of it, by OpenTelemetry's attribute names.
    package let attributes: [(name: String, value: JSONValue)]
    /// What went wrong on this side; nil when nothing did.
    package let failure: String?

    /// Makes a span that has ended.
    package init(
        context: TraceContext,
        parentID: UInt64?,
        name: String,
        kind: Kind,
        start: UInt64,
        end: UInt64,
        attributes: [(name: String, value: JSONValue)] = [],
        failure: String? = nil
    ) {
        self.context = context
        self.parentID = parentID
        self.name = name
        self.kind = kind
        self.start = start
        self.end = end
        self.attributes = attributes
        self.failure = failure
    }
}

/// Takes spans that have ended; called on the request path, so it must not block.
package protocol SpanSink: Sendable {
    /// Takes the spans of one request.
    func record(_ spans: [Span])
}
