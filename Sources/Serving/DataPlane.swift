package import Core
import Runtimes

/// The only way to a model: every protocol gets the same checks, traffic split, ledger, metrics and drift verdict.
package struct DataPlane: Sendable {
    /// What is deployed.
    package let deployments: DeploymentTable
    /// Where predictions are kept.
    package let ledger: PredictionLedger
    /// Says what became of requests; protocols begin and end with it.
    package let reporter: RequestReporter
    private let observer: (any PredictionObserver)?
    private let clock: Clock

    /// Makes a data plane; without an observer nothing is said about drift.
    package init(
        deployments: DeploymentTable,
        ledger: PredictionLedger,
        observer: (any PredictionObserver)?,
        reporter: RequestReporter = RequestReporter(),
        clock: Clock
    ) {
        self.reporter = reporter
        self.deployments = deployments
        self.ledger = ledger
        self.observer = observer
        self.clock = clock
    }

    /// The model that a request's body is read for, loaded if need be: the trusted version unless one is named.
    ///
    /// - Throws: `unavailable` before the first version is deployed, `notFound` for a version that is not, and what
    ///   loading throws.
    package func model(of deployment: LiveDeployment, version: Int? = nil) async throws -> LoadedModel {
        let routing = try deployment.ready()
        let served = try version.map { try Self.pinned($0, routing, deployment) } ?? routing.stable
        if let resident = served.resident { return resident.loaded }
        return try await served.load().loaded
    }

    /// Predicts all rows of a request by one version.
    ///
    /// - Throws: `unavailable` before the first version is deployed; `notFound` for a version that is not;
    ///   `invalidArgument` naming the expected and received width; `deadlineExceeded`; `internal` when the model fails.
    package func infer(_ request: InferenceRequest) async throws -> InferenceResponse {
        let choice = try choose(request)
        let resident: ResidentModel
        if let present = choice.served.resident { resident = present } else { resident = try await choice.served.load() }
        try validate(request, resident.loaded)
        let start = Clock.monotonicNanoseconds
        do {
            let execution = try await resident.executor.run(request.call, rows: request.count)
            try Self.requireFinite(execution.result, choice.served)
            return finish(request, choice, resident.loaded, execution, since: start)
        } catch {
            fail(request, choice, since: start)
            throw error
        }
    }

    /// Predicts on the caller's thread without ever waiting; nil when that cannot be: the model is not in memory, not
    /// Martlet's own code, busy, or the request has many rows.
    ///
    /// - Throws: as `infer`.
    package func inferNow(_ request: InferenceRequest) throws -> InferenceResponse? {
        guard case .rows(let rows, let count) = request.call.input else { return nil }
        let choice = try choose(request)
        guard let resident = choice.served.resident else { return nil }
        try validate(request, resident.loaded)
        let start = Clock.monotonicNanoseconds
        do {
            guard let outputs = try resident.executor.runNow(rows, count: count) else { return nil }
            let execution = Execution(
                result: .rows(outputs, count: count),
                queueNanoseconds: 0,
                computeNanoseconds: Clock.monotonicNanoseconds &- start,
                batchRows: count
            )
            try Self.requireFinite(execution.result, choice.served)
            return finish(request, choice, resident.loaded, execution, since: start)
        } catch {
            fail(request, choice, since: start)
            throw error
        }
    }
}

// MARK: - Choosing and checking

extension DataPlane {
    /// The version that a request goes to, and why.
    private struct Choice {
        let routing: RoutingTable
        let served: ServedModel
        let arm: LedgerArm
    }

    private func choose(_ request: InferenceRequest) throws(MartletError) -> Choice {
        let routing = try request.deployment.ready()
        if let version = request.version {
            let served = try Self.pinned(version, routing, request.deployment)
            return Choice(routing: routing, served: served, arm: .pinned)
        }
        guard let candidate = routing.candidate else {
            return Choice(routing: routing, served: routing.stable, arm: .stable)
        }
        switch routing.plan.arm(forHash: TrafficPlan.hash(request.id.utf8)) {
        case .stable: return Choice(routing: routing, served: routing.stable, arm: .stable)
        case .candidate: return Choice(routing: routing, served: candidate, arm: .candidate)
        }
    }

