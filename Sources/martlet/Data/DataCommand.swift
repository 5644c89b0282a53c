import ArgumentParser

/// `martlet data …`.
struct DataCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data",
        abstract: "Show datasets, read them, and test files.",
        subcommands: [DataList.self, DataShow.self, DataIngest.self, DataTransform.self, DataTest.self]
    )
}
