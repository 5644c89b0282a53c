import Core

/// Runs written straight into the bytes of a reply, as `MLflowWire.run` describes them.
///
/// A page of a thousand runs has tens of thousands of values; as a tree each of them would be allocated, hashed and
/// freed to be written once.
extension MLflowWire {
    /// `{"run": …}`.
    static func runReply(_ run: Run) -> [UInt8] {
        var writer = JSONWriter(capacity: 2048)
        writer.raw("{\"run\":")
        write(run, to: &writer)
        writer.raw("}")
        return writer.bytes
    }

    /// `{"runs": […], "next_page_token": …}`, each only if there is one.
    static func runsReply(_ runs: [Run], nextToken: String?) -> [UInt8] {
        var writer = JSONWriter(capacity: 256 + runs.count * 1024)
        writer.raw("{")
        if !runs.isEmpty {
            writer.raw("\"runs\":")
            list(runs, to: &writer) { write($0, to: &$1) }
        }
        if let nextToken {
            writer.raw(runs.isEmpty ? "\"next_page_token\":" : ",\"next_page_token\":")
            writer.string(nextToken)
        }
        writer.raw("}")
        return writer.bytes
    }

    private static func list<Element>(
        _ elements: [Element],
        to writer: inout JSONWriter,
        _ write: (Element, inout JSONWriter) -> Void
    ) {
        var separator: UInt8 = 0x5B
        for element in elements {
            writer.raw(separator)
            separator = 0x2C
            write(element, &writer)
        }
        writer.raw("]")
    }

    private static func write(_ run: Run, to writer: inout JSONWriter) {
        writer.raw("{\"info\":")
        write(run.info, to: &writer)
        writer.raw(",\"data\":{")
        var isFirst = true
        func begin(_ name: StaticString) {
            if !isFirst { writer.raw(",") }
            isFirst = false
            writer.raw(name)
        }
        if !run.metrics.isEmpty {
            begin("\"metrics\":")
            list(run.metrics, to: &writer) { write($0, to: &$1) }
        }
        if !run.params.isEmpty {
            begin("\"params\":")
            list(run.params, to: &writer) { pair($0.key, $0.value, to: &$1) }
        }
        if !run.tags.isEmpty {
            begin("\"tags\":")
            list(run.tags, to: &writer) { pair($0.key, $0.value, to: &$1) }
        }
        writer.raw("},\"inputs\":")
        // Few runs have these; the tree that other replies are made of does for them.
        writer.value(inputs(run))
        writer.raw(",\"outputs\":")
        writer.value(outputs(run))
        writer.raw("}")
    }

    private static func write(_ info: RunInfo, to writer: inout JSONWriter) {
        writer.raw("{\"run_id\":")
        writer.string(info.id)
        writer.raw(",\"run_uuid\":")
        writer.string(info.id)
        writer.raw(",\"run_name\":")
        writer.string(info.name)
        writer.raw(",\"experiment_id\":")
        writer.string(info.experimentID)
        writer.raw(",\"user_id\":")
        writer.string(info.userID)
        writer.raw(",\"status\":")
        writer.string(info.status.rawValue)
        writer.raw(",\"start_time\":")
        writer.integer(info.startTime.milliseconds)
        writer.raw(",\"artifact_uri\":")
        writer.string(info.artifactURI)
        writer.raw(",\"lifecycle_stage\":")
        writer.string(info.lifecycle.rawValue)
        if let end = info.endTime {
            writer.raw(",\"end_time\":")
            writer.integer(end.milliseconds)
        }
        writer.raw("}")
    }

    private static func write(_ metric: Metric, to writer: inout JSONWriter) {
        writer.raw("{\"key\":")
        writer.string(metric.key)
        writer.raw(",\"value\":")
        if metric.value.isNaN { writer.raw("\"NaN\"") } else { writer.number(metric.value) }
        writer.raw(",\"timestamp\":")
        writer.integer(metric.timestamp.milliseconds)
        writer.raw(",\"step\":")
        writer.integer(metric.step)
        writer.raw("}")
    }

    private static func pair(_ key: String, _ value: String, to writer: inout JSONWriter) {
        writer.raw("{\"key\":")
        writer.string(key)
        writer.raw(",\"value\":")
        writer.string(value)
        writer.raw("}")
    }
}
