package import Core

extension RolloutStateMachine.State {
    /// The state's name as stored and shown.
    package var name: String {
        switch self {
        case .idle: "idle"
        case .progressing: "progressing"
        case .baking: "baking"
        case .awaitingConfirmation: "awaiting_confirmation"
        case .paused: "paused"
        case .inconclusive: "inconclusive"
        case .promoting: "promoting"
        case .watching: "watching"
        case .rolledBack: "rolled_back"
        case .promoted: "promoted"
        case .aborted: "aborted"
        }
    }

    /// The stage of a state in which evidence is looked at; while watching the one after the last.
    package var step: Int? {
        switch self {
        case .progressing(let step), .baking(let step), .awaitingConfirmation(let step), .paused(let step),
            .inconclusive(let step, _), .watching(let step, _):
            step
        case .idle, .promoting, .rolledBack, .promoted, .aborted: nil
        }
    }

    /// Why the rollout ended, stopped climbing, or is watched for longer than its window.
    package var reason: RolloutReason? {
        switch self {
        case .inconclusive(_, let reason), .rolledBack(let reason), .aborted(let reason): reason
        case .watching(_, let reason): reason
        case .idle, .progressing, .baking, .awaitingConfirmation, .paused, .promoting, .promoted: nil
        }
    }

    /// Whether a promoted version is being watched.
    package var isWatching: Bool {
        if case .watching = self { true } else { false }
    }

    /// Reads a stored state; a reason without a code is none.
    package init(name: String, step: Int, reason: RolloutReason) throws(MartletError) {
        switch name {
        case "idle": self = .idle
        case "progressing": self = .progressing(step: step)
        case "baking": self = .baking(step: step)
        case "awaiting_confirmation": self = .awaitingConfirmation(step: step)
        case "paused": self = .paused(step: step)
        case "inconclusive": self = .inconclusive(step: step, reason)
        case "promoting": self = .promoting
        case "watching": self = .watching(step: step, reason.code.isEmpty ? nil : reason)
        case "rolled_back": self = .rolledBack(reason)
        case "promoted": self = .promoted
        case "aborted": self = .aborted(reason)
        default: throw MartletError(.dataLoss, "A stored rollout has the unknown state '\(name)'.")
        }
    }
}
