/// Whether of the rows that were given 70 % about 70 % came true.
package enum CalibrationPlot {
    /// Draws the curves as SVG, each of (mean predicted probability, share that came true) by bin.
    package static func svg(
        _ curves: [LinePlot.Line],
        title: String = "Calibration",
        subtitle: String = ""
    ) -> [UInt8] {
        let diagonal = LinePlot.Line("calibrated", [PlotPoint(0, 0), PlotPoint(1, 1)], style: .reference)
        return LinePlot(
            title: title,
            subtitle: subtitle,
            x: PlotAxis("predicted probability", range: 0...1),
            y: PlotAxis("share that came true", range: 0...1),
            lines: curves.map { LinePlot.Line($0.name, $0.points, band: $0.band, style: .dotted) } + [diagonal]
        ).svg()
    }
}
