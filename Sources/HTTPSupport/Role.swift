/// What somebody is in a workspace; each role may do what those before it may.
package enum Role: String, Sendable, CaseIterable, Codable, Comparable {
    /// Sees everything and asks models for predictions.
    case viewer
    /// Logs runs, uploads artifacts, registers models.
    case editor
    /// Promotes, deploys and runs pipelines.
    case `operator`
    /// Manages the workspace.
    case administrator

    /// What the role may do.
    package var permissions: PermissionSet {
        switch self {
        case .viewer: PermissionSet([.open, .account, .read, .predict])
        case .editor: Role.viewer.permissions.union(PermissionSet([.write]))
        case .operator: Role.editor.permissions.union(PermissionSet([.operate]))
        case .administrator: Role.operator.permissions.union(PermissionSet([.admin]))
        }
    }

    package static func < (left: Role, right: Role) -> Bool {
        left.rank < right.rank
    }

    private var rank: Int {
        switch self {
        case .viewer: 0
        case .editor: 1
        case .operator: 2
        case .administrator: 3
        }
    }
}
