import Core
import Monitoring

extension MonitorLoader {
    /// The verdict with its statistics in one or two sentences.
    static func sentence(_ detail: MonitorDetail, now: Timestamp) -> String {
        let summary = detail.summary
        guard let evaluation = detail.evaluation else {
            guard summary.referenceRows != nil else {
                return "No reference yet: it comes with the first version that \(summary.spec.deployment) serves."
            }
            return "The window holds \(summary.rows) of the \(summary.spec.minimum) rows that the first look needs."
        }
        if let reason = evaluation.reason {
            return "The last look had no verdict: \(reason)"
        }
        let opening: String
        switch summary.signal.state {
        case .drift:
            opening = "What \(summary.spec.deployment) is asked now differs from what its model was trained on."
        case .warning: opening = "The last look found a difference; one more in a row makes it drift."
        case .ok, .recovered:
            opening = "What \(summary.spec.deployment) is asked now looks like what its model was trained on."
        case .collecting: opening = "The verdict waits until the window is full of rows for the present reference."
        }
        var found: [String] = []
        for detector in evaluation.detectors { found.append(words(detector)) }
        let moved = evaluation.features.filter(\.drifted)
        if !moved.isEmpty {
            let most = moved.max { ($0.statistic ?? 0) < ($1.statistic ?? 0) }
            let count = "\(moved.count) of \(evaluation.features.count) features moved"
            found.append(most.map { "\(count), \($0.name) most" } ?? count)
        }
        found += evaluation.eventTexts.prefix(3).map { $0.hasSuffix(".") ? String($0.dropLast()) : $0 }
        let rows =
            "\(evaluation.windowRows) rows against \(evaluation.referenceRows) of version \(evaluation.referenceVersion)"
        return "\(opening) On \(rows): \(found.joined(separator: "; "))."
    }

    private static func words(_ detector: MonitorEvaluation.Detector) -> String {
        let name = title(detector)
        guard let statistic = detector.statistic else {
            let reason = detector.reason ?? "no rows"
            return detector.isDecided ? "\(name): \(reason)" : "\(name) could not decide (\(reason))"
        }
        var text = "\(name) is \(NumberText.value(statistic))"
        if let pValue = detector.pValue { text += ", \(probability(pValue))" }
        if let threshold = detector.threshold {
            text +=
                detector.drifted
                ? ", below \(NumberText.value(threshold))" : ", not below \(NumberText.value(threshold))"
        }
        return text
    }

    /// A detector by what it measures.
    private static func title(_ detector: MonitorEvaluation.Detector) -> String {
        switch detector.name {
        case "mmd": "MMD² over all features"
        case "ks": "greatest distance of one feature"
        default: detector.source.map { "\(detector.name) on \($0)" } ?? detector.name
        }
    }

    /// A p-value as `p = 0.02`; one that no permutation reached is below what can be told.
    static func probability(_ value: Double) -> String {
        value > 0 ? "p = \(NumberText.value(value))" : "p ≈ 0"
    }

    static func stats(_ detail: MonitorDetail, now: Timestamp) -> [StatStrip.Stat] {
        let summary = detail.summary
        var stats: [StatStrip.Stat] = []
        for detector in detail.evaluation?.detectors ?? [] {
            let known = ["mmd": "MMD²", "ks": "KS distance"]
            stats.append(
                .init(
                    known[detector.name] ?? (detector.source.map { "\(detector.name) on \($0)" } ?? detector.name),
                    detector.statistic.map(NumberText.value) ?? NumberText.missing,
                    note: detector.pValue.map(probability) ?? detector.reason ?? "",
                    tone: detector.drifted ? .bad : .idle
                )
            )
        }
        if let features = detail.evaluation?.features, !features.isEmpty {
            let moved = features.count(where: \.drifted)
            let tone: Tone = moved > 0 ? .bad : .idle
            stats.append(.init("Features moved", NumberText.count(moved), unit: "of \(features.count)", tone: tone))
        }
        stats.append(
            .init("Window", NumberText.count(summary.rows), unit: "rows", note: "of \(extent(summary.spec.window))")
        )
        stats.append(
            .init(
                "Reference",
                summary.referenceRows.map(NumberText.count) ?? NumberText.missing,
                unit: summary.referenceRows == nil ? "" : "rows",
                note: summary.signal.referenceVersion.map { "version \($0)" } ?? "none yet"
            )
        )
        stats.append(.init("In this state for", TimeText.took(now - summary.since)))
        if summary.refusedRows > 0 {
            let count = NumberText.count(Int64(clamping: summary.refusedRows))
            stats.append(.init("Refused rows", count, note: "another number of features", tone: .warn))
        }
        return stats
    }

