package import Core

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
    /// How much the monitor's drift matters.
    package let severity: MonitorSeverity
    /// The model version or dataset whose reference was in use.
    package let referenceVersion: String?
    /// The detector that speaks for the evaluation behind it; nil when a new reference caused it.
    package let detector: String?
    /// Its score.
    package let score: Double?
    /// The p-value of that score.
    package let pValue: Double?
    /// Rows in the window.
    package let windowRows: Int?
    /// The features rejected in that evaluation, or whose data changed.
    package let driftedFeatures: [String]
    /// What changed in the data itself.
    package let dataEvents: [JSONValue]
}
