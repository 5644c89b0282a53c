package import Core

extension QualityMetric {
    /// The keys that a metric reads.
    static let keys = ["metric", "column", "other", "method", "quantile", "left", "right", "values", "label"]

    /// Reads `metric` and its parameters.
    ///
    /// - Parameter fields: an element of `tests`.
    /// - Throws: `invalidArgument` naming the field: an unknown metric, a missing parameter or one that the metric does not have.
    package init(_ fields: JSONFields) throws(MartletError) {
        let text = try fields.string("metric")
        guard let name = Name(rawValue: text) else {
            let known = Name.allCases.map(\.rawValue).joined(separator: ", ")
            throw fields.invalid("metric", "must be one of \(known)")
        }
        let column = try Self.text("column", fields)
        if Self.needsColumn(name), column == nil {
            throw MartletError(.invalidArgument, "'\(fields.path(of: "column"))' is missing; \(text) is of a column.")
        }
        if !Self.needsColumn(name), name != .infinite { try Self.refuse(["column"], fields, text) }
        let isCorrelation = name == .correlation
        if !isCorrelation { try Self.refuse(["other", "method"], fields, text) }
        if name != .quantile { try Self.refuse(["quantile"], fields, text) }
        let isRange = name == .inRange || name == .outRange
        if !isRange { try Self.refuse(["left", "right"], fields, text) }
        let isList = name == .inList || name == .outList || name == .categories
        if !isList { try Self.refuse(["values"], fields, text) }
        if name != .unique { try Self.refuse(["label"], fields, text) }
        self.init(
            name,
            column: column,
            other: isCorrelation ? try Self.required("other", fields) : nil,
            method: isCorrelation ? try Self.method(fields) : nil,
            quantile: name == .quantile ? try fields.double("quantile", in: 0...1) : nil,
            range: isRange ? try Self.range(fields) : nil,
            values: isList ? try Self.values(fields) : name == .unique ? [try Self.label(fields)] : []
        )
    }

    private static func refuse(_ keys: [String], _ fields: JSONFields, _ metric: String) throws(MartletError) {
        for key in keys where fields.value(key) != nil {
            throw MartletError(.invalidArgument, "'\(fields.path(of: key))' is not a parameter of \(metric).")
        }
    }

    private static func text(_ key: String, _ fields: JSONFields) throws(MartletError) -> String? {
        guard let text = try fields.optionalString(key) else { return nil }
        guard !text.isEmpty, text.utf8.count <= QualityLimits.textBytes else {
            throw MartletError(
                .invalidArgument,
                "'\(fields.path(of: key))' must be text of 1 to \(QualityLimits.textBytes) bytes."
            )
        }
        return text
    }

    private static func required(_ key: String, _ fields: JSONFields) throws(MartletError) -> String {
        guard let text = try text(key, fields) else {
            throw MartletError(.invalidArgument, "'\(fields.path(of: key))' is missing.")
        }
        return text
    }

    private static func method(_ fields: JSONFields) throws(MartletError) -> Correlation.Method? {
        guard let text = try fields.optionalString("method") else { return nil }
        guard let method = Correlation.Method(rawValue: text) else {
            throw fields.invalid("method", "must be one of pearson, spearman, cramer_v")
        }
        return method
    }

    private static func range(_ fields: JSONFields) throws(MartletError) -> ClosedRange<Double> {
        let (left, right) = (try fields.double("left"), try fields.double("right"))
        guard left <= right else { throw fields.invalid("left", "must not be above 'right' (\(right))") }
        return left...right
    }

    private static func values(_ fields: JSONFields) throws(MartletError) -> [QualityLabel] {
        let elements = try fields.array("values")
        guard (1...QualityLimits.testValues).contains(elements.count) else {
            throw MartletError(
                .invalidArgument,
                "'\(fields.path(of: "values"))' has \(elements.count) values; 1 to \(QualityLimits.testValues) are accepted."
            )
        }
        var labels: [QualityLabel] = []
        for (position, element) in elements.enumerated() {
            labels.append(try label(element, "\(fields.path(of: "values"))[\(position)]"))
        }
        return labels
    }

    private static func label(_ fields: JSONFields) throws(MartletError) -> QualityLabel {
        guard let value = fields.value("label") else {
            throw MartletError(
                .invalidArgument,
                "'\(fields.path(of: "label"))' is missing; a test of UniqueValueCount is about one value."
            )
        }
        return try label(value, fields.path(of: "label"))
    }

    static func label(_ value: JSONValue, _ path: String) throws(MartletError) -> QualityLabel {
        guard let label = QualityLabel(value), label.text.utf8.count <= QualityLimits.textBytes else {
            throw MartletError(
                .invalidArgument,
                "'\(path)' must be a number or text of at most \(QualityLimits.textBytes) bytes, but is \(value.kind)."
            )
        }
        return label
    }
}
