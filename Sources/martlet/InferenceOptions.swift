import ArgumentParser
import Server

/// The flags of serving that every command which starts a server has.
struct InferenceOptions: ParsableArguments {
    @Option(name: .customLong("grpc-port"), help: "Port of gRPC; 0 is off. (default: the port after --port)")
    var grpcPort: Int?

    @Option(
        name: .customLong("grpc-message-limit"),
        help: "Longest message over gRPC, such as 128MiB. (default: 64MiB)"
    )
    var grpcMessageLimit: String?

    @Option(
        name: .customLong("model-memory"),
        help: "Most memory for loaded models, such as 512MiB. (default: no limit)"
    )
    var modelMemory: String?

    @Option(
        name: .customLong("metrics-compat"),
        help: "Metric names of other servers to write too: triton, kserve, mlserver, separated by commas."
    )
    var compatibleMetrics: String?

    @Option(
        name: .customLong("log-requests"),
        help: "Share of predictions that get a line in the log, 0 to 1. (default: 0)"
    )
    var loggedShare: Double?

    @Option(name: .customLong("trace-requests"), help: "Share of predictions that get a span, 0 to 1. (default: 0)")
    var tracedShare: Double?

    @Option(
        name: .customLong("otlp-endpoint"),
        help: "Where spans are sent: the address of an OTLP receiver over HTTP."
    )
    var otlpEndpoint: String?

    /// The flags as the server's settings read them.
    var flags: InferenceSettings.Flags {
        var flags = InferenceSettings.Flags()
        flags.grpcPort = grpcPort
        flags.grpcMessageLimit = grpcMessageLimit
        flags.modelMemory = modelMemory
        flags.compatibleMetrics = compatibleMetrics
        flags.loggedShare = loggedShare
        flags.tracedShare = tracedShare
        flags.otlpEndpoint = otlpEndpoint
        return flags
    }
}
