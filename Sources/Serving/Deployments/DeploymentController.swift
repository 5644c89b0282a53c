package import Core
import Logging

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
        hooks: DeploymentHooks = DeploymentHooks()
    ) {
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
        for record in try await store.all() {
            let deployment = ManagedDeployment(spec: record.spec)
            managed[record.spec.name] = deployment
            table.insert(deployment.live)
            try await deployment.gate.pass { try await restore(deployment, record) }
        }
        await reconcileAll()
    }

    /// Watches aliases and rollouts until the task is cancelled, then stores the evidence so far.
    package func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.watch() }
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
        for spec in specs {
            try await store.save(spec, now: clock.now)
            if let known = managed[spec.name] {
                known.spec = spec
            } else {
                let deployment = ManagedDeployment(spec: spec)
                managed[spec.name] = deployment
                table.insert(deployment.live)
            }
        }
        await reconcileAll()
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

    /// Judges every rollout in progress by the evidence so far.
    package func look() async {
        for deployment in managed.values where deployment.isRollingOut || !deployment.unsaved.isEmpty {
            await deployment.gate.pass { await evaluate(deployment) }
        }
    }

    /// Brings every deployment to the version that its alias names.
    package func reconcileAll() async {
        for deployment in managed.values {
            await deployment.gate.pass {
                do {
                    try await reconcile(deployment)
                } catch {
                    logger.warning("The deployment '\(deployment.spec.name)' cannot be reconciled: \(error)")
                }
            }
        }
    }

    func find(_ name: String) throws(MartletError) -> ManagedDeployment {
        guard let deployment = managed[name] else { throw DeploymentTable.unknown(name) }
        return deployment
    }
}
