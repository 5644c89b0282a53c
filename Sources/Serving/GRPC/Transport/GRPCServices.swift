import Core
import HTTPSupport
import NIOCore

/// What a server serves: methods by path, and what every call goes through.
final class GRPCServices: Sendable {
    /// The methods by path, such as `/grpc.health.v1.Health/Check`.
    let methods: [String: GRPCMethod]
    /// Longest message, in bytes.
    let messageLimit: Int
    /// The memory for messages under way.
    let budget: GRPCBudget
    /// What is known of a client before it is asked who it is.
    let client: GRPCServer.ClientRule
    private let gate: GRPCGate
    private let reporter: RequestReporter

    init(
        methods: [String: GRPCMethod],
        messageLimit: Int,
        client: @escaping GRPCServer.ClientRule,
        gate: GRPCGate,
        reporter: RequestReporter
    ) {
        self.methods = methods
        self.messageLimit = messageLimit
        self.client = client
        self.gate = gate
        self.reporter = reporter
        budget = GRPCBudget(limit: max(ServingLimits.grpcBufferedBytes, messageLimit))
    }

    /// How the caller of a method gets in; nil for a method that is open to everybody.
    ///
    /// - Throws: `internal` for a method without a permission, which `GRPCServer.listen` has seen to.
    func admission(_ head: GRPCHead, address: String?) throws(MartletError) -> GRPCAdmission? {
        guard let rule = GRPCPermissions.rules[head.path] else {
            throw MartletError(.internal, "The method has no permission.")
        }
        guard rule.permission != .open else { return nil }
        let credentials = GRPCCredentials(
            authorization: head.authorization,
            workspace: head.workspace,
            address: address,
            method: head.path
        )
        return GRPCAdmission(gate: gate, rule: rule, credentials: credentials)
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
