/// What was predicted for each class: counts, shaded by the share of the row.
package enum ConfusionPlot {
    /// Draws the matrix as SVG: a row for each true class, a column for each predicted one.
    package static func svg(
        classes: [String],
        counts: [[Int]],
        title: String = "Confusion matrix",
        subtitle: String = ""
    ) -> [UInt8] {
        let shares = counts.flatMap { row in
            let total = Double(max(1, row.reduce(0, +)))
            return row.map { Double($0) / total }
        }
        return HeatPlot(
            title: title,
            subtitle: subtitle.isEmpty ? "counts, shaded by the share of the true class" : subtitle,
            x: "predicted",
            y: "true",
            rows: classes,
            columns: classes,
            values: shares,
            texts: counts.flatMap { $0.map { "\($0)" } }
        ).svg()
    }
}
