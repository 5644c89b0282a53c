package import Core
package import Rollouts

/// A deployment at one moment, for pages, the API and the loop.
package struct DeploymentStatus: Sendable {
    /// A version in service.
    package struct Version: Sendable {
        /// The version.
        package let version: Int
        /// `stable`, `candidate`, `previous` or `shared`, a version that only the traffic plan names.
        package let role: String
        /// Its share of the traffic in percent.
        package let percent: Int
        /// Its share of all requests that are split by their key, in percent.
        package let share: Double
        /// Whether it scores requests that others answer.
        package let isShadow: Bool
        /// Whether requests can go to it at once; false for a version before that was released.
        package let isInService: Bool
        /// Its counters since it was loaded.
        package let stats: VersionStats
    }

    /// The present or last rollout.
    package struct Rollout: Sendable {
        /// Its id.
        package let id: String
        /// Its state machine.
        package let machine: RolloutStateMachine
        /// What each check says now; empty when it is over.
        package let checks: [CheckResult]
        /// What it waits for, for people; nil when it is over.
        package let waitsFor: String?
    }

    /// What the manifest asks for.
    package let spec: DeploymentSpec
    /// Whether requests are answered.
    package let isReady: Bool
    /// The split; nil until the first version is loaded.
    package let plan: TrafficPlan?
    /// The versions in service, and the one before as long as one can return to it.
    package let versions: [Version]
    /// Since when the trusted version is it; nil before the first.
    package let servingSince: Timestamp?
    /// Until when the version before stays in memory, at least; nil without one.
    package let previousUntil: Timestamp?
    /// The present or last rollout, if there was one.
    package let rollout: Rollout?
    /// Rejected versions and why.
    package let rejections: [Int: String]
    /// What an operator should know.
    package let message: String?

    /// The trusted version, while a promotion is watched already the promoted one; nil until the first is loaded.
    package var stable: Int? { versions.first { $0.role == "stable" }?.version }
    /// The version on trial; nil outside a rollout.
    package var candidate: Int? { versions.first { $0.role == "candidate" }?.version }
}

extension DeploymentController {
    /// Every deployment, by name.
    package func statuses() -> [DeploymentStatus] {
        managed.values.sorted { $0.spec.name < $1.spec.name }.map(status(of:))
    }

    /// One deployment.
    ///
    /// - Throws: `notFound`.
    package func status(_ name: String) throws(MartletError) -> DeploymentStatus {
        status(of: try find(name))
    }

    /// What became of a version that an alias was moved to: the newest rollout of it by a deployment of that alias.
    package func rollout(model: String, alias: String, version: Int) async throws -> RolloutRecord? {
        for deployment in managed.values where deployment.spec.model == model && deployment.spec.alias == alias {
            if let record = try await store.rollout(deployment.spec.name, candidate: version) { return record }
        }
        return nil
    }

    /// Whether a deployment of that alias serves the version as its trusted one.
    package func serves(model: String, alias: String, version: Int) -> Bool {
        managed.values.contains {
            $0.spec.model == model && $0.spec.alias == alias && $0.stable?.version == version
        }
    }

    private func status(of deployment: ManagedDeployment) -> DeploymentStatus {
        let routing = deployment.live.routing
        let rollout = deployment.rollout.map { rollout in
            DeploymentStatus.Rollout(
                id: rollout.id,
                machine: rollout.machine,
                checks: rollout.machine.checkResults(now: clock.now),
                waitsFor: rollout.machine.waitsFor(now: clock.now)
            )
        }
        let messages = [deployment.message, deployment.stable == nil ? nil : deployment.trafficMessage]
            .compactMap(\.self)
        return DeploymentStatus(
            spec: deployment.spec,
            isReady: routing != nil,
            plan: routing?.plan,
            versions: versions(of: deployment),
            servingSince: deployment.servingSince,
            previousUntil: previousUntil(deployment),
            rollout: rollout,
            rejections: deployment.rejections,
            message: messages.isEmpty ? nil : messages.joined(separator: "; ")
        )
    }

    private func versions(of deployment: ManagedDeployment) -> [DeploymentStatus.Version] {
        guard let routing = deployment.live.routing else { return [] }
        let shares = Dictionary(routing.plan.shares.map { ($0.version, $0.percent) }) { first, _ in first }
        let shadows = Set(routing.plan.base.shadows.filter { $0.percent > 0 }.map(\.target))
        var served = routing.versions
        if deployment.isReleased, let previous = deployment.previous,
            !served.contains(where: { $0.version == previous.version })
        {
            served.append(previous)
        }
        return served.map { model in
            let share = shares[model.version] ?? 0
            return DeploymentStatus.Version(
                version: model.version,
                role: role(of: model.version, deployment),
                percent: Int(share.rounded()),
                share: share,
                isShadow: shadows.contains(model.version) || isPaired(model.version, routing),
                isInService: routing.model(version: model.version) != nil,
                stats: model.stats
            )
        }
    }

    /// Whether the other side of a rollout is scored by this version.
    private func isPaired(_ version: Int, _ routing: RoutingTable) -> Bool {
        guard routing.plan.shadowPercent > 0, let candidate = routing.plan.candidate else { return false }
        return version == candidate || version == routing.plan.stable
    }

    private func role(of version: Int, _ deployment: ManagedDeployment) -> String {
        if version == deployment.stable?.version { return "stable" }
        if version == deployment.candidate?.version { return "candidate" }
        return version == deployment.previous?.version ? "previous" : "shared"
    }
}
