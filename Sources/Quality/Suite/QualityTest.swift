package import Core

/// A demand on one figure.
package struct QualityTest: Sendable, Equatable {
    /// The figure.
    package let metric: QualityMetric
    /// What is demanded of it.
    package let condition: QualityCondition
    /// Whether the share is meant, for counts that have one.
    package let ofShare: Bool
    /// Whether a failure fails the suite; otherwise it is a warning.
    package let isCritical: Bool
    /// A name of the user's own.
    package let alias: String?

    /// Makes a test.
    package init(
        _ metric: QualityMetric,
        _ condition: QualityCondition,
        ofShare: Bool = false,
        isCritical: Bool = true,
        alias: String? = nil
    ) {
        self.metric = metric
        self.condition = condition
        self.ofShare = ofShare
        self.isCritical = isCritical
        self.alias = alias
    }

    /// Reads an element of `tests`: a metric, one or more conditions, `share`, `is_critical`, `name`.
    ///
    /// - Returns: one test for each condition.
    /// - Throws: `invalidArgument` naming the field.
    package static func all(_ fields: JSONFields) throws(MartletError) -> [QualityTest] {
        try fields.rejectUnknown(QualityMetric.keys + QualityCondition.keys + ["share", "is_critical", "name"])
        let metric = try QualityMetric(fields)
        let ofShare = try fields.optionalBool("share") ?? false
        guard !ofShare || metric.hasShare else {
            throw fields.invalid("share", "must be left out; \(metric.name.rawValue) has no share")
        }
        let isCritical = try fields.optionalBool("is_critical") ?? true
        let alias = try fields.optionalString("name")
        if let alias, alias.isEmpty || alias.utf8.count > QualityLimits.textBytes {
            throw MartletError(
                .invalidArgument,
                "'\(fields.path(of: "name"))' must be text of 1 to \(QualityLimits.textBytes) bytes."
            )
        }
        let conditions = try QualityCondition.all(fields)
        for condition in conditions { try check(condition, metric, fields) }
        return conditions.map {
            QualityTest(metric, $0, ofShare: ofShare, isCritical: isCritical, alias: alias)
        }
    }

    /// Numbers are compared with numbers and types with texts.
    private static func check(
        _ condition: QualityCondition,
        _ metric: QualityMetric,
        _ fields: JSONFields
    ) throws(MartletError) {
        let isText = metric.name == .type
        switch condition {
        case .isIn(let values), .notIn(let values):
            let fits = values.allSatisfy { if case .text = $0 { isText } else { !isText } }
            guard fits else {
                throw fields.invalid(condition.key, "must be a list of \(isText ? "texts" : "numbers")")
            }
        case .equal(let threshold), .notEqual(let threshold):
            if case .text = threshold.source, !isText { throw fields.invalid(condition.key, "must be a number") }
            if case .number = threshold.source, isText { throw fields.invalid(condition.key, "must be text") }
        default:
            guard !isText else { throw fields.invalid(condition.key, "cannot order types; use eq, not_eq, in, not_in") }
            if case .text? = condition.threshold?.source { throw fields.invalid(condition.key, "must be a number") }
        }
    }

    /// The test as an element of `tests`.
    package var json: JSONValue {
        var object: JSONObject = ["metric": .string(metric.name.rawValue)]
        for (key, value) in metric.parameters.pairs {
            if metric.name == .unique, key == "values" {
                object["label"] = value.arrayValue?.first
            } else {
                object[key] = value
            }
        }
        if ofShare { object["share"] = true }
        object[condition.key] = condition.json
        if !isCritical { object["is_critical"] = false }
        if let alias { object["name"] = .string(alias) }
        return .object(object)
    }
}
