import Core
import Loop

/// Reads loops and triggers for their pages.
struct LoopLoader: Sendable {
    let sources: ConsoleSources

    func list() async throws -> LoopsPage {
        let now = sources.clock.now
        let loops = try await sources.loops.loops(limit: LoopLimits.maximumPageSize)
        let triggers = try await sources.loops.triggers()
        return LoopsPage(
            rows: loops.loops.prefix(ConsoleLimits.listRows).map { Self.row($0, now: now) },
            triggers: triggers.map(Self.trigger)
        )
    }

    func page(_ id: String) async throws -> LoopPage {
        let now = sources.clock.now
        let detail = try await sources.loops.loop(id)
        let loop = detail.loop
        var lede: [Markup] = [
            .joined([.text("opened"), .time(TimeText(loop.openedAt, now: now))]),
            .text(Self.took(loop, now: now)),
            .joined([.text("model"), .link(loop.trigger.model, ConsolePath.of("models", loop.trigger.model))]),
        ]
        if let version = loop.progress.version {
            let href = ConsolePath.of("models", loop.trigger.model, String(version))
            lede.append(.link("version \(version)", href))
        }
        return LoopPage(
            row: Self.row(loop, now: now),
            sentence: loop.progress.state.isFinal
                ? detail.events.last?.message ?? loop.signal.message : loop.signal.message,
            lede: lede,
            stages: Self.stages(detail, now: now),
            phases: Self.phases(detail, now: now)
        )
    }

    static func row(_ loop: LoopRecord, now: Timestamp) -> LoopRow {
        LoopRow(
            id: loop.id,
            trigger: loop.trigger.name,
            tone: tone(loop.progress.state),
            state: loop.progress.state.title,
            message: loop.signal.message,
            opened: TimeText(loop.openedAt, now: now),
            took: TimeText.took(loop.duration(now: now))
        )
    }

    static func tone(_ state: LoopState) -> Tone {
        switch state {
        case .signalled, .retraining, .gating, .registering, .rollingOut, .writingBack, .cancelling: .live
        case .promoted: .good
        case .awaitingApproval, .rejected, .cancelled: .warn
        case .rolledBack, .failed: .bad
        }
    }

    private static func color(of state: LoopState) -> Int {
        switch state {
        case .retraining: 1
        case .gating: 4
        case .registering, .writingBack: 3
        case .rollingOut: 2
        case .awaitingApproval: 5
        case .signalled, .cancelling, .promoted, .rejected, .rolledBack, .failed, .cancelled: 0
        }
    }

    private static func took(_ loop: LoopRecord, now: Timestamp) -> String {
        let time = TimeText.took(loop.duration(now: now))
        return loop.progress.finishedAt == nil ? "\(time) so far" : "took \(time)"
    }

    private static func trigger(_ status: TriggerStatus) -> LoopsPage.Trigger {
        let trigger = status.trigger
        var when = Markup.text("by hand")
        if let monitor = trigger.monitor {
            when = .joined([.link(monitor, ConsolePath.of("drift", monitor)), .text("reports drift")])
        }
        let delta = NumberText.value(trigger.gate.minimumDelta)
        var gate = "\(trigger.gate.metric) better by at least \(delta)"
        if let minimum = trigger.gate.minimum { gate += ", not below \(NumberText.value(minimum))" }
        return LoopsPage.Trigger(
            name: trigger.name,
            when: when,
            pipeline: trigger.pipeline,
            target: "\(trigger.model)@\(trigger.alias)",
            gate: gate,
            cooldown: TimeText.took(trigger.policy.cooldown)
        )
    }

    private static func phases(_ detail: LoopDetail, now: Timestamp) -> [ShareBar.Part] {
        detail.phases.compactMap { phase in
            let duration = phase.duration(now: now)
            guard duration > .zero else { return nil }
            return ShareBar.Part(
                phase.state.title,
                weight: max(0.001, duration.inSeconds),
                figure: TimeText.took(duration),
                color: color(of: phase.state)
            )
        }
    }
}
