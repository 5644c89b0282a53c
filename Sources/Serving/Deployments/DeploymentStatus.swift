package import Core
package import Rollouts

/// A deployment at one moment, for pages, the API and the loop.
package struct DeploymentStatus: Sendable {
    /// A version in service.
    package struct Version: Sendable {
        /// The version.
        package let version: Int
        /// `stable`, `candidate` or `previous`.
        package let role: String
        /// Its share of the traffic in percent.
        package let percent: Int
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
    }

    /// What the manifest asks for.
    package let spec: DeploymentSpec
    /// Whether requests are answered.
    package let isReady: Bool
    /// The split; nil until the first version is loaded.
    package let plan: TrafficPlan?
    /// The loaded versions.
    package let versions: [Version]
    /// The present or last rollout, if there was one.
    package let rollout: Rollout?
    /// Rejected versions and why.
    package let rejections: [Int: String]
    /// What an operator should know.
    package let message: String?
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
        let versions = (routing?.versions ?? []).map { served in
            let isCandidate = served.version == routing?.candidate?.version
            let isStable = served.version == routing?.stable.version
            let share = routing?.plan.candidatePercent ?? 0
            return DeploymentStatus.Version(
                version: served.version,
                role: isStable ? "stable" : (isCandidate ? "candidate" : "previous"),
                percent: isStable ? 100 - share : (isCandidate ? share : 0),
                stats: served.stats
            )
        }
        let rollout = deployment.rollout.map { rollout in
            DeploymentStatus.Rollout(
                id: rollout.id,
                machine: rollout.machine,
                checks: rollout.machine.checkResults(now: clock.now)
            )
        }
        return DeploymentStatus(
            spec: deployment.spec,
            isReady: routing != nil,
            plan: routing?.plan,
            versions: versions,
            rollout: rollout,
            rejections: deployment.rejections,
            message: deployment.message
        )
    }
}
