package import Core

/// What a test demands of a figure.
package enum QualityCondition: Sendable, Equatable {
    case greater(QualityThreshold)
    case greaterOrEqual(QualityThreshold)
    case less(QualityThreshold)
    case lessOrEqual(QualityThreshold)
    case equal(QualityThreshold)
    case notEqual(QualityThreshold)
    case isIn([QualityLabel])
    case notIn([QualityLabel])

    /// The keys of the conditions in a suite, in the order in which they are tested.
    static let keys = ["gt", "gte", "lt", "lte", "eq", "not_eq", "in", "not_in"]

    /// Reads every condition of a test.
    ///
    /// - Throws: `invalidArgument` naming the field; also when there is none.
    static func all(_ fields: JSONFields) throws(MartletError) -> [QualityCondition] {
        var conditions: [QualityCondition] = []
        for key in keys where fields.value(key) != nil {
            switch key {
            case "gt": conditions.append(.greater(try QualityThreshold(fields, key)))
            case "gte": conditions.append(.greaterOrEqual(try QualityThreshold(fields, key)))
            case "lt": conditions.append(.less(try QualityThreshold(fields, key)))
            case "lte": conditions.append(.lessOrEqual(try QualityThreshold(fields, key)))
            case "eq": conditions.append(.equal(try QualityThreshold(fields, key)))
            case "not_eq": conditions.append(.notEqual(try QualityThreshold(fields, key)))
            case "in": conditions.append(.isIn(try list(fields, key)))
            default: conditions.append(.notIn(try list(fields, key)))
            }
        }
        guard !conditions.isEmpty else {
            throw MartletError(
                .invalidArgument,
                "'\(fields.path)' has no condition; it needs at least one of \(keys.joined(separator: ", "))."
            )
        }
        return conditions
    }

    private static func list(_ fields: JSONFields, _ key: String) throws(MartletError) -> [QualityLabel] {
        let elements = try fields.array(key)
        guard (1...QualityLimits.testValues).contains(elements.count) else {
            throw MartletError(
                .invalidArgument,
                "'\(fields.path(of: key))' has \(elements.count) values; 1 to \(QualityLimits.testValues) are accepted."
            )
        }
        var labels: [QualityLabel] = []
        for (position, element) in elements.enumerated() {
            labels.append(try QualityMetric.label(element, "\(fields.path(of: key))[\(position)]"))
        }
        return labels
    }

    /// The key in a suite.
    package var key: String {
        switch self {
        case .greater: "gt"
        case .greaterOrEqual: "gte"
        case .less: "lt"
        case .lessOrEqual: "lte"
        case .equal: "eq"
        case .notEqual: "not_eq"
        case .isIn: "in"
        case .notIn: "not_in"
        }
    }

    /// The value under its key in a suite.
    package var json: JSONValue {
        switch self {
        case .greater(let threshold), .greaterOrEqual(let threshold), .less(let threshold),
            .lessOrEqual(let threshold), .equal(let threshold), .notEqual(let threshold):
            threshold.json
        case .isIn(let values), .notIn(let values): .array(values.map(\.json))
        }
    }

    /// Evidently's identifier of such a test.
    package var identifier: String {
        switch self {
        case .greaterOrEqual: "ge"
        case .lessOrEqual: "le"
        case .isIn: "is_in"
        default: key
        }
    }

    /// Evidently's words for the condition.
    var words: String {
        switch self {
        case .greater: "Greater"
        case .greaterOrEqual: "Greater or Equal"
        case .less: "Less"
        case .lessOrEqual: "Less or Equal"
        case .equal: "Equal"
        case .notEqual: "Not equal"
        case .isIn: "Value in list"
        case .notIn: "Value not in list"
        }
    }

    /// The threshold; nil for lists.
    package var threshold: QualityThreshold? {
        switch self {
        case .greater(let threshold), .greaterOrEqual(let threshold), .less(let threshold),
            .lessOrEqual(let threshold), .equal(let threshold), .notEqual(let threshold):
            threshold
        case .isIn, .notIn: nil
        }
    }
}
