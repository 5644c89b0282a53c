/// What asked for a run.
package struct RunCause: Sendable, Equatable {
    /// The sort of cause.
    package enum Kind: String, Sendable, CaseIterable {
        case manual, schedule, backfill, dataset, model, drift, webhook, event, loop, rerun
    }

    /// The sort of cause.
    package let kind: Kind
    /// The trigger's name; nil when nobody's.
    package let trigger: String?
    /// What people read, such as `manual` or `nightly: 2026-11-22T02:00:00Z`.
    package let text: String

    /// A person or a client.
    package static let manual = RunCause(kind: .manual, trigger: nil, text: "manual")

    /// Makes a cause.
    package init(kind: Kind, trigger: String? = nil, text: String) {
        self.kind = kind
        self.trigger = trigger
        self.text = text
    }
}
