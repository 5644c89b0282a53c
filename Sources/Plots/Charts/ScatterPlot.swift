/// Points in groups, or coloured by a third number.
package struct ScatterPlot: Sendable {
    /// Points of one kind.
    package struct Group: Sendable {
        /// The name in the legend.
        package let name: String
        /// The points; one that is not finite is left out.
        package let points: [PlotPoint]
        /// A third number for each point, which colours it; empty for none.
        ///
        /// NaN is missing.
        package let values: [Double]

        /// Makes a group.
        package init(_ name: String, _ points: [PlotPoint], values: [Double] = []) {
            self.name = name
            self.points = points
            self.values = values.count == points.count ? values : []
        }
    }

    private let title: String
    private let subtitle: String
    private let x: PlotAxis
    private let y: PlotAxis
    private let groups: [Group]
    private let lines: [LinePlot.Line]
    private let valueName: String

    /// Makes a chart; points beyond `PlotsLimits.points` are thinned out evenly.
    ///
    /// - Parameters:
    ///   - title: the heading.
    ///   - subtitle: what is said below it.
    ///   - x: the horizontal axis.
    ///   - y: the vertical axis.
    ///   - groups: the points, each group in a colour of its own unless it has values.
    ///   - lines: lines on top, such as a front or the diagonal.
    ///   - valueName: what the third number is.
    package init(
        title: String,
        subtitle: String = "",
        x: PlotAxis,
        y: PlotAxis,
        groups: [Group],
        lines: [LinePlot.Line] = [],
        valueName: String = ""
    ) {
        self.title = title
        self.x = x
        self.y = y
        self.lines = Array(lines.prefix(PlotsLimits.series))
        self.valueName = valueName
        let total = groups.reduce(0) { $0 + $1.points.count }
        self.subtitle = total > PlotsLimits.points ? "\(subtitle) (\(PlotsLimits.points) of \(total) points)" : subtitle
        self.groups = groups.prefix(PlotsLimits.series).map { group in
            let share =
                total > PlotsLimits.points ? group.points.count * PlotsLimits.points / total : group.points.count
            let kept = Thinning.indices(group.points.count, limit: share)
            return Group(
                group.name,
                kept.map { group.points[$0] },
                values: group.values.isEmpty ? [] : kept.map { group.values[$0] }
            )
        }
    }

    /// Draws the chart as SVG.
    package func svg() -> [UInt8] {
        let values = groups.flatMap(\.values).filter(\.isFinite)
        var legend = groups.enumerated().filter { !$0.element.name.isEmpty && $0.element.values.isEmpty }.map {
            PlotFrame.Entry(name: $0.element.name, paint: .series($0.offset), isLine: false)
        }
        legend += lines.filter { !$0.name.isEmpty }.map { PlotFrame.Entry(name: $0.name, paint: .muted) }
        var frame = PlotFrame(
            title: title,
            subtitle: subtitle,
            x: x,
            y: y,
            points: groups.flatMap(\.points) + lines.flatMap(\.points),
            legend: legend.count > 1 ? legend : [],
            margin: values.isEmpty ? 28 : 110
        )
        let radius = groups.reduce(0) { $0 + $1.points.count } > 2000 ? 2.0 : 3.2
        for (index, group) in groups.enumerated() {
            let shares = RankShare.shares(group.values)
            for (place, point) in group.points.map({ frame.place($0) }).enumerated()
            where point.isFinite && frame.holds(point) {
                let paint: Paint =
                    shares.isEmpty ? .series(index) : shares[place].map(Paint.ramp) ?? .missing
                frame.canvas.circle(point.x, point.y, radius, fill: paint, opacity: 0.7)
            }
        }
        for line in lines { frame.draw(line, .muted) }
        if let low = values.min(), let high = values.max() {
            frame.canvas.rampLegend(
                PlotFrame.left + PlotFrame.plotWidth + 24,
                PlotFrame.top + 40,
                PlotFrame.plotHeight - 80,
                low: NumberText.short(low),
                high: NumberText.short(high),
                name: valueName
            )
        }
        let count = groups.reduce(0) { $0 + $1.points.count }
        return frame.canvas.finish(title: title, description: "\(count) points: \(y.label) over \(x.label).")
    }
}
