import ArgumentParser
import Core

/// `martlet model alias set MODEL ALIAS VERSION`.
struct ModelAliasSet: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Point an alias to a version; deployments that follow it roll the version out."
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The model's name.")
    var model: String
    @Argument(help: "The alias, such as production.")
    var alias: String
    @Argument(help: "The version's number.")
    var version: Int

    func run(_ session: Session) async throws {
        try await ModelAlias.set(alias, of: model, to: version, session)
    }
}
