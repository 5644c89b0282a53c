/// What a request in plain form says about who sends it.
package struct LaneCaller: Sendable, Equatable {
    /// The value of `Authorization`; nil without one.
    package let authorization: String?
    /// The workspace that is named; nil when none is.
    package let workspace: String?

    /// States a caller.
    package init(authorization: String? = nil, workspace: String? = nil) {
        self.authorization = authorization
        self.workspace = workspace
    }

    /// Reads a request's fields.
    package init(_ request: LaneRequest) {
        authorization = request.head.authorization.map { request.text($0) }
        workspace = request.head.workspace.map { request.text($0) }
    }
}
