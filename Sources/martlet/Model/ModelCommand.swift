import ArgumentParser

/// `martlet model …`.
struct ModelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model",
        abstract: "Show registered models and move their aliases.",
        subcommands: [ModelList.self, ModelShow.self, ModelPromote.self, ModelAlias.self]
    )
}
