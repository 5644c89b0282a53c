import Core

/// Draws the scores of past reports from left to right.
struct HistoryChart {
    private static let width = 320.0
    private static let height = 56.0
    private let points: [DriftSnapshot]

    /// The last `DriftLimits.historyPoints` snapshots, the oldest first.
    init(_ history: [DriftSnapshot]) {
        points = Array(history.sorted { $0.at < $1.at }.suffix(DriftLimits.historyPoints))
    }

    /// Appends the section; nothing without a past report.
    func draw(names: [String], bound: Double, into page: inout Markup) {
        guard let first = points.first, let last = points.last else { return }
        page.raw("<h2 id=\"history\">Over time</h2><p class=\"dim\">")
        page.text(
            "\(points.count) \(points.count == 1 ? "report" : "reports"), \(first.at.iso8601) to \(last.at.iso8601)."
        )
        page.raw(" A red mark is drift.</p><div class=\"cards\">")
        card("Share of drifted columns", points.map { ($0.driftedShare, $0.verdict == .drift) }, bound, into: &page)
        for name in names where points.contains(where: { $0.scores[name]?.value != nil }) {
            card(name, points.map { ($0.scores[name]?.value, $0.scores[name]?.drifted == true) }, nil, into: &page)
        }
        page.raw("</div>")
    }

    private func card(_ title: String, _ values: [(Double?, Bool)], _ bound: Double?, into page: inout Markup) {
        let known = values.compactMap(\.0).filter(\.isFinite)
        let highest = max(known.max() ?? 0, bound ?? 0, 1e-300)
        page.element("<section class=\"card\"><header><h3>", title, "</h3><span class=\"dim\">")
        page.text("last \(values.last?.0.map { Decimals.number($0) } ?? "–")")
        page.raw("</span></header><svg viewBox=\"0 0 320 64\" role=\"img\" aria-label=\"")
        page.text(title)
        page.text(" over time: \(values.count { $0.1 }) of \(values.count) with drift")
        page.raw("\"><path class=\"a\" d=\"M0 58H320\"/>")
        if let bound { page.trusted("<path class=\"t\" d=\"M0 \(Self.y(bound, highest))H320\"/>") }
        let step = values.count > 1 ? (Self.width - 8) / Double(values.count - 1) : 0
        var path = ""
        var isOpen = false
        for (index, value) in values.enumerated() {
            guard let score = value.0, score.isFinite else {
                isOpen = false
                continue
            }
            let x = DistributionChart.coordinate(4 + step * Double(index))
            path += "\(isOpen ? "L" : "M")\(x) \(Self.y(score, highest))"
            isOpen = true
        }
        page.trusted("<path class=\"c\" d=\"\(path)\"/>")
        for (index, value) in values.enumerated() {
            guard let score = value.0, score.isFinite, value.1 || values.count <= 60 else { continue }
            let x = DistributionChart.coordinate(4 + step * Double(index))
            page.trusted(
                "<circle class=\"\(value.1 ? "d" : "o")\" cx=\"\(x)\" cy=\"\(Self.y(score, highest))\" r=\"2.5\">"
            )
            page.raw("<title>")
            page.text("\(points[index].at.iso8601): \(Decimals.number(score))")
            page.raw("</title></circle>")
        }
        page.raw("</svg></section>")
    }

    private static func y(_ value: Double, _ highest: Double) -> String {
        DistributionChart.coordinate(4 + (1 - max(0, value) / highest) * (height - 2))
    }
}
