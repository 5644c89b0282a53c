import Core
import OpenTelemetryProto
import SwiftProtobuf
import Traces

extension FuzzTarget {
    /// Exports of traces in Protocol Buffers.
    static let otlp = FuzzTarget(
        "otlp",
        "OTLP exports in Protocol Buffers",
        seeds: [],
        words: ["service.name", "mlflow.spanType", "mlflow.traceRequestId"],
        forms: [.message],
        longest: 16 * 1024,
        prepare: { { bytes in try await check(Array(bytes), isJSON: false) } }
    )
    .with(seeds: [exampleExport.flatMap { try? Array($0.serializedData()) }, []].compactMap { $0 })

    /// Exports of traces in JSON.
    static let otlpJSON = FuzzTarget(
        "otlp-json",
        "OTLP exports in JSON",
        seeds: [
            #"{"resourceSpans":[{"resource":{"attributes":[{"key":"a","value":{"stringValue":"b"}}]},"scopeSpans":[{"spans":[{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174","name":"n","startTimeUnixNano":"1","endTimeUnixNano":2,"attributes":[{"key":"k","value":{"kvlistValue":{"values":[{"key":"x","value":{"intValue":"5"}}]}}}],"status":{"code":2}}]}]}]}"#,
            #"{"resourceSpans":[]}"#, "{}",
        ],
        words: [
            "resourceSpans", "scopeSpans", "spans", "traceId", "spanId", "parentSpanId", "attributes", "arrayValue",
            "kvlistValue", "bytesValue", "doubleValue", "stringValue", "events", "links", "timeUnixNano", "0x",
        ],
        forms: [.json],
        longest: 16 * 1024,
        prepare: { { bytes in try await check(Array(bytes), isJSON: true) } }
    )

    /// `traceparent` headers.
    static let traceParent = FuzzTarget(
        "trace-parent",
        "trace context headers",
        seeds: [
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
            "ff-00000000000000000000000000000000-0000000000000000-00",
        ],
        words: ["00-", "-01", "ff", "0000000000000000"],
        longest: 256
    ) { bytes in
        guard let context = TraceContext(parent: bytes) else { throw MartletError(.invalidArgument, "No context.") }
        let text = context.traceText
        try require(text.utf8.count == 32 && text != String(repeating: "0", count: 32), "a trace id \(text)")
        try require(context.spanID != 0, "a span id of 0")
        return context.isSampled ? 1 : 2
    }

    private static func check(_ body: [UInt8], isJSON: Bool) async throws -> UInt64 {
        let spans: [TraceSpan]
        do {
            spans = try await ExportReader.spans(body, isJSON: isJSON)
        } catch let refusal as ExportReader.Refusal {
            switch refusal {
            case .malformed(let why), .unusableSpan(let why): throw MartletError(.invalidArgument, why)
            }
        }
        var print = Fingerprint()
        for span in spans {
            try require(
                span.otelTraceID.utf8.count == 32 && span.id.utf8.count == 16,
                "ids \(span.otelTraceID) \(span.id)"
            )
            try require(Set(span.attributes.map(\.key)).count == span.attributes.count, "an attribute twice")
            for attribute in span.attributes {
                // What is stored is read again, by this product and by clients.
                _ = try reading("the attribute \(attribute.text.prefix(100))") {
                    try JSONValue.parse(attribute.text, limits: .lenientNumbers)
                }
            }
            let translated = SpanTranslation.translated(span)
            try require(translated.id == span.id, "translated it is another span")
            print.take(UInt8(truncatingIfNeeded: span.attributes.count))
            print.take(span.status.rawValue)
        }
        if !isJSON {
            let message = try? Opentelemetry_Proto_Collector_Trace_V1_ExportTraceServiceRequest(serializedBytes: body)
            try require(message != nil, "taken, but no message")
        }
        return print.value
    }

    private static let exampleExport: Opentelemetry_Proto_Collector_Trace_V1_ExportTraceServiceRequest? = {
        var span = Opentelemetry_Proto_Trace_V1_Span()
        span.traceID = .init(repeating: 7, count: 16)
        span.spanID = .init(repeating: 9, count: 8)
        span.name = "predict"
        span.startTimeUnixNano = 1_700_000_000_000_000_000
        span.endTimeUnixNano = 1_700_000_001_000_000_000
        var value = Opentelemetry_Proto_Common_V1_AnyValue()
        value.stringValue = "text"
        var inner = Opentelemetry_Proto_Common_V1_AnyValue()
        inner.arrayValue.values = [value, value]
        var pair = Opentelemetry_Proto_Common_V1_KeyValue()
        pair.key = "mlflow.spanInputs"
        pair.value = inner
        span.attributes = [pair]
        var event = Opentelemetry_Proto_Trace_V1_Span.Event()
        event.name = "e"
        event.attributes = [pair]
        span.events = [event]
        var link = Opentelemetry_Proto_Trace_V1_Span.Link()
        link.traceID = span.traceID
        link.spanID = span.spanID
        span.links = [link]
        var scope = Opentelemetry_Proto_Trace_V1_ScopeSpans()
        scope.spans = [span, span]
        var resource = Opentelemetry_Proto_Trace_V1_ResourceSpans()
        resource.resource.attributes = [pair]
        resource.scopeSpans = [scope]
        var export = Opentelemetry_Proto_Collector_Trace_V1_ExportTraceServiceRequest()
        export.resourceSpans = [resource]
        return export
    }()
}

extension FuzzTarget {
    /// The target with inputs that are no text.
    func with(seeds: [[UInt8]]) -> FuzzTarget {
        var target = self
        target.seeds += seeds
        return target
    }
}
