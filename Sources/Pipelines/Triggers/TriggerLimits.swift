/// The named maxima of triggers.
package enum TriggerLimits {
    /// Most triggers of a pipeline.
    package static let triggers = 50
    /// Most types of events that a trigger may name.
    package static let eventTypes = 20
    /// Longest type of an event, longest subject, and longest name of what a trigger watches, in bytes.
    package static let nameBytes = 500
    /// Calls of a webhook in a minute when its trigger does not say.
    package static let defaultRate: Int64 = 60
    /// Most calls of a webhook in a minute that a trigger may allow.
    package static let highestRate: Int64 = 6000
    /// Calls in a minute that may be refused for a wrong signature before callers are asked to wait.
    package static let refusedPerMinute = 60
    /// How old a signed call of a webhook may be, or how far ahead its clock.
    package static let signatureWindow = Duration.seconds(300)
    /// Signatures in one call that are looked at.
    package static let signatures = 8
    /// Largest body of a webhook's call, in bytes.
    package static let webhookBytes = 64 * 1024
    /// Largest event that a firing keeps, in bytes.
    package static let eventBytes = 16 * 1024
    /// Longest name of a delivery, in bytes.
    package static let deliveryBytes = 200
    /// How much lower the priority of a backfill's runs is than that of its trigger.
    package static let backfillPriority: Int64 = 10
    /// How often the clock and the stream of events are looked at, when nothing is due earlier.
    package static let pollInterval = Duration.milliseconds(500)
    /// Events that are read at a time.
    package static let eventPage = 200
    /// Firings that are kept for each trigger.
    package static let keptFirings = 10_000
    /// Firings that are forgotten in one write.
    package static let forgottenAtOnce = 2000
    /// How often old firings are looked for.
    package static let forgetInterval = Duration.seconds(60)
    /// Times that can be asked for in advance.
    package static let shownTimes = 1000
    /// Firings, or backfills, on one page.
    package static let pageSize = 500
    /// Runs of one backfill at the same time.
    package static let backfillActive: ClosedRange<Int64> = 1...64
    /// Runs of one backfill at the same time when it does not say.
    package static let defaultBackfillActive: Int64 = 4
    /// Backfills of a workspace that may be under way.
    package static let backfills = 20
    /// Longest message that is kept of what went wrong, in bytes.
    package static let errorBytes = 2000
}
