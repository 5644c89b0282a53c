import ArgumentParser
package import Core

/// Runs one command inside this process, against any server and terminal: how tests see a command from outside.
package struct InProcess: Sendable {
    private let server: ServerClient
    private let terminal: Terminal
    private let clock: Clock

    /// A place to run commands.
    package init(server: ServerClient, terminal: Terminal, clock: Clock) {
        self.server = server
        self.terminal = terminal
        self.clock = clock
    }

    /// Runs a command and returns its exit status; what it says goes to the terminal.
    package func run(_ arguments: [String]) async -> Int32 {
        do {
            guard let command = try Root.parseAsRoot(arguments) as? any ServerCommand else {
                throw CommandFailure(description: "The command asks no server.")
            }
            let session = Session(server: server, terminal: terminal, clock: clock, json: command.options.json)
            try await CommandFailure.explaining { try await command.run(session) }
            return 0
        } catch {
            let message = Root.fullMessage(for: error, columns: 100)
            if !message.isEmpty { terminal.note(message) }
            return Root.exitCode(for: error).rawValue
        }
    }

    /// The help text of a command, 100 columns wide.
    package static func help(_ arguments: [String]) -> String {
        do {
            // The parser answers with a command that throws the help when it runs.
            var command = try Root.parseAsRoot(arguments + ["--help"])
            try command.run()
            return ""
        } catch {
            return Root.fullMessage(for: error, columns: 100)
        }
    }

    private struct Root: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "martlet",
            abstract: "The whole MLOps loop in one binary.",
            subcommands: AskingCommands.all
        )
    }
}
