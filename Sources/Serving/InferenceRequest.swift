import Core
package import Runtimes

/// One request for predictions, already translated from its protocol.
package struct InferenceRequest: Sendable {
    /// The request's id; it chooses the arm and names the ledger record.
    package let id: String
    /// Where it goes.
    package let deployment: LiveDeployment
    /// The version the client insists on; nil to follow the traffic plan.
    package let version: Int?
    /// What the model is asked.
    package let call: ModelCall
    /// Number of rows.
    package let count: Int
    /// The protocol of the request.
    package let via: InferenceProtocol

    /// Makes a request.
    package init(
        id: String,
        deployment: LiveDeployment,
        version: Int? = nil,
        call: ModelCall,
        count: Int,
        via: InferenceProtocol
    ) {
        self.id = id
        self.deployment = deployment
        self.version = version
        self.call = call
        self.count = count
        self.via = via
    }

    /// Makes a request of tabular numbers in the order of the model's columns, row-major; NaN is missing.
    package init(
        id: String,
        deployment: LiveDeployment,
        version: Int? = nil,
        rows: [Float],
        count: Int,
        via: InferenceProtocol
    ) {
        self.init(
            id: id,
            deployment: deployment,
            version: version,
            call: ModelCall(.rows(rows, count: count)),
            count: count,
            via: via
        )
    }
}

/// The answer to a request, before its protocol writes it.
package struct InferenceResponse: Sendable {
    /// The one version that answered all rows.
    package let served: ServedModel
    /// Its model.
    package let loaded: LoadedModel
    /// What it answered.
    package let content: ModelResult.Content
    /// Number of rows.
    package let count: Int
    /// What the monitor says about the deployment's recent inputs; nil when nothing watches it.
    package let drift: DriftSignal?
    /// How long the call waited before the model began, in nanoseconds.
    package let queueNanoseconds: UInt64
    /// How long the model worked, in nanoseconds.
    package let computeNanoseconds: UInt64

    /// Whether the deployment's recent inputs differ from the reference.
    package var driftDetected: Bool { drift?.isDetected ?? false }

    /// The outputs of a model of rows, row-major; empty for every other.
    package var outputs: [Float] {
        if case .rows(let values, _) = content { values } else { [] }
    }
}
