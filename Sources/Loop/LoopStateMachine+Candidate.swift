import Core

extension LoopStateMachine {
    mutating func gating(_ event: Event, _ now: Timestamp) -> [Action]? {
        guard case .judged(let verdict, let champion) = event else { return nil }
        progress.champion = champion
        let size = JSONValue.object(verdict.evidence).serialized().count
        progress.verdict =
            size <= LoopLimits.maximumEvidenceBytes ? verdict.evidence : ["omitted_bytes": .integer(Int64(size))]
        guard verdict.accepted else {
            return finish(.rejected, "The gate kept the champion: \(verdict.reason)", evidence: verdict.evidence, now)
        }
        let message = "The gate accepted the candidate: \(verdict.reason)"
        // A candidate that was judged a second time, because the champion changed, is a version already.
        if progress.version != nil { return proceed(.rollout, message, evidence: verdict.evidence, links: [:], now) }
        return proceed(.register, message, evidence: verdict.evidence, links: [:], now)
    }

    /// Goes on to a step, or waits until somebody approves it.
    private mutating func proceed(
        _ stage: ApprovalStage,
        _ message: String,
        evidence: JSONObject,
        links: JSONObject,
        _ now: Timestamp
    ) -> [Action] {
        let isApproved = progress.approvals.contains { $0.stage == stage }
        guard let approval, approval.stages.contains(stage), !isApproved else {
            return enter(state(of: stage), message, evidence: evidence, links: links, now)
        }
        progress.awaiting = stage
        let who = approval.approvers.isEmpty ? "somebody" : approval.approvers.joined(separator: " or ")
        let what = stage == .register ? "it is registered" : "it takes traffic"
        return enter(
            .awaitingApproval,
            "\(message) Before \(what), \(who) must approve.",
            evidence: evidence,
            links: links,
            now
        )
    }

    private func state(of stage: ApprovalStage) -> LoopState {
        stage == .register ? .registering : .rollingOut
    }

    mutating func awaitingApproval(_ event: Event, _ now: Timestamp) -> [Action]? {
        let stage = progress.awaiting ?? .rollout
        switch event {
        case .approved(let who, let comment):
            progress.approvals.append(LoopApproval(stage: stage, by: who, at: now, comment: comment))
            progress.awaiting = nil
            return enter(
                state(of: stage),
                "\(who) approved\(comment.isEmpty ? "." : ": \(comment)")",
                evidence: ["by": .string(who), "comment": .string(comment), "stage": .string(stage.rawValue)],
                now
            )
        case .refused(let who, let comment):
            let rest = progress.version.map { " Version \($0) stays registered; no alias names it." } ?? ""
            return finish(
                .rejected,
                "\(who) refused\(comment.isEmpty ? "." : ": \(comment)")\(rest)",
                evidence: ["by": .string(who), "comment": .string(comment), "stage": .string(stage.rawValue)],
                now
            )
        default:
            return nil
        }
    }

    mutating func registering(_ event: Event, _ now: Timestamp) -> [Action]? {
        guard case .registered(let version) = event else { return nil }
        progress.version = version
        return proceed(
            .rollout,
            "Registered as version \(version).",
            evidence: [:],
            links: ["version": .integer(Int64(version))],
            now
        )
    }

    mutating func rollingOut(_ event: Event, _ now: Timestamp) -> [Action]? {
        switch event {
        case .rolloutStart(.started):
            return rolloutBegins()
        case .rolloutStart(.championChanged(let champion)):
            let name = champion.map { "version \($0)" } ?? "no version"
            progress.champion = champion
            return enter(
                .gating,
                "The alias was moved to \(name) since the gate judged; the candidate is judged again.",
                evidence: ["champion_version": .optional(champion.map(Int64.init))],
                now
            )
        case .rollout(.notStarted):
            return rolloutNotStarted(now)
        case .rollout(.superseded(let other)):
            // Before the alias was moved for this loop, it names the champion and not this version.
            guard progress.rolloutRequested else { return rolloutNotStarted(now) }
            return superseded(by: other, now)
        case .rollout(let rollout):
            // A rollout that is there although nobody recorded the order was ordered just before a crash.
            let begins = progress.rolloutRequested ? [] : rolloutBegins()
            return begins + rolloutRead(rollout, now)
        default:
            return nil
        }
    }

    private mutating func superseded(by other: Int?, _ now: Timestamp) -> [Action]? {
        guard let version = progress.version else { return nil }
        let name = other.map { "was moved to version \($0)" } ?? "was deleted"
        return finish(.failed, "The alias \(name) before a deployment took up version \(version).", now)
    }

    private mutating func rolloutBegins() -> [Action] {
        progress.rolloutRequested = true
        return [record("The alias points to the new version; the rollout begins.")]
    }

    private mutating func rolloutNotStarted(_ now: Timestamp) -> [Action]? {
        guard let version = progress.version else { return nil }
        // Asking before moving the alias matters after a crash: a rollout that has already ended must not be started
        // a second time.
        guard progress.rolloutRequested else {
            return [.perform(.startRollout(version: version, champion: progress.champion))]
        }
        if now - progress.enteredAt > LoopLimits.rolloutPickupTimeout {
            return finish(.failed, "No deployment took up version \(version); declare one for this alias.", now)
        }
        return []
    }

    private mutating func rolloutRead(_ rollout: RolloutProgress, _ now: Timestamp) -> [Action] {
        guard let version = progress.version else { return [] }
        switch rollout {
        case .notStarted, .superseded:
            return []
        case .progressing(let weight):
            guard weight != progress.weight else { return [] }
            progress.weight = weight
            return [
                record(
                    "Version \(version) receives \(weight) % of the traffic.",
                    evidence: ["weight": .integer(Int64(weight))]
                )
            ]
        case .promoted:
            progress.weight = 100
            return conclude("Version \(version) serves all traffic.", now)
        case .rolledBack(let reason):
            progress.weight = 0
            return finish(.rolledBack, "Version \(version) was rolled back: \(reason)", now)
        }
    }
}
