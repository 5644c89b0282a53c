/// What a request says about who sends it, read from HTTP, from the lane or from gRPC's metadata.
package struct Caller: Sendable {
    /// The value of `Authorization`; nil without one.
    package var authorization: String?
    /// The secret of the console's session cookie; nil without one.
    package var session: String?
    /// The workspace that is named; nil when none is.
    package var workspace: String?
    /// The workspace that a browser chose some time ago, which may be gone; nil without a choice.
    package var choice: String?
    /// The client's address; nil when it is not known.
    package var address: String?

    /// Makes a caller.
    package init(
        authorization: String? = nil,
        session: String? = nil,
        workspace: String? = nil,
        choice: String? = nil,
        address: String? = nil
    ) {
        self.authorization = authorization
        self.session = session
        self.workspace = workspace
        self.choice = choice
        self.address = address
    }
}
