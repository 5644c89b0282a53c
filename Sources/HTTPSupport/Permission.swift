/// What a route asks of the one who calls it.
///
/// Every route names one; there is no default.
package enum Permission: String, Sendable, CaseIterable, Codable {
    /// Nothing: health and readiness.
    case open
    /// Be known: who am I, my own password and tokens, log out.
    case account
    /// See experiments, models, deployments, pages.
    case read
    /// Ask a model for predictions, and tell what came true.
    case predict
    /// Log runs, upload artifacts, register models.
    case write
    /// Apply manifests, run pipelines, promote, roll back.
    case operate
    /// Manage who may do what in a workspace, its secrets and its webhooks.
    case admin
    /// Scrape the figures of the process.
    case metrics
    /// Manage the server: accounts, workspaces, quotas, backups.
    case server
}

/// Several permissions.
package struct PermissionSet: OptionSet, Sendable, Hashable {
    /// One bit for each case of `Permission`, in their order.
    package let rawValue: UInt16

    /// The set with these bits.
    package init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    /// The set of some permissions.
    package init(_ permissions: [Permission]) {
        rawValue = permissions.reduce(0) { $0 | Self.bit(of: $1) }
    }

    /// Every permission.
    package static let all = PermissionSet(Permission.allCases)

    /// Whether a permission is in the set.
    package func contains(_ permission: Permission) -> Bool {
        rawValue & Self.bit(of: permission) != 0
    }

    /// The permissions in the set, in their order.
    package var permissions: [Permission] { Permission.allCases.filter(contains) }

    private static func bit(of permission: Permission) -> UInt16 {
        switch permission {
        case .open: 1
        case .account: 2
        case .read: 4
        case .predict: 8
        case .write: 16
        case .operate: 32
        case .admin: 64
        case .metrics: 128
        case .server: 256
        }
    }
}
