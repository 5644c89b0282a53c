import ArgumentParser
import Core
import Foundation
import Server

/// `martlet import mlflow --from …`.
struct ImportMLflow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mlflow",
        abstract: "Copy experiments, runs, metrics, artifacts and models from MLflow.",
        discussion: """
            Run it while no server uses the data directory. An import that was killed goes on where it stopped; one that
            is run again adds what is new.
            """
    )

    @Option(name: .long, help: "http(s)://host:5000, sqlite:///mlflow.db, ./mlruns or file:///path/mlruns.")
    var from: String

    @Option(
        name: .customLong("artifacts-root"),
        help: "Folder that holds the artifacts, or address of the server that hands them out, if not where MLflow says."
    )
    var artifactsRoot: String?

    @Option(name: .customLong("experiments"), help: "Only these experiments, by name, separated by commas.")
    var experiments: String?

    @Flag(name: .customLong("dry-run"), help: "Read and count everything; write nothing.")
    var dryRun = false

    @Flag(name: .customLong("no-artifacts"), help: "Leave out the files of runs and models.")
    var noArtifacts = false

    @Flag(name: .long, help: "Print JSON instead of a table.")
    var json = false

    @OptionGroup var place: PlaceOptions

    func run() async throws {
        let terminal = Terminal.standard
        var work = MLflowImport()
        work.from = from
        work.artifactsRoot = artifactsRoot
        work.experiments = (experiments ?? "").split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        work.isDryRun = dryRun
        work.withArtifacts = !noArtifacts
        work.authorization = Self.authorization(ProcessInfo.processInfo.environment)
        let pace = ImportPace(terminal: terminal)
        var isComplete = false
        try await CommandFailure.explaining {
            let outcome = try await work.run(settings: place.settings(), onProgress: pace.show)
            isComplete = outcome.isComplete
            ImportOutcomeTable.write(outcome, isDryRun: dryRun, json: json, to: terminal)
        }
        if !isComplete { throw ExitCode.failure }
    }

    /// The credentials that MLflow's own client would send.
    static func authorization(_ environment: [String: String]) -> String? {
        if let token = environment["MLFLOW_TRACKING_TOKEN"], !token.isEmpty { return "Bearer \(token)" }
        guard let name = environment["MLFLOW_TRACKING_USERNAME"], let word = environment["MLFLOW_TRACKING_PASSWORD"]
        else { return nil }
        return "Basic " + Data("\(name):\(word)".utf8).base64EncodedString()
    }
}
