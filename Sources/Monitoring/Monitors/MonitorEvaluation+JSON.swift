package import Core

extension MonitorEvaluation {
    /// The evaluation as the API writes it; times in milliseconds since 1970, what could not be computed is null.
    package var json: JSONValue { json(features: features) }

    /// The evaluation as the database keeps it: the features with the smallest p-values when there are very many.
    var storedJSON: JSONValue {
        guard features.count > MonitoringLimits.storedFeatures else { return json }
        let bound = features.map { $0.pValue ?? 1 }.sorted()[MonitoringLimits.storedFeatures - 1]
        return json(features: features.filter { ($0.pValue ?? 1) <= bound }.prefix(MonitoringLimits.storedFeatures))
    }

    private func json(features: some Collection<Feature>) -> JSONValue {
        [
            "evaluated_at": .integer(at.milliseconds),
            "reference_version": .string(referenceVersion),
            "reference_rows": .int(referenceRows),
            "window_rows": .int(windowRows),
            "drift": drift.map(JSONValue.bool) ?? .null,
            "detectors": .array(detectors.map(\.json)),
            "features": .array(features.map(\.json)),
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
            detectors: try fields.array("detectors").map { try Detector(stored: JSONFields($0)) },
            features: try fields.array("features").map { try Feature(stored: JSONFields($0)) }
        )
    }
}

extension MonitorEvaluation.Detector {
    fileprivate var json: JSONValue {
        [
            "detector": .string(name), "level": .number(level), "statistic": .optional(statistic),
            "p_value": .optional(pValue), "threshold": .optional(threshold), "drifted": .bool(drifted),
            "reason": .optional(reason),
        ]
    }

    fileprivate init(stored fields: JSONFields) throws {
        self.init(
            name: try fields.string("detector"),
            level: try fields.double("level"),
            statistic: try fields.optionalDouble("statistic"),
            pValue: try fields.optionalDouble("p_value"),
            threshold: try fields.optionalDouble("threshold"),
            drifted: try fields.optionalBool("drifted") ?? false,
            reason: try fields.optionalString("reason")
        )
    }
}

extension MonitorEvaluation.Feature {
    fileprivate var json: JSONValue {
        [
            "name": .string(name), "statistic": .optional(statistic), "p_value": .optional(pValue),
            "drifted": .bool(drifted), "reference_mean": .optional(referenceMean),
            "current_mean": .optional(currentMean), "reference_missing": .number(referenceMissing),
            "current_missing": .number(currentMissing),
        ]
    }

    fileprivate init(stored fields: JSONFields) throws {
        self.init(
            name: try fields.string("name"),
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
