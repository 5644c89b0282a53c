import Core
import HTTPSupport

/// MLflow's permissions, and what they are here.
///
/// MLflow's USE is to read and to ask for predictions; MANAGE is everything short of managing the workspace.
enum MLflowPermission: String, CaseIterable {
    case none = "NO_PERMISSIONS"
    case read = "READ"
    case use = "USE"
    case edit = "EDIT"
    case manage = "MANAGE"

    /// The most that a set of permissions amounts to.
    init(_ permissions: PermissionSet) {
        self = Self.allCases.last { $0 != .none && $0.permissions.isSubset(of: permissions) } ?? .none
    }

    /// Reads a permission that can be given.
    ///
    /// - Throws: `invalidArgument`, also for `DENY`: rights only add here.
    static func grantable(_ text: String) throws(MartletError) -> MLflowPermission {
        if let permission = Self(rawValue: text), permission != .none { return permission }
        let reason =
            text == "DENY"
            ? "rights add up here and never take away; give the account a smaller role instead."
            : "it must be one of READ, USE, EDIT, MANAGE."
        throw MartletError(.invalidArgument, "Invalid permission '\(IdentityRules.shown(text))': \(reason)")
    }

    /// What may be done with a thing.
    var permissions: PermissionSet {
        switch self {
        case .none: PermissionSet([])
        case .read: PermissionSet([.read])
        case .use: PermissionSet([.read, .predict])
        case .edit: PermissionSet([.read, .predict, .write])
        case .manage: PermissionSet([.read, .predict, .write, .operate])
        }
    }

    /// Whether it is at least `USE`, which MLflow calls allowed.
    var isAllowed: Bool { self != .none && self != .read }
}

/// MLflow's types of things, and what they are here.
enum MLflowResourceType {
    /// The kind of a type; prompts are registered models.
    ///
    /// - Throws: `invalidArgument` for types that have no rights of their own here.
    static func kind(_ type: String) throws(MartletError) -> ResourceKind {
        if type == "prompt" { return .registeredModel }
        if let kind = ResourceKind(rawValue: type) { return kind }
        let known = ResourceKind.allCases.map(\.rawValue) + ["prompt"]
        throw MartletError(
            .invalidArgument,
            "Invalid resource type '\(IdentityRules.shown(type))'. Rights can be given to: \(known.joined(separator: ", "))."
        )
    }
}
