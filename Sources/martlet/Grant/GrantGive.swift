import ArgumentParser
import Core

/// `martlet grant give ACCOUNT KIND ID`.
struct GrantGive: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "give",
        abstract: "Give an account rights to one thing of the workspace, or change them."
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The name of the user or service account.")
    var account: String
    @Argument(help: "experiment, registered_model, deployment, pipeline or dataset.")
    var kind: String
    @Argument(help: "The experiment's id, or the name; an asterisk at its end stands for any rest.")
    var thing: String
    @Option(name: .long, help: "read, predict, write, operate or admin; repeat for more. (default: read)")
    var permission: [String] = []

    func run(_ session: Session) async throws {
        var body: JSONObject = ["account": .string(account), "kind": .string(kind), "id": .string(thing)]
        if !permission.isEmpty { body["permissions"] = .array(permission.map(JSONValue.string)) }
        let grant = try await session.server.send("POST", "/api/martlet/v1/grants", .object(body))
        guard !session.wroteJSON(grant) else { return }
        session.terminal.line(Words.text(grant["grant_id"]))
    }
}
