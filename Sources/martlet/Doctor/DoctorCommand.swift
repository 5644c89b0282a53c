import ArgumentParser
import Foundation
import Server

/// `martlet doctor`.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Say what is missing on this machine, and the command that installs it.",
        discussion:
            "Looks at what `martlet up` would use, and changes nothing. The status is 1 when something is missing."
    )

    @Flag(name: .long, help: "Print JSON instead of a table.")
    var json = false
    @Option(name: .long, help: "The data folder (MARTLET_DATA; default: .martlet).")
    var data: String?
    @Option(name: .long, help: "The database (MARTLET_DATABASE): sqlite:PATH or postgres://USER@HOST/DATABASE.")
    var database: String?
    @Option(name: .long, help: "Where artifacts lie (MARTLET_ARTIFACTS): a folder or s3://BUCKET/PREFIX.")
    var artifacts: String?
    @Option(name: .long, help: "The address to listen on (MARTLET_HOST; default: 127.0.0.1).")
    var host: String?
    @Option(name: .long, help: "The port to listen on (MARTLET_PORT; default: 5000).")
    var port: Int?

    func run() async throws {
        try await CommandFailure.explaining {
            let environment = ProcessInfo.processInfo.environment
            var flags = ServerSettings.Flags()
            flags.data = data
            flags.database = database
            flags.artifacts = artifacts
            flags.host = host
            flags.port = port
            let settings = try ServerSettings.resolve(flags: flags, environment: environment, file: nil)
            let examination = DoctorExamination(
                data: settings.data,
                host: settings.host,
                port: settings.port,
                searchPath: environment["PATH"] ?? ""
            )
            var checks = examination.checks()
            if let database = await DatabaseProbe.check(settings: settings) {
                checks.insert(database, at: 1)
            }
            checks += SandboxProbe.checks()
            if let bucket = await BucketProbe.check(settings: settings, environment: environment) {
                checks.insert(bucket, at: 1)
            }
            try DoctorReport.write(checks, json: json, to: .standard)
        }
    }
}
