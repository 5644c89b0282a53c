/// The wire protocol by which a request came.
package enum InferenceProtocol: Int, Sendable, CaseIterable {
    /// `POST /predict`.
    case predict
    /// KServe V1.
    case v1
    /// Open Inference V2, REST.
    case v2
    /// MLflow's scoring server.
    case invocations
    /// Open Inference V2, gRPC.
    case grpc

    /// The value of the `protocol` label of metrics and of the ledger's column.
    package var label: String {
        switch self {
        case .predict: "predict"
        case .v1: "v1"
        case .v2: "v2"
        case .invocations: "invocations"
        case .grpc: "grpc"
        }
    }
}
