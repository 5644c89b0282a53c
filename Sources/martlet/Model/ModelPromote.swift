import ArgumentParser
import Core

/// `martlet model promote MODEL VERSION`.
struct ModelPromote: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "promote",
        abstract: "Make a version the one that an alias serves.",
        discussion: "The same as `martlet model alias set MODEL production VERSION`."
    )

    @OptionGroup var options: GlobalOptions
    @Option(name: .long, help: "The alias that moves.")
    var alias = "production"
    @Argument(help: "The model's name.")
    var model: String
    @Argument(help: "The version's number.")
    var version: Int

    func run(_ session: Session) async throws {
        try await ModelAlias.set(alias, of: model, to: version, session)
    }
}
