import Core

/// The spans of one trace in one export, and what they say about the trace.
struct SpanBatch: Sendable {
    /// The trace's id.
    let traceID: String
    /// Its spans in this export, one for each id, the last that was sent.
    let spans: [TraceSpan]

    /// Groups an export by trace, in the order of the traces' ids.
    static func batches(of spans: [TraceSpan]) -> [SpanBatch] {
        var groups: [String: [String: TraceSpan]] = [:]
        for span in spans { groups[span.otelTraceID, default: [:]][span.id] = SpanTranslation.translated(span) }
        return groups.keys.sorted().map { id in
            SpanBatch(
                traceID: TraceSpan.traceID(of: id),
                spans: (groups[id] ?? [:]).values.sorted { ($0.startTime, $0.id) < ($1.startTime, $1.id) }
            )
        }
    }

    /// When the first of them began, in milliseconds.
    var startTime: Int64 { (spans.map(\.startTime).min() ?? 0) / 1_000_000 }

    /// When the last of them ended, in milliseconds; nil if none has.
    var endTime: Int64? { spans.compactMap(\.endTime).max().map { $0 / 1_000_000 } }

    /// The span that no other contains.
    var root: TraceSpan? { spans.first { $0.parentID == nil } }

    /// How the trace ended, if the root span is here.
    var state: TraceState? { root.map { $0.status == .error ? .error : .ok } }

    /// The session that a span names.
    var session: String? { first([TraceKeys.otelSession, TraceKeys.otelConversation]) }

    /// The user that a span names.
    var user: String? { first([TraceKeys.otelUser]) }

    private func first(_ keys: [String]) -> String? {
        for span in spans {
            for key in keys {
                if let text = span.attributeString(key), !text.isEmpty, text != "null" { return text }
            }
        }
        return nil
    }

    /// Tags from what produced the spans, and from the root span's attributes, which win.
    var tags: [TracePair] {
        var pairs: [TracePair] = []
        let resource = spans.first { !$0.resource.isEmpty }?.resource ?? [:]
        for member in resource.pairs where !member.key.hasPrefix("telemetry.sdk.") && !member.key.hasPrefix("mlflow.") {
            let text = member.value.stringValue ?? AttributeText.json(member.value)
            pairs.append(TracePair(key: member.key, value: text))
        }
        for attribute in root?.attributes ?? [] where attribute.key.hasPrefix(TraceKeys.traceTagPrefix) {
            let text = attribute.value.stringValue ?? attribute.text
            pairs.append(TracePair(key: String(attribute.key.dropFirst(TraceKeys.traceTagPrefix.count)), value: text))
        }
        // A key that cannot be a tag is no reason to lose the span.
        return pairs.compactMap { pair in
            guard !TraceKeys.fixedTags.contains(pair.key), (try? TraceRules.checkTagKey(pair.key)) != nil else {
                return nil
            }
            let limit = pair.key == TraceKeys.name ? TracesLimits.nameCharacters : TracesLimits.valueCharacters
            return TracePair(key: pair.key, value: TraceRules.cut(pair.value, limit))
        }
    }
}
