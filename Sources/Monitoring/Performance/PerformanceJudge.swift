import Core
import Performance

/// Turns predictions of one version into buckets, pure and bounded by the rows it is given.
struct PerformanceJudge: Sendable {
    let spec: PerformanceSpec

    /// The metrics that alert.
    func metrics(of kind: VersionRows.Kind) -> [String] {
        let usual = kind == .numbers ? ["mae", "rmse"] : ["accuracy", "f1", "roc_auc"]
        let named = spec.metrics.isEmpty ? usual : spec.metrics
        return named + spec.thresholds.keys.sorted().filter { !named.contains($0) }
    }

    /// Judges the buckets of one version.
    func buckets(_ rows: VersionRows, _ prepared: PreparedPerformance?) throws(MartletError) -> [PerformanceBucket] {
        var found: [PerformanceBucket] = []
        for (start, part) in rows.buckets(of: spec.bucket) {
            found.append(try bucket(part, start: start, prepared))
        }
        return found
    }

    private func bucket(
        _ rows: VersionRows,
        start: Timestamp,
        _ prepared: PreparedPerformance?
    ) throws(MartletError) -> PerformanceBucket {
        let labelled = rows.rows.count { $0.label != nil }
        let version = rows.rows.first?.version ?? 0
        let realised = try rows.realised()
        let estimated = try prepared?.estimate(rows) ?? []
        let judged = metrics(of: rows.kind)
        var bounds: [String: PerformanceSpec.Bounds] = [:]
        var alerts: [PerformanceAlert] = []
        let isJudged = (realised: labelled >= spec.minimum, estimated: rows.rows.count >= spec.minimum)
        for name in judged {
            let alert = { (kind: PerformanceAlert.Kind, value: Double, bound: Double) in
                PerformanceAlert(metric: name, kind: kind, version: version, start: start, value: value, bound: bound)
            }
            if let limits = self.bounds(of: name, prepared?.thresholds[name], prepared, rows: labelled) {
                bounds[name] = limits
                if isJudged.realised, let value = realised[name]?.value, let past = Self.past(value, limits) {
                    alerts.append(alert(.realised, value, past))
                }
            }
            // Labels, once enough of them are there, know better than estimates.
            guard isJudged.estimated, !isJudged.realised, let estimate = estimated[name], let value = estimate.value
            else { continue }
            if let limits = self.bounds(of: name, estimate.threshold, prepared, rows: rows.rows.count),
                let past = Self.past(value, limits)
            {
                alerts.append(alert(.estimated, value, past))
            }
        }
        return PerformanceBucket(
            version: version,
            start: start,
            rows: rows.rows.count,
            labelled: labelled,
            realised: realised,
            estimated: estimated,
            bounds: bounds,
            alerts: alerts,
            isJudged: isJudged
        )
    }

    /// Bounds that somebody set, or three standard deviations of the reference's chunks on the bad side; the deviation of a
    /// bucket with fewer rows than such a chunk is wider by the root of their ratio.
    private func bounds(
        of metric: String,
        _ threshold: MetricThreshold?,
        _ prepared: PreparedPerformance?,
        rows: Int
    ) -> PerformanceSpec.Bounds? {
        if let set = spec.thresholds[metric] { return set }
        guard let threshold, let prepared, let direction = MetricDirection(of: metric) else { return nil }
        let factor = max(1, (Double(prepared.chunkRows) / Double(max(1, rows))).squareRoot())
        let reach = MetricThreshold.width * threshold.deviation * factor
        return PerformanceSpec.Bounds(
            minimum: direction == .lowerIsBetter ? nil : threshold.mean - reach,
            maximum: direction == .higherIsBetter ? nil : threshold.mean + reach
        )
    }

    private static func past(_ value: Double, _ bounds: PerformanceSpec.Bounds) -> Double? {
        if let minimum = bounds.minimum, value < minimum { return minimum }
        if let maximum = bounds.maximum, value > maximum { return maximum }
        return nil
    }

    /// Everything that is known of a version over the rows at hand, for reports.
    func summary(_ rows: VersionRows, _ prepared: PreparedPerformance?) throws(MartletError) -> JSONValue {
        let labelled = rows.labelled
        var object: JSONObject = [
            "rows": .int(rows.rows.count), "labelled": .int(labelled.rows.count),
            "performance": try rows.report(),
            "first_at": .optional(rows.rows.first?.at.milliseconds),
            "last_at": .optional(rows.rows.last?.at.milliseconds),
        ]
        if let prepared {
            object["drift"] = try prepared.drift(rows)
            object["reference"] = [
                "origin": .string(prepared.origin.rawValue), "rows": .int(prepared.reference.rows.count),
                "estimates": .bool(prepared.reason == nil), "reason": .optional(prepared.reason),
            ]
        } else {
            let reason =
                "insufficient data: \(labelled.rows.count) of \(spec.referenceRows) labelled predictions for a reference"
            object["reference"] = ["origin": .null, "rows": 0, "estimates": false, "reason": .string(reason)]
        }
        var segments: [JSONValue] = []
        for name in spec.segments { segments.append(try segment(labelled, by: name)) }
        if !segments.isEmpty { object["segments"] = .array(segments) }
        return .object(object)
    }

    private func segment(_ rows: VersionRows, by name: String) throws(MartletError) -> JSONValue {
        guard let index = rows.features.firstIndex(of: name) else {
            return ["column": .string(name), "values": [], "reason": "the model has no input of this name"]
        }
        let values = rows.rows.map { $0.features.indices.contains(index) ? Double($0.features[index]) : .nan }
        var parts: [JSONValue] = []
        for segment in Segments(values).all {
            let part = rows.with(segment.rows.map { rows.rows[$0] })
            parts.append(
                [
                    "value": .string(Segments.name(segment)), "rows": .int(part.rows.count),
                    "metrics": try part.realised().json,
                ]
            )
        }
        return ["column": .string(name), "values": .array(parts)]
    }
}
