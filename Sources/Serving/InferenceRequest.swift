import Core
package import Runtimes

/// The value of a request's header, or of a call's metadata, by its name in lower case; nil without it.
package typealias HeaderLookup = @Sendable (_ name: String) -> String?

/// One request for predictions, already translated from its protocol.
package struct InferenceRequest: Sendable {
    /// The request's id; it chooses the arm and names the ledger record.
    package let id: String
    /// Where it goes.
    package let deployment: LiveDeployment
    /// The version the client insists on; nil to follow the traffic plan.
    package let version: Int?
    /// What the model is asked.
    package private(set) var call: ModelCall
    /// Number of rows.
    package let count: Int
    /// The protocol of the request.
    package let via: InferenceProtocol
    /// The request's headers; nil when the traffic plan did not ask for them.
    package let header: HeaderLookup?
    /// The model that the rows were read for; nil when it is the one that answers.
    package let readFor: LoadedModel?

    /// Makes a request.
    package init(
        id: String,
        deployment: LiveDeployment,
        version: Int? = nil,
        call: ModelCall,
        count: Int,
        via: InferenceProtocol,
        readFor: LoadedModel? = nil,
        header: HeaderLookup? = nil
    ) {
        self.id = id
        self.deployment = deployment
        self.version = version
        self.call = call
        self.count = count
        self.via = via
        self.readFor = readFor
        self.header = header
    }

    /// Makes a request of tabular numbers in the order of the model's columns, row-major; NaN is missing.
    package init(
        id: String,
        deployment: LiveDeployment,
        version: Int? = nil,
        rows: [Float],
        count: Int,
        via: InferenceProtocol,
        readFor: LoadedModel? = nil,
        header: HeaderLookup? = nil
    ) {
        self.init(
            id: id,
            deployment: deployment,
            version: version,
            call: ModelCall(.rows(rows, count: count)),
            count: count,
            via: via,
            readFor: readFor,
            header: header
        )
    }

    /// The request as a model takes it that may know other columns than the one it was read for.
    @inline(__always)
    func fitted(to model: LoadedModel) -> InferenceRequest {
        guard let readFor, !ColumnMap.agree(readFor, model) else { return self }
        return mapped(from: readFor, to: model)
    }

    private func mapped(from source: LoadedModel, to model: LoadedModel) -> InferenceRequest {
        guard case .rows(let rows, let count) = call.input,
            let values = ColumnMap.rows(rows, count: count, from: source, to: model)
        else { return self }
        var request = self
        request.call.input = .rows(values, count: count)
        return request
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
