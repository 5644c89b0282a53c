import Core
import Rollouts

extension DeploymentController {
    /// Every version in service and every registered model that is not, by name.
    func index() async throws -> [ModelIndexEntry] {
        var entries: [ModelIndexEntry] = []
        for deployment in managed.values.sorted(by: { $0.spec.name < $1.spec.name }) {
            entries += index(of: deployment)
        }
        for model in try await source.models().sorted(by: { $0.name < $1.name }) where managed[model.name] == nil {
            entries.append(
                ModelIndexEntry(
                    name: model.name,
                    version: model.latest.map { String($0) },
                    state: ModelSlot.Condition.unavailable.rawValue,
                    reason: "not loaded"
                )
            )
        }
        return entries
    }

    private func index(of deployment: ManagedDeployment) -> [ModelIndexEntry] {
        func entry(_ version: String?, _ state: ModelSlot.Condition, _ reason: String) -> ModelIndexEntry {
            ModelIndexEntry(name: deployment.spec.name, version: version, state: state.rawValue, reason: reason)
        }
        if deployment.isUnloaded {
            let version = deployment.stable
            let condition = version?.slot.condition == .unloading ? ModelSlot.Condition.unloading : .unavailable
            return [entry(version?.versionText, condition, "unloaded")]
        }
        guard let routing = deployment.live.routing else {
            return [entry(nil, .unavailable, deployment.message ?? "no version is loaded")]
        }
        return routing.versions.map { served in
            // What is not in memory now is loaded by the next request: for clients it is ready.
            switch served.slot.condition {
            case .loading: entry(served.versionText, .loading, "")
            case .ready: entry(served.versionText, .ready, "")
            case .unavailable, .unloading: entry(served.versionText, .ready, "loaded on demand")
            }
        }
    }

    /// Loads a model for the repository.
    func loadModel(_ name: String, _ wish: LoadWish) async throws {
        guard let deployment = managed[name] else { return try await deployOnDemand(name, wish) }
        try await deployment.gate.pass {
            guard managed[name] === deployment else { throw DeploymentTable.unknown(name) }
            if deployment.spec.isOnDemand { return try await serveOnDemand(deployment, wish) }
            guard wish.version == nil, wish.alias == nil else {
                throw MartletError(
                    .failedPrecondition,
                    "The deployment '\(name)' serves \(deployment.spec.reference.uri); "
                        + "move the alias or change the deployment instead of naming a version."
                )
            }
            deployment.retry = nil
            if let stable = deployment.stable {
                _ = try await stable.slot.reload()
                let wasUnloaded = deployment.isUnloaded
                deployment.isUnloaded = false
                if wasUnloaded { deployment.install() }
            }
            deployment.isUnloaded = false
            try await reconcile(deployment)
            guard deployment.live.routing != nil else {
                throw MartletError(.unavailable, deployment.message ?? "No version of '\(name)' could be loaded.")
            }
        }
    }

    private func deployOnDemand(_ name: String, _ wish: LoadWish) async throws {
        guard managed.count < ServingLimits.deployments else {
            throw MartletError(
                .resourceExhausted,
                "A server has at most \(ServingLimits.deployments) deployments; unload and remove some first."
            )
        }
        guard try await source.resolve(name, "latest") != nil else {
            throw MartletError(
                .notFound,
                "There is neither a deployment nor a registered model with versions called "
                    + "'\(name.prefix(ServingLimits.nameBytes))'."
            )
        }
        let spec = DeploymentSpec(
            name: name,
            model: name,
            alias: wish.alias ?? "latest",
            rollout: RolloutSpec(),
            isOnDemand: true
        )
        // Somebody else may have asked for the same in the meantime.
        if managed[name] != nil { return try await loadModel(name, wish) }
        let deployment = ManagedDeployment(spec: spec)
        managed[name] = deployment
        do {
            try await deployment.gate.pass { try await serveOnDemand(deployment, wish) }
            table.insert(deployment.live)
        } catch {
            managed[name] = nil
            throw error
        }
    }

    /// Serves the version that was asked for; the one before serves until then, and stays when that fails.
    private func serveOnDemand(_ deployment: ManagedDeployment, _ wish: LoadWish) async throws {
        let name = deployment.spec.name
        let version: Int
        if let wanted = wish.version {
            version = wanted
        } else {
            let alias = wish.alias ?? deployment.spec.alias
            guard let named = try await source.resolve(deployment.spec.model, alias) else {
                throw MartletError(
                    .notFound,
                    "The model '\(deployment.spec.model)' has no alias '\(alias.prefix(100))'."
                )
            }
            version = named
        }
        let served: ServedModel
        if let stable = deployment.stable, stable.version == version {
            _ = try await stable.slot.reload()
            served = stable
        } else {
            served = try await load(version, deployment)
        }
        if let alias = wish.alias, alias != deployment.spec.alias {
            deployment.spec = DeploymentSpec(
                name: name,
                model: deployment.spec.model,
                alias: alias,
                rollout: deployment.spec.rollout,
                serving: deployment.spec.serving,
                isOnDemand: true
            )
        }
        try await store.save([deployment.spec], now: clock.now)
        deployment.isUnloaded = false
        deployment.message = nil
        deployment.stable = served
        deployment.install(TrafficPlan(stable: version))
        var change = DeploymentChange(name)
        change.serving = DeploymentChange.Serving(stable: version, previous: nil)
        change.events = [.init(rollout: nil, note: "version \(version) was loaded on demand", evidence: nil)]
        await save(change, deployment)
        await hooks.stableChanged(name, try await served.load().loaded)
    }

    /// Takes a model out of service for the repository.
    func unloadModel(_ name: String) async throws {
        guard let deployment = managed[name] else {
            let known = try await source.models().contains { $0.name == name }
            guard known else { throw DeploymentTable.unknown(name) }
            return
        }
        try await deployment.gate.pass {
            guard !deployment.isRollingOut else {
                throw MartletError(
                    .failedPrecondition,
                    "A rollout of '\(name)' is in progress; end it before the model is unloaded."
                )
            }
            if deployment.spec.isOnDemand { try await store.remove(name) }
            deployment.isUnloaded = true
            deployment.message = "unloaded; load it again to have requests answered"
            deployment.live.install(nil)
            for served in [deployment.stable, deployment.previous].compactMap(\.self) { served.slot.unload() }
        }
    }
}