    private static func pinned(
        _ version: Int,
        _ routing: RoutingTable,
        _ deployment: LiveDeployment
    ) throws(MartletError) -> ServedModel {
        if let served = routing.model(version: version) { return served }
        let loaded = routing.versions.map(\.versionText).joined(separator: ", ")
        throw MartletError(
            .notFound,
            "Version \(version) of '\(deployment.name)' is not loaded; loaded are \(loaded)."
        )
    }

    private func validate(_ request: InferenceRequest, _ loaded: LoadedModel) throws(MartletError) {
        guard case .rows(let rows, _) = request.call.input else { return }
        let width = loaded.inputs.count
        let (expected, overflow) = width.multipliedReportingOverflow(by: request.count)
        guard request.count >= 0, !overflow, rows.count == expected else {
            let received = request.count > 0 ? rows.count / request.count : rows.count
            throw Self.wrongWidth(expected: width, received: received)
        }
        if rows.contains(where: \.isInfinite) {
            throw MartletError(.invalidArgument, "A feature is too large for a 32-bit number; use null for missing.")
        }
    }

    /// The error for rows of the wrong width.
    static func wrongWidth(expected: Int, received: Int) -> MartletError {
        MartletError(.invalidArgument, "The model takes \(expected) features for each row, but \(received) were sent.")
    }

    private static func requireFinite(_ content: ModelResult.Content, _ served: ServedModel) throws(MartletError) {
        guard case .rows(let outputs, _) = content, !outputs.allSatisfy(\.isFinite) else { return }
        throw MartletError(
            .internal,
            "Version \(served.version) of '\(served.model)' answered with something that is not a number."
        )
    }
}

// MARK: - Taking note

extension DataPlane {
    /// Takes note of an answered request.
    private func finish(
        _ request: InferenceRequest,
        _ choice: Choice,
        _ loaded: LoadedModel,
        _ execution: Execution,
        since start: UInt64
    ) -> InferenceResponse {
        let nanoseconds = Clock.monotonicNanoseconds &- start
        let now = clock.now
        count(request, choice, nanoseconds, failed: false, now)
        let served = choice.served
        let drift = observer?.driftSignal(deployment: served.deployment)?.isDetected ?? false
        if case .rows(let rows, _) = request.call.input, case .rows(let outputs, _) = execution.result {
            observer?.observe(
                ObservedPrediction(
                    deployment: served.deployment,
                    version: served.version,
                    features: rows,
                    outputs: outputs,
                    rows: request.count,
                    now: now
                )
            )
        }
        let shadow = shadow(choice)
        let values = LedgerValues(
            request.call,
            execution.result,
            count: request.count,
            isShadowed: shadow != nil
        )
        ledger.append(
            LedgerEntry(
                id: request.id,
                served: served,
                loaded: loaded,
                shadow: shadow,
                arm: choice.arm,
                evidence: choice.arm == .pinned ? nil : choice.routing.evidence,
                step: choice.routing.plan.step,
                via: request.via,
                values: values,
                count: request.count,
                nanoseconds: nanoseconds,
                drift: drift,
                milliseconds: now.milliseconds
            )
        )
        return InferenceResponse(
            served: served,
            loaded: loaded,
            content: execution.result,
            count: request.count,
            driftDetected: drift,
            queueNanoseconds: execution.queueNanoseconds,
            computeNanoseconds: execution.computeNanoseconds
        )
    }

    /// Takes note of a failed request.
    private func fail(_ request: InferenceRequest, _ choice: Choice, since start: UInt64) {
        count(request, choice, Clock.monotonicNanoseconds &- start, failed: true, clock.now)
    }

    private func count(
        _ request: InferenceRequest,
        _ choice: Choice,
        _ nanoseconds: UInt64,
        failed: Bool,
        _ now: Timestamp
    ) {
        choice.served.record(
            request.via,
            rows: request.count,
            nanoseconds: nanoseconds,
            failed: failed,
            milliseconds: now.milliseconds
        )
        guard let evidence = choice.routing.evidence, choice.arm != .pinned else { return }
        evidence.record(
            choice.arm == .candidate ? .candidate : .stable,
            step: choice.routing.plan.step,
            nanoseconds: nanoseconds,
            failed: failed
        )
    }

    /// The version that shall score the same rows off the request path.
    private func shadow(_ choice: Choice) -> ServedModel? {
        guard choice.routing.scoresShadow, choice.routing.evidence != nil else { return nil }
        switch choice.arm {
        case .stable: return choice.routing.candidate
        case .candidate: return choice.routing.stable
        case .pinned: return nil
        }
    }
}
