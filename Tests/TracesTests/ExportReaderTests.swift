import Core
import Foundation
import OpenTelemetryProto
import SwiftProtobuf
import Testing
import Traces

@Suite struct ExportReaderTests {
    typealias Export = Opentelemetry_Proto_Collector_Trace_V1_ExportTraceServiceRequest
    typealias AnyValue = Opentelemetry_Proto_Common_V1_AnyValue

    private func export(_ change: (inout Opentelemetry_Proto_Trace_V1_Span) -> Void = { _ in }) -> Export {
        var span = Opentelemetry_Proto_Trace_V1_Span()
        span.traceID = Data(repeating: 0xAB, count: 16)
        span.spanID = Data(repeating: 1, count: 8)
        span.name = "s"
        span.startTimeUnixNano = 5
        span.endTimeUnixNano = 9
        change(&span)
        var scope = Opentelemetry_Proto_Trace_V1_ScopeSpans()
        scope.spans = [span]
        var resource = Opentelemetry_Proto_Trace_V1_ResourceSpans()
        resource.scopeSpans = [scope]
        var export = Export()
        export.resourceSpans = [resource]
        return export
    }

    private func bytes(_ export: Export) throws -> [UInt8] {
        try export.serializedBytes()
    }

    private func refusal(_ body: [UInt8], isJSON: Bool = false) async -> String? {
        do {
            _ = try await ExportReader.spans(body, isJSON: isJSON)
            return nil
        } catch ExportReader.Refusal.malformed(let words) {
            return "400 " + words
        } catch ExportReader.Refusal.unusableSpan(let words) {
            return "422 " + words
        } catch {
            return "\(error)"
        }
    }

