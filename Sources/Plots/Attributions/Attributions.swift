package import Core

/// SHAP values of some rows: how much each feature moved each prediction from the average.
package struct Attributions: Sendable, Equatable {
    /// The features' names in column order.
    package let featureNames: [String]
    /// Row-major feature values: rows × features; NaN is missing.
    package let values: [Float]
    /// Row-major contributions: rows × features, in `unit`.
    package let contributions: [Float]
    /// The average that contributions start from.
    package let baseValue: Double
    /// What the contributions speak about, such as the name of class 1.
    package let output: String
    /// The unit of contributions, such as `log-odds`.
    package let unit: String
    /// How many rows there are.
    package let rowCount: Int

    /// Puts contributions and values side by side.
    ///
    /// - Parameters:
    ///   - featureNames: the columns' names.
    ///   - values: rows × features.
    ///   - contributions: rows × features.
    ///   - baseValue: the average.
    ///   - output: what the contributions speak about.
    ///   - unit: the contributions' unit.
    /// - Throws: `internal` when the sizes do not fit.
    package init(
        featureNames: [String],
        values: [Float],
        contributions: [Float],
        baseValue: Double,
        output: String,
        unit: String = "log-odds"
    ) throws(MartletError) {
        let width = featureNames.count
        guard width > 0, !values.isEmpty, values.count % width == 0, contributions.count == values.count else {
            throw MartletError(
                .internal,
                "\(contributions.count) contributions do not fit \(values.count) values of \(width) features."
            )
        }
        self.featureNames = featureNames
        self.values = values
        self.contributions = contributions
        self.baseValue = baseValue
        self.output = output
        self.unit = unit
        rowCount = values.count / width
    }

    /// Takes a runtime's contributions apart: rows × outputs × (features + 1), the last of each group the base value.
    ///
    /// - Parameters:
    ///   - featureNames: the columns' names.
    ///   - values: the rows that were explained: rows × features.
    ///   - groups: the contributions as the runtime returned them.
    ///   - outputs: outputs a row: 1 for two classes.
    ///   - output: which output to keep.
    ///   - name: what it is called.
    ///   - unit: the contributions' unit.
    /// - Throws: `internal` when the sizes do not fit.
    package init(
        featureNames: [String],
        values: [Float],
        groups: [Float],
        outputs: Int,
        output: Int,
        name: String,
        unit: String = "log-odds"
    ) throws(MartletError) {
        let width = featureNames.count
        let rows = width > 0 ? values.count / width : 0
        guard outputs > 0, output >= 0, output < outputs, rows > 0, groups.count == rows * outputs * (width + 1) else {
            throw MartletError(
                .internal,
                "\(groups.count) contributions do not fit \(rows) rows of \(width) features."
            )
        }
        var kept: [Float] = []
        kept.reserveCapacity(rows * width)
        for row in 0..<rows {
            let start = (row * outputs + output) * (width + 1)
            kept.append(contentsOf: groups[start..<start + width])
        }
        try self.init(
            featureNames: featureNames,
            values: values,
            contributions: kept,
            baseValue: Double(groups[output * (width + 1) + width]),
            output: name,
            unit: unit
        )
    }

    /// How much a feature matters: the mean size of its contributions.
    package func importance(of feature: Int) -> Double {
        let width = featureNames.count
        let total = stride(from: feature, to: contributions.count, by: width).reduce(0.0) {
            $0 + Double(abs(contributions[$1]))
        }
        return total / Double(max(1, rowCount))
    }

    /// The features by falling importance.
    package var ranking: [Int] {
        let importances = featureNames.indices.map(importance(of:))
        return featureNames.indices.sorted { (-importances[$0], $0) < (-importances[$1], $1) }
    }

    /// The margin of a row: base value and all contributions.
    package func margin(of row: Int) -> Double {
        let width = featureNames.count
        return contributions[row * width..<(row + 1) * width].reduce(baseValue) { $0 + Double($1) }
    }

    /// The values for tools: base value and mean |SHAP| by feature.
    package var json: JSONValue {
        let pairs = ranking.map { (featureNames[$0], JSONValue.number(importance(of: $0))) }
        return [
            "output": .string(output), "unit": .string(unit), "rows": .int(rowCount), "base_value": .number(baseValue),
            "mean_absolute_contribution": .object(JSONObject(pairs)),
        ]
    }

    /// The values of one feature in all rows.
    func column(_ feature: Int) -> [Double] {
        stride(from: feature, to: values.count, by: featureNames.count).map { Double(values[$0]) }
    }

    /// The contributions of one feature in all rows.
    func contributionColumn(_ feature: Int) -> [Double] {
        stride(from: feature, to: contributions.count, by: featureNames.count).map { Double(contributions[$0]) }
    }
}
