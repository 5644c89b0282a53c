import ArgumentParser
import Core

/// A command that asks a server; it gets a session and needs to know neither flags nor streams.
protocol ServerCommand: AsyncParsableCommand {
    /// The server's address and the form of the output.
    var options: GlobalOptions { get }

    /// Does the work.
    func run(_ session: Session) async throws
}

extension ServerCommand {
    func run() async throws {
        try await CommandFailure.explaining {
            let session = Session(
                server: try ServerClient(address: options.address, access: try options.access()),
                terminal: .standard,
                clock: .system,
                json: options.json
            )
            try await run(session)
        }
    }
}

/// An error as the command line prints it: the message alone.
struct CommandFailure: Error, CustomStringConvertible {
    let description: String

    /// Runs a command and turns its errors into messages; the parser's own errors pass.
    static func explaining(_ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch let error as MartletError {
            throw CommandFailure(description: DisplayText.safe(error.message))
        } catch is CancellationError {
            throw CommandFailure(description: "Interrupted.")
        }
    }
}

/// How many rows a list shows.
struct ListOptions: ParsableArguments {
    @Option(name: .long, help: "Rows to show, 1 to \(CommandLimits.maximumRows).")
    var limit = CommandLimits.defaultRows

    func validate() throws {
        guard limit >= 1, limit <= CommandLimits.maximumRows else {
            throw ValidationError("'--limit' must be between 1 and \(CommandLimits.maximumRows), but is \(limit).")
        }
    }
}
