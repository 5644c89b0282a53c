import ArgumentParser
import Core
import Foundation

/// The options that every command which asks a server understands.
struct GlobalOptions: ParsableArguments {
    @Option(name: .long, help: "Address of the server (MARTLET_SERVER; default: http://127.0.0.1:5000).")
    var server: String?

    @Option(name: .customLong("token-file"), help: "File with the token that lets you in (or MARTLET_TOKEN).")
    var tokenFile: String?

    @Option(name: .long, help: "The workspace (MARTLET_WORKSPACE; default: your own).")
    var workspace: String?

    @Flag(name: .long, help: "Print JSON, as the server answered, instead of a table.")
    var json = false

    /// The address of the server.
    var address: String {
        server ?? ProcessInfo.processInfo.environment["MARTLET_SERVER"] ?? "http://127.0.0.1:5000"
    }

    /// Who asks, and for which workspace.
    func access() throws(MartletError) -> ClientAccess {
        try ClientAccess(
            tokenFile: tokenFile,
            workspace: workspace,
            environment: ProcessInfo.processInfo.environment
        )
    }
}
