package import Core
import Drift

extension MonitorEvaluation {
    /// The evaluation as the API writes it; times in milliseconds since 1970, what could not be computed is null.
    package var json: JSONValue { json(features: features, detectors: detectors) }

    /// The evaluation as the database keeps it: the features with the smallest p-values when there are very many.
    var storedJSON: JSONValue {
        guard features.count > MonitoringLimits.storedFeatures else { return json }
        let kept = Set(
            features.indices.sorted { first, second in
                let (one, other) = (features[first], features[second])
                if one.drifted != other.drifted { return one.drifted }
                return (one.pValue ?? 1, first) < (other.pValue ?? 1, second)
            }.prefix(MonitoringLimits.storedFeatures)
        )
        let names = Set(kept.map { features[$0].name })
        return json(
            features: features.indices.filter(kept.contains).map { features[$0] },
            detectors: detectors.map { detector in detector.keeping { names.contains($0) } }
        )
    }

    private func json(features: [Feature], detectors: [Detector]) -> JSONValue {
        [
            "evaluated_at": .integer(at.milliseconds),
            "reference_version": .string(referenceVersion),
            "reference_rows": .int(referenceRows),
            "window_rows": .int(windowRows),
            "drift": drift.map(JSONValue.bool) ?? .null,
            "verdict": .string(drift.map { $0 ? "drift" : "no drift" } ?? "insufficient data"),
            "severity": .string(severity.rawValue),
            "reason": .optional(reason),
            "detectors": .array(detectors.map(\.json)),
            "features": .array(features.map(\.json)),
            "data_events": .array(events.map(\.json)),
        ]
    }

    /// Reads what `storedJSON` wrote.
    ///
    /// - Throws: `invalidArgument` naming a field that is missing or of another type.
    init(stored value: JSONValue) throws {
        let fields = try JSONFields(value)
        self.init(
            at: Timestamp(milliseconds: try fields.int("evaluated_at")),
            referenceVersion: try fields.string("reference_version"),
            referenceRows: Int(clamping: try fields.int("reference_rows")),
            windowRows: Int(clamping: try fields.int("window_rows")),
            drift: try fields.optionalBool("drift"),
            severity: try fields.optionalString("severity").flatMap(MonitorSeverity.init) ?? .warning,
            reason: try fields.optionalString("reason"),
            detectors: try fields.array("detectors").map { try Detector(stored: JSONFields($0)) },
            features: try fields.array("features").map { try Feature(stored: JSONFields($0)) },
            events: try (fields.optionalArray("data_events") ?? []).map { try DataEvent(stored: JSONFields($0)) }
        )
    }
}

extension MonitorEvaluation.Detector {
    fileprivate func keeping(_ isKept: (String) -> Bool) -> Self {
        Self(
            name: name,
            source: source,
            statistic: statistic,
            pValue: pValue,
            threshold: threshold,
            drifted: drifted,
            isDecided: isDecided,
            reason: reason,
            tests: tests.filter { isKept($0.name) }
        )
    }

    fileprivate var json: JSONValue {
        [
            "detector": .string(name), "column": .optional(source), "statistic": .optional(statistic),
            "p_value": .optional(pValue), "threshold": .optional(threshold), "drifted": .bool(drifted),
            "decided": .bool(isDecided), "reason": .optional(reason), "features": .array(tests.map(\.json)),
        ]
    }

    fileprivate init(stored fields: JSONFields) throws {
        let statistic = try fields.optionalDouble("statistic")
        self.init(
            name: try fields.string("detector"),
            source: try fields.optionalString("column"),
            statistic: statistic,
            pValue: try fields.optionalDouble("p_value"),
            threshold: try fields.optionalDouble("threshold"),
            drifted: try fields.optionalBool("drifted") ?? false,
            isDecided: try fields.optionalBool("decided") ?? (statistic != nil),
            reason: try fields.optionalString("reason"),
            tests: try (fields.optionalArray("features") ?? []).map { try .init(stored: JSONFields($0)) }
        )
    }
}

extension MonitorEvaluation.Test {
    fileprivate var json: JSONValue {
        [
            "name": .string(name), "detector": .string(detector), "score": .optional(score),
            "statistic": .optional(statistic), "p_value": .optional(pValue), "threshold": .number(threshold),
            "drifted": .bool(drifted), "reason": .optional(reason),
        ]
    }

    fileprivate init(stored fields: JSONFields) throws {
        self.init(
            name: try fields.string("name"),
            detector: try fields.string("detector"),
            score: try fields.optionalDouble("score"),
            statistic: try fields.optionalDouble("statistic"),
            pValue: try fields.optionalDouble("p_value"),
            threshold: try fields.optionalDouble("threshold") ?? 0,
            drifted: try fields.optionalBool("drifted") ?? false,
            reason: try fields.optionalString("reason")
        )
    }
}

extension MonitorEvaluation.Feature {
    fileprivate var json: JSONValue {
        [
            "name": .string(name), "detector": .optional(detector), "statistic": .optional(statistic),
            "p_value": .optional(pValue), "drifted": .bool(drifted), "reference_mean": .optional(referenceMean),
            "current_mean": .optional(currentMean), "reference_missing": .number(referenceMissing),
            "current_missing": .number(currentMissing),
        ]
    }

    fileprivate init(stored fields: JSONFields) throws {
        self.init(
            name: try fields.string("name"),
            detector: try fields.optionalString("detector"),
            statistic: try fields.optionalDouble("statistic"),
            pValue: try fields.optionalDouble("p_value"),
            drifted: try fields.optionalBool("drifted") ?? false,
            referenceMean: try fields.optionalDouble("reference_mean"),
            currentMean: try fields.optionalDouble("current_mean"),
            referenceMissing: try fields.double("reference_missing"),
            currentMissing: try fields.double("current_missing")
        )
    }
}

extension DataEvent {
    fileprivate init(stored fields: JSONFields) throws {
        guard let kind = Kind(rawValue: try fields.string("kind")) else {
            throw fields.invalid("kind", "is not a kind of event of this version")
        }
        self.init(
            column: try fields.string("column_name"),
            kind: kind,
            detail: try fields.string("detail"),
            referenceShare: try fields.optionalDouble("reference_share"),
            currentShare: try fields.optionalDouble("current_share"),
            pValue: try fields.optionalDouble("p_value"),
            severity: try fields.optionalString("severity").flatMap(Severity.init) ?? .drift
        )
    }
}
