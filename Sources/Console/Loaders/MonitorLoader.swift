import Core
import HTTPSupport
import Monitoring

/// Reads monitors for their pages.
struct MonitorLoader: Sendable {
    let sources: ConsoleSources

    func list() async throws -> MonitorsPage {
        let now = sources.clock.now
        var rows: [MonitorsPage.Row] = []
        for summary in await sources.monitors.monitors().prefix(ConsoleLimits.listRows) {
            let detail = try await sources.monitors.detail(summary.spec.name, eventLimit: 1)
            let (tone, verdict) = Self.verdict(summary.signal.state)
            let features = detail.evaluation?.features ?? []
            rows.append(
                MonitorsPage.Row(
                    name: summary.spec.name,
                    deployment: summary.spec.deployment,
                    tone: tone,
                    verdict: verdict,
                    history: detail.history.suffix(40).map { $0.mmd ?? $0.ks ?? $0.score ?? .nan },
                    score: detail.history.last.flatMap { $0.mmdPValue ?? $0.ksPValue ?? $0.pValue }
                        .map(NumberText.value) ?? "",
                    features: features.isEmpty ? "" : "\(features.count(where: \.drifted)) of \(features.count)",
                    evaluated: summary.signal.evaluatedAt.map { TimeText($0, now: now) }
                )
            )
        }
        return MonitorsPage(rows: rows)
    }

    func page(_ name: String) async throws -> MonitorPage {
        let now = sources.clock.now
        let detail = try await sources.monitors.detail(name, eventLimit: ConsoleLimits.recentEvents)
        let summary = detail.summary
        let (tone, verdict) = Self.verdict(summary.signal.state)
        return MonitorPage(
            name: summary.spec.name,
            deployment: summary.spec.deployment,
            tone: tone,
            verdict: verdict,
            sentence: Self.sentence(detail, now: now),
            stats: Self.stats(detail, now: now),
            scores: Self.scores(detail, now: now),
            features: Self.features(detail),
            settings: Self.settings(summary.spec),
            events: detail.events.items.map { Self.entry($0, now: now, named: false) },
            changes: Self.changes(detail),
            performance: try await performance(name, now: now),
            actions: [ActionButton("Evaluate now", path: ConsolePath.of("drift", name, "evaluate"))]
        )
    }

    /// A verdict's colour and words.
    static func verdict(_ state: MonitorStateMachine.State) -> (tone: Tone, text: String) {
        switch state {
        case .collecting: (.idle, "collecting rows")
        case .ok: (.good, "ok")
        case .warning: (.warn, "warning")
        case .drift: (.bad, "drift")
        case .recovered: (.good, "recovered")
        }
    }

    /// A change of a verdict as feeds show it.
    static func entry(_ change: VerdictChange, now: Timestamp, named: Bool) -> Feed.Entry {
        var pieces: [Markup] = []
        if named { pieces.append(.link(change.monitor, ConsolePath.of("drift", change.monitor))) }
        pieces.append(.text("\(verdict(change.from).text) → \(verdict(change.to).text)"))
        var more: [String] = []
        if let pValue = change.pValue { more.append(probability(pValue)) }
        if !change.driftedFeatures.isEmpty {
            let shown = change.driftedFeatures.prefix(3).joined(separator: ", ")
            let rest = change.driftedFeatures.count - 3
            more.append("moved: \(shown)" + (rest > 0 ? " and \(rest) more" : ""))
        }
        if let version = change.referenceVersion { more.append("against version \(version)") }
        return Feed.Entry(
            verdict(change.to).tone,
            .joined(pieces),
            more: more.joined(separator: " · "),
            time: TimeText(change.at, now: now)
        )
    }
}
