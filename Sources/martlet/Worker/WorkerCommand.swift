import ArgumentParser
import Core
import Foundation
import Server

/// `martlet worker`.
struct WorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker",
        abstract: "Run tasks of pipelines on this host, for a server on the same PostgreSQL.",
        discussion: """
            Takes the tasks that name one of its queues ('queue: gpu' in the pipeline). SIGTERM lets what runs come to its \
            end and takes nothing new; a second one gives back what still runs.
            """
    )

    @Option(name: .customLong("queue"), help: "A queue that it serves; repeat for more.")
    var queues: [String] = []

    @Option(help: "The server's database: postgres://USER@HOST/DATABASE (MARTLET_DATABASE).")
    var database: String?

    @Option(help: "The server's artifacts: s3://BUCKET/PREFIX or a shared directory (MARTLET_ARTIFACTS).")
    var artifacts: String?

    @Option(help: "Directory of the attempts' files. (default: .martlet)")
    var data: String?

    @Option(help: "Attempts at the same time. (default: 4)")
    var slots: Int?

    @Option(help: "The worker's name in logs. (default: the host's)")
    var name: String?

    @Option(help: "Where the files of pipelines lie here. (default: the same path as on the server)")
    var pipelines: String?

    @Option(
        name: .customLong("tracking-uri"),
        help: "MLFLOW_TRACKING_URI of its tasks. (default: the server's address)"
    )
    var trackingURI: String?

    @Option(help: "The workspace whose tasks it runs. (default: default)")
    var workspace: String?

    @Option(help: "How long tasks may go on after SIGTERM, such as 30s, 10m or 2h. (default: 10m)")
    var drain: String?

    @Option(name: .customLong("log-format"), help: "Log records as 'text' or 'json'. (default: text)")
    var logFormat: String?

    @OptionGroup
    var sandbox: SandboxOptions

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let settings = try settings(environment)
        let logger = ServerLogging.bootstrap(settings.logFormat)
        try await CommandFailure.explaining {
            let options = try WorkerOptions(
                queues: queues,
                name: name,
                slots: slots,
                pipelines: pipelines.map { URL(fileURLWithPath: $0).standardizedFileURL.path },
                trackingURI: trackingURI,
                workspace: workspace,
                drain: try drain.map { try GcCommand.age($0, option: "--drain") }
            )
            try await WorkerHouse.run(
                settings: settings,
                options: options,
                environment: environment,
                logger: logger
            ) { name in
                Terminal.standard.line("The worker '\(name)' serves \(queues.joined(separator: ", ")).")
            }
        }
    }

    private func settings(_ environment: [String: String]) throws -> ServerSettings {
        var flags = ServerSettings.Flags()
        flags.database = database
        flags.artifacts = artifacts
        flags.data = data
        flags.logFormat = logFormat
        flags.sandbox = sandbox.flags
        return try ServerSettings.resolve(flags: flags, environment: environment, file: try ServerOptions.section())
    }
}
