package import Core
import Drift

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
    /// When the state was entered.
    package var since: Timestamp
    /// How much drift matters here.
    package var severity: MonitorSeverity
    /// The detector that speaks; nil before an evaluation.
    package var detector: String?
    /// Its statistic; nil before an evaluation.
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
    init(monitor: String, deployment: String, severity: MonitorSeverity = .warning) {
        self.monitor = monitor
        self.deployment = deployment
        self.severity = severity
        detected = false
        state = .collecting
        since = Timestamp(milliseconds: 0)
        windowSize = 0
        driftedFeatures = []
    }

    /// Takes over the state and the last evaluation.
    mutating func update(machine: MonitorStateMachine, evaluation: MonitorEvaluation?, referenceVersion: String?) {
        detected = machine.detected
        state = machine.state
        since = machine.since
        self.referenceVersion = referenceVersion
        let leading = evaluation?.leading
        detector = leading?.name
        score = leading?.statistic
        pValue = leading?.pValue
        windowSize = evaluation?.windowRows ?? 0
        driftedFeatures = evaluation?.driftedNames ?? []
        evaluatedAt = evaluation?.at
    }

    /// How much attention it wants: the most urgent of several monitors speaks for a deployment.
    var urgency: (Int, MonitorSeverity) {
        switch state {
        case .drift: (4, severity)
        case .warning: (3, severity)
        case .recovered: (2, severity)
        case .ok: (1, severity)
        case .collecting: (0, severity)
        }
    }
}

extension MonitorEvaluation {
    /// The features that a test rejects or whose data changed, each once, in the order found.
    package var driftedNames: [String] {
        var names = features.filter(\.drifted).map(\.name)
        for event in events where event.severity == .drift && !names.contains(event.column) {
            names.append(event.column)
        }
        for detector in detectors where detector.drifted {
            guard let source = detector.source, !names.contains(source) else { continue }
            names.append(source)
        }
        return names
    }
}
