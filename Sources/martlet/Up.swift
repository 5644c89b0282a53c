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
            try await server.run(onListening: { address in terminal.line("Martlet listens on \(address)") })
        }
    }
}
