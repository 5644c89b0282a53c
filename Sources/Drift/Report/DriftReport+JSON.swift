package import Core
import Statistics

extension DriftReport {
    /// The report as JSON, with Evidently's field names where they exist.
    ///
    /// `metrics` and `tests` have the shape of Evidently 0.7's snapshots; `drift_by_columns`, `dataset_drift` and the counts
    /// beside it that of its drift table. What Evidently lacks stands beside: `verdict`, `data_events`, `detectors`, `segments`.
    package var json: JSONValue {
        var object = JSONObject()
        if let at = options.at { object["timestamp"] = .string(at.iso8601) }
        object["verdict"] = .string(verdict.rawValue)
        if let reason { object["reason"] = .string(reason) }
        object["dataset_drift"] = columns.drifted.map(JSONValue.bool) ?? .null
        object["drift_share"] = .number(options.columns.driftShare)
        object["number_of_columns"] = .int(decidedColumns)
        object["number_of_drifted_columns"] = .int(driftedColumns)
        object["share_of_drifted_columns"] = .number(driftedShare)
        object["number_of_undecided_columns"] = .int(columns.features.count - decidedColumns)
        object["reference"] = [
            "number_of_rows": .int(referenceRows), "number_of_columns": .int(referenceColumns),
        ]
        object["current"] = ["number_of_rows": .int(currentRows), "number_of_columns": .int(currentColumns)]
        var byColumn = JSONObject()
        for feature in features { byColumn[feature.drift.name] = feature.json }
        object["drift_by_columns"] = .object(byColumn)
        object["data_events"] = .array(events.map(\.json))
        object["detectors"] = .array(detectors.map(\.json))
        if let segment = options.segment {
            object["segment"] = .string(segment)
            object["segments"] = .array(segments.map(\.json))
        }
        object["metrics"] = .array(metrics)
        object["tests"] = .array(tests)
        return .object(object)
    }

    /// Numbers first, then categories, then text, as Evidently lists columns.
    private var ordered: [Feature] {
        ColumnKind.allCases.flatMap { kind in features.filter { $0.kind == kind } }
    }

    private var metrics: [JSONValue] {
        let share = Decimals.number(options.columns.driftShare)
        let count: JSONValue = [
            "metric_name": .string("DriftedColumnsCount(drift_share=\(share))"),
            "config": [
                "type": "evidently:metric_v2:DriftedColumnsCount", "drift_share": .number(options.columns.driftShare),
            ],
            "value": ["count": .number(Double(driftedColumns)), "share": .number(driftedShare)],
        ]
        return [count]
            + ordered.map { feature in
                let bound = Decimals.number(feature.drift.threshold)
                return [
                    "metric_name": .string(
                        "ValueDrift(column=\(feature.drift.name),method=\(feature.methodName),threshold=\(bound))"
                    ),
                    "config": [
                        "type": "evidently:metric_v2:ValueDrift", "column": .string(feature.drift.name),
                        "method": .string(feature.methodName), "threshold": .number(feature.drift.threshold),
                    ],
                    "value": .optional(feature.drift.score),
                ]
            }
    }

    private var tests: [JSONValue] {
        let bound = Decimals.fixed(options.columns.driftShare, places: 3)
        let sign = driftedShare < options.columns.driftShare ? "<" : ">="
        let share: JSONValue = [
            "name": .string("Share of Drifted Columns: Less \(bound)"),
            "description": .string("Actual value \(Decimals.fixed(driftedShare, places: 3)) \(sign) \(bound)"),
            "status": .string(
                decidedColumns == 0 ? "SKIPPED" : driftedShare < options.columns.driftShare ? "SUCCESS" : "FAIL"
            ),
        ]
        return [share]
            + ordered.map { feature in
                [
                    "name": .string("Value Drift for column \(feature.drift.name)"),
                    "description": .string(feature.sentence),
                    "status": .string(feature.drift.drifted.map { $0 ? "FAIL" : "SUCCESS" } ?? "SKIPPED"),
                ]
            }
    }
}

extension DriftReport.Feature {
    /// The method by the name that Evidently shows: in words when it was chosen, else as it was asked for.
    package var methodName: String { isAutomatic ? drift.method.displayName : drift.method.rawValue }

    fileprivate var sentence: String {
        guard let score = drift.score else { return drift.reason ?? "insufficient data" }
        return "Drift score is \(Decimals.fixed(score, places: 2)). The drift detection method is \(methodName). "
            + "The drift threshold is \(Decimals.fixed(drift.threshold, places: 2))."
    }

    /// The feature as `drift_by_columns` holds it.
    var json: JSONValue {
        var object: JSONObject = [
            "column_name": .string(drift.name), "column_type": .string(kind.evidentlyName),
            "role": .string(role.rawValue), "method": .string(drift.method.rawValue),
            "stattest_name": .string(methodName), "stattest_threshold": .number(drift.threshold),
            "drift_score": .optional(drift.score), "drift_detected": drift.drifted.map(JSONValue.bool) ?? .null,
            "statistic": .optional(drift.statistic), "p_value": .optional(drift.pValue),
        ]
        if let reason = drift.reason { object["reason"] = .string(reason) }
        object["current"] =
            current.map { summary in
                .object(JSONObject(summary.members + [("small_distribution", distribution.json(ofReference: false))]))
            } ?? .null
        object["reference"] = .object(
            JSONObject(reference.members + [("small_distribution", distribution.json(ofReference: true))])
        )
        return .object(object)
    }
}

extension DriftReport.Segment {
    /// The segment as reports write it.
    var json: JSONValue {
        let decided = columns.features.filter { $0.drifted != nil }
        let drifted = decided.filter { $0.drifted == true }
        var object: JSONObject = [
            "value": .optional(name), "reference_rows": .int(referenceRows), "current_rows": .int(currentRows),
            "dataset_drift": columns.drifted.map(JSONValue.bool) ?? .null, "number_of_columns": .int(decided.count),
            "number_of_drifted_columns": .int(drifted.count),
            "drifted_columns": .array(drifted.map { .string($0.name) }),
        ]
        if let reason = columns.reason { object["reason"] = .string(reason) }
        return .object(object)
    }
}

extension DetectorReport {
    /// The report as JSON, for the API and for reports.
    package var json: JSONValue {
        var object: JSONObject = [
            "detector": .string(kind.rawValue), "statistic": .optional(statistic), "p_value": .optional(pValue),
            "threshold": .number(threshold), "drift_detected": drifted.map(JSONValue.bool) ?? .null,
        ]
        if let reason { object["reason"] = .string(reason) }
        if !features.isEmpty { object["features"] = .array(features.map(\.json)) }
        return .object(object)
    }
}

extension FeatureDrift {
    /// The comparison as JSON, with Evidently's field names.
    package var json: JSONValue {
        var object: JSONObject = [
            "column_name": .string(name), "method": .string(method.rawValue), "drift_score": .optional(score),
            "statistic": .optional(statistic), "p_value": .optional(pValue), "stattest_threshold": .number(threshold),
            "drift_detected": drifted.map(JSONValue.bool) ?? .null,
        ]
        if let reason { object["reason"] = .string(reason) }
        return .object(object)
    }
}

extension ColumnKind {
    /// Evidently's name of the kind.
    var evidentlyName: String {
        switch self {
        case .numeric: "num"
        case .categorical: "cat"
        case .text: "text"
        }
    }
}
