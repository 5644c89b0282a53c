package import Core
package import Egress
package import Storage

/// Webhooks and what is to be sent to them, in the database.
package final class WebhookStore: Sendable {
    let database: Database
    let secrets: SecretBox
    let guarding: WebhookGuard
    let clock: Clock
    let cloudEvent: CloudEventForm

    /// How an event looks as a CloudEvent that is in no stream: with an id of its own.
    package typealias CloudEventForm = @Sendable (WebhookEvent, _ data: JSONObject, _ now: Timestamp) -> JSONObject

    /// Makes the store; its migrations must have run.
    package init(
        database: Database,
        secrets: SecretBox,
        egress: EgressClient,
        clock: Clock = .system,
        cloudEvent: @escaping CloudEventForm
    ) {
        self.database = database
        self.secrets = secrets
        guarding = WebhookGuard(egress: egress)
        self.clock = clock
        self.cloudEvent = cloudEvent
    }

    /// Creates a webhook; it is active unless something else is said.
    ///
    /// - Throws: `invalidArgument` naming what is wrong, `resourceExhausted` when there are too many.
    package func create(
        name: String,
        url: String,
        events: [WebhookEvent],
        description: String? = nil,
        secret: String? = nil,
        status: Webhook.Status = .active,
        format: Webhook.Format = .mlflow
    ) async throws -> Webhook {
        try WebhookRules.checkName(name)
        try WebhookRules.checkDescription(description ?? "")
        try WebhookRules.checkSecret(secret ?? "")
        let events = try WebhookRules.checkEvents(events)
        try await guarding.check(url)
        let id = WebhookMessage.uuid()
        let sealed = try sealed(secret, for: id)
        let now = clock.now
        return try await database.write { connection in
            let count = try connection.first("SELECT COUNT(*) AS found FROM webhooks WHERE deletion_time IS NULL")
            guard try count?.int("found") ?? 0 < WebhooksLimits.webhooks else {
                throw MartletError(
                    .resourceExhausted,
                    "There are \(WebhooksLimits.webhooks) webhooks already; delete one that is not needed."
                )
            }
            let last = try connection.first("SELECT COALESCE(MAX(webhook_number), 0) AS last FROM webhooks")
            try connection.execute(
                """
                INSERT INTO webhooks (webhook_id, webhook_number, name, description, url, status, secret, creation_time,
                    last_update_time, format) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    .text(id), .integer(try (last?.int("last") ?? 0) + 1), .text(name), SQLValue(description),
                    .text(url), .text(status.rawValue), SQLValue(sealed), .integer(now.milliseconds),
                    .integer(now.milliseconds), .text(format.rawValue),
                ]
            )
            try Self.putEvents(connection, id, events)
            let made = try Self.webhook(connection, id)
            connection.note(Change(object: "webhook:\(id)", before: nil, after: made.noted))
            return made
        }
    }

    /// A webhook.
    ///
    /// - Throws: `notFound`.
    package func webhook(_ id: String) async throws -> Webhook {
        try await database.read { try Self.webhook($0, id) }
    }

    /// A page of webhooks, the newest first, and the token of the next page if there is one.
    ///
    /// - Throws: `invalidArgument` for a limit or token that is none.
    package func webhooks(
        limit: Int = WebhooksLimits.defaultPageSize,
        after token: String? = nil
    ) async throws -> (webhooks: [Webhook], nextToken: String?) {
        guard (1...WebhooksLimits.pageSize).contains(limit) else {
            throw MartletError(.invalidArgument, "max_results must be between 1 and \(WebhooksLimits.pageSize).")
        }
        let page = KeysetPage(
            keys: [
                KeysetPage.Key("w.creation_time", isAscending: false),
                KeysetPage.Key("w.webhook_number", isAscending: false),
            ],
            limit: limit,
            query: ["webhooks"]
        )
        return try await database.read { connection in
            let result = try page.rows(
                connection,
                columns: "w.*",
                source: SQLFragment("webhooks w"),
                condition: SQLFragment("w.deletion_time IS NULL"),
                after: token
            )
            let ids = try result.rows.map { SQLValue.text(try $0.text("webhook_id")) }
            let list = SQLFragment.isIn("webhook_id", ids)
            let rows = try connection.query(
                "SELECT * FROM webhook_events WHERE \(list.sql) ORDER BY webhook_id, event_position",
                list.arguments
            )
            let events = Dictionary(grouping: rows) { $0.optionalText("webhook_id") ?? "" }
            let webhooks = try result.rows.map { row in
                try Self.webhook(row, events: events[try row.text("webhook_id")] ?? [])
            }
            return (webhooks, result.nextToken)
        }
    }

    /// Changes a webhook.
    ///
    /// - Throws: `notFound`, `invalidArgument`.
    package func update(_ id: String, _ change: WebhookChange) async throws -> Webhook {
        _ = try await webhook(id)
        if let name = change.name { try WebhookRules.checkName(name) }
        if let description = change.description { try WebhookRules.checkDescription(description) }
        if let secret = change.secret { try WebhookRules.checkSecret(secret) }
        let events = try change.events.map { try WebhookRules.checkEvents($0) }
        if let url = change.url { try await guarding.check(url) }
        let sealed = try sealed(change.secret, for: id)
        let now = clock.now
        return try await database.write { connection in
            let old = try Self.webhook(connection, id)
            func set(_ column: String, _ value: SQLValue) throws {
                try connection.execute("UPDATE webhooks SET \(column) = ? WHERE webhook_id = ?", [value, .text(id)])
            }
            if let name = change.name { try set("name", .text(name)) }
            if let description = change.description { try set("description", .text(description)) }
            if let url = change.url { try set("url", .text(url)) }
            if let status = change.status { try set("status", .text(status.rawValue)) }
            if change.secret != nil { try set("secret", SQLValue(sealed)) }
            if let events {
                try connection.execute("DELETE FROM webhook_events WHERE webhook_id = ?", [.text(id)])
                try Self.putEvents(connection, id, events)
            }
            // Two changes within a millisecond are told apart, too.
            let time = max(now.milliseconds, old.lastUpdateTime.milliseconds + 1)
            try set("last_update_time", .integer(time))
            let new = try Self.webhook(connection, id)
            connection.note(Change(object: "webhook:\(id)", before: old.noted, after: new.noted))
            return new
        }
    }

    /// Deletes a webhook: it is told nothing more, also not of what waits; its row and its deliveries stay.
    ///
    /// - Throws: `notFound`.
    package func delete(_ id: String) async throws {
        let now = clock.now
        try await database.write { connection in
            let old = try Self.webhook(connection, id)
            connection.note(Change(object: "webhook:\(id)", before: old.noted, after: nil))
            try connection.execute(
                "UPDATE webhooks SET deletion_time = ?, last_update_time = ?, secret = NULL WHERE webhook_id = ?",
                [.integer(now.milliseconds), .integer(now.milliseconds), .text(id)]
            )
        }
    }

    /// The secret that signs what a webhook is sent; nil if there is none.
    ///
    /// - Throws: `notFound`, `failedPrecondition` if it cannot be decrypted.
    func secret(of id: String) async throws -> String? {
        let sealed = try await database.read { connection in
            try connection.first("SELECT secret FROM webhooks WHERE webhook_id = ?", [.text(id)])?.optionalText(
                "secret"
            )
        }
        return try sealed.map { try secrets.open($0, for: id) }
    }

    private func sealed(_ secret: String?, for id: String) throws -> String? {
        guard let secret, !secret.isEmpty else { return nil }
        return try secrets.seal(secret, for: id)
    }

    static func webhook(_ connection: Connection, _ id: String) throws -> Webhook {
        let row = try connection.first(
            "SELECT * FROM webhooks WHERE webhook_id = ? AND deletion_time IS NULL",
            [.text(id)]
        )
        guard let row else { throw MartletError(.notFound, "Webhook with ID \(id.prefix(100)) not found.") }
        let events = try connection.query(
            "SELECT * FROM webhook_events WHERE webhook_id = ? ORDER BY event_position",
            [.text(id)]
        )
        return try webhook(row, events: events)
    }

    private static func webhook(_ row: Row, events: [Row]) throws -> Webhook {
        guard let status = Webhook.Status(rawValue: try row.text("status")) else {
            throw MartletError(.dataLoss, "A webhook has an unknown status.")
        }
        guard let format = Webhook.Format(rawValue: try row.text("format")) else {
            throw MartletError(.dataLoss, "A webhook has an unknown format.")
        }
        return Webhook(
            id: try row.text("webhook_id"),
            name: try row.text("name"),
            description: row.optionalText("description"),
            url: try row.text("url"),
            events: try events.compactMap { event in
                guard let entity = WebhookEvent.Entity(rawValue: try event.text("entity")),
                    let action = WebhookEvent.Action(rawValue: try event.text("event_action"))
                else { throw MartletError(.dataLoss, "A webhook has an unknown event.") }
                return WebhookEvent(entity, action)
            },
            status: status,
            format: format,
            isSigned: row.optionalText("secret") != nil,
            creationTime: try row.timestamp("creation_time"),
            lastUpdateTime: try row.timestamp("last_update_time")
        )
    }

    private static func putEvents(_ connection: Connection, _ id: String, _ events: [WebhookEvent]) throws {
        for (position, event) in events.enumerated() {
            try connection.execute(
                """
                INSERT INTO webhook_events (webhook_id, entity, event_action, event_position) VALUES (?, ?, ?, ?)
                """,
                [.text(id), .text(event.entity.rawValue), .text(event.action.rawValue), .int(position)]
            )
        }
    }
}
