import Core
import Logging
import Serving
import Synchronization
import Testing

@Suite("Spans and log lines of requests")
struct RequestReporterTests {
    /// Keeps what it is given.
    private final class Sink: SpanSink {
        let spans = Mutex<[Span]>([])
        func record(_ spans: [Span]) { self.spans.withLock { $0 += spans } }
        var all: [Span] { spans.withLock { $0 } }
    }

    private let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    private func answer() async throws -> InferenceResponse {
        try await ServingHarness.serving().predict("a")
    }

    @Test("Nothing is said of a request that nobody traces or logs")
    func silence() {
        #expect(RequestReporter(sink: Sink()).begin(traceparent: nil, tracestate: nil) == nil)
        #expect(RequestReporter(sink: Sink()).begin(traceparent: "nonsense", tracestate: nil) == nil)
        #expect(!RequestReporter(sink: nil, tracedShare: 1).samplesRequests)
        #expect(RequestReporter(sink: nil, tracedShare: 1).begin(traceparent: nil, tracestate: nil) == nil)
    }

    @Test("A caller's sampled trace goes on: the request's span below its span, queue and compute below that")
    func spans() async throws {
        let sink = Sink()
        let reporter = RequestReporter(sink: sink)
        let trace = try #require(reporter.begin(traceparent: parent, tracestate: "v=1"))
        let response = try await answer()
        let outcome = RequestOutcome(
            id: "a",
            name: "POST /predict",
            attributes: RequestOutcome.http(method: "POST", route: "/predict", path: "/predict", status: 200),
            response: response,
            error: nil
        )
        reporter.end(trace, outcome)
        let spans = sink.all
        #expect(spans.map(\.name) == ["POST /predict", "queue", "compute"])
        let server = try #require(spans.first)
        #expect(server.context.traceText == "4bf92f3577b34da6a3ce929d0e0e4736")
        #expect(server.parentID == 0x00f0_67aa_0ba9_02b7)
        #expect(server.context.state == "v=1" && server.kind == .server && server.failure == nil)
        #expect(spans.dropFirst().allSatisfy { $0.parentID == server.context.spanID })
        #expect(spans.allSatisfy { $0.start >= server.start && $0.end <= server.end && $0.start <= $0.end })
        let attributes = Dictionary(server.attributes.map { ($0.name, $0.value) }) { first, _ in first }
        #expect(attributes["http.response.status_code"] == 200 && attributes["martlet.deployment"] == "cancer")
        #expect(trace.context.parent.hasPrefix("00-4bf92f3577b34da6a3ce929d0e0e4736-"))
    }

    @Test("A caller that does not sample gets its context back and no span is kept")
    func unsampled() throws {
        let sink = Sink()
        let reporter = RequestReporter(sink: sink, tracedShare: 1)
        let trace = try #require(reporter.begin(traceparent: String(parent.dropLast()) + "0", tracestate: nil))
        reporter.end(trace, RequestOutcome(id: "a", name: "x", response: nil, error: nil))
        #expect(sink.all.isEmpty)
        #expect(trace.context.parent.hasSuffix("-00"))
    }

    @Test("An error of ours marks the span, one of the client does not")
    func failures() throws {
        for (code, marked) in [(MartletError.Code.internal, true), (.invalidArgument, false)] {
            let sink = Sink()
            let reporter = RequestReporter(sink: sink, tracedShare: 1)
            let trace = try #require(reporter.begin(traceparent: nil, tracestate: nil))
            reporter.end(trace, RequestOutcome(id: "a", name: "x", response: nil, error: MartletError(code, "why")))
            #expect(sink.all.count == 1 && (sink.all.first?.failure != nil) == marked)
            #expect(sink.all.first?.attributes.contains { $0.name == "error.type" } == true)
        }
    }

    @Test("A logged request gets one line")
    func line() async throws {
        let lines = LineStore()
        let logger = Logger(label: "test") { _ in LineHandler(store: lines) }
        let reporter = RequestReporter(loggedShare: 1, logger: logger)
        let trace = try #require(reporter.begin(traceparent: nil, tracestate: nil))
        reporter.end(trace, RequestOutcome(id: "q7", name: "POST /predict", response: try await answer(), error: nil))
        let line = try #require(lines.all.first)
        #expect(lines.all.count == 1)
        #expect(
            line["request"] == "q7" && line["deployment"] == "cancer" && line["rows"] == "1" && line["status"] == "ok"
        )
        #expect(line["duration_us"] != nil && line["queue_us"] != nil && line["compute_us"] != nil)
    }
}

/// The metadata of log lines, in order.
private final class LineStore: Sendable {
    private let lines = Mutex<[Logger.Metadata]>([])
    func add(_ line: Logger.Metadata) { lines.withLock { $0.append(line) } }
    var all: [Logger.Metadata] { lines.withLock { $0 } }
}

private struct LineHandler: LogHandler {
    let store: LineStore
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        store.add(event.metadata ?? [:])
    }
}
