import Core

/// A request that was refused: nobody known, not allowed, or of another workspace.
package struct Denial: Sendable, Equatable {
    /// The name that was shown or found; empty for nobody.
    package var actor: String
    /// The id of the token that was shown; nil if none was.
    package var token: String?
    /// The workspace that was asked for; nil when none was, or none is to be told of it.
    package var workspace: String?
    /// The method or procedure.
    package var method: String
    /// The path, without its query.
    package var path: String
    /// The request's id.
    package var requestID: String?
    /// The client's address.
    package var address: String?
    /// Why it was refused.
    package var reason: String

    /// Makes a refusal's description.
    package init(
        actor: String,
        token: String? = nil,
        workspace: String? = nil,
        method: String,
        path: String,
        requestID: String? = nil,
        address: String? = nil,
        reason: String
    ) {
        self.actor = actor
        self.token = token
        self.workspace = workspace
        self.method = method
        self.path = path
        self.requestID = requestID
        self.address = address
        self.reason = reason
    }

    /// Whose refusals are counted together: an account's by its name, others' by address.
    var caller: String {
        AuditText.name(actor.isEmpty ? address ?? "unknown" : actor)
    }

    /// The entry that tells of it.
    func entry(at time: Timestamp, in log: String) -> AuditEntry {
        AuditEntry(
            time: time,
            actor: actor.isEmpty ? "anonymous" : actor,
            token: token,
            workspace: workspace ?? log,
            action: "\(method) \(path)",
            object: path,
            requestID: requestID,
            address: address,
            outcome: .denied,
            reason: reason
        )
    }
}
