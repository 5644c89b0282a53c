import Core
import HTTPSupport

/// How webhooks and deliveries look in JSON.
enum WebhookWire {
    /// A webhook as MLflow's clients read it: without the events that they do not know.
    static func webhook(_ webhook: Webhook) -> JSONObject {
        var object: JSONObject = ["webhook_id": .string(webhook.id), "name": .string(webhook.name)]
        if let description = webhook.description { object["description"] = .string(description) }
        object["url"] = .string(webhook.url)
        object["events"] = .array(
            webhook.events.filter(\.entity.isMLflows).map { event in
                [
                    "entity": .string(event.entity.rawValue.uppercased()),
                    "action": .string(event.action.rawValue.uppercased()),
                ]
            }
        )
        object["status"] = .string(webhook.status.rawValue)
        object["creation_timestamp"] = .integer(webhook.creationTime.milliseconds)
        object["last_updated_timestamp"] = .integer(webhook.lastUpdateTime.milliseconds)
        return object
    }

    /// A webhook as Martlet shows it: with all its events, by name.
    static func own(_ webhook: Webhook) -> JSONValue {
        var object = self.webhook(webhook)
        object["events"] = .array(webhook.events.map { .string($0.name) })
        object["signed"] = .bool(webhook.isSigned)
        object["format"] = .string(webhook.format.rawValue)
        return .object(object)
    }

    /// The events that a request of Martlet's own names.
    static func named(_ fields: JSONFields) throws(MartletError) -> [WebhookEvent] {
        var events: [WebhookEvent] = []
        for name in try fields.strings("events") {
            guard let event = WebhookEvent(name: name) else {
                let known = WebhookEvent.all.map(\.name).joined(separator: ", ")
                throw fields.invalid("events", "names '\(name.prefix(100))'; there are \(known)")
            }
            events.append(event)
        }
        return events
    }

    /// The form that a request of Martlet's own asks for.
    static func format(_ fields: JSONFields) throws(MartletError) -> Webhook.Format {
        guard let name = try fields.optionalString("format") else { return .mlflow }
        guard let format = Webhook.Format(rawValue: name) else {
            let known = Webhook.Format.allCases.map { "'\($0.rawValue)'" }.joined(separator: " or ")
            throw fields.invalid("format", "must be \(known)")
        }
        return format
    }

    static func delivery(_ delivery: WebhookDelivery) -> JSONValue {
        var object: JSONObject = [
            "delivery_id": .string(delivery.id), "webhook_id": .string(delivery.webhook),
            "event": .string(delivery.event), "status": .string(delivery.status.rawValue),
            "attempts": .int(delivery.attempts), "created_at": .integer(delivery.creationTime.milliseconds),
        ]
        if delivery.status == .pending { object["next_attempt_at"] = .integer(delivery.nextAttemptTime.milliseconds) }
        if let time = delivery.endTime { object["ended_at"] = .integer(time.milliseconds) }
        if let status = delivery.responseStatus { object["response_status"] = .int(status) }
        if let error = delivery.error { object["error"] = .string(error) }
        return .object(object)
    }

    static func result(_ result: WebhookService.TestResult) -> JSONObject {
        var object: JSONObject = ["success": .bool(result.isSuccess)]
        if let status = result.responseStatus { object["response_status"] = .int(status) }
        if let body = result.responseBody { object["response_body"] = .string(body) }
        if let error = result.error { object["error_message"] = .string(error) }
        return object
    }

    /// The events that a request lists; nil if it lists none.
    static func events(_ fields: MLflowFields) throws(MartletError) -> [WebhookEvent]? {
        var events: [WebhookEvent] = []
        for message in try fields.messages("events") { events.append(try event(message)) }
        return events.isEmpty ? nil : events
    }

    /// One event.
    static func event(_ fields: MLflowFields) throws(MartletError) -> WebhookEvent {
        guard let entity = try fields.optionalEnum("entity", entities) else { throw fields.missing("entity") }
        guard let action = try fields.optionalEnum("action", actions) else { throw fields.missing("action") }
        guard let event = WebhookEvent(entity, action) else {
            let valid = WebhookEvent.actions(of: entity).map { "'\($0.rawValue)'" }.joined(separator: ", ")
            throw MartletError(
                .invalidArgument,
                "Invalid action '\(action.rawValue)' for entity '\(entity.rawValue)'. Valid actions are: [\(valid)]"
            )
        }
        return event
    }

    /// The status that a request asks for.
    static func status(_ fields: MLflowFields) throws(MartletError) -> Webhook.Status? {
        try fields.optionalEnum("status", statuses)
    }

    private static let entities = WebhookEvent.Entity.allCases.enumerated().map {
        (name: $1.rawValue.uppercased(), number: Int64($0 + 1), value: $1)
    }
    private static let actions = WebhookEvent.Action.allCases.enumerated().map {
        (name: $1.rawValue.uppercased(), number: Int64($0 + 1), value: $1)
    }
    private static let statuses = Webhook.Status.allCases.enumerated().map {
        (name: $1.rawValue, number: Int64($0 + 1), value: $1)
    }
}
