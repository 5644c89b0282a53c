import Core

extension DriftReport {
    /// The report as one HTML page that needs nothing else: no network, no script, light and dark.
    ///
    /// - Parameters:
    ///   - title: The heading.
    ///   - history: Past reports, drawn over time; empty leaves the section out.
    /// - Returns: The page in UTF-8.
    package func html(title: String, history: [DriftSnapshot] = []) -> [UInt8] {
        var page = Markup()
        page.raw("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">")
        page.raw(
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
        )
        page.raw("base-uri 'none'; form-action 'none'\">")
        page.raw("<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">")
        page.raw("<meta name=\"color-scheme\" content=\"light dark\"><meta name=\"referrer\" content=\"no-referrer\">")
        page.element("<title>", title, "</title><style>")
        page.raw(ReportStyle.sheet)
        page.raw("</style></head>\n<body><header>")
        page.element("<h1>", title, "</h1>")
        summary(into: &page)
        page.raw("</header><main>")
        eventTable(into: &page)
        detectorTable(into: &page)
        columnTable(into: &page)
        segmentTable(into: &page)
        let rows = detectors.filter { !$0.kind.isPerColumn }.map(\.kind.rawValue)
        HistoryChart(history).draw(names: rows + columns.features.map(\.name), bound: columns.threshold, into: &page)
        distributions(into: &page)
        page.raw("</main><footer>Made by Martlet ")
        page.text(ProductVersion.text)
        page.raw(
            ". Verdicts of a column: a p-value is drift below its threshold, a distance at or above it; of text, the score is held to that percentile of random scores or to that score.</footer>"
        )
        page.raw("</body></html>\n")
        return page.bytes
    }

    private func summary(into page: inout Markup) {
        page.raw("<p><span class=\"badge ")
        switch verdict {
        case .drift: page.raw("drift\">drift</span> ")
        case .noDrift: page.raw("ok\">no drift</span> ")
        case .insufficientData: page.raw("warning\">insufficient data</span> ")
        }
        page.text(headline)
        page.raw("</p>")
        if let at = options.at { page.element("<p class=\"dim\">", at.iso8601, "</p>") }
        page.raw("<dl class=\"tiles\">")
        let tiles = [
            ("Reference", "\(referenceRows) × \(referenceColumns)"), ("Current", "\(currentRows) × \(currentColumns)"),
            ("Drifted columns", "\(driftedColumns) of \(decidedColumns)"),
            ("Share of drifted columns", Decimals.percent(driftedShare)), ("Data events", "\(events.count)"),
        ]
        for (name, value) in tiles {
            page.element("<div class=\"tile\"><dt>", name, "</dt>")
            page.element("<dd>", value, "</dd></div>")
        }
        page.raw("</dl>")
    }

    /// What the report says in one sentence.
    package var headline: String {
        if verdict == .insufficientData { return reason ?? "insufficient data" }
        var parts = ["\(driftedColumns) of \(decidedColumns) columns drifted"]
        if columns.drifted == true { parts.append("which is dataset drift") }
        let grave = driftEvents.count
        if grave > 0 {
            parts.append(
                "\(grave) \(grave == 1 ? "event about the data counts" : "events about the data count") as drift"
            )
        }
        for detector in detectors where detector.drifted == true {
            parts.append("\(detector.kind.rawValue) finds drift")
        }
        return parts.joined(separator: ", ") + "."
    }

    private func eventTable(into page: inout Markup) {
        guard !events.isEmpty else { return }
        page.raw(
            "<h2 id=\"events\">What happened to the data</h2><div class=\"scroll\"><table><thead><tr><th>Column</th>"
        )
        page.raw("<th>Event</th><th>What</th><th class=\"n\">p</th><th></th></tr></thead><tbody>")
        for event in events {
            page.element("<tr><td class=\"name\">", event.column, "</td>")
            page.element("<td>", event.kind.rawValue, "</td>")
            page.element("<td>", event.detail, "</td>")
            page.number(event.pValue)
            page.raw("<td>")
            page.raw(event.severity == .drift ? "<span class=\"badge drift\">" : "<span class=\"badge warning\">")
            page.trusted(event.severity.rawValue)
            page.raw("</span></td></tr>")
        }
        page.raw("</tbody></table></div>")
    }

    private func detectorTable(into page: inout Markup) {
        guard !detectors.isEmpty else { return }
        page.raw("<h2 id=\"detectors\">Detectors</h2><div class=\"scroll\"><table><thead><tr><th>Detector</th>")
        page.raw(
            "<th class=\"n\">Statistic</th><th class=\"n\">p</th><th class=\"n\">Threshold</th><th>Verdict</th></tr>"
        )
        page.raw("</thead><tbody>")
        for detector in detectors {
            page.element("<tr><td class=\"name\">", detector.kind.displayName, "")
            if let reason = detector.reason { page.element("<br><span class=\"dim\">", reason, "</span>") }
            page.raw("</td>")
            page.number(detector.statistic)
            page.number(detector.pValue)
            page.number(detector.threshold)
            verdictCell(detector.drifted, into: &page)
            page.raw("</tr>")
        }
        page.raw("</tbody></table></div>")
    }

    private func verdictCell(_ drifted: Bool?, into page: inout Markup) {
        switch drifted {
        case true: page.raw("<td><span class=\"badge drift\">drift</span></td>")
        case false: page.raw("<td><span class=\"badge ok\">no drift</span></td>")
        case nil: page.raw("<td><span class=\"badge\">insufficient data</span></td>")
        }
    }

    private func columnTable(into page: inout Markup) {
        guard !features.isEmpty else { return }
        page.raw("<h2 id=\"columns\">Columns</h2><div class=\"scroll\"><table><thead><tr><th>Column</th><th>Kind</th>")
        page.raw("<th>Method</th><th class=\"n\">Score</th><th class=\"n\">Threshold</th><th>Verdict</th>")
        page.raw("<th class=\"n\">Missing before</th><th class=\"n\">Missing now</th></tr></thead><tbody>")
        for feature in features {
            page.element("<tr><td class=\"name\">", feature.drift.name, "")
            if feature.role != .feature { page.element(" <span class=\"badge\">", feature.role.rawValue, "</span>") }
            if let reason = feature.drift.reason { page.element("<br><span class=\"dim\">", reason, "</span>") }
            page.element("</td><td>", feature.kind.rawValue, "</td>")
            page.element("<td>", feature.methodName, "</td>")
            page.number(feature.drift.score)
            page.number(feature.drift.threshold)
            verdictCell(feature.drift.drifted, into: &page)
            page.element("<td class=\"n\">", Decimals.percent(feature.reference.missingShare), "</td>")
            page.element(
                "<td class=\"n\">",
                feature.current.map { Decimals.percent($0.missingShare) } ?? "–",
                "</td></tr>"
            )
        }
        page.raw("</tbody></table></div>")
    }

    private func segmentTable(into page: inout Markup) {
        guard let name = options.segment else { return }
        page.element("<h2 id=\"segments\">Segments by ", name, "</h2>")
        page.raw("<div class=\"scroll\"><table><thead><tr><th>Segment</th><th class=\"n\">Reference rows</th>")
        page.raw(
            "<th class=\"n\">Current rows</th><th class=\"n\">Drifted columns</th><th>Which</th><th>Verdict</th></tr>"
        )
        page.raw("</thead><tbody>")
        for segment in segments {
            let decided = segment.columns.features.filter { $0.drifted != nil }
            let drifted = decided.filter { $0.drifted == true }.map(\.name)
            page.element("<tr><td class=\"name\">", segment.name ?? "(missing)", "</td>")
            page.element("<td class=\"n\">", "\(segment.referenceRows)", "</td>")
            page.element("<td class=\"n\">", "\(segment.currentRows)", "</td>")
            page.element("<td class=\"n\">", "\(drifted.count) of \(decided.count)", "</td>")
            let listed = drifted.prefix(5).joined(separator: ", ") + (drifted.count > 5 ? ", …" : "")
            page.element("<td>", segment.columns.reason ?? listed, "</td>")
            verdictCell(segment.columns.drifted, into: &page)
            page.raw("</tr>")
        }
        page.raw("</tbody></table></div>")
    }

    private func distributions(into page: inout Markup) {
        guard !features.isEmpty else { return }
        page.raw("<h2 id=\"distributions\">Distributions</h2><p class=\"key\"><span><i></i>reference</span>")
        page.raw("<span><i class=\"c\"></i>current</span></p><div class=\"cards\">")
        for feature in features {
            page.element("<section class=\"card\"><header><h3>", feature.drift.name, "</h3>")
            switch feature.drift.drifted {
            case true: page.raw("<span class=\"badge drift\">drift</span>")
            case false: page.raw("<span class=\"badge ok\">no drift</span>")
            case nil: page.raw("<span class=\"badge\">insufficient data</span>")
            }
            page.raw("</header>")
            DistributionChart(name: feature.drift.name).draw(feature.distribution, into: &page)
            numbers(of: feature, into: &page)
            page.raw("</section>")
        }
        page.raw("</div>")
    }

    private func numbers(of feature: Feature, into page: inout Markup) {
        page.raw(
            "<table><thead><tr><th></th><th class=\"n\">Reference</th><th class=\"n\">Current</th></tr></thead><tbody>"
        )
        var rows: [(StaticString, Double?, Double?)] = [
            ("values", Double(feature.reference.count), feature.current.map { Double($0.count) }),
            ("distinct", Double(feature.reference.distinct), feature.current.map { Double($0.distinct) }),
        ]
        if let past = feature.reference.spread {
            let present = feature.current?.spread
            rows += [
                ("mean", past.mean, present?.mean), ("std", past.deviation, present?.deviation),
                ("min", past.minimum, present?.minimum), ("median", past.quartiles[1], present?.quartiles[1]),
                ("max", past.maximum, present?.maximum),
            ]
        }
        for (name, past, present) in rows {
            page.raw("<tr><td>")
            page.raw(name)
            page.raw("</td>")
            page.number(past)
            page.number(present)
            page.raw("</tr>")
        }
        page.raw("</tbody></table>")
    }
}
