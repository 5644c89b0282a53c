import ArgumentParser
import Core

/// `martlet workspace list`.
struct WorkspaceList: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the workspaces that you have a part in."
    )

    @OptionGroup var options: GlobalOptions
    @OptionGroup var list: ListOptions
    @Flag(name: .long, help: "Those that were deleted and can be restored.")
    var deleted = false

    func run(_ session: Session) async throws {
        let workspaces = try await session.items(
            "/api/martlet/v1/workspaces",
            query: [("deleted", deleted ? "true" : nil)],
            limit: list.limit
        )
        guard !session.wroteJSON(["items": .array(workspaces)]) else { return }
        var table = TextTable([
            .init(title: "NAME", isFixed: true), .init(title: "STORAGE", alignment: .right),
            .init(title: "REQUESTS/S", alignment: .right), .init(title: "TASKS", alignment: .right),
            .init(title: "MODEL MEMORY", alignment: .right), .init(title: "DESCRIPTION"),
        ])
        for workspace in workspaces {
            let quota = workspace["quota"]
            table.add([
                Words.text(workspace["name"]), WorkspacePages.bytes(quota?["storage_bytes"]) ?? "–",
                Words.text(quota?["requests_per_second"]), Words.text(quota?["concurrent_tasks"]),
                WorkspacePages.bytes(quota?["model_memory_bytes"]) ?? "–", Words.text(workspace["description"]),
            ])
        }
        table.write(to: session.terminal, empty: deleted ? "None was deleted." : "You have a part in none.")
    }
}
