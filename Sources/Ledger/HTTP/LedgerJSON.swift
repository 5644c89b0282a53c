package import Core

extension LedgerRecord {
    /// The record as the ledger's own API shows it: inputs by name where the names are known.
    ///
    /// A missing value is null; one that was redacted is left out and named in `redacted`.
    package func json(_ schema: LedgerSchema?) -> JSONObject {
        guard case .object(var object) = json else { return [:] }
        object["time"] = .string(createdAt.iso8601)
        guard let columns = schema?.columns, columns.count >= features.count, !features.isEmpty else { return object }
        var inputs = JSONObject()
        var redacted: [JSONValue] = []
        for (name, value) in zip(columns, features) {
            if Self.isRedacted(value) {
                redacted.append(.string(name))
            } else {
                inputs[name] = value.isFinite ? .number(Self.shortest(value)) : .null
            }
        }
        object["features"] = .object(inputs)
        if !redacted.isEmpty { object["redacted"] = .array(redacted) }
        return object
    }

}

extension LedgerHour {
    /// The hour as the API shows it.
    package var json: JSONValue {
        [
            "deployment": .string(deployment), "version": .int(version), "arm": .string(arm.rawValue),
            "hour": .integer(hour.milliseconds), "time": .string(hour.iso8601),
            "predictions": .integer(predictions), "kept": .integer(kept), "labelled": .integer(labelled),
            "correct": .integer(correct), "accuracy": .optional(accuracy),
            "measured": .integer(measured), "mean_absolute_error": .optional(meanAbsoluteError),
            "root_mean_squared_error": .optional(meanSquaredError.map { $0.squareRoot() }),
            "mean_latency_us": .optional(predictions == 0 ? nil : Double(microseconds) / Double(predictions)),
            "drifted": .integer(drifted),
        ]
    }
}

extension LedgerGroup {
    /// The group as the API shows it.
    func json(_ keys: [LedgerGroupKey]) -> JSONValue {
        var object = JSONObject()
        for (key, value) in zip(keys, values) { object[key.rawValue] = value }
        object["rows"] = .int(rows)
        object["labelled"] = .int(labelled)
        object["correct"] = .int(correct)
        object["accuracy"] = .optional(labelled == 0 ? nil : Double(correct) / Double(labelled))
        object["mean_absolute_error"] = .optional(measured == 0 ? nil : absoluteError / Double(measured))
        object["mean_score"] = .optional(scored == 0 ? nil : scores / Double(scored))
        object["mean_latency_us"] = .optional(rows == 0 ? nil : Double(microseconds) / Double(rows))
        object["drifted"] = .int(drifted)
        object["shadowed"] = .int(shadowed)
        object["disagreed"] = .int(disagreed)
        return .object(object)
    }
}

extension LedgerTotals {
    /// The totals as the API shows them.
    var json: JSONValue {
        [
            "deployment": .string(deployment), "rows": .integer(rows), "bytes": .integer(bytes),
            "revision": .integer(revision), "ledger": (spec ?? .standard).json,
        ]
    }
}

extension LabelEvent {
    /// The label as the API shows it.
    var json: JSONValue {
        [
            "label": .string(label), "observed_at": .integer(observedAt.milliseconds),
            "received_at": .integer(receivedAt.milliseconds), "current": .bool(isCurrent),
        ]
    }
}
