import Core
import Ledger
import Rollouts
import Serving

extension DeploymentLoader {
    /// The traffic plan in force; nil until the first version is loaded.
    static func traffic(_ status: DeploymentStatus) -> TrafficView? {
        guard let plan = status.plan else { return nil }
        let model = status.spec.model
        func arm(_ version: Int, _ percent: Double, _ role: String) -> TrafficView.Arm {
            TrafficView.Arm(
                version: version,
                href: ConsolePath.of("models", model, String(version)),
                role: role,
                percent: percent,
                color: color(of: version)
            )
        }
        let roles = Dictionary(status.versions.map { ($0.version, $0.role) }) { first, _ in first }
        var shadows = plan.base.shadows.map { share in
            arm(share.target, Double(share.percent), roles[share.target] ?? "shared")
        }
        if let candidate = plan.candidate, plan.shadowPercent > 0, plan.candidatePercent < 100 {
            shadows.insert(arm(candidate, Double(plan.shadowPercent), "candidate"), at: 0)
        }
        return TrafficView(
            arms: plan.shares.map { arm($0.version, $0.percent, roles[$0.version] ?? "shared") },
            routes: plan.base.routes.map { (condition(of: $0), "version \($0.version)") },
            sticky: words(plan.base.sticky),
            shadows: shadows
        )
    }

    private static func condition(of route: TrafficBase.Route) -> String {
        switch route.match {
        case .equals(let text): "\(route.header) = \(text)"
        case .prefix(let text): "\(route.header) begins with \(text)"
        case .present: "\(route.header) is there"
        }
    }

    private static func words(_ key: StickyKey) -> String {
        switch key {
        case .requestID: "its own id: each request for itself"
        case .header(let name): "the header \(name)"
        case .input(let column): "the input \(column)"
        }
    }

    /// How a deployment is declared, in a few lines.
    static func declaration(_ spec: DeploymentSpec) -> [(label: String, value: Markup)] {
        let rollout = spec.rollout
        let steps = rollout.steps.map { "\($0.percent)" }.joined(separator: ", ")
        var way = words(rollout.strategy)
        if !steps.isEmpty { way += ": \(steps) %" }
        var facts: [(label: String, value: Markup)] = [
            ("serves", .link(spec.reference.uri, ConsolePath.of("models", spec.model))), ("strategy", .text(way)),
        ]
        if rollout.rollbackWindow > .zero {
            facts.append(("watched", .text("\(written(rollout.rollbackWindow)) after a promotion")))
        }
        let checks = checkNames(rollout)
        facts.append(("checks", checks.isEmpty ? .quiet("none") : .text(checks.joined(separator: ", "))))
        let most = spec.replicas.maximum.map { " to \($0)" } ?? ""
        let idle = spec.replicas.minimum == 0 ? ", unloaded when idle" : ""
        facts.append(("replicas", .text("\(spec.replicas.minimum)\(most)\(idle)")))
        if !spec.monitors.isEmpty {
            let links = spec.monitors.map { Markup.link($0, ConsolePath.of("drift", $0)) }
            facts.append(("monitors", .joined(links, separator: ", ")))
        }
        facts.append(("ledger", .text(words(spec.ledger))))
        return facts
    }

    private static func words(_ ledger: LedgerSpec) -> String {
        let share = ledger.sampling >= 1 ? "every prediction" : "\(NumberText.percent(ledger.sampling)) of predictions"
        var text = "\(share), for \(written(ledger.retention.age))"
        if !ledger.redact.isEmpty { text += ", without \(ledger.redact.joined(separator: ", "))" }
        return text
    }

    private static func written(_ duration: Duration) -> String {
        EntryText.shortened("\(duration.wholeMilliseconds)ms")
    }

    /// A strategy as people say it.
    static func words(_ strategy: RolloutStrategy) -> String {
        switch strategy {
        case .allAtOnce: "all at once"
        case .canary: "canary"
        case .shadow: "shadow first"
        case .blueGreen: "blue/green"
        case .comparison: "A/B"
        }
    }

    private static func checkNames(_ rollout: RolloutSpec) -> [String] {
        guard let checks = rollout.json["checks"]?.objectValue else { return [] }
        var names = checks.keys.map { $0.replacing("_", with: " ") }
        if rollout.gates.replay != nil { names.insert("replay before the first percent", at: 0) }
        return names
    }
}
