import Core
import Observability
import Testing

@Suite("Spans on their way to a receiver")
struct SpanExporterTests {
    /// A clock that never waits.
    private let clock = Clock(now: { Timestamp(milliseconds: 1_800_000_000_000) }, sleep: { _ in })

    private func spans(_ count: Int) -> [Span] {
        (0..<count).map {
            Span(context: .root(isSampled: true), parentID: nil, name: "\($0)", kind: .server, start: 1, end: 2)
        }
    }

    @Test("The queue holds SpanLimits.queueSpans spans; what does not fit is dropped, not waited for")
    func capacity() {
        let exporter = SpanExporter(endpoint: "http://127.0.0.1:1", clock: clock) { _ in 200 }
        exporter.record(spans(SpanLimits.queueSpans))
        #expect(exporter.waitingCount == SpanLimits.queueSpans)
        exporter.record(spans(1))
        #expect(exporter.waitingCount == SpanLimits.queueSpans)
    }

    @Test("A receiver that is away is tried SpanLimits.attempts times for each batch, then the spans are gone")
    func noReceiver() async {
        let pauses = Pauses()
        let clock = Clock(now: { Timestamp(milliseconds: 0) }, sleep: { await pauses.add($0) })
        let exporter = SpanExporter(endpoint: "http://127.0.0.1:1/", clock: clock) { message in
            #expect(message.url == "http://127.0.0.1:1/v1/traces")
            throw MartletError(.unavailable, "Nobody is there.")
        }
        exporter.record(spans(SpanLimits.batchSpans + 1))
        await exporter.flush()
        #expect(exporter.waitingCount == 0)
        let expected = (1..<SpanLimits.attempts).map { SpanLimits.gather * $0 }
        #expect(await pauses.all == expected + expected)
        #expect(SpanLimits.requestSeconds > 0)
    }
}

/// What was waited for.
private actor Pauses {
    private(set) var all: [Duration] = []
    func add(_ pause: Duration) { all.append(pause) }
}
