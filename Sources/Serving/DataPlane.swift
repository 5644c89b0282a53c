package import Core

/// One request for predictions, already translated from its protocol.
package struct InferenceRequest: Sendable {
    /// The request's id; it chooses the arm and names the ledger record.
    package let id: String
    /// Where it goes.
    package let deployment: LiveDeployment
    /// The version the client insists on; nil to follow the traffic plan.
    package let version: Int?
    /// Inputs in the order of the model's columns, row-major; NaN is missing.
    package let rows: [Float]
    /// Number of rows.
    package let count: Int
    /// The protocol of the request.
    package let via: InferenceProtocol

    /// Makes a request.
    package init(
        id: String,
        deployment: LiveDeployment,
        version: Int? = nil,
        rows: [Float],
        count: Int,
        via: InferenceProtocol
    ) {
        self.id = id
        self.deployment = deployment
        self.version = version
        self.rows = rows
        self.count = count
        self.via = via
    }
}

/// The answer to a request, before its protocol writes it.
package struct InferenceResponse: Sendable {
    /// The one version that answered all rows.
    package let served: ServedModel
    /// Outputs, row-major.
    package let outputs: [Float]
    /// Number of rows.
    package let count: Int
    /// The monitor's verdict about the deployment's recent inputs.
    package let driftDetected: Bool
}

/// The only way to a model: every protocol gets the same checks, traffic split, ledger, metrics and drift verdict.
package struct DataPlane: Sendable {
    /// What is deployed.
    package let deployments: DeploymentTable
    /// Where predictions are kept.
    package let ledger: PredictionLedger
    private let observer: (any PredictionObserver)?
    private let clock: Clock

    /// Makes a data plane; without an observer nothing is said about drift.
    package init(
        deployments: DeploymentTable,
        ledger: PredictionLedger,
        observer: (any PredictionObserver)?,
        clock: Clock
    ) {
        self.deployments = deployments
        self.ledger = ledger
        self.observer = observer
        self.clock = clock
    }

    /// Predicts all rows of a request by one version.
    ///
    /// - Throws: `unavailable` before the first version is loaded; `notFound` for a version that is not loaded;
    ///   `invalidArgument` naming the expected and received width; `internal` when the model fails.
    package func infer(_ request: InferenceRequest) async throws -> InferenceResponse {
        let routing = try request.deployment.ready()
        let (served, arm) = try choose(request, routing)
        try validate(request, served)
        let start = Clock.monotonicNanoseconds
        let outputs: [Float]
        do {
            outputs = try await served.predict(request.rows, count: request.count)
            guard outputs.allSatisfy(\.isFinite) else {
                throw MartletError(
                    .internal,
                    "Version \(served.version) of '\(served.loaded.model)' answered with something that is not a number."
                )
            }
        } catch {
            finish(request, routing, served, arm, since: start, outputs: nil)
            throw error
        }
        let drift = finish(request, routing, served, arm, since: start, outputs: outputs)
        return InferenceResponse(served: served, outputs: outputs, count: request.count, driftDetected: drift)
    }

    private func choose(
        _ request: InferenceRequest,
        _ routing: RoutingTable
    ) throws(MartletError) -> (ServedModel, LedgerArm) {
        if let version = request.version {
            guard let served = routing.model(version: version) else {
                let loaded = routing.versions.map(\.versionText).joined(separator: ", ")
                throw MartletError(
                    .notFound,
                    "Version \(version) of '\(request.deployment.name)' is not loaded; loaded are \(loaded)."
                )
            }
            return (served, .pinned)
        }
        guard let candidate = routing.candidate else { return (routing.stable, .stable) }
        switch routing.plan.arm(forHash: TrafficPlan.hash(request.id.utf8)) {
        case .stable: return (routing.stable, .stable)
        case .candidate: return (candidate, .candidate)
        }
    }

    private func validate(_ request: InferenceRequest, _ served: ServedModel) throws(MartletError) {
        let width = served.loaded.inputs.count
        let (expected, overflow) = width.multipliedReportingOverflow(by: request.count)
        guard request.count >= 0, !overflow, request.rows.count == expected else {
            let received = request.count > 0 ? request.rows.count / request.count : request.rows.count
            throw Self.wrongWidth(expected: width, received: received)
        }
        if request.rows.contains(where: \.isInfinite) {
            throw MartletError(.invalidArgument, "A feature is too large for a 32-bit number; use null for missing.")
        }
    }

    /// The error for rows of the wrong width.
    static func wrongWidth(expected: Int, received: Int) -> MartletError {
        MartletError(.invalidArgument, "The model takes \(expected) features for each row, but \(received) were sent.")
    }

    /// Takes note of an answered or failed request; returns the drift verdict.
    @discardableResult
    private func finish(
        _ request: InferenceRequest,
        _ routing: RoutingTable,
        _ served: ServedModel,
        _ arm: LedgerArm,
        since start: UInt64,
        outputs: [Float]?
    ) -> Bool {
        let nanoseconds = Clock.monotonicNanoseconds &- start
        let now = clock.now
        served.record(
            request.via,
            rows: request.count,
            nanoseconds: nanoseconds,
            failed: outputs == nil,
            milliseconds: now.milliseconds
        )
        if let evidence = routing.evidence, arm != .pinned {
            evidence.record(
                arm == .candidate ? .candidate : .stable,
                step: routing.plan.step,
                nanoseconds: nanoseconds,
                failed: outputs == nil
            )
        }
        guard let outputs else { return false }
        let drift = observer?.driftSignal(deployment: served.deployment)?.isDetected ?? false
        observer?.observe(
            ObservedPrediction(
                deployment: served.deployment,
                version: served.version,
                features: request.rows,
                outputs: outputs,
                rows: request.count,
                now: now
            )
        )
        ledger.append(
            LedgerEntry(
                id: request.id,
                served: served,
                shadow: shadow(routing, arm),
                arm: arm,
                evidence: arm == .pinned ? nil : routing.evidence,
                step: routing.plan.step,
                via: request.via,
                rows: request.rows,
                outputs: outputs,
                count: request.count,
                nanoseconds: nanoseconds,
                drift: drift,
                milliseconds: now.milliseconds
            )
        )
        return drift
    }

    /// The version that shall score the same rows off the request path.
    private func shadow(_ routing: RoutingTable, _ arm: LedgerArm) -> ServedModel? {
        guard routing.scoresShadow, routing.evidence != nil else { return nil }
        switch arm {
        case .stable: return routing.candidate
        case .candidate: return routing.stable
        case .pinned: return nil
        }
    }
}
