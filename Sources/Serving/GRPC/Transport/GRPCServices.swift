import NIOCore

/// What a server serves: methods by path, and what every call goes through.
final class GRPCServices: Sendable {
    /// The methods by path, such as `/grpc.health.v1.Health/Check`.
    let methods: [String: GRPCMethod]
    /// Longest message, in bytes.
    let messageLimit: Int
    /// The memory for messages under way.
    let budget: GRPCBudget
    /// Whether the server may be called by a name.
    let allows: @Sendable (_ authority: String) -> Bool
    private let reporter: RequestReporter

    init(
        methods: [String: GRPCMethod],
        messageLimit: Int,
        allows: @escaping @Sendable (_ authority: String) -> Bool,
        reporter: RequestReporter
    ) {
        self.methods = methods
        self.messageLimit = messageLimit
        self.allows = allows
        self.reporter = reporter
        budget = GRPCBudget(limit: max(ServingLimits.grpcBufferedBytes, messageLimit))
    }

    /// Begins what is said of a call.
    func begin(_ traceparent: String?, _ tracestate: String?) -> RequestTrace? {
        reporter.begin(traceparent: traceparent, tracestate: tracestate)
    }
}

extension GRPCMethod {
    /// Whether calls of the method are reported as predictions.
    var isPrediction: Bool {
        if case .immediate = self { true } else { false }
    }
}
