import Core

// MARK: - Evidence and time

extension RolloutStateMachine {
    /// The code of the reason with which a stage ends without a verdict; any other is a check that failed and holds.
    static let inconclusive = "inconclusive"

    mutating func look(at snapshot: EvidenceSnapshot, now: Timestamp) -> [Action] {
        guard let step else { return [] }
        let tallies = evidence.tallies
        evidence = snapshot
        evidence.count(spec.stage(step).checks, after: tallies, since: stepStartedAt)
        return evaluate(now: now)
    }

    mutating func evaluate(now: Timestamp) -> [Action] {
        guard let step else { return [] }
        let verdict = RolloutJudge.verdict(judge(step, now: now).results())
        if case .fail(let reason) = verdict { return fail(at: step, reason) }
        switch state {
        case .paused: return []
        // A failure that holds is a person's to answer, whatever comes later.
        case .inconclusive(_, let reason) where reason.code != Self.inconclusive: return []
        case .watching: return watch(verdict, now: now)
        default: break
        }
        switch verdict {
        case .pass: return climb(from: step, now: now)
        case .undecided(let waiting): return wait(at: step, for: waiting, now: now)
        case .inconclusive(let why): return conclude(step, RolloutReason(Self.inconclusive, why), now: now)
        case .fail: return []
        }
    }

    private mutating func fail(at step: Int, _ reason: RolloutReason) -> [Action] {
        guard spec.stage(step).onFailure == .hold else { return rollBack(reason) }
        let note = "held at \(words(for: step)): \(reason.code): \(reason.message)"
        switch state {
        case .inconclusive(_, let known) where known.code == reason.code: return []
        case .watching(_, let known?) where known.code == reason.code: return []
        case .watching: state = .watching(step: step, reason)
        default: state = .inconclusive(step: step, reason)
        }
        return [.record(evidence, note)]
    }

    private mutating func climb(from step: Int, now: Timestamp) -> [Action] {
        let stage = spec.stage(step)
        if case .awaitingConfirmation = state { return [] }
        guard timeAtStep(now: now) >= stage.bake else {
            if case .baking = state { return [] }
            state = .baking(step: step)
            return [.record(evidence, "checks pass at \(words(for: step)), baking")]
        }
        if stage.needsConfirmation {
            state = .awaitingConfirmation(step: step)
            return [.record(evidence, "checks pass at \(words(for: step)); a person must confirm")]
        }
        return leave(step: step, "all checks passed", now: now)
    }

    /// Goes to the next stage, or promotes after the last.
    mutating func leave(step: Int, _ why: String, now: Timestamp) -> [Action] {
        guard step + 1 < spec.stages.count else { return promote("\(why) at \(words(for: step))") }
        let noted: [Action] = why == "all checks passed" ? [] : [.record(evidence, "\(why) at \(words(for: step))")]
        return noted + enter(step: step + 1, now: now)
    }

    private mutating func wait(at step: Int, for waiting: String, now: Timestamp) -> [Action] {
        if case .inconclusive = state { return [] }
        let timeout = spec.stage(step).timeout
        guard timeAtStep(now: now) >= timeout else {
            state = .progressing(step: step)
            return []
        }
        let reason = RolloutReason(Self.inconclusive, "no verdict within \(timeout.inSeconds) s; \(waiting)")
        return conclude(step, reason, now: now)
    }

    /// Ends a stage without a verdict.
    private mutating func conclude(_ step: Int, _ reason: RolloutReason, now: Timestamp) -> [Action] {
        if case .inconclusive = state { return [] }
        switch spec.stage(step).onInconclusive {
        case .rollback: return rollBack(reason)
        case .promote: return leave(step: step, "goes on as 'on_inconclusive' says: \(reason.message)", now: now)
        case .hold:
            state = .inconclusive(step: step, reason)
            return [.record(evidence, "held at \(words(for: step)): \(reason.message)")]
        }
    }

    mutating func enter(step: Int, now: Timestamp) -> [Action] {
        state = .progressing(step: step)
        stepStartedAt = now
        evidence.tallies = [:]
        let what = step == 0 && !spec.gates.isOpen ? "candidate is at the gate" : "candidate gets \(words(for: step))"
        return [.setWeights(plan), .record(evidence, what)]
    }

    mutating func promote(_ note: String) -> [Action] {
        guard let candidate else { return [] }
        state = .promoting
        return [.setWeights(plan), .record(evidence, note), .promote(version: candidate)]
    }

    mutating func rollBack(_ reason: RolloutReason) -> [Action] {
        guard let candidate else { return [] }
        state = .rolledBack(reason)
        return [
            .setWeights(plan), .rollBack(version: candidate, reason),
            .record(evidence, "rolled back: \(reason.code): \(reason.message)"),
        ]
    }
}

// MARK: - After the promotion

extension RolloutStateMachine {
    /// Ends the watch once its window is over.
    ///
    /// What climbed on evidence is then final. What was swapped without any must have passed by then, or it is watched
    /// on (hold), rolled back, or accepted, as `on_inconclusive` says.
    private mutating func watch(_ verdict: StepVerdict, now: Timestamp) -> [Action] {
        guard case .watching(let step, let known) = state, timeAtStep(now: now) >= spec.rollbackWindow else {
            return []
        }
        // A check that failed where failures hold is a person's to answer.
        if let known, known.code != Self.inconclusive { return [] }
        let waiting: String
        switch verdict {
        case .pass, .fail: return finish("its rollback window is over")
        case .undecided(let text), .inconclusive(let text): waiting = text
        }
        guard spec.steps.isEmpty else { return finish("its rollback window is over") }
        let reason = RolloutReason(
            Self.inconclusive,
            "no verdict within \(spec.rollbackWindow.inSeconds) s; \(waiting)"
        )
        switch spec.onInconclusive {
        case .rollback: return rollBack(reason)
        case .promote: return finish("accepted as 'on_inconclusive' says: \(reason.message)")
        case .hold:
            guard known == nil else { return [] }
            state = .watching(step: step, reason)
            return [.record(evidence, "watched on: \(reason.message)")]
        }
    }

    /// Makes a watched version final.
    mutating func finish(_ why: String) -> [Action] {
        guard let candidate else { return [] }
        state = .promoted
        return [.setWeights(plan), .record(evidence, "version \(candidate) stays: \(why)")]
    }
}
