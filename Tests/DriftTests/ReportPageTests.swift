import Core
import Drift
import Testing

/// The page of a report.
struct ReportPageTests {
    private func page(_ report: DriftReport, title: String = "Title", history: [DriftSnapshot] = []) -> String {
        String(decoding: report.html(title: title, history: history), as: UTF8.self)
    }

    private func report(name: String = "a", category: String = "x") throws -> DriftReport {
        let rows = 60
        func table(_ value: String, shift: Double) throws -> Table {
            try Table(columns: [
                Column(name: name, values: .numbers((0..<rows).map { Double($0) + shift })),
                Column(name: "c", values: .strings((0..<rows).map { $0 % 2 == 0 ? value : "y" })),
                Column(name: "t", values: .strings((0..<rows).map { "text \($0) of the page" })),
            ])
        }
        var options = DriftOptions()
        options.segment = "c"
        options.detectors = [DetectorSpec(.energy)]
        options.at = Timestamp(milliseconds: 1_700_000_000_000)
        return try DriftReport(
            reference: table(category, shift: 0),
            current: table(category, shift: 40),
            options: options
        )
    }

    @Test func everythingIsEscaped() throws {
        let bad = "<script>alert(\"1\")</script>&'\u{0}"
        let page = try page(report(name: bad, category: bad), title: bad)
        #expect(!page.contains("<script") && !page.contains("alert(\"1\")") && !page.utf8.contains(0))
        #expect(page.contains("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;"))
    }

    @Test func thePageNeedsNothingElse() throws {
        let page = try page(report())
        #expect(page.hasPrefix("<!doctype html>\n<html lang=\"en\">"))
        #expect(page.contains("Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'"))
        for forbidden in [
            "http://", "https://", "<script", "javascript:", "src=", "@import", "url(", "onload", "style=\"",
        ] {
            #expect(!page.contains(forbidden), "\(forbidden)")
        }
        #expect(page.contains("prefers-color-scheme:dark") && page.contains("2023-11-14T22:13:20"))
    }

    @Test func tagsAreClosed() throws {
        let page = try page(report(), history: [snapshot(1, 0.5), snapshot(2, nil)])
        let empty: Set<String> = ["!doctype", "meta", "br", "path", "/path"]
        var open: [String] = []
        var rest = page[...]
        while let start = rest.firstIndex(of: "<") {
            let tail = rest[rest.index(after: start)...]
            let end = try #require(tail.firstIndex(of: ">"))
            let tag = tail[..<end]
            rest = tail[end...]
            let name = String(tag.prefix { !$0.isWhitespace && $0 != ">" }).lowercased()
            if empty.contains(name) || tag.hasSuffix("/") { continue }
            if name.hasPrefix("/") { #expect(open.popLast() == String(name.dropFirst())) } else { open.append(name) }
        }
        #expect(open.isEmpty)
    }

    @Test func drawingsSayWhatTheyShow() throws {
        let page = try page(report())
        #expect(page.contains("role=\"img\" aria-label=\"Distribution of a, reference and current\""))
        #expect(page.contains("aria-label=\"Frequencies of c, reference and current\""))
        #expect(page.contains("aria-label=\"Distribution of the length of t, reference and current\""))
        #expect(page.contains("Segments by c") && page.contains("Energy distance of rows"))
        #expect(!page.contains("nan") && !page.contains("NaN"))
    }

    private func snapshot(_ minute: Int64, _ share: Double?) -> DriftSnapshot {
        DriftSnapshot(
            at: Timestamp(milliseconds: 1_700_000_000_000 + minute * 60_000),
            verdict: share.map { $0 >= 0.5 ? .drift : .noDrift } ?? .insufficientData,
            driftedShare: share,
            scores: [
                "a": .init(value: share, drifted: (share ?? 0) >= 0.5), "energy": .init(value: 0.1, drifted: false),
            ]
        )
    }

    @Test func historyIsDrawn() throws {
        let report = try report()
        #expect(!page(report).contains("Over time"))
        let page = page(report, history: [snapshot(2, 0.6), snapshot(1, 0.1), snapshot(3, nil)])
        #expect(page.contains("3 reports, 2023-11-14T22:14:20") && page.contains("1 of 3 with drift"))
        #expect(page.contains("aria-label=\"energy over time"))
        let limit = DriftLimits.historyPoints
        let fits = (0..<limit).map { snapshot(Int64($0), 0.2) }
        #expect(self.page(report, history: fits).contains("\(limit) reports"))
        #expect(self.page(report, history: fits + [snapshot(-1, 0.2)]).contains("\(limit) reports"))
    }

    @Test func snapshotsComeFromReportsAndTheirJSON() throws {
        let report = try report()
        let at = Timestamp(milliseconds: 5)
        let made = DriftSnapshot(of: report, at: at)
        #expect(made.scores["a"]?.drifted == true && made.scores["energy"]?.value != nil)
        #expect(try DriftSnapshot(json: JSONValue.parse(report.json.serialized()), at: at) == made)
        #expect(throws: MartletError.self) { try DriftSnapshot(json: ["verdict": "maybe"], at: at) }
        #expect(throws: MartletError.self) { try DriftSnapshot(json: [], at: at) }
    }

    @Test(arguments: [
        (0.0, "0"), (1, "1"), (-1.5, "-1.5"), (0.1, "0.1"), (123_456, "123456"), (1234.5678, "1235"),
        (0.000123456, "0.0001235"),
        (1e-9, "1e-9"), (-2.5e20, "-2.5e20"), (.infinity, "∞"), (.nan, "–"), (99.996, "100"), (0.99999, "1"),
        (1e14, "100000000000000"),
    ])
    func numbersArePlain(value: Double, text: String) {
        #expect(ReportNumber.text(value) == text)
    }
}
