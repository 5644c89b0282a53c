import ArgumentParser

/// `martlet experiment …`.
struct ExperimentCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "experiment",
        abstract: "Show, change and export experiments.",
        subcommands: [
            ExperimentList.self, ExperimentShow.self, ExperimentCreate.self, ExperimentRename.self,
            ExperimentDelete.self, ExperimentRestore.self, ExperimentExport.self,
        ]
    )
}
