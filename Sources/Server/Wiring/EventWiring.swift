import Core
import Events
import Loop
import Monitoring
import Pipelines
import Registry
import Rollouts
import Serving
import Storage
import Tracking
import Webhooks

/// What happens in the house, told to its stream of events and to its webhooks, in the transaction that makes it true.
///
/// Features know neither: each store takes a closure, and here is what it does.
struct EventWiring: Sendable {
    let log: EventLog
    let webhooks: WebhookStore
    let clock: Clock

    // MARK: - Outboxes

    /// What the registry tells: versions and aliases to the stream, and everything to the webhooks that want it.
    func registry(committed: @escaping @Sendable () -> Void) -> RegistryOutbox {
        RegistryOutbox(
            record: { connection, event in
                try LineageWiring.record(connection, event, at: clock.now)
                let stored = try record(of: event).map { try log.append(connection, $0) }
                try WebhookWiring.record(
                    connection,
                    event,
                    in: webhooks,
                    cloudEvent: stored.map { stored in { CloudEvent.json(stored, source: log.source) } }
                )
            },
            committed: committed
        )
    }

    /// What monitors tell: every state but that of collecting rows.
    var monitors: MonitorStore.Outbox {
        { connection, change in
            guard let action = WebhookWiring.action(change.to) else { return }
            var data = change.json.objectValue ?? [:]
            data["message"] = .string(
                "The monitor \(change.monitor) went from \(change.from.rawValue) to \(change.to.rawValue)."
            )
            let record = EventRecord(
                type: "martlet.monitor.\(action.rawValue)",
                subject: "monitors/\(change.monitor)",
                data: data,
                at: change.at
            )
            try tell(connection, record, WebhookEvent(.monitor, action))
        }
    }

    /// What deployments tell: rollouts, and what was decided about versions.
    var deployments: @Sendable (Connection, DeploymentChange, Timestamp) throws -> Void {
        { connection, change, now in
            try LineageWiring.record(connection, change, at: now)
            for event in change.events {
                guard event.kind != .note else { continue }
                let record = EventRecord(
                    type: Self.type(event.kind),
                    subject: "deployments/\(change.deployment)",
                    data: Self.data(change, event),
                    at: now
                )
                let action = WebhookEvent.Action(rawValue: event.kind.rawValue)
                try tell(connection, record, action.flatMap { WebhookEvent(.deployment, $0) })
            }
        }
    }

    /// What loops tell: every line of their timelines.
    var loops: @Sendable (Connection, LoopRecord, LoopEvent) throws -> Void {
        { connection, loop, event in
            try LineageWiring.record(connection, loop, event)
            let action = Self.action(event)
            let record = EventRecord(
                type: "martlet.loop.\(action.rawValue)",
                subject: "loops/\(loop.id)",
                data: [
                    "loop": .string(loop.id), "trigger": .string(loop.trigger.name),
                    "model": .string(loop.trigger.model),
                    "alias": .string(loop.trigger.alias), "state": .string(event.state.rawValue),
                    "message": .string(event.message), "sequence": .integer(event.sequence),
                    "evidence": .object(event.evidence), "links": .object(event.links),
                    "version": .optional(loop.progress.version.map(Int64.init)),
                ],
                at: event.at
            )
            try tell(connection, record, WebhookEvent(.loop, action))
        }
    }

    /// What pipelines tell: a run that has ended.
    var pipelines: PipelineStore.Outbox {
        { connection, run in
            try tell(
                connection,
                EventRecord(
                    type: "martlet.run.finished",
                    subject: "pipelines/\(run.pipeline)/runs/\(run.id)",
                    data: [
                        "kind": "pipeline", "run": .string(run.id), "pipeline": .string(run.pipeline),
                        "status": .string(run.state.rawValue), "trigger": .string(run.trigger),
                        "error": .optional(run.error),
                        "message": .string("The run of the pipeline \(run.pipeline) \(run.state.rawValue)."),
                    ],
                    at: run.at
                ),
                WebhookEvent(.run, .finished)
            )
        }
    }

