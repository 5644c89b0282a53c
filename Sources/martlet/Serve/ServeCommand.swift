import ArgumentParser
import Core
import Foundation
import Logging
import Server

/// `martlet serve SOURCE`: serves one model, without a registry.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve one model over every protocol, without a registry or a data directory.",
        discussion: """
            SOURCE is a folder that mlflow saved, a file (ONNX, XGBoost's JSON or UBJSON, LightGBM's text), \
            s3://BUCKET/PREFIX, or an address on a tracking server: models:/NAME@ALIAS, models:/NAME/VERSION, \
            models:/m-ID, runs:/RUN/PATH.
            """
    )

    @Argument(help: "Where the model lies.")
    var source: String

    @OptionGroup var server: ServeOptions
    @OptionGroup var model: ServeModelOptions
    @OptionGroup var inference: InferenceOptions

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let settings = try server.settings(environment: environment, inference: inference)
        let logger = ServerLogging.bootstrap(settings.logFormat)
        try await CommandFailure.explaining {
            let scratch = try ScratchFolder()
            defer { scratch.remove() }
            var settings = settings
            if settings.data.isEmpty { settings.data = try scratch.subfolder("data") }
            let served = try await load(environment, scratch, logger)
            do {
                try await serve(served, settings, logger)
            } catch {
                await served.close()
                throw error
            }
        }
    }

    private func load(
        _ environment: [String: String],
        _ scratch: ScratchFolder,
        _ logger: Logger
    ) async throws -> SingleModel {
        let location = try ModelLocation(source)
        let fetcher = ModelFetcher(
            trackingURI: model.trackingURI ?? environment["MLFLOW_TRACKING_URI"],
            environment: environment,
            directory: try scratch.subfolder("model")
        )
        return try await SingleModel(
            name: model.name ?? location.suggestedName,
            fetched: fetcher.fetch(location),
            checksum: model.checksum,
            settings: try model.runtimeSettings(),
            logger: logger
        )
    }

    private func serve(_ served: SingleModel, _ settings: ServerSettings, _ logger: Logger) async throws {
        let terminal = Terminal.standard
        let server = MartletServer(settings: settings, single: served, logger: logger)
        try await server.run(onListening: { address in
            terminal.line("Martlet serves '\(served.name)' (\(served.runtimeName)) on \(address)")
            terminal.line("Try it:")
            terminal.line("  curl -s \(address)/v2/models/\(served.name)")
            terminal.line(
                "  curl -s \(address)/v2/models/\(served.name)/infer -H 'content-type: application/json' -d '"
                    + "\(served.sample.description)'"
            )
        })
    }
}

/// A folder of this command that is gone when it ends.
private struct ScratchFolder {
    let path: String

    init() throws(MartletError) {
        path =
            FileManager.default.temporaryDirectory.appendingPathComponent("martlet-serve-\(Identifier.random())").path
        try Self.make(path)
    }

    private static func make(_ path: String) throws(MartletError) {
        do {
            try FileManager.default.createDirectory(
                atPath: path,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw MartletError(.unavailable, "No temporary folder can be made; set TMPDIR.", cause: error)
        }
    }

    func subfolder(_ name: String) throws(MartletError) -> String {
        try Self.make("\(path)/\(name)")
        return "\(path)/\(name)"
    }

    func remove() {
        try? FileManager.default.removeItem(atPath: path)
    }
}
