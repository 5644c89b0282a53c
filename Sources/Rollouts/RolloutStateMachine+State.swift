package import Core

extension RolloutStateMachine.State {
    /// The state's name as stored and shown.
    package var name: String {
        switch self {
        case .idle: "idle"
        case .progressing: "progressing"
        case .baking: "baking"
        case .paused: "paused"
        case .inconclusive: "inconclusive"
        case .promoting: "promoting"
        case .rolledBack: "rolled_back"
        case .promoted: "promoted"
        case .aborted: "aborted"
        }
    }

    /// The step of an active state.
    package var step: Int? {
        switch self {
        case .progressing(let step), .baking(let step), .paused(let step), .inconclusive(let step, _): step
        case .idle, .promoting, .rolledBack, .promoted, .aborted: nil
        }
    }

    /// Why the rollout ended or stopped climbing.
    package var reason: RolloutReason? {
        switch self {
        case .inconclusive(_, let reason), .rolledBack(let reason), .aborted(let reason): reason
        case .idle, .progressing, .baking, .paused, .promoting, .promoted: nil
        }
    }

    /// Reads a stored state.
    package init(name: String, step: Int, reason: RolloutReason) throws(MartletError) {
        switch name {
        case "idle": self = .idle
        case "progressing": self = .progressing(step: step)
        case "baking": self = .baking(step: step)
        case "paused": self = .paused(step: step)
        case "inconclusive": self = .inconclusive(step: step, reason)
        case "promoting": self = .promoting
        case "rolled_back": self = .rolledBack(reason)
        case "promoted": self = .promoted
        case "aborted": self = .aborted(reason)
        default: throw MartletError(.dataLoss, "A stored rollout has the unknown state '\(name)'.")
        }
    }
}
