/// Whether a server asks who its callers are.
package enum AuthMode: String, Sendable, CaseIterable {
    /// No: the person at this machine may do everything.
    case off
    /// Yes: callers have accounts.
    case required
}
