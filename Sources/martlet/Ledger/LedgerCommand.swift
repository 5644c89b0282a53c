import ArgumentParser

/// `martlet ledger …`.
struct LedgerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ledger",
        abstract: "Ask for predictions and how they came out, export them, and send labels.",
        subcommands: [
            LedgerQueryCommand.self, LedgerHoursCommand.self, LedgerExportCommand.self, LedgerShowCommand.self,
            LedgerLabelCommand.self,
        ]
    )
}

/// Which predictions are meant.
struct LedgerSelection: ParsableArguments {
    @Argument(help: "The deployment.")
    var deployment: String
    @Option(name: .long, help: "The earliest time, or how long ago: 2026-11-22T05:00:00Z, 24h.")
    var since: String?
    @Option(name: .long, help: "The latest time, excluded, or how long ago.")
    var until: String?

    /// The parameters of the request.
    var query: [(String, String?)] { [("deployment", deployment), ("since", since), ("until", until)] }
}
