import Core

/// The spans of a trace as lines, each beneath the one that called it.
struct SpanTree {
    /// One span.
    struct Line: Equatable {
        let name: String
        let type: String
        let status: String
        let took: String
    }

    /// The lines, from the root down, siblings in the order in which they began.
    let lines: [Line]

    /// Takes spans as MLflow's API writes them, in the order in which they began.
    init(_ spans: [JSONValue]) {
        let ids = Set(spans.compactMap { $0["span_id"]?.stringValue })
        var children: [String: [JSONValue]] = [:]
        var roots: [JSONValue] = []
        for span in spans {
            if let parent = span["parent_span_id"]?.stringValue, ids.contains(parent) {
                children[parent, default: []].append(span)
            } else {
                roots.append(span)
            }
        }
        var lines: [Line] = []
        var pending = Array(roots.reversed().map { (span: $0, depth: 0) })
        while let (span, depth) = pending.popLast() {
            lines.append(Self.line(span, depth))
            let next = children.removeValue(forKey: span["span_id"]?.stringValue ?? "") ?? []
            pending += next.reversed().map { ($0, depth + 1) }
        }
        self.lines = lines
    }

    private static func line(_ span: JSONValue, _ depth: Int) -> Line {
        let attributes = span["attributes"]?.arrayValue ?? []
        let type = attributes.first { $0["key"]?.stringValue == "mlflow.spanType" }?["value"]?["string_value"]
        let start = Words.integer(span["start_time_unix_nano"])
        let end = Words.integer(span["end_time_unix_nano"])
        var took = "–"
        if let start, let end, end >= start {
            let (nanoseconds, overflow) = end.subtractingReportingOverflow(start)
            if !overflow { took = Words.duration(milliseconds: nanoseconds / 1_000_000) }
        }
        let code = span["status"]?["code"]?.stringValue ?? ""
        return Line(
            name: (depth == 0 ? "" : String(repeating: "  ", count: depth - 1) + "└ ") + Words.text(span["name"]),
            type: Words.text(type),
            status: code.hasPrefix("STATUS_CODE_") ? String(code.dropFirst(12)) : "–",
            took: took
        )
    }
}
