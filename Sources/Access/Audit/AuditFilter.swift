package import Core

/// Which records are asked for; what is nil does not matter.
package struct AuditFilter: Sendable, Equatable {
    /// Who did it, exactly.
    package var actor: String?
    /// What the action contains, such as `alias`.
    package var action: String?
    /// What the object begins with, such as `registered_model:cancer/`.
    package var object: String?
    /// What came of it.
    package var outcome: AuditEntry.Outcome?
    /// At this time or later.
    package var since: Timestamp?
    /// Before this time.
    package var until: Timestamp?

    /// A filter that lets everything pass.
    package init() {}
}