    @Test func attributesAreKeptAsJSON() async throws {
        let values: [(AnyValue.OneOf_Value?, String)] = [
            (.stringValue("plain"), #""plain""#), (.stringValue(#"{"a": 1}"#), #"{"a": 1}"#),
            (.stringValue(#""quoted""#), #""quoted""#), (.stringValue("12"), #""12""#), (.intValue(12), "12"),
            (.boolValue(true), "true"), (.doubleValue(0.5), "0.5"), (.doubleValue(.nan), "NaN"), (nil, "null"),
            (.bytesValue(Data([1, 2])), #""AQI=""#), (.arrayValue(.init()), "[]"),
            (.stringValue("größer"), "\"größer\""),
        ]
        let sent = export { span in
            span.attributes = values.enumerated().map { index, value in
                var pair = Opentelemetry_Proto_Common_V1_KeyValue()
                pair.key = "k\(index)"
                pair.value.value = value.0
                return pair
            }
        }
        let span = try #require(try await ExportReader.spans(bytes(sent), isJSON: false).first)
        for (index, value) in values.enumerated() { #expect(span.attribute("k\(index)") == value.1) }
        #expect(span.attribute("mlflow.traceRequestId") == "\"tr-\(String(repeating: "ab", count: 16))\"")
        #expect(span.parentID == nil && span.startTime == 5 && span.endTime == 9)
    }

    @Test func JSONHasHexadecimalIDs() async throws {
        let body = """
            {"resourceSpans": [{"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "x"}}]},
            "scopeSpans": [{"spans": [{"traceId": "5B8EFFF798038103D269B633813FC60C", "spanId": "EEE19B7EC3C1B174",
            "parentSpanId": "EEE19B7EC3C1B173", "name": "n", "kind": 2, "startTimeUnixNano": "1544712660000000000",
            "endTimeUnixNano": 1544712661000000000, "unknown": 1, "status": {"code": 2, "message": "bad"},
            "links": [{"traceId": "5b8efff798038103d269b633813fc60d", "spanId": "eee19b7ec3c1b175"}],
            "attributes": [{"key": "a", "value": {"kvlistValue": {"values": [{"key": "b", "value": {"intValue": "3"}}]}}}]}]}]}]}
            """
        let span = try #require(try await ExportReader.spans(Array(body.utf8), isJSON: true).first)
        #expect(span.otelTraceID == "5b8efff798038103d269b633813fc60c" && span.id == "eee19b7ec3c1b174")
        #expect(span.parentID == "eee19b7ec3c1b173" && span.status == .error && span.statusMessage == "bad")
        #expect(span.attribute("a") == #"{"b": 3}"# && span.resource["service.name"] == "x")
        #expect(span.links.first?.traceID == "5b8efff798038103d269b633813fc60d")
    }

    @Test func whatIsNoExportIsRefused() async throws {
        let none = "400 Invalid OpenTelemetry format - no spans found"
        let malformed = "400 Invalid OpenTelemetry format"
        #expect(await refusal([]) == none)
        #expect(await refusal(Array("this is not valid protobuf data".utf8)) == malformed)
        #expect(await refusal([UInt8](repeating: 0xFF, count: 100)) == malformed)
        let cut = try Array(bytes(export()).dropLast(3))
        #expect(await refusal(cut) == malformed)
        for text in ["", "[]", "{", "{\"resourceSpans\": 5}", "nonsense"] {
            #expect(await refusal(Array(text.utf8), isJSON: true)?.hasPrefix("400") == true, "\(text)")
        }
        let wrongID = #"{"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "xyz", "spanId": "01"}]}]}]}"#
        #expect(await refusal(Array(wrongID.utf8), isJSON: true) == malformed)
    }

    @Test func spansWithoutIDsCannotBeUsed() async throws {
        let words = "422 Cannot convert OpenTelemetry span to MLflow span"
        #expect(try await refusal(bytes(export { $0.traceID = Data() })) == words)
        #expect(try await refusal(bytes(export { $0.spanID = Data() })) == words)
        #expect(try await refusal(bytes(export { $0.traceID = Data(repeating: 1, count: 17) })) == words)
        #expect(try await refusal(bytes(export { $0.startTimeUnixNano = .max })) == words)
        #expect(try await refusal(bytes(export { $0.traceID = Data(repeating: 0, count: 16) })) == nil)
    }

    @Test func depthIsLimited() async throws {
        func nested(_ depth: Int) -> Export {
            var value = AnyValue()
            value.stringValue = "deep"
            for _ in 0..<depth {
                var list = Opentelemetry_Proto_Common_V1_ArrayValue()
                list.values = [value]
                value = AnyValue()
                value.arrayValue = list
            }
            return export { span in
                var pair = Opentelemetry_Proto_Common_V1_KeyValue()
                pair.key = "a"
                pair.value = value
                span.attributes = [pair]
            }
        }
        // Six messages lead to the value, each level of the array has two.
        let deepest = (TracesLimits.exportDepth - 6) / 2
        #expect(try await refusal(bytes(nested(deepest))) == nil)
        #expect(try await refusal(bytes(nested(deepest + 1))) == "400 Invalid OpenTelemetry format")
        // Ten thousand levels, written without building them.
        var body: [UInt8] = []
        for level in 0..<20_000 { body = [level.isMultiple(of: 2) ? 0x0A : 0x2A] + varint(body.count) + body }
        #expect(await refusal(wrapped(body)) == "400 Invalid OpenTelemetry format")
        let levels = TracesLimits.exportJSONDepth
        let text = String(repeating: "[", count: levels + 1) + String(repeating: "]", count: levels + 1)
        #expect(await refusal(Array(text.utf8), isJSON: true) == "400 Invalid OpenTelemetry format")
    }

    private func varint(_ value: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = value
        while rest > 127 {
            bytes.append(UInt8(rest & 127 | 128))
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    /// The value of an attribute of a span within an export.
    private func wrapped(_ value: [UInt8]) -> [UInt8] {
        var body = value
        for tag: UInt8 in [0x12, 0x4A, 0x12, 0x12, 0x0A] { body = [tag] + varint(body.count) + body }
        return body
    }

    @Test func theNumberOfSpansIsLimited() async throws {
        var export = export()
        let span = export.resourceSpans[0].scopeSpans[0].spans[0]
        let most = TracesLimits.exportSpans
        export.resourceSpans[0].scopeSpans[0].spans = Array(repeating: span, count: most)
        #expect(try await refusal(bytes(export)) == nil)
        export.resourceSpans[0].scopeSpans[0].spans.append(span)
        #expect(try await refusal(bytes(export)) == "400 Invalid OpenTelemetry format - more than \(most) spans")
    }

    @Test func messagesAreCountedBeforeTheyAreMade() async throws {
        // Each empty entry of the list is one message of two bytes.
        let most = TracesLimits.exportMessages
        let many = Array(repeating: [UInt8](arrayLiteral: 0x0A, 0), count: most).flatMap(\.self)
        #expect(ExportSize.isAtMost(most, many))
        #expect(!ExportSize.isAtMost(most - 1, many))
        #expect(await refusal(many + [0x0A, 0]) == "400 Invalid OpenTelemetry format - more than \(most) messages")
        let export = try bytes(
            export { span in
                var pair = Opentelemetry_Proto_Common_V1_KeyValue()
                pair.value.arrayValue.values = [AnyValue(), AnyValue()]
                span.attributes = [pair]
            }
        )
        // Resource spans, scope spans, span, pair, value, array and its two values.
        #expect(ExportSize.isAtMost(8, export) && !ExportSize.isAtMost(7, export))
        let document = [UInt8](repeating: 0x20, count: TracesLimits.exportJSONBytes - 2) + Array("{}".utf8)
        #expect(await refusal(document, isJSON: true) == "400 Invalid OpenTelemetry format - no spans found")
        #expect(await refusal([0x20] + document, isJSON: true) == "400 Invalid OpenTelemetry format")
    }

    @Test func otherConventionsAreTranslated() {
        let chat = SpanTranslation.translated(
            span(
                1,
                1,
                attributes: [
                    "gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 3, "gen_ai.usage.output_tokens": "4",
                    "gen_ai.request.model": "gpt-4", "gen_ai.provider.name": "openai",
                    "gen_ai.input.messages": [["role": "user"]],
                ]
            )
        )
        #expect(chat.attribute("mlflow.spanType") == "\"CHAT_MODEL\"")
        #expect(
            chat.attribute("mlflow.chat.tokenUsage") == #"{"input_tokens": 3, "output_tokens": 4, "total_tokens": 7}"#
        )
        #expect(
            chat.attribute("mlflow.llm.model") == "\"gpt-4\"" && chat.attribute("mlflow.llm.provider") == "\"openai\""
        )
        #expect(chat.attribute("mlflow.spanInputs") == #"[{"role": "user"}]"#)
        let other = SpanTranslation.translated(
            span(1, 1, attributes: ["openinference.span.kind": "TOOL", "input.value": "x", "mlflow.spanType": "LLM"])
        )
        #expect(other.attribute("mlflow.spanType") == "\"LLM\"" && other.attribute("mlflow.spanInputs") == "\"x\"")
        for (key, value, type) in [
            ("traceloop.span.kind", "workflow", "WORKFLOW"), ("ai.operationId", "ai.toolCall", "TOOL"),
            ("entity.type", "agent", "AGENT"), ("lmnr.span.type", "CACHED", "LLM"),
            ("langfuse.observation.type", "generation", "LLM"),
        ] {
            let translated = SpanTranslation.translated(span(1, 1, attributes: [key: .string(value)]))
            #expect(translated.attributeString("mlflow.spanType") == type)
        }
        let own = span(1, 1, attributes: ["mlflow.spanType": "UNKNOWN", "colour": "red"])
        #expect(SpanTranslation.translated(own) == own)
    }
}
