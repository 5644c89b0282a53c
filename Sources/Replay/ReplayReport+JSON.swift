package import Core

extension ReplayReport {
    /// The report as it is stored and shown; times are microseconds, shares lie between 0 and 1.
    package var json: JSONObject {
        var object: JSONObject = [
            "verdict": verdict.json, "kind": .string(kind.rawValue), "rows_read": .int(tally.read), "rows": .int(rows),
            "skipped": .object(
                JSONObject(
                    tally.skipped.sorted { $0.key.name < $1.key.name }.map { ($0.key.name, .int($0.value)) }
                )
            ),
            "versions": .object(
                JSONObject(tally.versions.sorted { $0.key < $1.key }.map { (String($0.key), .int($0.value)) })
            ),
            "oldest_at": .optional(tally.extent?.lowerBound.milliseconds),
            "newest_at": .optional(tally.extent?.upperBound.milliseconds),
            "agreement": answers,
            "labels": labels,
            "latency": latency,
            "segments": .array(segments),
            "disagreements": .array(disagreements),
        ]
        object["candidate_failures"] = ["rows": .int(failed), "first": .optional(failure)]
        return object
    }

    private var answers: JSONValue {
        let changes = tally.byClass.frequentChanges.map { change -> JSONValue in
            [
                "logged": .string(change.cell.from), "candidate": .string(change.cell.to), "rows": .int(change.rows),
            ]
        }
        return [
            "agreement": agreement?.json ?? .null,
            "tolerance": .number(tally.request.tolerance),
            "score_change": tally.all.scoreChange.interval?.json ?? .null,
            "changes": .array(changes),
        ]
    }

    private var labels: JSONValue {
        guard let metric else { return ["rows": 0, "reason": "no compared prediction has a label"] }
        var object = metric.json
        if case .classification = kind {
            let rights = tally.all.rights
            object["both_right"] = .int(rights.both)
            object["only_candidate_right"] = .int(rights.candidateOnly)
            object["only_logged_right"] = .int(rights.loggedOnly)
            object["neither_right"] = .int(rights.neither)
            if let f1 = tally.byClass.f1 {
                object["f1_macro"] = ["candidate": .number(f1.candidate), "logged": .number(f1.logged)]
            }
        }
        if case .regression = kind, let ours = tally.all.squares.candidate.interval,
            let theirs = tally.all.squares.logged.interval
        {
            object["rmse"] = ["candidate": ours.root.json, "logged": theirs.root.json]
        }
        return .object(object)
    }

    private var latency: JSONValue {
        var object: JSONObject = [
            "candidate": Self.json(tally.candidateTimes), "serving": Self.json(tally.servingTimes),
            "logged": Self.json(tally.loggedTimes),
        ]
        if let comparison = latencyComparison, comparison.other.value > 0 {
            object["ratio"] = .number(comparison.candidate.value / comparison.other.value)
            object["compared_with"] = .string(comparison.with)
        }
        return .object(object)
    }

    private static func json(_ times: LatencyTally) -> JSONValue {
        guard let middle = times.quantile(0.5), let high = times.quantile(0.95), let last = times.quantile(0.99) else {
            return ["rows": 0]
        }
        return [
            "rows": .int(times.count), "p50_us": .number(middle.value), "p95_us": .number(high.value),
            "p99_us": .number(last.value),
        ]
    }

    private var segments: [JSONValue] {
        tally.segments.flatMap { segment in
            segment.named.map { part -> JSONValue in
                var object: JSONObject = [
                    "by": .string(segment.name), "value": .string(part.value ?? "other"),
                    "is_rest": .bool(part.value == nil), "rows": .int(part.tally.rows),
                    "agreement": agreement(of: part.tally)?.json ?? .null,
                ]
                object["labels"] = metric(of: part.tally).map { .object($0.json) } ?? .null
                return .object(object)
            }
        }
    }

    private var disagreements: [JSONValue] {
        tally.disagreements.sorted { $0.at > $1.at }.map { found in
            let row = found.row
            var object: JSONObject = [
                "request_id": .string(row.id), "version": .int(row.version), "at": .integer(found.at.milliseconds),
                "logged": .string(row.logged.prediction), "logged_score": .number(row.logged.score),
                "candidate": .optional(row.candidate?.prediction), "candidate_score": .optional(row.candidate?.score),
            ]
            if let label = row.label { object["label"] = .string(label) }
            if let entity = found.entity { object["entity"] = .string(entity) }
            return .object(object)
        }
    }
}

extension ReplayReport.Metric {
    fileprivate var json: JSONObject {
        [
            "rows": .int(rows), "metric": .string(name), "candidate": candidate.json, "logged": logged.json,
            "gain": gain?.json ?? .null,
        ]
    }
}

extension Interval {
    /// `{"value", "low", "high"}`; a bound that nothing is known of is null.
    package var json: JSONValue {
        ["value": .number(value), "low": Self.finite(low), "high": Self.finite(high)]
    }

    private static func finite(_ value: Double) -> JSONValue { value.isFinite ? .number(value) : .null }

    /// The root of a mean of squares.
    var root: Interval {
        Interval(value.squareRoot(), low: max(0, low).squareRoot(), high: max(0, high).squareRoot())
    }
}
