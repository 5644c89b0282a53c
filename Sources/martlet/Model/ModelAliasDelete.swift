import ArgumentParser
import Core

/// `martlet model alias delete MODEL ALIAS`.
struct ModelAliasDelete: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete an alias; the version stays."
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The model's name.")
    var model: String
    @Argument(help: "The alias.")
    var alias: String

    func run(_ session: Session) async throws {
        let body: JSONValue = ["name": .string(model), "alias": .string(alias)]
        let answer = try await session.server.send("DELETE", "/api/2.0/mlflow/registered-models/alias", body)
        guard !session.wroteJSON(answer) else { return }
        session.terminal.line("\(model)@\(alias) is deleted.")
    }
}
