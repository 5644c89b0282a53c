/// Some events of the stream, and where to go on.
package struct TriggerEventPage: Sendable, Equatable {
    /// The events, the oldest first.
    package let events: [TriggerEvent]
    /// What to ask after next.
    package let next: Int64
    /// Whether events between what was asked for and the oldest that is kept are gone.
    package let isMissing: Bool

    /// Describes a page.
    package init(events: [TriggerEvent], next: Int64, isMissing: Bool) {
        self.events = events
        self.next = next
        self.isMissing = isMissing
    }
}

/// What triggers need of the house.
package struct TriggerActions: Sendable {
    /// The events after a place in the stream; nil for its present end.
    package var events: @Sendable (_ after: Int64?) async throws -> TriggerEventPage
    /// The values of secrets by name; throws naming those that are missing.
    package var secrets: @Sendable ([String]) async throws -> [String: String]

    /// Says how to read events and secrets.
    package init(
        events: @escaping @Sendable (_ after: Int64?) async throws -> TriggerEventPage,
        secrets: @escaping @Sendable ([String]) async throws -> [String: String]
    ) {
        self.events = events
        self.secrets = secrets
    }
}
