import Core
import Rollouts
import Serving

/// Says what becomes of the traffic when a deployment is declared anew.
struct RolloutForecast {
    /// The version that an alias names; nil when there is none yet.
    let resolve: @Sendable (_ model: String, _ alias: String) async throws -> Int?
    /// Whether a version is registered.
    let exists: @Sendable (_ model: String, _ version: Int) async throws -> Bool

    /// What applying a declaration starts, in a sentence each.
    ///
    /// - Parameters:
    ///   - name: the deployment.
    ///   - new: the declaration.
    ///   - status: how the deployment stands; nil when there is none yet.
    ///   - registering: the version that will be registered before.
    /// - Returns: the sentences; none when the traffic stays as it is.
    /// - Throws: what reading the registry throws.
    func sentences(
        _ name: String,
        _ new: JSONValue,
        status: DeploymentStatus?,
        registering: Int? = nil
    ) async throws -> [String] {
        guard let model = new["model"]?.stringValue else { return [] }
        let target: Int
        if let version = new["version"]?.integerValue {
            target = Int(version)
            let isThere = try await target == registering ? true : exists(model, target)
            guard isThere else {
                return ["\(name) waits: version \(target) of the model '\(model)' is not registered."]
            }
        } else {
            let alias = new["alias"]?.stringValue ?? "production"
            guard let version = try await resolve(model, alias) else {
                return ["\(name) waits: the model '\(model)' has no alias '\(alias)' yet."]
            }
            target = version
        }
        let stable = status?.versions.first { $0.role == "stable" }?.version
        guard let stable else { return ["\(name) serves version \(target) of '\(model)' at once: it is the first."] }
        let machine = status?.rollout?.machine
        let climbing = machine?.isActive == true ? machine?.candidate : nil
        if target == climbing {
            guard let old = status?.spec.json, old["rollout"] != new["rollout"] else { return [] }
            return ["\(name)'s rollout of version \(target) goes on as it is now declared."]
        }
        if let reason = status?.rejections[target] {
            return ["\(name) stays at version \(stable): version \(target) was rejected (\(reason)); pardon it first."]
        }
        var sentences: [String] = []
        if let climbing { sentences.append("\(name)'s rollout of version \(climbing) ends.") }
        if target != stable {
            sentences.append("moves \(name) from version \(stable) to \(target) \(Self.way(new["rollout"])).")
        }
        return sentences
    }

    /// How a rollout climbs, in words.
    static func way(_ rollout: JSONValue?) -> String {
        let strategy = rollout?["strategy"]?.stringValue ?? "canary"
        let steps = rollout?["steps"]?.arrayValue ?? []
        let percents = steps.map { step in
            let percent = step.integerValue ?? step["percent"]?.integerValue ?? 0
            return step["confirm"] == true ? "\(percent) (held for confirmation)" : "\(percent)"
        }
        let list = percents.joined(separator: ", ")
        switch strategy {
        case "canary": return percents.isEmpty ? "by canary" : "by canary \(list) %"
        case "all_at_once": return "at once"
        case "blue_green": return "by blue/green"
        case "shadow": return percents.isEmpty ? "by shadow" : "by shadow, then \(list) %"
        case "ab": return percents.isEmpty ? "by A/B" : "by A/B at \(list) %"
        default: return "by \(strategy)"
        }
    }
}
