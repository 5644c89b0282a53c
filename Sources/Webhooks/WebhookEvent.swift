/// What a webhook can be told of: an entity and what happened to it, as MLflow names them, and Martlet's own monitors,
/// deployments, loops and runs.
package struct WebhookEvent: Sendable, Hashable {
    /// What something happened to.
    package enum Entity: String, Sendable, CaseIterable {
        case registeredModel = "registered_model"
        case modelVersion = "model_version"
        case modelVersionTag = "model_version_tag"
        case modelVersionAlias = "model_version_alias"
        case prompt = "prompt"
        case promptVersion = "prompt_version"
        case promptTag = "prompt_tag"
        case promptVersionTag = "prompt_version_tag"
        case promptAlias = "prompt_alias"
        case budgetPolicy = "budget_policy"
        case monitor = "monitor"
        case deployment = "deployment"
        case loop = "loop"
        case run = "run"

        /// Whether MLflow's clients know it; they fail on names they do not know.
        package var isMLflows: Bool {
            switch self {
            case .monitor, .deployment, .loop, .run: false
            default: true
            }
        }
    }

    /// What happened.
    package enum Action: String, Sendable, CaseIterable {
        case created
        case updated
        case deleted
        case set
        case exceeded
        case warning
        case drift
        case recovered
        case ok
        case rolloutStarted = "rollout_started"
        case step
        case paused
        case resumed
        case awaitingConfirmation = "awaiting_confirmation"
        case confirmed
        case inconclusive
        case watching
        case promoted
        case rolledBack = "rolled_back"
        case aborted
        case pardoned
        case serving
        case opened
        case approvalWanted = "approval_wanted"
        case approved
        case outcome
        case finished
    }

    /// What something happened to.
    package let entity: Entity
    /// What happened.
    package let action: Action

    /// Makes an event; nil if nothing of the kind ever happens to the entity.
    package init?(_ entity: Entity, _ action: Action) {
        guard Self.actions(of: entity).contains(action) else { return nil }
        self.entity = entity
        self.action = action
    }

    /// The event of that name, such as `monitor.drift`; nil if there is none.
    package init?(name: String) {
        guard let event = Self.all.first(where: { $0.name == name }) else { return nil }
        self = event
    }

    /// Such as `model_version.created`.
    package var name: String { "\(entity.rawValue).\(action.rawValue)" }

    /// What can happen to an entity, in alphabetical order.
    package static func actions(of entity: Entity) -> [Action] {
        switch entity {
        case .registeredModel, .modelVersion, .prompt, .promptVersion: [.created]
        case .modelVersionTag, .promptTag, .promptVersionTag: [.deleted, .set]
        case .modelVersionAlias, .promptAlias: [.created, .deleted]
        case .budgetPolicy: [.exceeded]
        case .monitor: [.drift, .ok, .recovered, .warning]
        case .deployment:
            [
                .aborted, .awaitingConfirmation, .confirmed, .inconclusive, .pardoned, .paused, .promoted, .resumed,
                .rolledBack, .rolloutStarted, .serving, .step, .watching,
            ]
        case .loop: [.approvalWanted, .approved, .opened, .outcome, .step]
        case .run: [.finished]
        }
    }

    /// Every event there is.
    package static var all: [WebhookEvent] {
        Entity.allCases.flatMap { entity in actions(of: entity).compactMap { WebhookEvent(entity, $0) } }
    }
}
