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
    /// How old a signed call of a webhook may be, or how far ahead its clock.
    package static let signatureWindow = Duration.seconds(300)
    /// Largest body of a webhook's call, in bytes.
    package static let webhookBytes = 64 * 1024
    /// Longest name of a delivery, in bytes.
    package static let deliveryBytes = 200
    /// Lowest and highest priority.
    package static let priorities: ClosedRange<Int64> = -1000...1000
}
