import Core
import Rollouts

extension DeploymentChange {
    /// Whether something was decided; evidence of a rollout that goes on is none.
    var isDecision: Bool {
        serving != nil || !rejected.isEmpty || !pardoned.isEmpty || !events.isEmpty || aliasMove != nil
    }

    /// The decision as the audit log shows it.
    var noted: JSONValue {
        var object: JSONObject = [:]
        if let serving {
            object["stable"] = .int(serving.stable)
            object["previous"] = .optional(serving.previous.map(Int64.init))
        }
        if !rejected.isEmpty {
            object["rejected"] = .array(
                rejected.map { ["version": .int($0.version), "reason": .string($0.reason)] }
            )
        }
        if !pardoned.isEmpty { object["allowed_again"] = .array(pardoned.map { .int($0) }) }
        if let rollout {
            object["rollout"] = ["id": .string(rollout.id), "state": .string(rollout.machine.state.name)]
        }
        object["notes"] = .array(events.map { .string($0.note) })
        return .object(object)
    }
}
