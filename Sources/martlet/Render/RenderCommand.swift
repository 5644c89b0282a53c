import ArgumentParser

/// `martlet render …`.
struct RenderCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "render",
        abstract: "Write what is declared in the form of another system.",
        subcommands: [RenderArgo.self]
    )
}
