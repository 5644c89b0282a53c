import Core
import Logging
import Rollouts

extension DeploymentController {
    /// Whether the versions that a traffic plan names are those in service, as far as they can be.
    func isTrafficSettled(_ deployment: ManagedDeployment, _ aliases: [String: Int]) -> Bool {
        guard
            !deployment.spec.traffic.aliases.isEmpty || !deployment.spec.traffic.versions.isEmpty
                || !deployment.others.isEmpty
        else { return true }
        guard deployment.stable != nil else { return true }
        guard Self.named(by: deployment.spec, aliases) == deployment.aliases else { return false }
        let wanted = deployment.sharing
        let isServed = wanted.allSatisfy { version in
            deployment.live.routing?.model(version: version) != nil
                || deployment.missing[version].map { clock.now < $0.retryAt } ?? false
        }
        return isServed && deployment.others.allSatisfy { wanted.contains($0.version) }
    }

    /// Loads the versions that the traffic plan names, lets go of those that it names no more, and routes by it.
    ///
    /// A version that cannot be loaded leaves its share to the trusted one, and is tried again after a pause.
    func reconcileTraffic(_ deployment: ManagedDeployment, _ aliases: [String: Int]) async {
        guard deployment.stable != nil, !isTrafficSettled(deployment, aliases) else { return }
        deployment.aliases = Self.named(by: deployment.spec, aliases)
        let wanted = deployment.sharing
        deployment.missing = deployment.missing.filter { wanted.contains($0.key) }
        var others: [ServedModel] = []
        for version in wanted.sorted() {
            if let missing = deployment.missing[version], clock.now < missing.retryAt { continue }
            do {
                let served = try await load(version, deployment)
                if let stable = deployment.stable, stable.version != version {
                    try ColumnMap.checkFit(
                        try await served.load().loaded,
                        with: try await stable.load().loaded,
                        isCompatible: deployment.spec.rollout.compatible
                    )
                }
                deployment.missing[version] = nil
                others.append(served)
            } catch {
                let reason = MartletError.wrapping(error).message
                if deployment.missing[version]?.reason != reason {
                    logger.warning("Version \(version) of '\(deployment.spec.name)' cannot get traffic: \(reason)")
                }
                deployment.missing[version] = (reason, clock.now + ServingLimits.loadRetryPause)
            }
        }
        deployment.others = others
        deployment.install()
    }

    private static func named(by spec: DeploymentSpec, _ aliases: [String: Int]) -> [String: Int] {
        let names = Set(spec.traffic.aliases)
        return aliases.filter { names.contains($0.key) }
    }
}
