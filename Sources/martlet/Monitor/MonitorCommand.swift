import ArgumentParser

/// `martlet monitor …`.
struct MonitorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "monitor",
        abstract: "Show drift monitors and their reports, and compare files.",
        subcommands: [
            MonitorList.self, MonitorShow.self, MonitorReport.self, MonitorEvaluate.self, MonitorCompare.self,
        ]
    )
}
