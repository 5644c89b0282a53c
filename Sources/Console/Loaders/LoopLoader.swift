import Core
import Loop
import Serving

/// Reads loops and triggers for their pages.
struct LoopLoader: Sendable {
    let sources: ConsoleSources

    func list() async throws -> LoopsPage {
        let now = sources.clock.now
        let loops = try await sources.loops.loops(limit: LoopLimits.maximumPageSize)
        let triggers = try await sources.loops.triggers()
        return LoopsPage(
            rows: loops.loops.prefix(ConsoleLimits.listRows).map { Self.row($0, now: now) },
            triggers: triggers.map { Self.trigger($0, now: now) }
        )
    }

    func page(_ id: String, notices: [Notice] = []) async throws -> LoopPage {
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
            stages: Self.stages(detail, deployments: await deployments(of: loop), now: now),
            phases: Self.phases(detail, now: now),
            actions: Self.actions(loop),
            decision: Self.decision(detail, now: now),
            notices: notices
        )
    }

    /// The deployments that the loop's alias moves.
    private func deployments(of loop: LoopRecord) async -> [String] {
        await sources.deployments.statuses()
            .filter { $0.spec.model == loop.trigger.model && $0.spec.alias == loop.trigger.alias }.map(\.spec.name)
    }

    private static func actions(_ loop: LoopRecord) -> [ActionButton] {
        let state = loop.progress.state
        guard !state.isFinal, state != .cancelling else { return [] }
        let question = "Cancel this loop? What it has begun is stopped, and the champion serves on."
        let path = ConsolePath.of("loops", loop.id, "cancel")
        return [ActionButton("Cancel", path: path, style: .danger, question: question)]
    }

    /// What a person is asked; nil while nobody is.
    private static func decision(_ detail: LoopDetail, now: Timestamp) -> LoopPage.Decision? {
        let loop = detail.loop
        guard loop.progress.state == .awaitingApproval, let rule = loop.trigger.approval else { return nil }
        let what = loop.progress.awaiting == .register ? "be registered" : "be rolled out"
        let version = loop.progress.version.map { "Version \($0) of \(loop.trigger.model)" } ?? "The candidate"
        var question = "\(version) is to \(what)."
        if let last = detail.events.last?.message { question += " \(last)" }
        let left = rule.expires - (now - loop.progress.enteredAt)
        if left > .zero { question += " The question stands for \(TimeText.took(left)) more." }
        if !rule.approvers.isEmpty { question += " It is for \(rule.approvers.joined(separator: ", ")) to answer." }
        return LoopPage.Decision(
            question: question,
            approve: ConsolePath.of("loops", loop.id, "approve"),
            reject: ConsolePath.of("loops", loop.id, "reject")
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
