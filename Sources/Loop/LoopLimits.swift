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
    /// Conditions of one trigger.
    package static let maximumConditions = 16
    /// Longest name of what a trigger watches, in bytes.
    package static let maximumNameBytes = 300
    /// Shortest interval of `every`.
    package static let shortestInterval: Duration = .seconds(1)
    /// How far a time may lie ahead before it is taken for an error of the clock that wrote it.
    package static let clockTolerance: Duration = .seconds(86_400)
    /// Missed times of a schedule that are counted one by one.
    package static let maximumCountedMisses = 1000
    /// Time between two looks at what triggers watch: datasets and aliases.
    package static let watchInterval: Duration = .seconds(1)
    /// How old a signed call of a webhook may be, unless its trigger says otherwise; also how far ahead its clock may be.
    package static let webhookWindow: Duration = .seconds(300)
    /// The most that a trigger may say.
    package static let longestWebhookWindow: Duration = .seconds(3_600)
    /// Longest id of a webhook's delivery, in bytes.
    package static let maximumDeliveryBytes = 200
    /// Largest body of a webhook's delivery, in bytes.
    package static let maximumWebhookBodyBytes = 256 * 1024
    /// Largest body of a delivery that is kept as evidence, in bytes.
    package static let maximumKeptBodyBytes = 16 * 1024
    /// Deliveries remembered per trigger; older ones than the window are forgotten, further ones refused.
    package static let maximumDeliveries = 10_000
    /// Metrics of one gate.
    package static let maximumGateMetrics = 32
    /// Rules of fairness of one gate.
    package static let maximumFairnessRules = 16
    /// Predictions that a gate may time.
    package static let maximumTimedCalls: Int64 = 10_000
    /// How long a loop waits for approval unless its trigger says otherwise.
    package static let approvalExpires: Duration = .seconds(7 * 86_400)
    /// Names of those who may approve.
    package static let maximumApprovers = 64
}
