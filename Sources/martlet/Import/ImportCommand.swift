import ArgumentParser

/// `martlet import …`.
struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Move in from another tracking server.",
        subcommands: [ImportMLflow.self]
    )
}
