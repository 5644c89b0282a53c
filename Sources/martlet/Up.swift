import ArgumentParser
import Core
import Foundation
import Server

/// `martlet up`: serves until told to stop.
struct Up: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up",
        abstract: "Start the server: tracking, registry, serving, monitoring and the console on one port."
    )

    @OptionGroup var options: ServerOptions

    func run() async throws {
        let settings = try options.settings()
        let logger = ServerLogging.bootstrap(settings.logFormat)
        let terminal = Terminal.standard
        try await CommandFailure.explaining {
            let server = MartletServer(settings: settings, logger: logger)
            try await server.run(
                onFirstToken: { FirstToken.show($0, on: terminal) },
                onListening: { address in terminal.line("Martlet listens on \(address)") }
            )
        }
    }
}

/// What the first start of a server with accounts says.
enum FirstToken {
    /// Shows the first administrator's token: the only time that anybody sees it.
    static func show(_ secret: String, on terminal: Terminal) {
        terminal.line("No administrator can log in yet. This token is shown once and ends in a day:")
        terminal.line("")
        terminal.line("  \(secret)")
        terminal.line("")
        terminal.line("Log in to the console with it, or make an account of your own:")
        terminal.line("  MARTLET_TOKEN=… martlet user create NAME --server-administrator")
    }
}
