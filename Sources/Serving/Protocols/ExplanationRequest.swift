import Core
import Runtimes

/// A request to explain rows.
struct ExplanationRequest: Sendable {
    /// Which model.
    let deployment: LiveDeployment
    /// The version the client insists on; nil for the trusted one.
    let version: Int?
    /// The rows, in the order of the model's columns.
    let rows: FeatureRows
    /// Where sampled explanations begin.
    var seed: UInt64 = 0
    /// How many sets of features a sampled explanation tries; nil for as many as suit the model.
    var samples: Int?
    /// When the answer is of no use any more, in `Clock.monotonicNanoseconds`.
    var deadline: UInt64?

    /// Takes the seed and the number of samples as the client wrote them.
    ///
    /// - Throws: `invalidArgument` when one is not a whole number, or negative.
    mutating func take(seed: JSONValue?, samples: JSONValue?) throws(MartletError) {
        if let seed, seed != .null {
            guard let number = seed.integerValue.flatMap({ UInt64(exactly: $0) }) else {
                throw MartletError(.invalidArgument, "'seed' must be a whole number that is not negative.")
            }
            self.seed = number
        }
        if let samples, samples != .null {
            guard let number = samples.integerValue.flatMap({ Int(exactly: $0) }), number > 0 else {
                throw MartletError(.invalidArgument, "'samples' must be a whole number above 0.")
            }
            self.samples = number
        }
    }

    /// The model, when it can be explained: it must take rows of numbers.
    ///
    /// - Throws: `unimplemented` for other models.
    static func requireRows(_ model: LoadedModel) throws(MartletError) -> LoadedModel {
        guard model.rows != nil else {
            throw MartletError(.unimplemented, "Only models that take rows of numbers can be explained.")
        }
        return model
    }
}

extension DataPlane {
    /// Explains rows by one version: exactly where the runtime can, else by sampling over its reference rows.
    ///
    /// Explanations are no predictions: they are neither counted by the rollout nor kept in the ledger.
    ///
    /// - Throws: `payloadTooLarge` for too many rows, `unimplemented` for a model that cannot be explained,
    ///   `deadlineExceeded`, what the model throws.
    func explain(_ request: ExplanationRequest) async throws -> Explanation {
        let routing = try request.deployment.ready()
        let served = request.version.flatMap { routing.model(version: $0) } ?? routing.stable
        if let version = request.version, served.version != version {
            throw MartletError(.notFound, "Version \(version) of '\(request.deployment.name)' is not loaded.")
        }
        let resident = try await served.load()
        let model = try ExplanationRequest.requireRows(resident.loaded)
        let explainer = Explainer(request: request, served: served, resident: resident, model: model)
        if let runtime = model.runtime as? any ExplainableRuntime {
            do {
                return try await explainer.exact(runtime)
            } catch let error as MartletError where error.code == .unimplemented {
                // The model's file lacks what exact values need.
            }
        }
        return try await explainer.sampled()
    }
}

/// Explains the rows of one request.
private struct Explainer {
    let request: ExplanationRequest
    let served: ServedModel
    let resident: ResidentModel
    let model: LoadedModel

    func exact(_ runtime: any ExplainableRuntime) async throws -> Explanation {
        let (rows, count) = (request.rows.values, request.rows.count)
        try requireRows(atMost: ServingLimits.explainedRows)
        let outputs = try await predict(rows, count)
        let contributions = try await BlockingWork.run { try runtime.contributions(rows, count: count) }
        let width = runtime.marginWidth
        let features = model.inputs.count
        var values: [Double] = []
        var base: [Double] = []
        for group in 0..<count * width {
            let start = group * (features + 1)
            values.append(contentsOf: contributions[start..<start + features].map { Double($0) })
            base.append(Double(contributions[start + features]))
        }
        return explanation(.tree, outputs, width, values, base)
    }

    func sampled() async throws -> Explanation {
        try requireRows(atMost: ServingLimits.sampledRows)
        guard let reference = model.reference, reference.rowCount > 0 else {
            throw MartletError(
                .unimplemented,
                "Version \(served.version) of '\(served.model)' has no sample of its training rows, which explanations of "
                    + "a '\(model.runtime.name)' model stand on."
            )
        }
        let features = model.inputs.count
        let all = try reference.matrix(of: model.inputs)
        let kept = min(reference.rowCount, RuntimesLimits.kernelBackground, ServingLimits.backgroundRows)
        // Rows spread evenly over the sample.
        let background = (0..<kept).flatMap { position -> ArraySlice<Float> in
            let row = position * reference.rowCount / kept
            return all[row * features..<(row + 1) * features]
        }
        let kernel = try KernelSHAP(
            background: background,
            rows: kept,
            featureCount: features,
            sets: request.samples,
            seed: request.seed
        )
        let outputs = try await predict(request.rows.values, request.rows.count)
        var values: [Double] = []
        var base: [Double] = []
        var (errorBound, sets, isExact) = (0.0, 0, true)
        for row in 0..<request.rows.count {
            let one = Array(request.rows.values[row * features..<(row + 1) * features])
            let found = try await kernel.explain(one) { rows, count in try await predict(rows, count) }
            values += found.values
            base += found.baseValues
            errorBound = max(errorBound, found.errorBound)
            sets = max(sets, found.sets)
            isExact = isExact && found.isExact
        }
        let method = Explanation.Method.kernel(
            seed: request.seed,
            sets: sets,
            background: kept,
            errorBound: errorBound,
            isExact: isExact
        )
        return explanation(method, outputs, model.outputWidth, values, base)
    }

    private func explanation(
        _ method: Explanation.Method,
        _ outputs: [Float],
        _ width: Int,
        _ values: [Double],
        _ base: [Double]
    ) -> Explanation {
        Explanation(
            served: served,
            loaded: model,
            method: method,
            outputs: outputs,
            count: request.rows.count,
            width: width,
            values: values,
            base: base
        )
    }

    private func requireRows(atMost limit: Int) throws(MartletError) {
        guard request.rows.values.count == request.rows.count * model.inputs.count else {
            throw DataPlane.wrongWidth(
                expected: model.inputs.count,
                received: request.rows.values.count / max(1, request.rows.count)
            )
        }
        guard request.rows.count <= limit else {
            throw MartletError(
                .payloadTooLarge,
                "At most \(limit) rows of this model are explained in one request, not \(request.rows.count)."
            )
        }
    }

    /// The model's outputs, by the same way and under the same limits as predictions.
    private func predict(_ rows: [Float], _ count: Int) async throws -> [Float] {
        guard count > 0 else { return [] }
        let call = ModelCall(.rows(rows, count: count), deadline: request.deadline)
        let execution = try await resident.executor.run(call, rows: count)
        guard case .rows(let outputs, _) = execution.result else {
            throw MartletError(.internal, "The model answered rows with something else.")
        }
        return outputs
    }
}
