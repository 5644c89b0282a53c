/// How one feature's value moves predictions: a dot for each row, coloured by the feature it interacts with most.
package enum DependencePlot {
    /// Draws the plot as SVG.
    ///
    /// - Parameters:
    ///   - explanation: the rows.
    ///   - feature: the column.
    ///   - partner: the column that colours the dots; nil for the one that explains most of the spread.
    /// - Returns: the document; empty when there is no such column.
    package static func svg(_ explanation: Attributions, feature: Int, partner: Int? = nil) -> [UInt8] {
        guard explanation.featureNames.indices.contains(feature) else { return [] }
        let (values, moves) = (explanation.column(feature), explanation.contributionColumn(feature))
        let other = partner ?? strongestPartner(explanation, feature)
        let name = explanation.featureNames[feature]
        return ScatterPlot(
            title: "What \(SVGCanvas.label(name)) does to predictions",
            subtitle: "one dot a row (\(explanation.rowCount)), \(explanation.unit) of “\(explanation.output)”",
            x: PlotAxis(name),
            y: PlotAxis("SHAP value"),
            groups: [
                ScatterPlot.Group(
                    "",
                    zip(values, moves).map { PlotPoint($0, $1) },
                    values: other.map(explanation.column) ?? []
                )
            ],
            valueName: other.map { explanation.featureNames[$0] } ?? ""
        ).svg()
    }

    /// The feature whose values go along with what is left of the contributions when the feature's own part is taken
    /// away: rows in order of the feature, the correlation in stretches of neighbours, as SHAP's library does.
    package static func strongestPartner(_ explanation: Attributions, _ feature: Int) -> Int? {
        let (values, moves) = (explanation.column(feature), explanation.contributionColumn(feature))
        let order = values.indices.filter { values[$0].isFinite }.sorted { (values[$0], $0) < (values[$1], $1) }
        let size = max(min(order.count / 10, 50), 1)
        var best: (feature: Int, strength: Double)?
        for other in explanation.featureNames.indices where other != feature {
            let column = explanation.column(other)
            var strength = 0.0
            for start in stride(from: 0, to: order.count, by: size) {
                let rows = order[start..<min(start + size, order.count)].filter { column[$0].isFinite }
                strength += abs(correlation(rows.map { column[$0] }, rows.map { moves[$0] })) * Double(rows.count)
            }
            if strength > best?.strength ?? 0 { best = (other, strength) }
        }
        return best?.feature
    }

    private static func correlation(_ one: [Double], _ other: [Double]) -> Double {
        guard one.count > 2 else { return 0 }
        let count = Double(one.count)
        let (first, second) = (one.reduce(0, +) / count, other.reduce(0, +) / count)
        var (both, left, right) = (0.0, 0.0, 0.0)
        for (a, b) in zip(one, other) {
            both += (a - first) * (b - second)
            left += (a - first) * (a - first)
            right += (b - second) * (b - second)
        }
        return left > 0 && right > 0 ? both / (left * right).squareRoot() : 0
    }
}
