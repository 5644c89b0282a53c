package import Core
import Logging
import Rollouts
package import Runtimes

/// Keeps every deployment at the version that its alias names, by way of rollouts.
///
/// It reads the aliases every second and when nudged, loads versions, drives the rollout state machines with evidence
/// and time, and stores each decision. What requests see is only the `RoutingTable` it installs.
package actor DeploymentController {
    let store: DeploymentStore
    let source: ModelSource
    let table: DeploymentTable
    let ledger: PredictionLedger
    let observer: (any PredictionObserver)?
    let clock: Clock
    let hooks: DeploymentHooks
    /// The models in memory.
    package nonisolated let pool: ModelPool
    /// How models are run where their deployments do not say.
    let runtimes: RuntimeSettings
    let logger = Logger(label: "martlet.deployments")
    var managed: [String: ManagedDeployment] = [:]
    private let nudges: AsyncStream<Void>
    private nonisolated let nudgeSignal: AsyncStream<Void>.Continuation

    /// Makes a controller that manages nothing until `start`.
    package init(
        store: DeploymentStore,
        source: ModelSource,
        table: DeploymentTable,
        ledger: PredictionLedger,
        observer: (any PredictionObserver)?,
        clock: Clock,
        hooks: DeploymentHooks = DeploymentHooks(),
        pool: ModelPool = ModelPool(),
        runtimes: RuntimeSettings = RuntimeSettings()
    ) {
        self.pool = pool
        self.runtimes = runtimes
        self.store = store
        self.source = source
        self.table = table
        self.ledger = ledger
        self.observer = observer
        self.clock = clock
        self.hooks = hooks
        (nudges, nudgeSignal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// Loads what was deployed before and resumes rollouts where they stood.
    package func start() async throws {
        let records = try await store.all()
        for record in records {
            let deployment = ManagedDeployment(spec: record.spec)
            managed[record.spec.name] = deployment
            table.insert(deployment.live)
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (position, record) in records.enumerated() {
                if position >= ServingLimits.concurrentReconciliations { try await group.next() }
                group.addTask { try await self.restore(record) }
            }
            try await group.waitForAll()
        }
        await reconcileAll()
    }

    /// Watches aliases and rollouts until the task is cancelled, then stores the evidence so far.
    package func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.watch() }
            group.addTask { await self.pool.run() }
            group.addTask { for await _ in self.nudges { await self.reconcileAll() } }
        }
        for deployment in managed.values {
            await deployment.gate.pass { await saveEvidence(deployment, always: true) }
        }
    }

    /// Has the aliases read now; a hint that may be called from anywhere.
    package nonisolated func nudge() {
        nudgeSignal.yield()
    }

    /// Creates or changes deployments; those not named stay as they are.
    ///
    /// - Throws: `failedPrecondition` when an existing deployment would serve another model.
    package func apply(_ specs: [DeploymentSpec]) async throws {
        let names = Set(managed.keys).union(specs.map(\.name))
        guard names.count <= ServingLimits.deployments else {
            throw MartletError(
                .resourceExhausted,
                "A server has at most \(ServingLimits.deployments) deployments; remove some first."
            )
        }
        for spec in specs {
            if let known = managed[spec.name], known.spec.model != spec.model {
                throw MartletError(
                    .failedPrecondition,
                    "The deployment '\(spec.name)' serves the model '\(known.spec.model)'; remove it before it can "
                        + "serve '\(spec.model)'."
                )
            }
        }
        try await store.save(specs, now: clock.now)
        for spec in specs {
            if let known = managed[spec.name] {
                await change(known, to: spec)
            } else {
                let deployment = ManagedDeployment(spec: spec)
                managed[spec.name] = deployment
                table.insert(deployment.live)
            }
        }
        await reconcileAll()
    }

    /// Puts a changed specification in force; a rollout in progress keeps the rules that it began with.
    private func change(_ deployment: ManagedDeployment, to spec: DeploymentSpec) async {
        let changesExecution = deployment.spec.execution != spec.execution
        let changesRoutes = deployment.spec.traffic != spec.traffic || deployment.spec.ledger != spec.ledger
        if deployment.spec.reference != spec.reference { deployment.retry = nil }
        deployment.spec = spec
        if changesRoutes {
            deployment.missing = [:]
            await deployment.gate.pass { deployment.install() }
        }
        if changesExecution { await configure(deployment) }
    }

    /// Stops serving a deployment; its predictions and history stay.
    ///
    /// - Throws: `notFound`.
    package func remove(_ name: String) async throws {
        let deployment = try find(name)
        try await deployment.gate.pass {
            try await store.remove(name)
            managed[name] = nil
            table.remove(name)
        }
    }

    private func watch() async {
        var polledAt = clock.now
        while !Task.isCancelled {
            do { try await clock.sleep(for: ServingLimits.rolloutTick) } catch { return }
            await look()
            if clock.now >= polledAt + ServingLimits.aliasPoll {
                polledAt = clock.now
                await reconcileAll()
            }
        }
    }

    /// Judges every rollout in progress by the evidence so far, and finishes what was decided.
    package func look() async {
        for deployment in managed.values where hasWork(deployment) {
            await deployment.gate.pass {
                await evaluate(deployment)
                await finishMoves(deployment)
                releasePrevious(deployment)
            }
        }
    }

    private func hasWork(_ deployment: ManagedDeployment) -> Bool {
        deployment.isRollingOut || !deployment.unsaved.isEmpty || !deployment.moves.isEmpty
            || isPreviousOverdue(deployment)
    }

    /// Brings every deployment to the version that it is to serve: one question for all aliases, then work on those
    /// that differ.
    package func reconcileAll() async {
        let following = managed.values.filter { !$0.spec.isOnDemand && !$0.isUnloaded }
        let names = following.map(\.spec.followedAliases)
        let versions: [Int?]
        do {
            versions = try await source.resolveAll(names.flatMap(\.self))
        } catch {
            logger.warning("The aliases of deployments cannot be read: \(error)")
            return
        }
        var differing: [String] = []
        var start = 0
        for (deployment, names) in zip(following, names) {
            let found = versions.dropFirst(start).prefix(names.count)
            start += names.count
            let aliases = Dictionary(zip(names.map(\.alias), found)) { first, _ in first }.compactMapValues(\.self)
            if !isSettled(deployment, aliases) { differing.append(deployment.spec.name) }
        }
        differing.sort()
        await withTaskGroup(of: Void.self) { group in
            for (position, name) in differing.enumerated() {
                if position >= ServingLimits.concurrentReconciliations { await group.next() }
                group.addTask { await self.settle(name) }
            }
        }
    }

    private func settle(_ name: String) async {
        guard let deployment = managed[name] else { return }
        await deployment.gate.pass {
            do {
                try await reconcile(deployment)
            } catch {
                logger.warning("The deployment '\(name)' cannot be reconciled: \(error)")
            }
        }
    }

    private func restore(_ record: DeploymentRecord) async throws {
        guard let deployment = managed[record.spec.name] else { return }
        try await deployment.gate.pass { try await restore(deployment, record) }
    }

    func find(_ name: String) throws(MartletError) -> ManagedDeployment {
        guard let deployment = managed[name] else { throw DeploymentTable.unknown(name) }
        return deployment
    }
}
