package import Core

/// What a monitor last found, small enough to travel with every answer.
package struct DriftSignal: Sendable, Equatable {
    /// The monitor that speaks.
    package var monitor: String
    /// The deployment it watches.
    package var deployment: String
    /// Whether drift is established.
    package var detected: Bool
    /// The monitor's state.
    package var state: MonitorStateMachine.State
    /// The squared discrepancy of the kernel test, or else the largest distance of a feature; nil before an evaluation.
    package var score: Double?
    /// The p-value of that score.
    package var pValue: Double?
    /// Rows in the window that was evaluated.
    package var windowSize: Int
    /// The features rejected in the last evaluation, in the reference's order.
    package var driftedFeatures: [String]
    /// The model version whose reference is in use.
    package var referenceVersion: String?
    /// When the last evaluation was made.
    package var evaluatedAt: Timestamp?

    /// The signal of a monitor that has evaluated nothing.
    init(monitor: String, deployment: String) {
        self.monitor = monitor
        self.deployment = deployment
        detected = false
        state = .collecting
        windowSize = 0
        driftedFeatures = []
    }

    /// Takes over the state and the last evaluation.
    mutating func update(machine: MonitorStateMachine, evaluation: MonitorEvaluation?, referenceVersion: String?) {
        detected = machine.detected
        state = machine.state
        self.referenceVersion = referenceVersion
        let leading = evaluation?.detectors.first { $0.statistic != nil }
        score = leading?.statistic
        pValue = leading?.pValue
        windowSize = evaluation?.windowRows ?? 0
        driftedFeatures = evaluation?.features.filter(\.drifted).map(\.name) ?? []
        evaluatedAt = evaluation?.at
    }

    /// How much attention a state wants: the largest of several monitors speaks for a deployment.
    var severity: Int {
        switch state {
        case .drift: 4
        case .warning: 3
        case .recovered: 2
        case .ok: 1
        case .collecting: 0
        }
    }
}

/// A transition of a monitor, stored before anyone is told of it.
package struct VerdictChange: Sendable, Equatable {
    /// Identifies the event: it may be delivered again after a crash.
    package let id: String
    /// The monitor's name.
    package let monitor: String
    /// The deployment it watches.
    package let deployment: String
    /// The position among the monitor's events, ascending.
    package let sequence: Int64
    /// When it happened.
    package let at: Timestamp
    /// The state before.
    package let from: MonitorStateMachine.State
    /// The state after.
    package let to: MonitorStateMachine.State
    /// The model version whose reference was in use.
    package let referenceVersion: String?
    /// The score of the evaluation behind it; nil when a new reference caused it.
    package let score: Double?
    /// The p-value of that score.
    package let pValue: Double?
    /// The features rejected in that evaluation.
    package let driftedFeatures: [String]
}