    static func scores(
        _ detail: MonitorDetail,
        now: Timestamp
    ) -> [(title: String, note: String, chart: LineChart)] {
        func curve(_ name: String, _ color: Int, _ value: (EvaluationSummary) -> Double?) -> LineChart.Curve {
            let points = detail.history.map { (x: Double($0.at.milliseconds), y: value($0) ?? .nan) }
            return .init(name, points, color: color, filled: true)
        }
        func chart(_ curve: LineChart.Curve, _ format: ValueFormat, limit: Double? = nil) -> LineChart {
            LineChart(
                label: curve.name,
                curves: [curve],
                axis: .time(now: now),
                format: format,
                limit: limit,
                fromZero: true
            )
        }
        var scores: [(title: String, note: String, chart: LineChart)] = []
        let names = detail.summary.spec.detectors.map(\.name)
        if names.contains("mmd") {
            let distance = curve("MMD²", 1) { $0.mmd.map { max(0, $0) } }
            scores.append(("Distance over all features", "maximum mean discrepancy, squared", chart(distance, .value)))
        }
        if names != ["mmd"] {
            let moved = curve("features moved", 5) { Double($0.driftedFeatures) }
            let note = names.contains("ks") ? "Kolmogorov-Smirnov, corrected" : names.joined(separator: ", ")
            scores.append(("Features moved", note, chart(moved, .count)))
        }
        return scores
    }

    /// The features with their distributions, those that moved first, otherwise in the reference's order.
    ///
    /// The order does not follow the scores, so that a live page does not shuffle.
    static func features(_ detail: MonitorDetail) -> [MonitorPage.Feature] {
        var found: [String: MonitorEvaluation.Feature] = [:]
        for feature in detail.evaluation?.features ?? [] { found[feature.name] = feature }
        let moved = detail.histograms.filter { found[$0.name]?.drifted ?? false }
        let rest = detail.histograms.filter { !(found[$0.name]?.drifted ?? false) }
        let ordered = moved + rest
        return ordered.map { histogram in
            let feature = found[histogram.name]
            return MonitorPage.Feature(
                name: histogram.name,
                distribution: Distribution(
                    edges: histogram.edges,
                    reference: shares(histogram.reference),
                    current: shares(histogram.current)
                ),
                drifted: feature?.drifted ?? false,
                figure: feature?.pValue.map(probability) ?? ""
            )
        }
    }

    private static func shares(_ counts: [Int]) -> [Double] {
        let total = Double(max(1, counts.reduce(0, +)))
        return counts.map { Double($0) / total }
    }

    static func settings(_ spec: MonitorSpec) -> [(label: String, value: Markup)] {
        let looks: String =
            switch spec.schedule {
            case .every(let interval): "every \(TimeText.took(interval)), after \(spec.stride) new rows"
            case .cron: "at \(spec.schedule.cronText ?? ""), after \(spec.stride) new rows"
            }
        var settings: [(label: String, value: Markup)] = [
            ("Window", .text("\(extent(spec.window)), from \(spec.minimum) rows")), ("Looks", .text(looks)),
        ]
        for detector in spec.detectors {
            var facts: [String] = []
            for (key, value) in detector.json.objectValue?.pairs ?? []
            where ["threshold", "permutations", "correction", "columns", "column", "delta"].contains(key) {
                facts.append("\(key) \(value.stringValue ?? value.description)")
            }
            settings.append((detector.name, .text(facts.joined(separator: ", "))))
        }
        settings.append(("Hysteresis", .text("\(spec.hysteresis) looks in a row")))
        settings.append(("Severity", .text(spec.severity.rawValue)))
        return settings
    }

    private static func extent(_ window: WindowExtent) -> String {
        switch window {
        case .rows(let rows): "\(rows) rows"
        case .time(let time): TimeText.took(time)
        }
    }
}
