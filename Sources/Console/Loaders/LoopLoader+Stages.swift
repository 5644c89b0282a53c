import Core
import Loop

extension LoopLoader {
    /// The stages that were reached with their evidence, then those that are still ahead.
    static func stages(_ detail: LoopDetail, deployments: [String], now: Timestamp) -> [Timeline.Stage] {
        let loop = detail.loop
        let told = assigned(detail.events)
        let whole = max(1, Double(loop.duration(now: now).wholeMilliseconds))
        func place(_ moment: Timestamp) -> Double { Double((moment - loop.openedAt).wholeMilliseconds) / whole }
        var stages: [Timeline.Stage] = []
        for phase in detail.phases {
            let events = told[phase.state] ?? []
            let isOpen = phase.endedAt == nil && !phase.state.isFinal
            let took = TimeText.took(phase.duration(now: now))
            var evidence = events.map { Self.evidence($0, loop) }
            if phase.state == .rollingOut { evidence += deployments.map { rollout(of: $0) } }
            stages.append(
                Timeline.Stage(
                    title(phase.state),
                    tone: isOpen ? open(phase.state) : (phase.state.isFinal ? tone(phase.state) : .good),
                    began: TimeText(phase.startedAt, now: now),
                    took: phase.state.isFinal ? "" : (isOpen ? "\(took) so far" : took),
                    evidence: evidence,
                    figures: figures(events, now: now),
                    span: phase.state.isFinal ? nil : (place(phase.startedAt), place(phase.endedAt ?? now))
                )
            )
        }
        guard !loop.progress.state.isFinal else { return stages }
        return stages + ahead(of: loop)
    }

    private static func open(_ state: LoopState) -> Tone { state == .awaitingApproval ? .warn : .live }

    /// Where the evidence of a rollout is.
    private static func rollout(of deployment: String) -> Markup {
        .joined([
            .text("Rollout:"), .link(deployment, DeploymentTabs.overview(deployment)), .text("·"),
            .link("replays", DeploymentTabs.replays(deployment)), .text("·"),
            .link("ledger", DeploymentTabs.ledger(deployment)),
        ])
    }

    /// The events by the stage that they tell of.
    ///
    /// An event carries the state after it. One that leads on to gating, registering or rolling out tells how the stage
    /// before it ended; every other tells of its own.
    private static func assigned(_ events: [LoopEvent]) -> [LoopState: [LoopEvent]] {
        var told: [LoopState: [LoopEvent]] = [:]
        var before: LoopState?
        for event in events {
            var stage = event.state
            if let before, before != event.state {
                switch event.state {
                case .gating, .awaitingApproval, .registering, .rollingOut, .writingBack: stage = before
                case .signalled, .retraining, .cancelling, .promoted, .rejected, .rolledBack, .failed, .cancelled: break
                }
            }
            told[stage, default: []].append(event)
            before = event.state
        }
        return told
    }

    private static func title(_ state: LoopState) -> String {
        switch state {
        case .signalled: "Signal"
        case .retraining: "Retrain"
        case .gating: "Gate"
        case .awaitingApproval: "Approval"
        case .registering: "Register"
        case .rollingOut: "Roll out"
        case .writingBack: "Write back"
        case .cancelling: "Cancelling"
        case .promoted: "Promoted"
        case .rejected: "Rejected"
        case .rolledBack: "Rolled back"
        case .failed: "Failed"
        case .cancelled: "Cancelled"
        }
    }

    private static func ahead(of loop: LoopRecord) -> [Timeline.Stage] {
        var way: [LoopState] = [.signalled, .retraining, .gating]
        let stages = loop.trigger.approval?.stages ?? []
        if stages.contains(.register) { way.append(.awaitingApproval) }
        way.append(.registering)
        if stages.contains(.rollout) { way.append(.awaitingApproval) }
        way.append(.rollingOut)
        if loop.trigger.gitops != nil { way.append(.writingBack) }
        let state = loop.progress.state
        // Where two approvals are asked for, the one of the stage that is waited for.
        let isSecond = state == .awaitingApproval && loop.progress.awaiting == .rollout
        guard let place = isSecond ? way.lastIndex(of: state) : way.firstIndex(of: state) else { return [] }
        let rest = way[(place + 1)...].map { Timeline.Stage(title($0), tone: .idle) }
        let end = Timeline.Stage(
            "Outcome",
            tone: .idle,
            evidence: [.quiet("Promoted, rejected by the gate or a person, or rolled back on evidence.")]
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
        if let comment = event.evidence["comment"]?.stringValue, !comment.isEmpty {
            pieces.append(.quiet("“\(comment)”"))
        }
        return .joined(pieces)
    }

    /// The plain values among the evidence, later ones replacing earlier ones of the same name.
    private static func figures(_ events: [LoopEvent], now: Timestamp) -> [(label: String, value: Markup)] {
        var order: [String] = []
        var values: [String: Markup] = [:]
        for event in events {
            for (name, value) in event.evidence.pairs {
                guard let markup = figure(name, value, now: now) else { continue }
                if values[name] == nil { order.append(name) }
                values[name] = markup
            }
        }
        return order.prefix(10).compactMap { name in
            values[name].map { (label: label(of: name), value: $0) }
        }
    }

    private static func label(of name: String) -> String {
        switch name {
        case "run_id": "run"
        case "p_value": "p"
        default: name.replacing("_", with: " ")
        }
    }

    /// One value, as a link or a time where its name says so; nil for what a timeline need not show.
    private static func figure(_ name: String, _ value: JSONValue, now: Timestamp) -> Markup? {
        switch (name, value) {
        case ("model_uri", _), ("model_path", _), ("weight", _), ("comment", _): nil
        case ("commit", .string(let commit)): .code(String(commit.prefix(12)))
        case ("model_version", .integer(let version)), ("champion_version", .integer(let version)):
            .text("version \(version)")
        case ("since", .integer(let moment)): .time(TimeText(Timestamp(milliseconds: moment), now: now))
        case ("run_id", .string(let id)): .link(String(id.prefix(8)), ConsolePath.of("runs", id))
        case ("dataset", .string(let name)): .link(name, ConsolePath.of("data", name))
        case ("deployment", .string(let name)): .link(name, ConsolePath.of("deployments", name))
        case ("p_value", .integer(0)): .text("≈ 0")
        case ("p_value", .number(let pValue)) where pValue == 0: .text("≈ 0")
        default: text(of: value).map { .text($0) }
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
