/// How many of the ones are found for how many false alarms: receiver operating characteristics.
package enum ROCPlot {
    /// One model's, or one class's, curve.
    package struct Curve: Sendable {
        /// The name in the legend.
        package let name: String
        /// (false positive rate, true positive rate), from (0, 0) to (1, 1).
        package let points: [PlotPoint]
        /// The area below it; nil when it is not known.
        package let area: Double?

        /// Makes a curve.
        package init(_ name: String, _ points: [PlotPoint], area: Double? = nil) {
            self.name = name
            self.points = points
            self.area = area
        }

        var label: String { area.map { "\(name) (area \(NumberText.trimmed($0, 4)))" } ?? name }
    }

    /// Draws the curves as SVG, with the diagonal of guessing.
    package static func svg(_ curves: [Curve], title: String = "ROC curve", subtitle: String = "") -> [UInt8] {
        let unit = 0.0...1.0
        let diagonal = LinePlot.Line("guessing", [PlotPoint(0, 0), PlotPoint(1, 1)], style: .reference)
        return LinePlot(
            title: title,
            subtitle: subtitle,
            x: PlotAxis("false positive rate", range: unit),
            y: PlotAxis("true positive rate", range: unit),
            lines: curves.map { LinePlot.Line($0.label, $0.points) } + [diagonal]
        ).svg()
    }
}
