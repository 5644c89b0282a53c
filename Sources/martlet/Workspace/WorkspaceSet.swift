import ArgumentParser
import Core

/// `martlet workspace set NAME`.
struct WorkspaceSet: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Change what a workspace is for and what it may use."
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The workspace's name.")
    var name: String
    @Option(name: .long, help: "What it is for.")
    var description: String?
    @OptionGroup var quota: QuotaOptions

    func run(_ session: Session) async throws {
        let path = WorkspacePages.path(name)
        var body = JSONObject()
        body["description"] = description.map(JSONValue.string)
        // The server takes a quota as a whole.
        let before = try await session.server.get(path)
        body["quota"] = try quota.changed(before["quota"])
        guard !body.isEmpty else {
            throw MartletError(.invalidArgument, "Nothing is to be changed; name a quota or --description.")
        }
        let workspace = try await session.server.send("PATCH", path, .object(body))
        WorkspacePages(session: session).write(workspace)
    }
}
