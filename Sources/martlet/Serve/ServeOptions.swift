import ArgumentParser
import Core
import Runtimes
import Server

/// The flags of `martlet serve` that concern the server.
struct ServeOptions: ParsableArguments {
    @Option(help: "Address to listen on; loopback only.")
    var host: String?

    @Option(help: "Port to listen on; 0 takes a free one. (default: 5000)")
    var port: Int?

    @Option(help: "Directory to keep predictions in. (default: a temporary one)")
    var data: String?

    @Option(name: .customLong("allowed-host"), help: "A further name that the Host header may carry; repeat for more.")
    var allowedHosts: [String] = []

    @Option(name: .customLong("log-format"), help: "Log records as 'text' or 'json'. (default: text)")
    var logFormat: String?

    /// What belongs to the server that keeps runs and models, and not to this one.
    private static let foreign = ["MARTLET_DATA", "MARTLET_DATABASE", "MARTLET_ARTIFACTS", "MARTLET_FILES"]

    /// The settings from flags and variables; the data directory is empty when a temporary one is meant.
    func settings(environment: [String: String], inference: InferenceOptions) throws -> ServerSettings {
        var flags = ServerSettings.Flags()
        flags.host = host
        flags.port = port
        flags.data = data ?? ""
        flags.allowedHosts = allowedHosts
        flags.logFormat = logFormat
        flags.inference = inference.flags
        return try ServerSettings.resolve(
            flags: flags,
            environment: environment.filter { !Self.foreign.contains($0.key) },
            file: nil
        )
    }
}

/// The flags of `martlet serve` that concern the model.
struct ServeModelOptions: ParsableArguments {
    @Option(help: "The model's name for callers. (default: from the source)")
    var name: String?

    @Option(
        name: .customLong("tracking-uri"),
        help: "The MLflow or Martlet server of models:/ and runs:/ sources. (default: MLFLOW_TRACKING_URI)"
    )
    var trackingURI: String?

    @Option(help: "What a single file's SHA-256 must be, as sha256:HEX.")
    var checksum: String?

    @Option(help: "Threads for one call of a model library. (default: 1)")
    var threads: Int?

    @Option(help: "Processes of a Python model. (default: 1)")
    var workers: Int?

    @Option(help: "Interpreter of a Python model. (default: the model's prepared environment, else python3)")
    var python: String?

    @Option(help: "Directory of environments that `martlet model env` prepared. (default: .martlet/environments)")
    var environments: String?

    @Option(name: .customLong("worker-memory"), help: "Most memory of one Python process, such as 2GB.")
    var workerMemory: String?

    @Option(name: .customLong("worker-timeout"), help: "Longest call of a Python model, such as 30s. (default: 60s)")
    var workerTimeout: String?

    private static let mostThreads = 256
    private static let mostWorkers = 64

    /// How the model is run.
    func runtimeSettings() throws(MartletError) -> RuntimeSettings {
        var settings = RuntimeSettings()
        if let threads { settings.threads = try Self.number(threads, "--threads", 1...Self.mostThreads) }
        if let workers { settings.python.workers = try Self.number(workers, "--workers", 1...Self.mostWorkers) }
        settings.python.interpreter = python
        settings.python.environments = environments ?? ".martlet/environments"
        if let workerMemory {
            guard let bytes = ByteCount.parse(workerMemory), bytes > 0 else {
                throw MartletError(.invalidArgument, "--worker-memory must be a size such as 512MiB or 2GB.")
            }
            settings.python.memoryBytes = bytes
        }
        if let workerTimeout {
            guard let timeout = Duration(writtenAs: workerTimeout), timeout > .zero else {
                throw MartletError(.invalidArgument, "--worker-timeout must be a time such as 500ms, 30s or 2m.")
            }
            settings.python.timeout = timeout
        }
        return settings
    }

    private static func number(_ value: Int, _ flag: String, _ range: ClosedRange<Int>) throws(MartletError) -> Int {
        guard range.contains(value) else {
            throw MartletError(
                .invalidArgument,
                "\(flag) must be between \(range.lowerBound) and \(range.upperBound), not \(value)."
            )
        }
        return value
    }
}