    /// What tracking tells: a training run that has ended.
    var training: TrackingStore.RunOutbox {
        { connection, run in
            try LineageWiring.record(connection, run, at: clock.now)
            try tell(
                connection,
                EventRecord(
                    type: "martlet.run.finished",
                    subject: "experiments/\(run.experimentID)/runs/\(run.id)",
                    data: [
                        "kind": "training", "run": .string(run.id), "experiment": .string(run.experimentID),
                        "name": .string(run.name), "status": .string(run.status.rawValue),
                        "message": .string("The run \(run.name) ended: \(run.status.rawValue)."),
                    ],
                    at: clock.now
                ),
                WebhookEvent(.run, .finished)
            )
        }
    }

    // MARK: - Telling

    private func tell(_ connection: Connection, _ record: EventRecord, _ event: WebhookEvent?) throws {
        let stored = try log.append(connection, record)
        guard let event else { return }
        try webhooks.record(connection, event, cloudEvent: { CloudEvent.json(stored, source: log.source) }) {
            stored.record.data
        }
    }

    private func record(of event: RegistryEvent) -> EventRecord? {
        func about(_ model: String, _ isPrompt: Bool) -> String { "\(isPrompt ? "prompts" : "models")/\(model)" }
        switch event {
        case .aliasSet(let name, let alias, let version, let isPrompt):
            return EventRecord(
                type: "martlet.alias.moved",
                subject: "\(about(name, isPrompt))/aliases/\(alias)",
                data: [
                    "model": .string(name), "alias": .string(alias), "version": .int(version),
                    "message": .string("\(name)@\(alias) points to version \(version)."),
                ],
                at: clock.now
            )
        case .aliasDeleted(let name, let alias, let isPrompt):
            return EventRecord(
                type: "martlet.alias.deleted",
                subject: "\(about(name, isPrompt))/aliases/\(alias)",
                data: [
                    "model": .string(name), "alias": .string(alias),
                    "message": .string("\(name)@\(alias) is gone."),
                ],
                at: clock.now
            )
        case .versionCreated(let version, let isPrompt):
            return EventRecord(
                type: "martlet.version.created",
                subject: "\(about(version.name, isPrompt))/versions/\(version.version)",
                data: [
                    "model": .string(version.name), "version": .int(version.version), "run": .string(version.runID),
                    "message": .string("\(version.name) has a version \(version.version)."),
                ],
                at: clock.now
            )
        case .modelCreated, .modelTagSet, .modelTagDeleted, .versionTagSet, .versionTagDeleted: return nil
        }
    }

    private static func type(_ kind: DeploymentChange.Event.Kind) -> String {
        switch kind {
        case .rolloutStarted: "martlet.deployment.rollout.started"
        case .pardoned, .serving, .note: "martlet.deployment.\(kind.rawValue)"
        default: "martlet.deployment.rollout.\(kind.rawValue)"
        }
    }

    private static func data(_ change: DeploymentChange, _ event: DeploymentChange.Event) -> JSONObject {
        var data: JSONObject = [
            "deployment": .string(change.deployment), "message": .string(event.note),
            "rollout": .optional(event.rollout), "by": .optional(event.by),
        ]
        if let serving = change.serving {
            data["serving_version"] = .int(serving.stable)
            data["previous_version"] = .optional(serving.previous.map(Int64.init))
        }
        if let machine = change.rollout?.machine {
            data["state"] = .string(machine.state.name)
            data["step"] = .optional(machine.state.step.map(Int64.init))
            data["stable_version"] = .int(machine.stable)
            data["candidate_version"] = .optional(machine.candidate.map(Int64.init))
            data["percent"] = .int(machine.plan.candidatePercent)
            if let reason = machine.state.reason {
                data["reason"] = .string(reason.message)
                data["reason_code"] = .string(reason.code)
            }
        }
        if !change.pardoned.isEmpty { data["versions"] = .array(change.pardoned.map { .int($0) }) }
        return data
    }

    private static func action(_ event: LoopEvent) -> WebhookEvent.Action {
        if event.sequence == 1 { return .opened }
        if event.state.isFinal { return .outcome }
        if event.state == .awaitingApproval { return .approvalWanted }
        return event.evidence["by"] != nil && event.evidence["stage"] != nil ? .approved : .step
    }
}
