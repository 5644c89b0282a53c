/// Things that somebody may be given rights to one by one.
package enum ResourceKind: String, Sendable, CaseIterable, Codable {
    /// An experiment with its runs, logged models, traces and artifacts, by its id.
    case experiment
    /// A registered model with its versions and aliases, by its name.
    case registeredModel = "registered_model"
    /// A deployment, by its name.
    case deployment
    /// A pipeline with its runs, by its name.
    case pipeline
    /// A dataset, by its name.
    case dataset
}

/// A thing that a request is about.
package struct ResourceName: Sendable, Hashable {
    /// What it is.
    package let kind: ResourceKind
    /// The experiment's id, or the name.
    package let id: String

    /// Names a thing.
    package init(kind: ResourceKind, id: String) {
        self.kind = kind
        self.id = id
    }
}

/// Rights to one thing, beyond what a role gives in its workspace.
package struct ResourceGrant: Sendable, Hashable {
    /// What it is about.
    package let kind: ResourceKind
    /// The experiment's id or the name; an asterisk at the end stands for any rest.
    package let id: String
    /// What may be done with it.
    package let permissions: PermissionSet

    /// Makes a grant.
    package init(kind: ResourceKind, id: String, permissions: PermissionSet) {
        self.kind = kind
        self.id = id
        self.permissions = permissions
    }

    /// Whether this gives `permission` to a thing.
    package func gives(_ permission: Permission, to resource: ResourceName) -> Bool {
        guard kind == resource.kind, permissions.contains(permission) else { return false }
        return id.hasSuffix("*") ? resource.id.hasPrefix(id.dropLast()) : resource.id == id
    }
}
