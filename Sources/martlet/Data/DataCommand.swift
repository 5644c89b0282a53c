import ArgumentParser

/// `martlet data …`.
struct DataCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data",
        abstract: "Show datasets, and test files.",
        subcommands: [DataList.self, DataShow.self, DataTest.self]
    )
}
