import ArgumentParser

/// `martlet workspace …`.
struct WorkspaceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "workspace",
        abstract: "Manage workspaces, who has which role in them, and what they may use.",
        subcommands: [
            WorkspaceList.self, WorkspaceShow.self, WorkspaceCreate.self, WorkspaceSet.self, WorkspaceDelete.self,
            WorkspaceRestore.self, WorkspaceRole.self,
        ]
    )
}
