import ArgumentParser
import Core

/// `martlet model alias …`.
struct ModelAlias: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "alias",
        abstract: "Set and delete a model's aliases.",
        subcommands: [ModelAliasSet.self, ModelAliasDelete.self]
    )

    /// Points an alias to a version through the MLflow API.
    static func set(_ alias: String, of model: String, to version: Int, _ session: Session) async throws {
        let body: JSONValue = [
            "name": .string(model), "alias": .string(alias), "version": .string("\(version)"),
        ]
        let answer = try await session.server.send("POST", "/api/2.0/mlflow/registered-models/alias", body)
        guard !session.wroteJSON(answer) else { return }
        session.terminal.line("\(model)@\(alias) → version \(version). Deployments that follow the alias roll it out.")
    }
}
