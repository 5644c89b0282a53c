package import Core

/// Why a trigger did not open a loop although it was asked to.
package enum TriggerRefusal: Sendable, Equatable {
    /// The trigger, or another one for the same model and alias, has an open loop.
    case alreadyRunning(loopID: String)
    /// The last loop ended too recently.
    case coolingDown(until: Timestamp)
    /// The trigger has opened as many loops in the last 24 hours as it may.
    case budgetSpent(limit: Int, until: Timestamp)
    /// Retraining would see the same data again.
    case noNewData(have: Int, need: Int)

    /// One sentence for people, with the remedy.
    package var message: String {
        switch self {
        case .alreadyRunning(let loopID):
            "Loop \(loopID) is still open for this model and alias; wait for its outcome."
        case .coolingDown(let until):
            "The trigger cools down until \(until.iso8601); wait, or fire it with force."
        case .budgetSpent(let limit, let until):
            "The trigger has opened \(limit) loops in 24 hours, its budget; the next may open at \(until.iso8601)."
        case .noNewData(let have, let need):
            "Only \(have) newly labelled rows of the \(need) that retraining needs; send labels to /feedback, "
                + "or fire it with force."
        }
    }

    /// Whether only time can lift this refusal and the client should come back later.
    package var isThrottle: Bool {
        switch self {
        case .coolingDown, .budgetSpent: true
        case .alreadyRunning, .noNewData: false
        }
    }
}

/// Decides whether a signal opens a loop: one at a time, not too often, and never on data that was used already.
///
/// A standing signal (drift) waits and is judged at every `.reconsider` until it opens a loop or its source clears it;
/// labels arrive after drift is seen, so a first refusal is the usual case. A signal by hand is answered at once.
package struct TriggerStateMachine: Sendable, Equatable {
    /// The guards, as the manifest states them.
    package struct Policy: Sendable, Equatable {
        /// Time that must pass between the end of one loop and the start of the next.
        package let cooldown: Duration
        /// Loops that may open within 24 hours, at least one.
        package let budget: Int
        /// Newly labelled rows without which retraining is pointless; nil for one row, except for signals that are themselves
        /// news of data.
        package let minimumLabelled: Int?

        /// Makes a policy.
        package init(cooldown: Duration, budget: Int, minimumLabelled: Int?) {
            self.cooldown = cooldown
            self.budget = max(1, budget)
            self.minimumLabelled = minimumLabelled
        }

        /// Newly labelled rows without which a signal of that kind opens nothing.
        package func needed(for kind: LoopSignal.Kind) -> Int {
            if let minimumLabelled { return minimumLabelled }
            switch kind {
            case .drift, .quality, .schedule, .hand: return 1
            case .data, .alias, .webhook: return 0
            }
        }
    }

    /// What the loops of this trigger say about it; read from the database for each decision.
    package struct History: Sendable, Equatable {
        /// The open loop of this trigger or of another one with the same model and alias.
        package let openLoop: String?
        /// When the trigger's last finished loop ended.
        package let lastFinishedAt: Timestamp?
        /// When each loop of the last 24 hours was opened, oldest first.
        package let openedAt: [Timestamp]

        /// Makes a history.
        package init(openLoop: String? = nil, lastFinishedAt: Timestamp? = nil, openedAt: [Timestamp] = []) {
            self.openLoop = openLoop
            self.lastFinishedAt = lastFinishedAt
            self.openedAt = openedAt
        }
    }

    /// What the shell reports.
    package enum Event: Sendable, Equatable {
        /// A signal that wants an answer now; `force` waives the cool-down and the need for new data only.
        case signalled(LoopSignal, history: History, newLabelledRows: Int, force: Bool)
        /// A signal that holds until it is cleared.
        case stands(LoopSignal)
        /// Time to judge the standing signal, if there is one.
        case reconsider(history: History, newLabelledRows: Int)
        /// The source of the standing signal says that it no longer holds.
        case cleared
    }

    /// What the shell must do.
    package enum Action: Sendable, Equatable {
        /// Open a loop for the signal.
        case open(LoopSignal)
        /// Tell whoever asked that nothing was opened, and why.
        case refuse(TriggerRefusal)
    }

    /// The length of the window in which the budget counts.
    package static let budgetWindow: Duration = .seconds(86_400)

    /// The guards.
    package var policy: Policy
    /// The standing signal that waits until the guards let it through.
    package private(set) var waiting: LoopSignal?
    /// Why it was refused last.
    package private(set) var refusal: TriggerRefusal?

    /// A trigger with nothing waiting, or with the signal that has waited longest.
    package init(policy: Policy, waiting: LoopSignal? = nil) {
        self.policy = policy
        self.waiting = waiting
    }

    /// Takes one event and answers with what to do.
    package mutating func handle(_ event: Event, now: Timestamp) -> [Action] {
        switch event {
        case .signalled(let signal, let history, let rows, let force):
            if let reason = objection(signal, history, rows, force: force, now) {
                return [.refuse(reason)]
            }
            // The loop that opens now answers a standing signal as well.
            waiting = nil
            refusal = nil
            return [.open(signal)]
        case .stands(let signal):
            waiting = signal
            return []
        case .reconsider(let history, let rows):
            guard let signal = waiting else { return [] }
            refusal = objection(signal, history, rows, force: false, now)
            if let refusal {
                return [.refuse(refusal)]
            }
            waiting = nil
            return [.open(signal)]
        case .cleared:
            waiting = nil
            refusal = nil
            return []
        }
    }

    private func objection(
        _ signal: LoopSignal,
        _ history: History,
        _ rows: Int,
        force: Bool,
        _ now: Timestamp
    ) -> TriggerRefusal? {
        if let open = history.openLoop {
            return .alreadyRunning(loopID: open)
        }
        // What lies far ahead was written by a clock that was wrong.
        let recent = history.openedAt.filter { now - $0 < Self.budgetWindow && $0 <= now + LoopLimits.clockTolerance }
        if recent.count >= policy.budget {
            // The next loop may open when enough of the recent ones have left the window.
            let freeing = recent[recent.count - policy.budget]
            return .budgetSpent(limit: policy.budget, until: freeing + Self.budgetWindow)
        }
        guard !force else { return nil }
        if let finished = history.lastFinishedAt, now < finished + policy.cooldown,
            finished <= now + LoopLimits.clockTolerance
        {
            return .coolingDown(until: finished + policy.cooldown)
        }
        let needed = policy.needed(for: signal.kind)
        if rows < needed {
            return .noNewData(have: rows, need: needed)
        }
        return nil
    }
}
