package import Core
package import Logging

/// Says what became of requests for predictions: a span with its parts for those that are traced, a line in the log for
/// those that are logged.
///
/// Without a share of either and without a `traceparent` it does nothing at all.
package struct RequestReporter: Sendable {
    private let sink: (any SpanSink)?
    private let tracedShare: Double
    private let loggedShare: Double
    private let clock: Clock
    private let logger: Logger

    /// A reporter.
    ///
    /// - Parameters:
    ///   - sink: where spans go; nil keeps none.
    ///   - tracedShare: share of the requests without a `traceparent` that are traced, 0…1.
    ///   - loggedShare: share of all requests that get a line in the log, 0…1.
    ///   - clock: when a span began.
    ///   - logger: what writes the lines.
    package init(
        sink: (any SpanSink)? = nil,
        tracedShare: Double = 0,
        loggedShare: Double = 0,
        clock: Clock = .system,
        logger: Logger = Logger(label: "martlet.requests")
    ) {
        self.sink = sink
        self.tracedShare = tracedShare
        self.loggedShare = loggedShare
        self.clock = clock
        self.logger = logger
    }

    /// Whether requests without a `traceparent` may be reported at all: the lean lane asks once.
    package var samplesRequests: Bool { loggedShare > 0 || (sink != nil && tracedShare > 0) }

    /// Begins a request.
    ///
    /// - Parameters:
    ///   - traceparent: the header, or gRPC's metadata; an invalid one counts as none.
    ///   - tracestate: the header that goes with it.
    /// - Returns: what `end` needs; nil when nothing is to be said of the request and no context is to be echoed.
    package func begin(traceparent: String?, tracestate: String?) -> RequestTrace? {
        let caller = traceparent.flatMap { TraceContext(parent: $0.utf8, state: tracestate) }
        let isLogged = Self.isChosen(loggedShare)
        if let caller {
            return RequestTrace(context: caller.child(), parentID: caller.spanID, isLogged: isLogged, start: clock.now)
        }
        let isTraced = sink != nil && Self.isChosen(tracedShare)
        guard isTraced || isLogged else { return nil }
        return RequestTrace(context: .root(isSampled: isTraced), parentID: nil, isLogged: isLogged, start: clock.now)
    }

    private static func isChosen(_ share: Double) -> Bool {
        share >= 1 || (share > 0 && Double.random(in: 0..<1) < share)
    }

    /// Ends a request.
    package func end(_ trace: RequestTrace, _ outcome: RequestOutcome) {
        let total = Clock.monotonicNanoseconds &- trace.began
        if let sink, trace.context.isSampled { sink.record(spans(trace, outcome, total: total)) }
        if trace.isLogged { log(trace, outcome, total: total) }
    }

    private func spans(_ trace: RequestTrace, _ outcome: RequestOutcome, total: UInt64) -> [Span] {
        let start = UInt64(clamping: trace.start.milliseconds) &* 1_000_000
        var attributes = outcome.attributes
        attributes.append(("martlet.request_id", .string(outcome.id)))
        if let response = outcome.response {
            attributes.append(("martlet.deployment", .string(response.served.deployment)))
            attributes.append(("martlet.model", .string(response.served.model)))
            attributes.append(("martlet.model_version", .string(response.served.versionText)))
            attributes.append(("martlet.rows", .int(response.count)))
        }
        if let error = outcome.error { attributes.append(("error.type", .string(error.code.rawValue))) }
        let isOurs = outcome.error.map { $0.code.httpStatus >= 500 } ?? false
        var spans = [
            Span(
                context: trace.context,
                parentID: trace.parentID,
                name: outcome.name,
                kind: .server,
                start: start,
                end: start &+ total,
                attributes: attributes,
                failure: isOurs ? outcome.error?.message : nil
            )
        ]
        guard let response = outcome.response else { return spans }
        // The parts are laid end to end before the answer was written, which is where they lie but for microseconds.
        let computed = start &+ total
        let computing = computed &- min(response.computeNanoseconds, total)
        let queued = computing &- min(response.queueNanoseconds, computing &- start)
        for (name, from, to) in [("queue", queued, computing), ("compute", computing, computed)] {
            spans.append(
                Span(
                    context: trace.context.child(),
                    parentID: trace.context.spanID,
                    name: name,
                    kind: .internal,
                    start: from,
                    end: to
                )
            )
        }
        return spans
    }

    private func log(_ trace: RequestTrace, _ outcome: RequestOutcome, total: UInt64) {
        var metadata: Logger.Metadata = [
            "request": "\(outcome.id)", "name": "\(outcome.name)", "duration_us": "\(total / 1000)",
            "status": "\(outcome.error?.code.rawValue ?? "ok")",
        ]
        if let response = outcome.response {
            metadata["deployment"] = "\(response.served.deployment)"
            metadata["version"] = "\(response.served.versionText)"
            metadata["rows"] = "\(response.count)"
            metadata["queue_us"] = "\(response.queueNanoseconds / 1000)"
            metadata["compute_us"] = "\(response.computeNanoseconds / 1000)"
            metadata["drift"] = "\(response.driftDetected)"
        }
        if let error = outcome.error { metadata["error"] = "\(error.message)" }
        if trace.parentID != nil || trace.context.isSampled { metadata["trace"] = "\(trace.context.traceText)" }
        logger.notice("prediction", metadata: metadata)
    }
}

/// A request that is being reported.
package struct RequestTrace: Sendable {
    /// The request's own span; its `parent` text is the `traceparent` header of the answer.
    package let context: TraceContext
    /// The caller's span; nil when the trace begins here.
    package let parentID: UInt64?
    let isLogged: Bool
    let start: Timestamp
    let began = Clock.monotonicNanoseconds

    init(context: TraceContext, parentID: UInt64?, isLogged: Bool, start: Timestamp) {
        self.context = context
        self.parentID = parentID
        self.isLogged = isLogged
        self.start = start
    }
}

/// What became of a request.
package struct RequestOutcome: Sendable {
    /// The request's id.
    package let id: String
    /// The span's name, such as `POST /v2/models/{name}/infer`.
    package let name: String
    /// OpenTelemetry's attributes of the protocol, such as `http.route`.
    package let attributes: [(name: String, value: JSONValue)]
    /// The answer, if there is one.
    package let response: InferenceResponse?
    /// Why there is none.
    package let error: MartletError?

    /// Makes an outcome.
    package init(
        id: String,
        name: String,
        attributes: [(name: String, value: JSONValue)] = [],
        response: InferenceResponse?,
        error: MartletError?
    ) {
        self.id = id
        self.name = name
        self.attributes = attributes
        self.response = response
        self.error = error
    }

    /// The attributes of an HTTP request (OpenTelemetry "Semantic conventions for HTTP spans").
    package static func http(method: String, route: String, path: String, status: Int) -> [(
        name: String, value: JSONValue
    )] {
        [
            ("http.request.method", .string(method)), ("http.route", .string(route)), ("url.path", .string(path)),
            ("url.scheme", "http"), ("http.response.status_code", .int(status)),
        ]
    }

    /// The attributes of a gRPC call (OpenTelemetry "Semantic conventions for gRPC").
    package static func rpc(method: String, status: String) -> [(name: String, value: JSONValue)] {
        [("rpc.system.name", "grpc"), ("rpc.method", .string(method)), ("rpc.status_code", .string(status))]
    }
}
