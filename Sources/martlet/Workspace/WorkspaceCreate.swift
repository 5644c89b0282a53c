import ArgumentParser
import Core

/// `martlet workspace create NAME`.
struct WorkspaceCreate: ServerCommand {
    static let configuration = CommandConfiguration(commandName: "create", abstract: "Make a workspace.")

    @OptionGroup var options: GlobalOptions
    @Argument(help: "Its name: lower-case letters, digits and hyphens.")
    var name: String
    @Option(name: .long, help: "What it is for.")
    var description: String?
    @OptionGroup var quota: QuotaOptions

    func run(_ session: Session) async throws {
        var body: JSONObject = ["name": .string(name)]
        body["description"] = description.map(JSONValue.string)
        body["quota"] = try quota.changed(nil)
        let workspace = try await session.server.send("POST", "/api/martlet/v1/workspaces", .object(body))
        WorkspacePages(session: session).write(workspace)
    }
}
