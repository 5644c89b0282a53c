import Metrics

/// The metrics of one version, their handles looked up once.
struct RequestMetrics: Sendable {
    private let succeeded: [Counter]
    private let failed: [Counter]
    private let total: [Recorder]
    private let model: Recorder

    init(deployment: String, version: String) {
        func counter(_ kind: InferenceProtocol, _ status: String) -> Counter {
            Counter(
                label: "martlet_requests_total",
                dimensions: [
                    ("deployment", deployment), ("version", version), ("protocol", kind.label), ("status", status),
                ]
            )
        }
        succeeded = InferenceProtocol.allCases.map { counter($0, "ok") }
        failed = InferenceProtocol.allCases.map { counter($0, "error") }
        total = InferenceProtocol.allCases.map {
            Recorder(
                label: "martlet_request_seconds",
                dimensions: [("deployment", deployment), ("protocol", $0.label)],
                aggregate: true
            )
        }
        model = Recorder(
            label: "request_predict_seconds",
            dimensions: [("model_name", deployment)],
            aggregate: true
        )
    }

    @inline(__always)
    func record(_ kind: InferenceProtocol, failed isFailure: Bool, modelSeconds: Double) {
        (isFailure ? failed : succeeded)[kind.rawValue].increment()
        model.record(modelSeconds)
    }

    @inline(__always)
    func recordTotal(_ kind: InferenceProtocol, seconds: Double) {
        total[kind.rawValue].record(seconds)
    }
}

/// Counters of requests that reached no model; their labels are bounded by the protocols and error codes.
enum RefusalMetrics {
    static func record(_ kind: InferenceProtocol, code: String) {
        Counter(
            label: "martlet_requests_refused_total",
            dimensions: [("protocol", kind.label), ("code", code)]
        ).increment()
    }
}
