import ArgumentParser

/// `martlet run …`.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Show, compare, plot and export tracked runs.",
        subcommands: [
            RunList.self, RunShow.self, RunCompare.self, RunPlot.self, RunExport.self, RunDelete.self, RunRestore.self,
        ]
    )
}
