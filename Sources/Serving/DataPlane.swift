package import Core
import Ledger
import Rollouts
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
    /// - Throws: `unavailable` before the first version is deployed, `notFound` for a version that is not,
    ///   `deadlineExceeded` when loading takes longer than the deployment's timeout, and what loading throws.
    package func model(of deployment: LiveDeployment, version: Int? = nil) async throws -> LoadedModel {
        let routing = try deployment.ready()
        let served = try version.map { try Self.pinned($0, routing, deployment) } ?? routing.stable
        if let resident = served.resident { return resident.loaded }
        return try await served.load(deadline: served.latest(from: Clock.monotonicNanoseconds)).loaded
    }

    /// Throws at once what a request would be told if its model is overloaded: a look before its body is read, which
    /// keeps the cost of refusals low.
    ///
    /// - Throws: `unavailable` when the queue is full.
    package func admit(_ deployment: LiveDeployment, version: Int? = nil) throws(MartletError) {
        guard let routing = deployment.routing else { return }
        let served = version.flatMap { routing.model(version: $0) } ?? routing.stable
        // Where versions share the traffic the request's key decides, which is not known yet.
        guard routing.isPlain || version != nil, let resident = served.resident else { return }
        do throws(ExecutorRefusal) {
            try resident.executor.checkRoom()
        } catch {
            served.recordRefusal(error.reason, nanoseconds: 0, milliseconds: clock.now.milliseconds)
            throw error.error
        }
    }

    /// Predicts all rows of a request by one version.
    ///
    /// - Throws: `unavailable` before the first version is deployed or when too many requests wait; `notFound` for a
    ///   version that is not deployed; `invalidArgument` naming the expected and received width; `deadlineExceeded`;
    ///   `internal` when the model fails.
    package func infer(_ request: InferenceRequest) async throws -> InferenceResponse {
        let arrived = Clock.monotonicNanoseconds
        let choice = try choose(request)
        let resident: ResidentModel
        if let present = choice.served.resident {
            resident = present
        } else {
            resident = try await choice.served.load(
                deadline: request.call.deadline ?? choice.served.latest(from: arrived)
            )
        }
        let request = request.fitted(to: resident.loaded)
        try validate(request, resident.loaded)
        let start = Clock.monotonicNanoseconds
        do {
            let execution = try await resident.executor.run(request.call, rows: request.count)
            let end = Clock.monotonicNanoseconds
            try Self.requireFinite(execution.result, choice.served)
            return finish(request, choice, resident.loaded, execution, Moments(arrived, start, end))
        } catch {
            throw fail(request, choice, error, since: start)
        }
    }

    /// Predicts on the caller's thread without ever waiting; nil when that cannot be: the model is not in memory, not
    /// Martlet's own code, busy or failing, or the request has many rows.
    ///
    /// Then `infer` says what there is to say.
    ///
    /// - Throws: as `infer`, but for failures of the model.
    package func inferNow(_ request: InferenceRequest) throws -> InferenceResponse? {
        guard case .rows(_, let count) = request.call.input else { return nil }
        let arrived = Clock.monotonicNanoseconds
        let choice = try choose(request)
        guard let resident = choice.served.resident else { return nil }
        let fitted = request.fitted(to: resident.loaded)
        try validate(fitted, resident.loaded)
        guard case .rows(let values, _) = fitted.call.input else { return nil }
        let start = Clock.monotonicNanoseconds
        guard let outputs = try? resident.executor.runNow(values, count: count), outputs.allSatisfy(\.isFinite) else {
            return nil
        }
        let end = Clock.monotonicNanoseconds
        let execution = Execution(
            result: .rows(outputs, count: count),
            queueNanoseconds: 0,
            computeNanoseconds: end &- start,
            batchRows: count
        )
        return finish(fitted, choice, resident.loaded, execution, Moments(arrived, start, end))
    }
}

// MARK: - Choosing and checking

