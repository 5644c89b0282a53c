import ArgumentParser

/// `martlet trace …`.
struct TraceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trace",
        abstract: "Show traces of applications: what was called, how long it took, what came out.",
        subcommands: [TraceList.self, TraceShow.self]
    )
}
