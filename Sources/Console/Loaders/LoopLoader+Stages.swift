import Core
import Loop

extension LoopLoader {
    /// The stages that were reached with their evidence, then those that are still ahead.
    static func stages(_ detail: LoopDetail, now: Timestamp) -> [Timeline.Stage] {
        let loop = detail.loop
        var stages: [Timeline.Stage] = []
        for phase in detail.phases {
            let events = detail.events.filter { event in
                event.state == phase.state && event.at >= phase.startedAt
                    && phase.endedAt.map { event.at <= $0 } ?? true
            }
            let isOpen = phase.endedAt == nil && !phase.state.isFinal
            let took = TimeText.took(phase.duration(now: now))
            stages.append(
                Timeline.Stage(
                    title(phase.state),
                    tone: isOpen ? .live : (phase.state.isFinal ? tone(phase.state) : .good),
                    began: TimeText(phase.startedAt, now: now),
                    took: phase.state.isFinal ? "" : (isOpen ? "\(took) so far" : took),
                    evidence: events.map { evidence($0, loop) },
                    figures: figures(events)
                )
            )
        }
        guard !loop.progress.state.isFinal else { return stages }
        return stages + ahead(of: loop.progress.state)
    }

    private static func title(_ state: LoopState) -> String {
        switch state {
        case .signalled: "Signal"
        case .retraining: "Retrain"
        case .gating: "Gate"
        case .registering: "Register"
        case .rollingOut: "Roll out"
        case .promoted: "Promoted"
        case .rejected: "Rejected"
        case .rolledBack: "Rolled back"
        case .failed: "Failed"
        }
    }

    private static func ahead(of state: LoopState) -> [Timeline.Stage] {
        let way: [LoopState] = [.signalled, .retraining, .gating, .registering, .rollingOut]
        guard let place = way.firstIndex(of: state) else { return [] }
        let rest = way[(place + 1)...].map { Timeline.Stage(title($0), tone: .idle) }
        let end = Timeline.Stage(
            "Outcome",
            tone: .idle,
            evidence: [.quiet("Promoted, rejected by the gate, or rolled back on evidence.")]
        )
        return rest + [end]
    }

    private static func evidence(_ event: LoopEvent, _ loop: LoopRecord) -> Markup {
        var pieces: [Markup] = [.text(event.message)]
        if let run = event.links["pipeline_run"]?.stringValue {
            pieces.append(.link("run \(run.prefix(8))", ConsolePath.of("pipeline-runs", run)))
        }
        if let version = event.links["version"]?.integerValue {
            let href = ConsolePath.of("models", loop.trigger.model, String(version))
            pieces.append(.link("\(loop.trigger.model) version \(version)", href))
        }
        return .joined(pieces)
    }

    /// The plain values among the evidence, later ones replacing earlier ones of the same name.
    private static func figures(_ events: [LoopEvent]) -> [(label: String, value: Markup)] {
        var order: [String] = []
        var values: [String: Markup] = [:]
        for event in events {
            for (name, value) in event.evidence.pairs {
                guard let text = text(of: value) else { continue }
                if values[name] == nil { order.append(name) }
                values[name] = .text(text)
            }
        }
        return order.prefix(10).compactMap { name in
            values[name].map { (label: name.replacing("_", with: " "), value: $0) }
        }
    }

    private static func text(of value: JSONValue) -> String? {
        switch value {
        case .integer(let number): NumberText.count(number)
        case .number(let number): NumberText.value(number)
        case .string(let text): text.count <= 120 ? text : String(text.prefix(117)) + "…"
        case .bool(let flag): flag ? "yes" : "no"
        case .null, .array, .object: nil
        }
    }
}
