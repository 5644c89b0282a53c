/// The named maxima of the loop: nothing here grows or waits without end.
package enum LoopLimits {
    /// Consecutive transient failures of one step before the loop fails.
    package static let maximumStepFailures = 8
    /// Delay before the first repeat of a failed step; it doubles with each further failure.
    package static let firstRetryDelay: Duration = .seconds(1)
    /// Longest delay between two repeats of a failed step.
    package static let longestRetryDelay: Duration = .seconds(60)
    /// How long a requested rollout may take until a deployment picks it up.
    package static let rolloutPickupTimeout: Duration = .seconds(300)
    /// Time between two looks at open loops and waiting triggers when nothing nudges the service.
    package static let pollInterval: Duration = .milliseconds(500)
    /// Open loops that are advanced at the same time.
    package static let maximumConcurrentSteps = 4
    /// Steps that one loop may take in one look before the others get their turn.
    package static let maximumStepsPerLook = 16
    /// Events kept per loop; a rollout that changes weight for ever stops adding to the timeline here.
    package static let maximumEventsPerLoop = 1000
    /// Longest message of one timeline event, in characters; the rest is cut.
    package static let maximumMessageCharacters = 2000
    /// Largest evidence of one timeline event, in serialised bytes; larger evidence is replaced by its size.
    package static let maximumEvidenceBytes = 64 * 1024
    /// Largest outputs of a pipeline run that a loop keeps, in serialised bytes.
    package static let maximumOutputsBytes = 1024 * 1024
    /// Triggers of one server.
    package static let maximumTriggers = 200
    /// Largest page of loops.
    package static let maximumPageSize = 200
    /// Page of loops when the client names no size.
    package static let defaultPageSize = 50
    /// Largest body of a request to fire a trigger, in bytes.
    package static let maximumFireBodyBytes = 64 * 1024
    /// Longest reason given by hand, in characters.
    package static let maximumReasonCharacters = 500
}
