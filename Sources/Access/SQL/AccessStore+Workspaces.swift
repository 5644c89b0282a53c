package import Core
import HTTPSupport
import Storage

/// What of a workspace is to be changed; nil leaves it.
package struct WorkspaceChange: Sendable, Equatable {
    /// What it is for.
    package var description: String?
    /// What it may use.
    package var quota: WorkspaceQuota?

    /// Changes nothing.
    package init(description: String? = nil, quota: WorkspaceQuota? = nil) {
        self.description = description
        self.quota = quota
    }
}

extension AccessStore {
    /// Makes a workspace.
    ///
    /// - Throws: `invalidArgument`, `alreadyExists` (also when it was deleted: its data is still there),
    ///   `resourceExhausted`.
    package func createWorkspace(
        name: String,
        description: String = "",
        quota: WorkspaceQuota = WorkspaceQuota()
    ) async throws(MartletError) -> Workspace {
        try IdentityRules.checkWorkspaceName(name)
        try IdentityRules.checkText(description, "description", isRequired: false)
        try IdentityRules.check(quota)
        let now = clock.now
        return try await change { connection in
            if let row = try connection.first("SELECT * FROM access_workspaces WHERE name = ?", [.text(name)]) {
                throw MartletError(
                    .alreadyExists,
                    row.optionalInt("deleted_at") == nil
                        ? "There is a workspace '\(name)' already."
                        : "The workspace '\(name)' was deleted and its data is still there; restore it or choose another name."
                )
            }
            let count = try connection.first("SELECT COUNT(*) AS found FROM access_workspaces")
            guard try count?.int("found") ?? 0 < IdentityLimits.workspaces else {
                throw MartletError(.resourceExhausted, "There are \(IdentityLimits.workspaces) workspaces already.")
            }
            try connection.execute(
                "INSERT INTO access_workspaces (name, description, created_at) VALUES (?, ?, ?)",
                [.text(name), .text(description), .integer(now.milliseconds)]
            )
            try Self.set(connection, name, quota)
            let workspace = try Self.workspace(connection, name)
            connection.note(
                Change(object: "workspace:\(name)", before: nil, after: AccessWire.workspace(workspace))
            )
            return workspace
        }
    }

    /// Changes a workspace.
    ///
    /// - Throws: `notFound`, `invalidArgument`.
    package func updateWorkspace(
        _ name: String,
        _ workspaceChange: WorkspaceChange
    ) async throws(MartletError) -> Workspace {
        if let text = workspaceChange.description {
            try IdentityRules.checkText(text, "description", isRequired: false)
        }
        if let quota = workspaceChange.quota { try IdentityRules.check(quota) }
        return try await change { connection in
            let before = try Self.workspace(connection, name)
            if let text = workspaceChange.description {
                try connection.execute(
                    "UPDATE access_workspaces SET description = ? WHERE name = ?",
                    [.text(text), .text(name)]
                )
            }
            if let quota = workspaceChange.quota { try Self.set(connection, name, quota) }
            let after = try Self.workspace(connection, name)
            connection.note(
                Change(
                    object: "workspace:\(name)",
                    before: AccessWire.workspace(before),
                    after: AccessWire.workspace(after)
                )
            )
            return after
        }
    }

    private static func set(_ connection: Connection, _ name: String, _ quota: WorkspaceQuota) throws {
        try connection.execute(
            """
            UPDATE access_workspaces SET storage_bytes = ?, requests_per_second = ?, concurrent_tasks = ?,
                model_memory_bytes = ? WHERE name = ?
            """,
            [
                SQLValue(quota.storageBytes), SQLValue(quota.requestsPerSecond), SQLValue(quota.concurrentTasks),
                SQLValue(quota.modelMemoryBytes), .text(name),
            ]
        )
    }

    /// Closes a workspace: nobody sees it any more; data, roles and grants stay for the day it is restored.
    ///
    /// - Throws: `notFound`, `failedPrecondition` for the workspace that every server has.
    package func deleteWorkspace(_ name: String) async throws(MartletError) {
        guard name != Principal.defaultWorkspace else {
            throw MartletError(.failedPrecondition, "The workspace '\(name)' cannot be deleted.")
        }
        let now = clock.now
        try await change { connection in
            let before = try Self.workspace(connection, name)
            try connection.execute(
                "UPDATE access_workspaces SET deleted_at = ? WHERE name = ?",
                [.integer(now.milliseconds), .text(name)]
            )
            connection.note(
                Change(object: "workspace:\(name)", before: AccessWire.workspace(before), after: nil)
            )
        }
    }

    /// Opens a workspace again that was deleted.
    ///
    /// - Throws: `notFound`.
    package func restoreWorkspace(_ name: String) async throws(MartletError) -> Workspace {
        try await change { connection in
            let found = try connection.execute(
                "UPDATE access_workspaces SET deleted_at = NULL WHERE name = ? AND deleted_at IS NOT NULL",
                [.text(name)]
            )
            guard found == 1 else {
                throw MartletError(.notFound, "No workspace '\(IdentityRules.shown(name))' was deleted.")
            }
            let workspace = try Self.workspace(connection, name)
            connection.note(
                Change(object: "workspace:\(name)", before: nil, after: AccessWire.workspace(workspace))
            )
            return workspace
        }
    }

    /// A workspace that is there.
    static func workspace(_ connection: Connection, _ name: String) throws -> Workspace {
        let row = try connection.first(
            "SELECT * FROM access_workspaces WHERE name = ? AND deleted_at IS NULL",
            [.text(name)]
        )
        guard let row else {
            throw MartletError(.notFound, "There is no workspace '\(IdentityRules.shown(name))'.")
        }
        return try workspace(row)
    }

    /// Throws unless the workspace is there or `*` is meant.
    static func requireWorkspace(_ connection: Connection, _ name: String) throws {
        if name != Account.everyWorkspace { _ = try workspace(connection, name) }
    }
}
