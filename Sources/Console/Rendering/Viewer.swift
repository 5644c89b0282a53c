package import HTTPSupport

/// Who looks at a page, as far as the page shows it: their name, what they may do, and the token of their forms.
package struct Viewer: Sendable {
    /// The name they are known by; nil where nobody logs in.
    package var name: String?
    /// Whether they can log out: a session of the console began this visit.
    package var hasSession: Bool
    /// What they may do in the workspace that is shown.
    package var permissions: PermissionSet
    /// The workspace that is shown.
    package var workspace: String
    /// The workspaces that they may choose from.
    package var workspaces: [String]
    /// What every form carries against forged requests; nil without a session.
    package var formToken: String?

    /// Describes somebody.
    package init(
        name: String? = nil,
        hasSession: Bool = false,
        permissions: PermissionSet = .all,
        workspace: String = Principal.defaultWorkspace,
        workspaces: [String] = [],
        formToken: String? = nil
    ) {
        self.name = name
        self.hasSession = hasSession
        self.permissions = permissions
        self.workspace = workspace
        self.workspaces = workspaces
        self.formToken = formToken
    }

    /// Whoever makes a request, without a choice of workspaces and without a form token.
    package init(of principal: Principal) {
        self.init(permissions: principal.permissions, workspace: principal.workspace)
    }

    /// Whoever looks at the page that is being drawn; without accounts somebody who may do everything.
    @TaskLocal package static var current = Viewer()

    /// Why `permission` is not theirs, in words for the title of a button; nil when it is.
    package func refusal(of permission: Permission) -> String? {
        guard !permissions.contains(permission) else { return nil }
        if permission == .server { return "Only an administrator of the server may do this." }
        let role = Role.allCases.first { $0.permissions.contains(permission) }
        return role.map { "This needs the role \($0.rawValue) in the workspace \(workspace)." }
            ?? "You may not do this."
    }
}
