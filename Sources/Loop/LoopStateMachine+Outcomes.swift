import Core

extension LoopStateMachine {
    /// Somebody cancels: what is under way is stopped first.
    ///
    /// An outcome that is being written back stays one.
    mutating func cancel(by who: String, _ reason: String, _ now: Timestamp) -> [Action]? {
        let state = progress.state
        let why = reason.isEmpty ? "" : ": \(reason)"
        switch state {
        case .signalled, .retraining, .gating, .awaitingApproval, .registering, .rollingOut:
            progress.cancellation = LoopCancellation(by: who, reason: reason, from: state)
            progress.awaiting = nil
            return enter(
                .cancelling,
                "\(who) cancelled the loop while \(state.title)\(why)",
                evidence: ["by": .string(who), "reason": .string(reason), "from": .string(state.rawValue)],
                now
            )
        case .writingBack:
            return finish(progress.outcome ?? .promoted, "\(who) cancelled the write-back to Git\(why)", now)
        case .cancelling, .promoted, .rejected, .rolledBack, .failed, .cancelled:
            return nil
        }
    }

    mutating func cancelling(_ event: Event, _ now: Timestamp) -> [Action]? {
        guard case .undone(let undone) = event else { return nil }
        if undone.isPromoted {
            progress.weight = 100
            return conclude("The cancellation came too late: \(undone.lines.joined(separator: " "))", now)
        }
        let lines = undone.lines.isEmpty ? ["Nothing was under way."] : undone.lines
        let outcome = progress.outcome ?? .cancelled
        return finish(
            outcome,
            "\(outcome == .cancelled ? "Cancelled" : "Stopped"). \(lines.joined(separator: " "))",
            evidence: ["undone": .array(undone.lines.map(JSONValue.string))],
            now
        )
    }

    /// The version serves all traffic: written back where that is wanted, else the end.
    mutating func conclude(_ message: String, _ now: Timestamp) -> [Action] {
        guard writesBack else { return finish(.promoted, message, now) }
        progress.outcome = .promoted
        return enter(.writingBack, "\(message) The version is written to Git.", now)
    }

    mutating func writingBack(_ event: Event, _ now: Timestamp) -> [Action]? {
        guard case .wroteBack(let commit) = event else { return nil }
        progress.commit = commit.commit
        let short = String(commit.commit.prefix(12))
        return finish(
            progress.outcome ?? .promoted,
            commit.changed
                ? "Committed to Git as \(short) on \(commit.branch)."
                : "Git says so already: \(short) on \(commit.branch).",
            evidence: [
                "commit": .string(commit.commit), "branch": .string(commit.branch), "changed": .bool(commit.changed),
            ],
            now
        )
    }

    mutating func effectFailed(_ message: String, transient: Bool, _ now: Timestamp) -> [Action] {
        guard !progress.state.isFinal else { return [] }
        guard transient else { return giveUp("failed: \(message)", now) }
        guard progress.failures < LoopLimits.maximumStepFailures else {
            return giveUp("failed \(progress.failures + 1) times: \(message)", now)
        }
        let delay = min(LoopLimits.firstRetryDelay * (1 << progress.failures), LoopLimits.longestRetryDelay)
        progress.failures += 1
        progress.retryAt = now + delay
        return [
            record(
                "The step \"\(progress.state.title)\" failed and is repeated: \(message)",
                evidence: ["failures": .integer(Int64(progress.failures))]
            )
        ]
    }

    /// A step that cannot be done ends the loop; a promotion that cannot be written down is one all the same.
    private mutating func giveUp(_ what: String, _ now: Timestamp) -> [Action] {
        let message = "The step \"\(progress.state.title)\" \(what)"
        switch progress.state {
        case .writingBack: return finish(progress.outcome ?? .promoted, message, now)
        case .cancelling: return finish(progress.outcome ?? .cancelled, message, now)
        default: return finish(.failed, message, now)
        }
    }

    mutating func enter(
        _ state: LoopState,
        _ message: String,
        evidence: JSONObject = [:],
        links: JSONObject = [:],
        _ now: Timestamp
    ) -> [Action] {
        progress.state = state
        progress.enteredAt = now
        return [record(message, evidence: evidence, links: links)]
    }

    mutating func finish(
        _ state: LoopState,
        _ message: String,
        evidence: JSONObject = [:],
        _ now: Timestamp
    ) -> [Action] {
        progress.finishedAt = now
        progress.failures = 0
        progress.retryAt = nil
        progress.awaiting = nil
        return enter(state, message, evidence: evidence, now)
    }

    func record(_ message: String, evidence: JSONObject = [:], links: JSONObject = [:]) -> Action {
        .record(Entry(state: progress.state, message: message, evidence: evidence, links: links))
    }
}
