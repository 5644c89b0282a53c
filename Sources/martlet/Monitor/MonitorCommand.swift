import ArgumentParser

/// `martlet monitor …`.
struct MonitorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "monitor",
        abstract: "Show drift monitors.",
        subcommands: [MonitorList.self, MonitorShow.self]
    )
}
