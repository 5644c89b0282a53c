package import Core

/// SHAP values of some rows: how much each feature moved each prediction from the average.
package struct Explanation: Sendable {
    /// The features' names in column order.
    package let featureNames: [String]
    /// Row-major feature values: rows × features.
    package let values: [Float]
    /// Row-major contributions: rows × features, in the unit of the margin (log-odds for two classes).
    package let contributions: [Float]
    /// The average margin that contributions start from.
    package let baseValue: Double
    /// What the contributions speak about, such as the name of class 1.
    package let output: String

    /// How many rows there are.
    package var rowCount: Int {
        featureNames.isEmpty ? 0 : values.count / featureNames.count
    }

    /// Takes XGBoost's contributions apart: rows × outputs × (features + 1).
    ///
    /// - Parameters:
    ///   - rows: the rows that were explained.
    ///   - contributions: as the library returned them.
    ///   - outputs: outputs a row: 1 for two classes.
    ///   - output: which output to keep.
    ///   - name: what it is called.
    /// - Throws: `internal` when the sizes do not fit.
    package init(
        _ rows: LabelledRows,
        contributions: [Float],
        outputs: Int,
        output: Int,
        name: String
    ) throws(MartletError) {
        let width = rows.featureNames.count
        guard outputs > 0, output >= 0, output < outputs, rows.count > 0,
            contributions.count == rows.count * outputs * (width + 1)
        else {
            throw MartletError(
                .internal,
                "\(contributions.count) contributions do not fit \(rows.count) rows of \(width) features."
            )
        }
        var kept: [Float] = []
        kept.reserveCapacity(rows.count * width)
        for row in 0..<rows.count {
            let start = (row * outputs + output) * (width + 1)
            kept.append(contentsOf: contributions[start..<start + width])
        }
        featureNames = rows.featureNames
        values = rows.values
        self.contributions = kept
        baseValue = Double(contributions[output * (width + 1) + width])
        self.output = name
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
            "output": .string(output), "unit": "log-odds", "rows": .int(rowCount), "base_value": .number(baseValue),
            "mean_absolute_contribution": .object(JSONObject(pairs)),
        ]
    }
}
