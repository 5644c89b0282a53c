import ArgumentParser

/// `martlet experiment …`.
struct ExperimentCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "experiment",
        abstract: "Show experiments.",
        subcommands: [ExperimentList.self, ExperimentShow.self]
    )
}
