import Core
import Foundation
import OpenTelemetryProto
import SwiftProtobuf

/// Spans as OTLP's messages (opentelemetry-proto, `trace_service.proto`).
enum SpanMessage {
    private typealias Common = Opentelemetry_Proto_Common_V1_KeyValue
    private typealias Value = Opentelemetry_Proto_Common_V1_AnyValue

    /// The request that carries a batch.
    static func export(_ spans: [Span]) -> Opentelemetry_Proto_Collector_Trace_V1_ExportTraceServiceRequest {
        var scope = Opentelemetry_Proto_Trace_V1_ScopeSpans()
        scope.scope.name = "martlet.serving"
        scope.scope.version = ProductVersion.text
        scope.spans = spans.map(message)
        var resource = Opentelemetry_Proto_Trace_V1_ResourceSpans()
        resource.resource.attributes = [
            attribute("service.name", "martlet"), attribute("service.version", .string(ProductVersion.text)),
        ]
        resource.scopeSpans = [scope]
        var request = Opentelemetry_Proto_Collector_Trace_V1_ExportTraceServiceRequest()
        request.resourceSpans = [resource]
        return request
    }

    private static func message(_ span: Span) -> Opentelemetry_Proto_Trace_V1_Span {
        var message = Opentelemetry_Proto_Trace_V1_Span()
        message.traceID = bytes(span.context.traceID.high) + bytes(span.context.traceID.low)
        message.spanID = bytes(span.context.spanID)
        if let parent = span.parentID { message.parentSpanID = bytes(parent) }
        if let state = span.context.state { message.traceState = state }
        message.name = span.name
        message.kind = span.kind == .server ? .server : .internal
        message.startTimeUnixNano = span.start
        message.endTimeUnixNano = span.end
        message.attributes = span.attributes.map { attribute($0.name, $0.value) }
        if let failure = span.failure {
            message.status.code = .error
            message.status.message = failure
        }
        return message
    }

    private static func bytes(_ value: UInt64) -> Data {
        withUnsafeBytes(of: value.bigEndian) { Data($0) }
    }

    private static func attribute(_ name: String, _ value: JSONValue) -> Opentelemetry_Proto_Common_V1_KeyValue {
        var pair = Common()
        pair.key = name
        var written = Value()
        switch value {
        case .bool(let value): written.boolValue = value
        case .integer(let value): written.intValue = value
        case .number(let value): written.doubleValue = value
        case .string(let value): written.stringValue = value
        default: written.stringValue = value.description
        }
        pair.value = written
        return pair
    }
}
