package import Core
import HTTPSupport

extension MonitorSummary {
    /// The monitor as the API lists it; times in milliseconds since 1970.
    package var json: JSONValue { .object(object) }

    fileprivate var object: JSONObject {
        [
            "name": .string(spec.name),
            "deployment": .string(spec.deployment),
            "state": .string(signal.state.rawValue),
            "severity": .string(spec.severity.rawValue),
            "detected": .bool(signal.detected),
            "since_at": .integer(since.milliseconds),
            "detector": .optional(signal.detector),
            "score": .optional(signal.score),
            "p_value": .optional(signal.pValue),
            "drifted_features": .array(signal.driftedFeatures.map(JSONValue.string)),
            "evaluated_at": .optional(signal.evaluatedAt?.milliseconds),
            "reference_version": .optional(signal.referenceVersion),
            "reference_rows": referenceRows.map(JSONValue.int) ?? .null,
            "rows": .int(rows),
            "refused_rows": .int(refusedRows),
            "reason": .optional(reason),
            "spec": spec.json,
        ]
    }
}

extension MonitorDetail {
    /// The monitor with its last evaluation, histograms, sketches, history and events.
    package var json: JSONValue {
        var object = summary.object
        object["evaluation"] = evaluation?.json ?? .null
        object["histograms"] = .array(histograms.map(\.json))
        object["sketches"] = .array(sketches.map(\.json))
        object["history"] = .array(history.map(\.json))
        object["events"] = .array(events.items.map(\.json))
        if let token = events.nextPageToken { object["next_page_token"] = .string(token) }
        return .object(object)
    }
}

extension FeatureHistogram {
    /// Edges and counts.
    package var json: JSONValue {
        [
            "name": .string(name),
            "edges": .array(edges.map(JSONValue.number)),
            "reference": .array(reference.map(JSONValue.int)),
            "current": .array(current.map(JSONValue.int)),
        ]
    }
}

extension EvaluationSummary {
    /// One point of the history.
    package var json: JSONValue {
        [
            "evaluated_at": .integer(at.milliseconds),
            "state": .string(state.rawValue),
            "drift": drift.map(JSONValue.bool) ?? .null,
            "reason": .optional(reason),
            "detector": .optional(detector),
            "score": .optional(score),
            "p_value": .optional(pValue),
            "mmd": .optional(mmd),
            "mmd_p_value": .optional(mmdPValue),
            "ks": .optional(ks),
            "ks_p_value": .optional(ksPValue),
            "drifted_features": .int(driftedFeatures),
            "data_events": .int(dataEvents),
        ]
    }
}

extension VerdictChange {
    /// One event of the history, and what webhooks are told.
    package var json: JSONValue {
        [
            "id": .string(id),
            "monitor": .string(monitor),
            "deployment": .string(deployment),
            "event_at": .integer(at.milliseconds),
            "from": .string(from.rawValue),
            "to": .string(to.rawValue),
            "severity": .string(severity.rawValue),
            "reference_version": .optional(referenceVersion),
            "detector": .optional(detector),
            "score": .optional(score),
            "p_value": .optional(pValue),
            "window_rows": windowRows.map(JSONValue.int) ?? .null,
            "drifted_features": .array(driftedFeatures.map(JSONValue.string)),
            "data_events": .array(dataEvents),
        ]
    }
}

extension MonitorSnapshot {
    /// The snapshot as a list shows it; with its content when it was read.
    package var json: JSONValue {
        var object: JSONObject = [
            "snapshot": .integer(sequence), "snapshot_at": .integer(at.milliseconds), "cause": .string(cause),
            "state": .string(state.rawValue),
        ]
        for (key, value) in content.objectValue?.pairs ?? [] { object[key] = value }
        return .object(object)
    }
}
