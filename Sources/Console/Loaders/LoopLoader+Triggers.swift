import Core
import Loop

extension LoopLoader {
    /// A trigger as the list shows it.
    static func trigger(_ status: TriggerStatus, now: Timestamp) -> LoopsPage.Trigger {
        let trigger = status.trigger
        let conditions = trigger.conditions.map(condition)
        return LoopsPage.Trigger(
            name: trigger.name,
            when: conditions.isEmpty ? .quiet("by hand only") : .joined(conditions, separator: ", "),
            pipeline: trigger.pipeline,
            target: "\(trigger.model)@\(trigger.alias)",
            gate: gate(trigger.gate),
            cooldown: TimeText.took(trigger.policy.cooldown),
            waits: waits(status, now: now),
            next: status.nextFireAt.map { TimeText($0, now: now) }
        )
    }

    private static func condition(_ condition: TriggerCondition) -> Markup {
        switch condition {
        case .drift(let monitor):
            .joined([.link(monitor, ConsolePath.of("drift", monitor)), .text("reports drift")])
        case .quality(let monitor):
            .joined([.link(monitor, ConsolePath.of("drift", monitor)), .text("reports poor quality")])
        case .checks(let dataset):
            .joined([.text("checks of"), .link(dataset, ConsolePath.of("data", dataset)), .text("fail")])
        case .schedule(let schedule): .text("schedule \(schedule.text)")
        case .data(let dataset, let rows):
            .joined([
                .text(rows > 1 ? "\(NumberText.count(rows)) new rows in" : "new rows in"),
                .link(dataset, ConsolePath.of("data", dataset)),
            ])
        case .alias(let model, let alias):
            .joined([.link("\(model)@\(alias)", ConsolePath.of("models", model)), .text("moves")])
        case .webhook: .text("its webhook is called")
        }
    }

    private static func gate(_ gate: GateRule) -> String {
        var parts = gate.metrics.map { rule -> String in
            var text = "\(rule.metric) better by at least \(NumberText.value(rule.minimumDelta))"
            if let minimum = rule.minimum { text += ", not below \(NumberText.value(minimum))" }
            if let maximum = rule.maximum { text += ", not above \(NumberText.value(maximum))" }
            return text
        }
        parts += gate.fairness.map { "fair by \($0.column)" }
        if gate.latency != nil { parts.append("within its latency") }
        if gate.size != nil { parts.append("within its size") }
        return parts.joined(separator: "; ")
    }

    /// What stands in the way of the next loop, in a few words.
    private static func waits(_ status: TriggerStatus, now: Timestamp) -> String {
        var text = ""
        if let open = status.openLoop {
            text = "loop \(open.prefix(8)) is open"
        } else {
            switch status.refusal {
            case .alreadyRunning(let loop): text = "loop \(loop.prefix(8)) for the same alias"
            case .coolingDown(let until): text = rest("rests", until, now)
            case .budgetSpent(let limit, let until): text = rest("\(limit) loops a day are spent", until, now)
            case .noNewData(let have, let need): text = "\(have) of \(need) newly labelled rows"
            case nil: break
            }
        }
        guard let signal = status.waiting else { return text.isEmpty ? "its signal" : text }
        return text.isEmpty ? signal.message : "\(text); then: \(signal.message)"
    }

    private static func rest(_ what: String, _ until: Timestamp, _ now: Timestamp) -> String {
        until > now ? "\(what), \(TimeText.took(until - now)) more" : what
    }
}
