import Core
import Egress
import Events
import Logging
import Monitoring
import Registry
import Storage
import Webhooks

/// The registry's events as webhooks tell them, in MLflow's names and fields.
enum WebhookWiring {
    /// Tags that say that a registered model is a prompt and of which kind; MLflow tells of them by the event.
    private static let promptMarks = ["mlflow.prompt.is_prompt", "_mlflow_prompt_type"]
    /// The tag that holds a prompt's text, which is told as `template`.
    private static let promptText = "mlflow.prompt.text"

    static func store(
        settings: ServerSettings,
        database: Database,
        clock: Clock
    ) throws(MartletError) -> WebhookStore {
        let secrets: SecretBox
        if let key = settings.webhooks.key {
            secrets = try SecretBox(base64: key)
        } else {
            secrets = try SecretBox(key: try SecretKeyFile.key(at: "\(settings.data)/webhook.key"))
        }
        let source = EventLog(database: database, workspace: settings.workspace, clock: clock).source
        return WebhookStore(
            database: database,
            secrets: secrets,
            egress: egress(settings),
            clock: clock,
            cloudEvent: { event, data, now in
                let record = EventRecord(
                    type: "martlet.\(event.name)",
                    subject: event.entity.rawValue,
                    data: data,
                    at: now
                )
                return CloudEvent.json(record, id: Identifier.timeOrdered(now: now), source: source)
            }
        )
    }

    /// The server's way out, under the rules that webhooks have of their own.
    static func egress(_ settings: ServerSettings) -> EgressClient {
        var policy = settings.egress.policy
        if let schemes = settings.webhooks.schemes { policy.schemes = schemes }
        if settings.webhooks.allowsPrivateAddresses { policy.inner = .allowed }
        return EgressClient(policy: policy)
    }

    /// What delivers events.
    static func service(
        _ settings: ServerSettings,
        store: WebhookStore,
        clock: Clock,
        logger: Logger
    ) -> WebhookService {
        WebhookService(
            store: store,
            sender: WebhookSender(egress: egress(settings), clock: clock),
            clock: clock,
            logger: logger
        )
    }

    /// Writes an event into the queue of deliveries, in the transaction of what happened.
    ///
    /// - Parameters:
    ///   - connection: the transaction.
    ///   - event: what happened.
    ///   - store: the webhooks.
    ///   - cloudEvent: the same as the stream of events has it; nil when it has not.
    /// - Throws: what the database throws.
    static func record(
        _ connection: Connection,
        _ event: RegistryEvent,
        in store: WebhookStore,
        cloudEvent: (() -> JSONObject)?
    ) throws {
        guard let name = Self.event(event) else { return }
        try store.record(connection, name, cloudEvent: cloudEvent) { data(event) }
    }

    /// What is told of a monitor that enters a state; nil when it only collects rows again.
    static func action(_ state: MonitorStateMachine.State) -> WebhookEvent.Action? {
        switch state {
        case .collecting: nil
        case .ok: .ok
        case .warning: .warning
        case .drift: .drift
        case .recovered: .recovered
        }
    }

    /// The webhook event of a registry event; nil for what MLflow tells nobody.
    private static func event(_ event: RegistryEvent) -> WebhookEvent? {
        switch event {
        case .modelCreated(_, _, _, let isPrompt): WebhookEvent(isPrompt ? .prompt : .registeredModel, .created)
        case .versionCreated(_, let isPrompt): WebhookEvent(isPrompt ? .promptVersion : .modelVersion, .created)
        case .modelTagSet(_, _, let isPrompt): isPrompt ? WebhookEvent(.promptTag, .set) : nil
        case .modelTagDeleted(_, _, let isPrompt): isPrompt ? WebhookEvent(.promptTag, .deleted) : nil
        case .versionTagSet(_, _, _, let isPrompt): WebhookEvent(isPrompt ? .promptVersionTag : .modelVersionTag, .set)
        case .versionTagDeleted(_, _, _, let isPrompt):
            WebhookEvent(isPrompt ? .promptVersionTag : .modelVersionTag, .deleted)
        case .aliasSet(_, _, _, let isPrompt): WebhookEvent(isPrompt ? .promptAlias : .modelVersionAlias, .created)
        case .aliasDeleted(_, _, let isPrompt): WebhookEvent(isPrompt ? .promptAlias : .modelVersionAlias, .deleted)
        }
    }

    private static func data(_ event: RegistryEvent) -> JSONObject {
        switch event {
        case .modelCreated(let name, let description, let modelTags, let isPrompt):
            let hidden = isPrompt ? promptMarks : []
            return [
                "name": .string(name), "tags": tags(modelTags, without: hidden), "description": .string(description),
            ]
        case .versionCreated(let version, let isPrompt): return isPrompt ? prompt(version) : model(version)
        case .modelTagSet(let name, let tag, _):
            return ["name": .string(name), "key": .string(tag.key), "value": .string(tag.value)]
        case .modelTagDeleted(let name, let key, _): return ["name": .string(name), "key": .string(key)]
        case .versionTagSet(let name, let version, let tag, _):
            return [
                "name": .string(name), "version": .string(String(version)), "key": .string(tag.key),
                "value": .string(tag.value),
            ]
        case .versionTagDeleted(let name, let version, let key, _):
            return ["name": .string(name), "version": .string(String(version)), "key": .string(key)]
        case .aliasSet(let name, let alias, let version, _):
            return ["name": .string(name), "alias": .string(alias), "version": .string(String(version))]
        case .aliasDeleted(let name, let alias, _): return ["name": .string(name), "alias": .string(alias)]
        }
    }

    private static func model(_ version: ModelVersion) -> JSONObject {
        [
            "name": .string(version.name), "version": .string(String(version.version)),
            "source": .string(version.source), "run_id": text(version.runID), "tags": tags(version.tags, without: []),
            "description": text(version.description),
        ]
    }

    private static func prompt(_ version: ModelVersion) -> JSONObject {
        [
            "name": .string(version.name), "version": .string(String(version.version)),
            "template": .optional(version.tag(promptText)),
            "tags": tags(version.tags, without: promptMarks + [promptText]), "description": text(version.description),
        ]
    }

    /// Text, or null for none.
    private static func text(_ text: String) -> JSONValue {
        text.isEmpty ? .null : .string(text)
    }

    private static func tags(_ tags: [ModelTag], without hidden: [String]) -> JSONValue {
        .object(JSONObject(tags.filter { !hidden.contains($0.key) }.map { ($0.key, .string($0.value)) }))
    }
}
