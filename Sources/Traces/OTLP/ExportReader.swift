import Core
import OpenTelemetryProto
import SwiftProtobuf

/// Reads the body of an OTLP export into spans.
package enum ExportReader {
    /// Why a body is refused: the status and the words that OTLP clients of MLflow know.
    package enum Refusal: Error {
        /// Not what it says it is, or nothing in it: 400.
        case malformed(String)
        /// A span without an id, or with a time that no clock shows: 422.
        case unusableSpan(String)
    }

    /// The spans of a body.
    ///
    /// - Throws: `Refusal`.
    @concurrent
    package static func spans(_ body: [UInt8], isJSON: Bool) async throws -> [TraceSpan] {
        let message = try message(body, isJSON: isJSON)
        guard !message.resourceSpans.isEmpty else {
            throw Refusal.malformed("Invalid OpenTelemetry format - no spans found")
        }
        let count = message.resourceSpans.reduce(0) { sum, resource in
            sum + resource.scopeSpans.reduce(0) { $0 + $1.spans.count }
        }
        guard count <= TracesLimits.exportSpans else {
            throw Refusal.malformed("Invalid OpenTelemetry format - more than \(TracesLimits.exportSpans) spans")
        }
        var spans: [TraceSpan] = []
        spans.reserveCapacity(count)
        for resourceSpans in message.resourceSpans {
            let resource = object(resourceSpans.resource.attributes)
            for scope in resourceSpans.scopeSpans {
                for span in scope.spans { spans.append(try read(span, resource)) }
            }
        }
        return spans
    }

    private static func message(
        _ body: [UInt8],
        isJSON: Bool
    ) throws(Refusal) -> Opentelemetry_Proto_Collector_Trace_V1_ExportTraceServiceRequest {
        do {
            if isJSON {
                var options = JSONDecodingOptions()
                options.messageDepthLimit = TracesLimits.exportJSONDepth
                options.ignoreUnknownFields = true
                return try .init(jsonUTF8Bytes: try ExportJSON.withBase64IDs(body), options: options)
            }
            guard ExportSize.isAtMost(TracesLimits.exportMessages, body) else {
                throw Refusal.malformed(
                    "Invalid OpenTelemetry format - more than \(TracesLimits.exportMessages) messages"
                )
            }
            var options = BinaryDecodingOptions()
            options.messageDepthLimit = TracesLimits.exportDepth
            options.discardUnknownFields = true
            return try .init(serializedBytes: body, options: options)
        } catch let refusal as Refusal {
            throw refusal
        } catch {
            // What the decoder says names offsets in a message that no person wrote.
            throw .malformed("Invalid OpenTelemetry format")
        }
    }

    private static func read(
        _ span: Opentelemetry_Proto_Trace_V1_Span,
        _ resource: JSONObject
    ) throws(Refusal) -> TraceSpan {
        guard (1...16).contains(span.traceID.count), (1...8).contains(span.spanID.count), span.parentSpanID.count <= 8,
            let start = Int64(exactly: span.startTimeUnixNano), let end = Int64(exactly: span.endTimeUnixNano)
        else { throw .unusableSpan("Cannot convert OpenTelemetry span to MLflow span") }
        let traceID = Hexadecimal.encode(span.traceID, width: 32)
        var result = TraceSpan(
            otelTraceID: traceID,
            id: Hexadecimal.encode(span.spanID, width: 16),
            parentID: span.parentSpanID.isEmpty ? nil : Hexadecimal.encode(span.parentSpanID, width: 16),
            name: span.name,
            startTime: start,
            endTime: end > 0 ? end : nil,
            status: TraceSpan.Status(rawValue: span.status.code.rawValue) ?? .unset,
            statusMessage: span.status.message,
            attributes: [],
            events: span.events.map { event in
                TraceSpan.Event(
                    name: event.name,
                    time: Int64(clamping: event.timeUnixNano),
                    attributes: object(event.attributes)
                )
            },
            links: span.links.map { link in
                TraceSpan.Link(
                    traceID: Hexadecimal.encode(link.traceID, width: 32),
                    spanID: Hexadecimal.encode(link.spanID, width: 16),
                    attributes: object(link.attributes)
                )
            },
            resource: resource
        )
        var positions: [String: Int] = [:]
        for attribute in span.attributes {
            let text = text(attribute.value)
            if let position = positions[attribute.key] {
                result.attributes[position].text = text
            } else {
                positions[attribute.key] = result.attributes.count
                result.attributes.append(TraceSpan.Attribute(key: attribute.key, text: text))
            }
        }
        // Which trace a span belongs to is decided by its id, not by what a client wrote beside it.
        result.setAttribute(TraceKeys.spanTraceID, AttributeText.json(TraceSpan.traceID(of: traceID)))
        return result
    }

    private static func text(_ value: Opentelemetry_Proto_Common_V1_AnyValue) -> String {
        if case .stringValue(let text)? = value.value { return AttributeText.ofString(text) }
        return AttributeText.json(json(value))
    }

    private static func object(_ pairs: [Opentelemetry_Proto_Common_V1_KeyValue]) -> JSONObject {
        JSONObject(pairs.map { ($0.key, json($0.value)) })
    }

    private static func json(_ value: Opentelemetry_Proto_Common_V1_AnyValue) -> JSONValue {
        switch value.value {
        case .stringValue(let text): .string(text)
        case .boolValue(let value): .bool(value)
        case .intValue(let value): .integer(value)
        case .doubleValue(let value): .number(value)
        case .arrayValue(let array): .array(array.values.map(json))
        case .kvlistValue(let list): .object(object(list.values))
        case .bytesValue(let bytes): .string(Base64.encode(bytes))
        case nil: .null
        }
    }
}
