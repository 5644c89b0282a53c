import Core
import Ledger
import Monitoring
import Rollouts
import Serving

/// Reads deployments for their pages.
struct DeploymentLoader: Sendable {
    let sources: ConsoleSources

    /// How far back the charts look.
    static let history = Duration.seconds(240)

    func list() async throws -> DeploymentsPage {
        DeploymentsPage(deployments: await rows())
    }

    /// Every deployment as lists show it.
    func rows() async -> [DeploymentRow] {
        let now = sources.clock.now
        return await sources.deployments.statuses().prefix(ConsoleLimits.listRows).map { status in
            let traffic = TrafficFigures(status, now: now)
            let (tone, state) = Self.state(status)
            return DeploymentRow(
                name: status.spec.name,
                follows: status.spec.reference.uri,
                version: status.stable.map { "version \($0)" } ?? "",
                tone: tone,
                state: state,
                rate: traffic.rate,
                history: traffic.perSecond,
                p95: traffic.quantile(0.95),
                errors: traffic.errorShare,
                drift: drift(status.spec.name),
                share: Self.share(status)
            )
        }
    }

    func page(_ name: String) async throws -> DeploymentPage {
        let now = sources.clock.now
        let status = try await sources.deployments.status(name)
        let records = try await sources.ledger.recentRows(name, limit: ConsoleLimits.latencySamples)
        let quality = try await sources.ledger.quality(name, since: now - Self.history, window: .seconds(5))
        let events = try await sources.deploymentStore.events(name, limit: ConsoleLimits.recentEvents)
        let traffic = TrafficFigures(status, now: now)
        let (tone, state) = Self.state(status)
        return DeploymentPage(
            name: name,
            tone: tone,
            state: state,
            lede: lede(status),
            actions: Self.actions(status),
            notices: Self.notices(status) + Self.windows(status, now: now),
            stats: stats(status, traffic, quality),
            rollout: Self.rollout(status, now: now),
            traffic: Self.traffic(status),
            rejections: status.rejections.sorted { $0.key > $1.key }.map { ($0.key, $0.value) },
            declaration: Self.declaration(status.spec),
            charts: Self.charts(status, records, quality, now: now),
            events: events.map { Self.entry($0, deployment: name, named: false, now: now) },
            predictions: records.prefix(ConsoleLimits.recentPredictions).map { Self.prediction($0, now: now) }
        )
    }

    /// The state's colour and words.
    static func state(_ status: DeploymentStatus) -> (tone: Tone, text: String) {
        guard let plan = status.plan, status.isReady else { return (.idle, "waiting for a version") }
        guard let machine = status.rollout?.machine, machine.isActive else { return (.good, "serving") }
        let percent = plan.candidatePercent
        switch machine.state {
        case .paused: return (.warn, "paused at \(percent)%")
        case .inconclusive: return (.warn, "held at \(percent)%")
        case .awaitingConfirmation: return (.warn, "awaits confirmation at \(percent)%")
        case .promoting: return (.live, "promoting")
        case .watching: return (.good, "serving, watched")
        default: break
        }
        guard percent > 0 else { return (.live, plan.shadowPercent > 0 ? "in the shadow" : "at the gate") }
        return (.live, machine.spec.strategy == .comparison ? "A/B \(percent)%" : "canary \(percent)%")
    }

    /// What an operator should know about a deployment, as the controller said it.
    static func notices(_ status: DeploymentStatus) -> [Notice] {
        guard let message = status.message else { return [] }
        // A rejected version is the outcome of a rollout that worked; anything else wants a look.
        let isVerdict = message.contains("was rejected")
        return [Notice(isVerdict ? .info : .warn, message.prefix(1).uppercased() + message.dropFirst() + ".")]
    }

    /// How long one can still return to the version before, where no rollout says it.
    private static func windows(_ status: DeploymentStatus, now: Timestamp) -> [Notice] {
        guard let until = status.previousUntil, until > now, status.rollout?.machine.state.isWatching != true,
            let previous = status.versions.first(where: { $0.role == "previous" })?.version
        else { return [] }
        let left = TimeText.took(until - now)
        return [
            Notice(.info, "Version \(previous) stays in memory for \(left) more; rolling back to it takes no loading.")
        ]
    }

    /// The versions that take traffic.
    static func share(_ status: DeploymentStatus) -> [ShareBar.Part] {
        (status.plan?.shares ?? []).map { share in
            .init(
                "version \(share.version)",
                weight: share.percent,
                figure: "\(NumberText.value(share.percent))%",
                color: color(of: share.version)
            )
        }
    }

    /// The same version has the same colour wherever it is drawn.
    static func color(of version: Int) -> Int {
        (max(1, version) - 1) % 6 + 1
    }

    private func drift(_ deployment: String) -> (tone: Tone, text: String)? {
        sources.monitors.signal(deployment: deployment).map { MonitorLoader.verdict($0.state) }
    }

    private func lede(_ status: DeploymentStatus) -> [Markup] {
        let spec = status.spec
        var lede: [Markup] = [
            .joined([
                .text(spec.version == nil ? "follows" : "serves"),
                .link(spec.reference.uri, ConsolePath.of("models", spec.model)),
            ])
        ]
        if let stable = status.stable {
            lede.append(.link("version \(stable)", ConsolePath.of("models", spec.model, String(stable))))
        }
        if let signal = sources.monitors.signal(deployment: spec.name) {
            let verdict = MonitorLoader.verdict(signal.state)
            let monitor = Markup.link(signal.monitor, ConsolePath.of("drift", signal.monitor))
            lede.append(.joined([.text("monitor"), monitor, .text("says"), .toned(verdict.text, verdict.tone)]))
        }
        return lede
    }

    private func stats(
        _ status: DeploymentStatus,
        _ traffic: TrafficFigures,
        _ quality: [QualityWindow]
    ) -> [StatStrip.Stat] {
        var stats: [StatStrip.Stat] = [
            .init(
                "Requests",
                NumberText.rate(traffic.rate),
                unit: "/s",
                note: "\(NumberText.count(traffic.requests)) since loaded"
            )
        ]
        for (label, quantile) in [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)] {
            let text = traffic.quantile(quantile).map { NumberText.latency(seconds: $0) } ?? NumberText.missing
            let parts = text.split(separator: " ")
            let unit = parts.count > 1 ? String(parts[1]) : ""
            stats.append(.init(label, String(parts.first ?? "–"), unit: unit, note: "the model's own work"))
        }
        let failing = (traffic.errorShare ?? 0) > 0
        stats.append(
            .init(
                "Errors",
                traffic.errorShare.map(NumberText.percent) ?? NumberText.missing,
                note: "in the last minute",
                tone: failing ? .bad : .idle
            )
        )
        let labelled = quality.reduce(0) { $0 + $1.labelled }
        let correct = quality.reduce(0) { $0 + $1.correct }
        if labelled > 0 {
            let share = Double(correct) / Double(labelled)
            stats.append(
                .init("Accuracy", NumberText.percent(share), note: "\(NumberText.count(labelled)) labels")
            )
        }
        if let signal = sources.monitors.signal(deployment: status.spec.name) {
            let verdict = MonitorLoader.verdict(signal.state)
            let note = signal.pValue.map(MonitorLoader.probability) ?? "\(signal.windowSize) rows"
            stats.append(.init("Drift", verdict.text, note: note, tone: verdict.tone))
        }
        return stats
    }
}
