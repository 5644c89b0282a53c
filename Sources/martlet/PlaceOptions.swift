import ArgumentParser
import Core
import Foundation
import Server

/// Where the data lies that a command works on without a server.
struct PlaceOptions: ParsableArguments {
    @Option(help: "Directory of everything the server keeps. (default: .martlet)")
    var data: String?

    @Option(help: "The database, as for `martlet up`. (default: martlet.db in the data directory)")
    var database: String?

    @Option(help: "Where artifacts lie, as for `martlet up`. (default: artifacts in the data directory)")
    var artifacts: String?

    /// The settings of the server that would use the same data.
    func settings() throws -> ServerSettings {
        var flags = ServerSettings.Flags()
        flags.data = data
        flags.database = database
        flags.artifacts = artifacts
        return try ServerSettings.resolve(
            flags: flags,
            environment: ProcessInfo.processInfo.environment,
            file: try ServerOptions.section()
        )
    }
}
