import ArgumentParser

/// `martlet run …`.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Show tracked runs.",
        subcommands: [RunList.self, RunShow.self]
    )
}
