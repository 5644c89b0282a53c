import ArgumentParser

/// `martlet data …`.
struct DataCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data",
        abstract: "Show datasets.",
        subcommands: [DataList.self, DataShow.self]
    )
}
