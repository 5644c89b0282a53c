import ArgumentParser

/// `martlet workspace role …`.
struct WorkspaceRole: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "role",
        abstract: "Say who is viewer, editor, operator or administrator of a workspace.",
        subcommands: [WorkspaceRoleList.self, WorkspaceRoleSet.self, WorkspaceRoleRemove.self]
    )
}
