import ArgumentParser

/// `martlet replay`.
struct ReplayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Ask a candidate again what the ledger has, before it gets traffic.",
        subcommands: [ReplayStart.self, ReplayList.self, ReplayShow.self, ReplayCancel.self],
        defaultSubcommand: ReplayStart.self
    )
}
