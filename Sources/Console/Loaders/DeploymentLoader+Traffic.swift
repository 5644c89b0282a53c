import Core
import Rollouts
import Serving

extension DeploymentLoader {
    /// The traffic plan in force; nil until the first version is loaded.
    static func traffic(_ status: DeploymentStatus) -> TrafficView? {
        guard status.plan != nil else { return nil }
        let model = status.spec.model
        let arms = status.versions.filter { $0.percent > 0 }.map { version in
            TrafficView.Arm(
                version: version.version,
                href: ConsolePath.of("models", model, String(version.version)),
                role: version.role,
                percent: version.percent,
                color: color(of: version.version)
            )
        }
        return TrafficView(arms: arms)
    }
}
