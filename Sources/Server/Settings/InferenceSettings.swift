import Core
import Egress
import Serving

/// How models are served: the gRPC port, the memory for models, what is logged, traced and measured.
package struct InferenceSettings: Sendable, Equatable {
    /// Where gRPC listens.
    package enum GRPCPort: Sendable, Equatable {
        /// The port after the one of HTTP, or a free one where HTTP takes a free one; if it is taken, none.
        case automatic
        /// This port.
        case port(Int)
        /// Nowhere.
        case off
    }

    /// Metric names of other servers that may be written beside Martlet's own.
    package enum CompatibleMetrics: String, Sendable, CaseIterable {
        case triton
        case kserve
        case mlserver
    }

    /// Where gRPC listens (`--grpc-port`, `MARTLET_GRPC_PORT`, `server.grpc_port`); 0 is off.
    package var grpcPort = GRPCPort.automatic
    /// The longest message over gRPC, in bytes (`--grpc-message-limit`, `MARTLET_GRPC_MESSAGE_LIMIT`,
    /// `server.grpc_message_limit`), such as `64MiB`.
    package var grpcMessageBytes = ServingLimits.grpcMessageBytes
    /// The most memory for loaded models, in bytes (`--model-memory`, `MARTLET_MODEL_MEMORY`, `server.model_memory`), such
    /// as `512MiB`; nil for no limit.
    package var modelMemory: Int?
    /// Further metric names (`--metrics-compat`, `MARTLET_METRICS_COMPAT`, `server.metrics_compat`).
    package var compatibleMetrics: Set<CompatibleMetrics> = []
    /// The share of requests for predictions that get a line in the log, 0…1 (`--log-requests`, `MARTLET_LOG_REQUESTS`,
    /// `server.log_requests`).
    package var loggedShare = 0.0
    /// The share of requests without a sampling decision of their own that get a span, 0…1 (`--trace-requests`,
    /// `MARTLET_TRACE_REQUESTS`, `server.trace_requests`).
    package var tracedShare = 0.0
    /// Where spans go: the base address of an OTLP receiver over HTTP (`--otlp-endpoint`, `MARTLET_OTLP_ENDPOINT` or
    /// `OTEL_EXPORTER_OTLP_ENDPOINT`, `server.otlp_endpoint`); nil keeps no spans.
    package var otlpEndpoint: String?

    /// The defaults.
    package init() {}

    /// The settings given by flags; what is nil was not given.
    package struct Flags: Sendable {
        /// `--grpc-port`.
        package var grpcPort: Int?
        /// `--grpc-message-limit`.
        package var grpcMessageLimit: String?
        /// `--model-memory`.
        package var modelMemory: String?
        /// `--metrics-compat`.
        package var compatibleMetrics: String?
        /// `--log-requests`.
        package var loggedShare: Double?
        /// `--trace-requests`.
        package var tracedShare: Double?
        /// `--otlp-endpoint`.
        package var otlpEndpoint: String?

        /// No flags.
        package init() {}
    }

    /// The keys in the section `server` of `martlet.yaml`.
    static let keys = [
        "grpc_port", "grpc_message_limit", "model_memory", "metrics_compat", "log_requests", "trace_requests",
        "otlp_endpoint",
    ]

    /// Merges the sources.
    ///
    /// - Throws: `invalidArgument` naming the setting.
    static func resolve(
        flags: Flags,
        environment: [String: String],
        fields: JSONFields
    ) throws(MartletError) -> InferenceSettings {
        var settings = InferenceSettings()
        if let port = try number(flags.grpcPort.map(Double.init), "grpc_port", 0...65_535, environment, fields) {
            settings.grpcPort = port == 0 ? .off : .port(Int(port))
        }
        let writtenLimit = try fields.optionalString("grpc_message_limit")
        if let text = flags.grpcMessageLimit ?? environment["MARTLET_GRPC_MESSAGE_LIMIT"] ?? writtenLimit {
            guard let bytes = ByteCount.parse(text), (1...Int(UInt32.max)).contains(bytes) else {
                throw MartletError(
                    .invalidArgument,
                    "The longest gRPC message must be a size such as 64MiB, below 4GiB, not '\(text.prefix(40))'."
                )
            }
            settings.grpcMessageBytes = bytes
        }
        let writtenMemory = try fields.optionalString("model_memory")
        if let text = flags.modelMemory ?? environment["MARTLET_MODEL_MEMORY"] ?? writtenMemory {
            guard let bytes = ByteCount.parse(text), bytes > 0 else {
                throw MartletError(
                    .invalidArgument,
                    "The memory for models must be a size such as 512MiB or 2GB, not '\(text.prefix(40))'."
                )
            }
            settings.modelMemory = bytes
        }
        let written = try fields.optionalString("metrics_compat")
        if let names = flags.compatibleMetrics ?? environment["MARTLET_METRICS_COMPAT"] ?? written {
            for name in names.split(separator: ",") {
                guard let known = CompatibleMetrics(rawValue: String(name.filter { $0 != " " })) else {
                    throw MartletError(
                        .invalidArgument,
                        "--metrics-compat knows triton, kserve and mlserver, not '\(name.prefix(40))'."
                    )
                }
                settings.compatibleMetrics.insert(known)
            }
        }
        settings.loggedShare = try number(flags.loggedShare, "log_requests", 0...1, environment, fields) ?? 0
        settings.tracedShare = try number(flags.tracedShare, "trace_requests", 0...1, environment, fields) ?? 0
        let writtenEndpoint = try fields.optionalString("otlp_endpoint")
        settings.otlpEndpoint =
            flags.otlpEndpoint ?? environment["MARTLET_OTLP_ENDPOINT"]
            ?? environment["OTEL_EXPORTER_OTLP_ENDPOINT"] ?? writtenEndpoint
        if let endpoint = settings.otlpEndpoint { _ = try EgressURL.parse(endpoint, what: "The OTLP endpoint") }
        return settings
    }

    private static func number(
        _ flag: Double?,
        _ key: String,
        _ range: ClosedRange<Double>,
        _ environment: [String: String],
        _ fields: JSONFields
    ) throws(MartletError) -> Double? {
        var value = flag
        let variable = "MARTLET_\(key.uppercased())"
        if value == nil, let text = environment[variable] {
            guard let number = Double(text) else {
                throw MartletError(.invalidArgument, "\(variable) must be a number, but is '\(text.prefix(40))'.")
            }
            value = number
        }
        if value == nil { value = try fields.optionalDouble(key) }
        if let value, !range.contains(value) {
            throw MartletError(
                .invalidArgument,
                "'\(key)' must be between \(range.lowerBound) and \(range.upperBound), not \(value)."
            )
        }
        return value
    }
}