extension DataPlane {
    /// The version that a request goes to, and why.
    private struct Choice {
        let routing: RoutingTable
        let served: ServedModel
        let arm: LedgerArm
        /// The side of a rollout that the request is evidence for; nil for none.
        var side: TrafficArm?
        /// Hash of what keeps requests together; 0 when nothing asks for it.
        var hash: UInt64 = 0
    }

    /// Decides once for a request: which version answers, and by the same hash who else scores it.
    private func choose(_ request: InferenceRequest) throws(MartletError) -> Choice {
        let routing = try request.deployment.ready()
        if let version = request.version {
            let served = try Self.pinned(version, routing, request.deployment)
            return Choice(routing: routing, served: served, arm: .pinned)
        }
        guard !routing.isPlain else { return Choice(routing: routing, served: routing.stable, arm: .stable) }
        let hash = Self.hash(request, routing.plan.base.sticky)
        let choice = routing.plan.choose(hash: hash) { request.header?($0) }
        // A version that could not be loaded leaves its share to the trusted one.
        guard let served = routing.model(version: choice.version) else {
            return Choice(routing: routing, served: routing.stable, arm: .stable)
        }
        switch choice.reason {
        case .split:
            let arm: LedgerArm = choice.arm == .candidate ? .candidate : .stable
            return Choice(routing: routing, served: served, arm: arm, side: choice.arm, hash: hash)
        case .share:
            return Choice(routing: routing, served: served, arm: .share(of: served), hash: hash)
        case .route:
            let arm: LedgerArm = choice.version == routing.plan.candidate ? .preview : .routed
            return Choice(routing: routing, served: served, arm: arm, hash: hash)
        }
    }

