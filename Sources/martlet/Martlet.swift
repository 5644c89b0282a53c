import ArgumentParser
import Core

/// The command line: `martlet up`, `martlet demo`, then one noun per feature.
@main
struct Martlet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "martlet",
        abstract: "The whole MLOps loop in one binary: track, train, register, serve, watch, retrain, roll back.",
        version: ProductVersion.text,
        subcommands: [Up.self, ServeCommand.self, Demo.self] + Commands.nouns
    )
}
