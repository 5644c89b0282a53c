package import Core

/// Decides what a run of evaluations means: the verdict changes only when enough of them agree.
///
/// - `collecting`: no verdict yet, or none against this reference. A clean evaluation makes it `ok`, unless drift under an
///   earlier reference is still to be shown to have ended.
/// - `ok`: nothing changed. A drifted evaluation makes it `warning`.
/// - `warning`: drift in fewer evaluations than the hysteresis asks for. Another makes it `drift`, a clean one `ok`.
/// - `drift`: the inputs differ from the reference. As many clean evaluations in a row make it `recovered`.
/// - `recovered`: drift has ended. The next clean evaluation makes it `ok`.
///
/// With a hysteresis of 1, `warning` is skipped. A new reference leads from everywhere to `collecting`.
package struct MonitorStateMachine: Sendable, Equatable {
    /// What a monitor says about its deployment.
    package enum State: String, Sendable, CaseIterable {
        case collecting, ok, warning, drift, recovered
    }

    /// What happens to a monitor.
    package enum Event: Sendable, Equatable {
        /// A window was evaluated; nil when it could not support a verdict.
        case evaluated(drift: Bool?)
        /// The deployment is compared with other rows from now on.
        case referenceChanged
        /// The declaration asks for another number of agreeing evaluations.
        case hysteresisChanged(Int)
    }

    /// What the shell must do.
    package enum Action: Sendable, Equatable {
        /// Record the transition and tell whoever follows this monitor.
        case announce(from: State, to: State)
    }

    /// The present state.
    package private(set) var state: State
    /// When the state was entered.
    package private(set) var since: Timestamp
    /// Evaluations in a row that speak for leaving the present verdict.
    package private(set) var streak: Int
    /// Whether drift was announced and its end was not.
    package private(set) var owesClearance: Bool
    /// Evaluations that must agree; at least 1.
    package private(set) var hysteresis: Int

    /// A monitor that has seen nothing.
    package init(hysteresis: Int, now: Timestamp) {
        self.init(state: .collecting, since: now, streak: 0, owesClearance: false, hysteresis: hysteresis)
    }

    /// A monitor as it was stored.
    package init(state: State, since: Timestamp, streak: Int, owesClearance: Bool, hysteresis: Int) {
        self.state = state
        self.since = since
        self.streak = max(streak, 0)
        self.owesClearance = owesClearance
        self.hysteresis = max(hysteresis, 1)
    }

    /// Whether drift is established.
    package var detected: Bool { state == .drift }

    /// Takes an event and says what follows from it.
    package mutating func handle(_ event: Event, now: Timestamp) -> [Action] {
        switch event {
        case .evaluated(drift: nil):
            // No evidence either way: a row of agreeing evaluations is not broken by one that could not be made.
            return []
        case .evaluated(drift: true?):
            return handleDrift(now: now)
        case .evaluated(drift: false?):
            return handleClean(now: now)
        case .referenceChanged:
            streak = 0
            return enter(.collecting, now: now)
        case .hysteresisChanged(let value):
            hysteresis = max(value, 1)
            return []
        }
    }

    private mutating func handleDrift(now: Timestamp) -> [Action] {
        switch state {
        case .drift:
            streak = 0
            return []
        case .warning:
            streak += 1
        case .collecting, .ok, .recovered:
            streak = 1
        }
        guard streak >= hysteresis else { return enter(.warning, now: now) }
        streak = 0
        owesClearance = true
        return enter(.drift, now: now)
    }

    private mutating func handleClean(now: Timestamp) -> [Action] {
        switch state {
        case .ok:
            return []
        case .warning where owesClearance:
            // The clean evaluations before this warning no longer stand in a row.
            streak = 0
            let left = enter(.collecting, now: now)
            let next = countClearance(now: now)
            guard next.isEmpty else { return [.announce(from: .warning, to: .recovered)] }
            return left
        case .collecting where owesClearance, .drift:
            return countClearance(now: now)
        case .collecting, .warning, .recovered:
            streak = 0
            return enter(.ok, now: now)
        }
    }

    private mutating func countClearance(now: Timestamp) -> [Action] {
        streak += 1
        guard streak >= hysteresis else { return [] }
        streak = 0
        owesClearance = false
        return enter(.recovered, now: now)
    }

    private mutating func enter(_ next: State, now: Timestamp) -> [Action] {
        guard next != state else { return [] }
        let previous = state
        state = next
        since = now
        return [.announce(from: previous, to: next)]
    }
}
