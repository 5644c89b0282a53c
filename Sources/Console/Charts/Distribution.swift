/// Two histograms over the same bins: the reference as a grey ground, the current window as an outline over it.
package struct Distribution: Sendable {
    /// Bin edges, ascending; one more than bins.
    package var edges: [Double]
    /// Share of reference rows per bin.
    package var reference: [Double]
    /// Share of current rows per bin.
    package var current: [Double]

    /// Takes binned shares; extra entries are ignored.
    package init(edges: [Double], reference: [Double], current: [Double]) {
        self.edges = edges
        self.reference = reference
        self.current = current
    }

    /// Bins two samples over their common range; values that are not finite are left out.
    package init(reference: [Double], current: [Double], bins: Int = ConsoleLimits.histogramBins) {
        let first = reference.filter(\.isFinite)
        let second = current.filter(\.isFinite)
        let low = min(first.min() ?? 0, second.min() ?? first.min() ?? 0)
        let high = max(first.max() ?? 1, second.max() ?? first.max() ?? 1)
        let count = min(max(bins, 1), 100)
        let width = high > low ? (high - low) / Double(count) : 1
        edges = (0...count).map { low + Double($0) * width }
        self.reference = Distribution.shares(first, low, width, count)
        self.current = Distribution.shares(second, low, width, count)
    }

    private static func shares(_ values: [Double], _ low: Double, _ width: Double, _ count: Int) -> [Double] {
        var bins = [Double](repeating: 0, count: count)
        for value in values {
            let place = (value - low) / width
            bins[min(count - 1, max(0, place.isFinite ? Int(min(place, 1e6)) : 0))] += 1
        }
        let total = Double(max(1, values.count))
        return bins.map { $0 / total }
    }

    /// The drawing; empty without bins.
    package func markup(label: String) -> Markup {
        let count = min(reference.count, max(0, edges.count - 1))
        guard count > 0 else { return Markup() }
        let now = (0..<count).map { $0 < current.count ? current[$0] : 0 }
        let top = max(reference.prefix(count).max() ?? 0, now.max() ?? 0, 1e-9)
        let width = Coordinates.side / Double(count)
        var html = Markup()
        html.raw(
            "<svg class=\"bars\" viewBox=\"0 0 1000 1000\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\""
        )
        html.text(label)
        html.raw("\"><path class=\"grid\" d=\"M0 1000H1000\"/>")
        html.raw("<path class=\"reference\" d=\"\(outline(Array(reference.prefix(count)), top, width))Z\"/>")
        if now.contains(where: { $0 > 0 }) {
            let line = outline(now, top, width)
            html.raw("<path class=\"current-fill\" d=\"\(line)Z\"/><path class=\"current\" d=\"\(line)\"/>")
        }
        html.raw("</svg>")
        return html
    }

    private func outline(_ shares: [Double], _ top: Double, _ width: Double) -> String {
        var path = "M0 1000"
        for (index, share) in shares.enumerated() {
            let y = Coordinates.text(1000 - max(0, share.isFinite ? share : 0) / top * 960)
            path += "V\(y)H\(Coordinates.text(Double(index + 1) * width))"
        }
        return path + "V1000"
    }
}
