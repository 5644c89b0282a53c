import Core
import HTTPSupport

/// A role of a workspace as MLflow sees it: one of the four that every workspace has.
struct MLflowRole: Hashable {
    let workspace: String
    let role: Role

    /// Its number.
    var id: Int64 { MLflowNumber.of("role", workspace, role.rawValue) }

    /// What it gives, in MLflow's terms: to which type of things, and what.
    var permissions: [(type: String, permission: String)] {
        switch role {
        case .viewer: [("experiment", "USE"), ("registered_model", "USE")]
        case .editor: [("experiment", "EDIT"), ("registered_model", "EDIT")]
        case .operator: [("experiment", "MANAGE"), ("registered_model", "MANAGE")]
        case .administrator: [("workspace", "MANAGE")]
        }
    }

    /// `{"id":…,"name":…,"workspace":…,"description":…,"permissions":[…]}`.
    var json: JSONValue {
        [
            "id": .integer(id), "name": .string(role.rawValue), "workspace": .string(workspace),
            "description": .string(Self.description(role)), "permissions": .array(permissionsJSON),
        ]
    }

    /// The permissions with their numbers.
    var permissionsJSON: [JSONValue] {
        permissions.map { type, permission in
            [
                "id": .integer(MLflowNumber.of("role permission", workspace, role.rawValue, type)),
                "role_id": .integer(id), "resource_type": .string(type), "resource_pattern": "*",
                "permission": .string(permission),
            ]
        }
    }

    /// One row of a list of somebody's permissions for each of the role's.
    var rows: [JSONValue] {
        permissions.map { type, permission in
            [
                "role_id": .integer(id), "role_name": .string(role.rawValue), "workspace": .string(workspace),
                "resource_type": .string(type), "resource_pattern": "*", "permission": .string(permission),
            ]
        }
    }

    private static func description(_ role: Role) -> String {
        switch role {
        case .viewer: "Sees everything and asks models for predictions."
        case .editor: "Logs runs, uploads artifacts, registers models."
        case .operator: "Promotes, deploys and runs pipelines."
        case .administrator: "Manages the workspace."
        }
    }
}