    /// The hash by which a request is put on an arm.
    private static func hash(_ request: InferenceRequest, _ sticky: StickyKey) -> UInt64 {
        switch sticky {
        case .requestID: break
        case .header(let name):
            if let value = request.header?(name) { return TrafficPlan.hash(value.utf8) }
        case .input(let column):
            if let key = request.key(column) { return TrafficPlan.hash(key) }
        }
        return TrafficPlan.hash(request.id.utf8)
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
    /// When what happened to a request, in `Clock.monotonicNanoseconds`.
    private struct Moments {
        /// It came.
        let arrived: UInt64
        /// It was handed to the executor.
        let started: UInt64
        /// The executor gave its answer.
        let ended: UInt64

        init(_ arrived: UInt64, _ started: UInt64, _ ended: UInt64) {
            self.arrived = arrived
            self.started = started
            self.ended = ended
        }
    }

    /// Takes note of an answered request.
    private func finish(
        _ request: InferenceRequest,
        _ choice: Choice,
        _ loaded: LoadedModel,
        _ execution: Execution,
        _ moments: Moments
    ) -> InferenceResponse {
        let finished = Clock.monotonicNanoseconds
        let nanoseconds = moments.ended &- moments.started
        let now = clock.now
        let served = choice.served
        let phases = InferenceCounters.Phases(
            input: moments.started &- moments.arrived,
            output: finished &- moments.ended,
            total: finished &- moments.arrived
        )
        served.record(
            request.via,
            rows: request.count,
            execution,
            phases,
            nanoseconds: nanoseconds,
            milliseconds: now.milliseconds
        )
        weigh(choice, nanoseconds, failed: false)
        if let evidence = choice.routing.evidence, let side = choice.side {
            evidence.recordAnswers(side, step: choice.routing.plan.step, execution.result, loaded)
        }
        let drift = observer?.driftSignal(deployment: served.deployment)
        let (shadow, mirrors) = scorers(choice, request, loaded)
        let values = LedgerValues(
            request.call,
            execution.result,
            of: loaded,
            count: request.count,
            isShadowed: shadow != nil || !mirrors.isEmpty
        )
        if let observer,
            let seen = ObservedPrediction(request.call.input, values, request.count, served, loaded, now)
        {
            observer.observe(seen)
        }
        ledger.append(
            LedgerEntry(
                id: request.id,
                served: served,
                loaded: loaded,
                shadow: shadow,
                arm: choice.arm,
                evidence: choice.side == nil ? nil : choice.routing.evidence,
                step: choice.routing.plan.step,
                via: request.via,
                values: values,
                count: request.count,
                nanoseconds: nanoseconds,
                drift: drift?.isDetected ?? false,
                milliseconds: now.milliseconds,
                entity: Self.entity(request, choice.routing),
                spec: choice.routing.ledger,
                mirrors: mirrors
            )
        )
        return InferenceResponse(
            served: served,
            loaded: loaded,
            content: execution.result,
            count: request.count,
            drift: drift,
            queueNanoseconds: execution.queueNanoseconds,
            computeNanoseconds: execution.computeNanoseconds
        )
    }

    /// The key of what a request is about, from the header that the deployment names.
    private static func entity(_ request: InferenceRequest, _ routing: RoutingTable) -> String? {
        guard let name = routing.ledger.entityHeader, let value = request.header?(name), !value.isEmpty,
            value.utf8.count <= LedgerLimits.entityBytes
        else { return nil }
        return value
    }

    /// Takes note of a request that failed, and returns what its caller is told.
    ///
    /// What was turned away before it ran, and inputs that the model does not take, say nothing about the version.
    private func fail(
        _ request: InferenceRequest,
        _ choice: Choice,
        _ error: any Error,
        since start: UInt64
    ) -> any Error {
        let nanoseconds = Clock.monotonicNanoseconds &- start
        let now = clock.now.milliseconds
        if let refusal = error as? ExecutorRefusal {
            choice.served.recordRefusal(refusal.reason, nanoseconds: nanoseconds, milliseconds: now)
            return refusal.error
        }
        let failure: InferenceCounters.Failure =
            switch MartletError.wrapping(error).code {
            case .invalidArgument, .unimplemented, .payloadTooLarge: .other
            case .cancelled: .canceled
            default: .backend
            }
        choice.served.recordFailure(
            request.via,
            rows: request.count,
            failure,
            nanoseconds: nanoseconds,
            milliseconds: now
        )
        if failure == .backend { weigh(choice, nanoseconds, failed: true) }
        return error
    }

    /// Adds a request to a rollout's evidence; one that chose its version is none.
    private func weigh(_ choice: Choice, _ nanoseconds: UInt64, failed: Bool) {
        guard let evidence = choice.routing.evidence, let side = choice.side else { return }
        evidence.record(side, step: choice.routing.plan.step, nanoseconds: nanoseconds, failed: failed)
    }

    /// The versions that shall score the same rows off the request path: the rollout's other side, and those that the
    /// traffic plan mirrors to.
    private func scorers(
        _ choice: Choice,
        _ request: InferenceRequest,
        _ loaded: LoadedModel
    ) -> (shadow: ServedModel?, mirrors: [ServedModel]) {
        let routing = choice.routing
        guard !routing.isPlain, choice.arm != .pinned else { return (nil, []) }
        var shadow: ServedModel?
        if let side = choice.side, routing.evidence != nil,
            routing.scoresShadow || routing.plan.isShadowed(hash: choice.hash)
        {
            let other = side == .stable ? routing.plan.candidate : routing.plan.stable
            shadow = other.flatMap { routing.model(version: $0) }
        }
        // Rows that were cut to fewer columns cannot be put to the version that needs them all.
        if let readFor = request.readFor, !ColumnMap.agree(readFor, loaded) { return (nil, []) }
        guard !routing.plan.base.shadows.isEmpty else { return (shadow, []) }
        let mirrors = routing.plan.shadows(forHash: choice.hash).compactMap { version in
            version == choice.served.version || version == shadow?.version ? nil : routing.model(version: version)
        }
        return (shadow, mirrors)
    }
}

extension LedgerArm {
    /// By a header, to the version on trial.
    static let preview = LedgerArm(rawValue: "preview")
    /// By a header, to another version.
    static let routed = LedgerArm(rawValue: "routed")

    /// By a share of its own.
    static func share(of served: ServedModel) -> LedgerArm { LedgerArm(rawValue: "v\(served.versionText)") }
}
