package import Core

/// What happened, before it has its place in the chain.
package struct AuditEntry: Sendable, Equatable {
    /// What came of it.
    package enum Outcome: String, Sendable, CaseIterable {
        /// It was done, in the transaction that also wrote the record.
        case done
        /// It was refused.
        case denied
    }

    /// When.
    package var time: Timestamp
    /// Who: the name of an account, `local`, or `system:` and the name of a control loop.
    package var actor: String
    /// The id of the token that was shown; nil if none was.
    package var token: String?
    /// Where: the name of a workspace.
    package var workspace: String
    /// What was done, such as `POST /api/2.0/mlflow/registered-models/alias`.
    package var action: String
    /// To what, such as `registered_model:cancer/alias:production`; may be empty.
    package var object: String
    /// How it was, as JSON without secrets; nil when there was nothing or nothing is known.
    package var before: String?
    /// How it is now, as JSON without secrets; nil when there is nothing or nothing is known.
    package var after: String?
    /// The id of the request; nil for what no request asked for.
    package var requestID: String?
    /// The client's address; nil when it is not known.
    package var address: String?
    /// What came of it.
    package var outcome: Outcome
    /// Why it was refused; nil for what was done.
    package var reason: String?

    /// Makes an entry; texts are cut to `AuditLimits` and freed of control characters, values of secrets.
    package init(
        time: Timestamp,
        actor: String,
        token: String? = nil,
        workspace: String,
        action: String,
        object: String = "",
        before: JSONValue? = nil,
        after: JSONValue? = nil,
        requestID: String? = nil,
        address: String? = nil,
        outcome: Outcome = .done,
        reason: String? = nil
    ) {
        self.time = time
        self.actor = AuditText.name(actor)
        self.token = token.map(AuditText.name)
        self.workspace = AuditText.name(workspace)
        self.action = AuditText.name(action)
        self.object = AuditText.name(object)
        self.before = before.map(AuditText.value)
        self.after = after.map(AuditText.value)
        self.requestID = requestID.map(AuditText.name)
        self.address = address.map(AuditText.name)
        self.outcome = outcome
        self.reason = reason.map(AuditText.name)
    }
}
