/// Draws both sides of a distribution: the reference as a filled shape, the current rows over it.
struct DistributionChart {
    private static let width = 320.0
    private static let height = 96.0
    private let name: String

    /// A chart of the column of that name.
    init(name: String) { self.name = name }

    /// Appends the drawing, and its numbers for those who do not see it.
    func draw(_ distribution: PairedDistribution, into page: inout Markup) {
        switch distribution {
        case .none: return
        case .histogram(let edges, let reference, let current, let ofLengths):
            open(ofLengths ? "Distribution of the length of" : "Distribution of", into: &page)
            let (past, present) = (Self.shares(reference), Self.shares(current))
            let highest = max(past.max() ?? 0, present.max() ?? 0, 1e-12)
            page.raw("<path class=\"r\" d=\"")
            page.trusted(Self.steps(past, highest: highest, closed: true))
            page.raw("\"/><path class=\"c\" d=\"")
            page.trusted(Self.steps(present, highest: highest, closed: false))
            page.raw("\"/>")
            axis(from: Decimals.number(edges[0]), to: Decimals.number(edges[edges.count - 1]), into: &page)
            page.raw("</svg>")
            let labels = zip(edges, edges.dropFirst()).map { "\(Decimals.number($0)) – \(Decimals.number($1))" }
            numbers(ofLengths ? "Characters" : "Values", labels, past, present, into: &page)
        case .frequencies(let names, let reference, let current):
            open("Frequencies of", into: &page)
            let (past, present) = (Self.shares(reference), Self.shares(current))
            let highest = max(past.max() ?? 0, present.max() ?? 0, 1e-12)
            bars(past, present, highest: highest, into: &page)
            page.raw("</svg>")
            numbers("Category", names.map { Self.shortened($0 ?? "all others") }, past, present, into: &page)
        }
    }

    private func open(_ what: StaticString, into page: inout Markup) {
        page.raw("<svg viewBox=\"0 0 320 112\" role=\"img\" aria-label=\"")
        page.raw(what)
        page.raw(" ")
        page.text(name)
        page.raw(", reference and current\">")
    }

    private func axis(from low: String, to high: String, into page: inout Markup) {
        page.raw("<path class=\"a\" d=\"M0 96.5H320\"/><text x=\"0\" y=\"109\">")
        page.text(low)
        page.raw("</text><text x=\"320\" y=\"109\" text-anchor=\"end\">")
        page.text(high)
        page.raw("</text>")
    }

    private func bars(_ past: [Double], _ present: [Double], highest: Double, into page: inout Markup) {
        let slot = Self.width / Double(past.count)
        let bar = min(slot * 0.4, 24)
        for (style, shares, offset) in [("r", past, -bar), ("cb", present, 0)] {
            page.trusted("<path class=\"\(style)\" d=\"")
            for (index, share) in shares.enumerated() where share > 0 {
                let left = (Double(index) + 0.5) * slot + offset
                let size = max(1, share / highest * (Self.height - 4))
                let (x, y) = (Self.coordinate(left), Self.coordinate(Self.height - size))
                page.trusted("M\(x) \(y)h\(Self.coordinate(bar))V96h-\(Self.coordinate(bar))z")
            }
            page.raw("\"/>")
        }
        page.raw("<path class=\"a\" d=\"M0 96.5H320\"/>")
    }

    private func numbers(
        _ title: StaticString,
        _ labels: [String],
        _ past: [Double],
        _ present: [Double],
        into page: inout Markup
    ) {
        page.raw("<details><summary>Numbers</summary><table><thead><tr><th>")
        page.raw(title)
        page.raw("</th><th class=\"n\">Reference</th><th class=\"n\">Current</th></tr></thead><tbody>")
        for (index, label) in labels.enumerated() {
            page.element("<tr><td>", label, "</td><td class=\"n\">")
            page.trusted(Decimals.percent(past[index]))
            page.raw("</td><td class=\"n\">")
            page.trusted(Decimals.percent(present[index]))
            page.raw("</td></tr>")
        }
        page.raw("</tbody></table></details>")
    }

    private static func shares(_ counts: [Int]) -> [Double] {
        let total = Double(max(1, counts.reduce(0, +)))
        return counts.map { Double($0) / total }
    }

    private static func steps(_ shares: [Double], highest: Double, closed: Bool) -> String {
        let slot = width / Double(shares.count)
        var path = "M0 96"
        for (index, share) in shares.enumerated() {
            path += "V\(coordinate(height - share / highest * (height - 4)))H\(coordinate(slot * Double(index + 1)))"
        }
        return path + (closed ? "V96z" : "V96")
    }

    /// A coordinate with one decimal.
    static func coordinate(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        let rest = abs(tenths % 10)
        let whole = tenths / 10
        let sign = tenths < 0 && whole == 0 ? "-" : ""
        return rest == 0 ? "\(sign)\(whole)" : "\(sign)\(whole).\(rest)"
    }

    private static func shortened(_ text: String) -> String {
        let limit = DriftLimits.exampleCharacters
        return text.count <= limit ? text : text.prefix(limit) + "…"
    }
}
