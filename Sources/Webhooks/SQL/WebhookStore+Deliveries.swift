package import Core
package import Storage

/// The queue of deliveries and their log, which are one table.
extension WebhookStore {
    /// Writes down that an event happened, once for each active webhook that wants to know; in the transaction of what
    /// happened, so that both are true or neither.
    ///
    /// `data` is asked for only if there is such a webhook.
    ///
    /// - Parameters:
    ///   - connection: the transaction.
    ///   - event: what happened.
    ///   - cloudEvent: the same as a CloudEvent, for an event that is in a stream; nil gives it an id of its own.
    ///   - data: the figures and names.
    /// - Throws: what the database throws.
    package func record(
        _ connection: Connection,
        _ event: WebhookEvent,
        cloudEvent: (() -> JSONObject)? = nil,
        data: () -> JSONObject
    ) throws {
        let receivers = try connection.query(
            """
            SELECT w.webhook_id, w.format FROM webhook_events e JOIN webhooks w ON w.webhook_id = e.webhook_id
            WHERE e.entity = ? AND e.event_action = ? AND w.status = ? AND w.deletion_time IS NULL
            ORDER BY w.webhook_number
            """,
            [.text(event.entity.rawValue), .text(event.action.rawValue), .text(Webhook.Status.active.rawValue)]
        )
        guard !receivers.isEmpty else { return }
        let now = clock.now
        let data = data()
        var bodies: [Webhook.Format: String] = [:]
        for receiver in receivers {
            let format = Webhook.Format(rawValue: try receiver.text("format")) ?? .mlflow
            let known = bodies[format]
            let body: String
            if let known {
                body = known
            } else if format == .cloudEvents, let cloudEvent {
                body = JSONValue.object(cloudEvent()).description
            } else {
                body = self.body(event, data, in: format, now: now)
            }
            bodies[format] = body
            try put(connection, event, to: try receiver.text("webhook_id"), body: body, format: format, now: now)
        }
    }

    /// What is sent of an event that is in no stream.
    func body(_ event: WebhookEvent, _ data: JSONObject, in format: Webhook.Format, now: Timestamp) -> String {
        switch format {
        case .mlflow: WebhookMessage.body(event, data: data, now: now)
        case .cloudEvents: JSONValue.object(cloudEvent(event, data, now)).description
        }
    }

    private func put(
        _ connection: Connection,
        _ event: WebhookEvent,
        to webhook: String,
        body: String,
        format: Webhook.Format,
        now: Timestamp
    ) throws {
        try makeRoom(connection, webhook, now)
        let isTooLarge = body.utf8.count > WebhooksLimits.bodyBytes
        let error =
            isTooLarge ? "What was to be sent has more than \(WebhooksLimits.bodyBytes) bytes." : nil
        let status: WebhookDelivery.Status = isTooLarge ? .failed : .pending
        let last = try connection.first("SELECT COALESCE(MAX(delivery_number), 0) AS last FROM webhook_deliveries")
        try connection.execute(
            """
            INSERT INTO webhook_deliveries (delivery_number, delivery_id, webhook_id, event, body, status, attempts,
                next_attempt_time, creation_time, end_time, error, format)
            VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?)
            """,
            [
                .integer(try (last?.int("last") ?? 0) + 1), .text(WebhookMessage.uuid()), .text(webhook),
                .text(event.name), .text(isTooLarge ? "" : body), .text(status.rawValue), .integer(now.milliseconds),
                .integer(now.milliseconds), SQLValue(isTooLarge ? now.milliseconds : nil), SQLValue(error),
                .text(format.rawValue),
            ]
        )
    }

    /// Ends the oldest waiting delivery of a webhook when too many wait.
    private func makeRoom(_ connection: Connection, _ webhook: String, _ now: Timestamp) throws {
        let waiting = try connection.first(
            "SELECT COUNT(*) AS found FROM webhook_deliveries WHERE status = ?",
            [.text(WebhookDelivery.Status.pending.rawValue)]
        )
        guard try waiting?.int("found") ?? 0 >= WebhooksLimits.pendingDeliveries else { return }
        let oldest = try connection.first(
            """
            SELECT delivery_number FROM webhook_deliveries WHERE status = ?
            ORDER BY CASE WHEN webhook_id = ? THEN 0 ELSE 1 END, delivery_number LIMIT 1
            """,
            [.text(WebhookDelivery.Status.pending.rawValue), .text(webhook)]
        )
        guard let number = try oldest?.int("delivery_number") else { return }
        try connection.execute(
            "UPDATE webhook_deliveries SET status = ?, end_time = ?, error = ? WHERE delivery_number = ?",
            [
                .text(WebhookDelivery.Status.dropped.rawValue), .integer(now.milliseconds),
                .text("It gave way to newer ones: \(WebhooksLimits.pendingDeliveries) deliveries were waiting."),
                .integer(number),
            ]
        )
        try prune(connection, webhook)
    }

    /// Whether a delivery is due.
    func hasDue() async throws -> Bool {
        let now = clock.now
        return try await database.read { connection in
            try connection.first(
                "SELECT delivery_number FROM webhook_deliveries WHERE status = ? AND next_attempt_time <= ? LIMIT 1",
                [.text(WebhookDelivery.Status.pending.rawValue), .integer(now.milliseconds)]
            ) != nil
        }
    }

    /// Takes up to `limit` deliveries that are due; another server leaves them alone for a while, and takes them up if
    /// this one is gone by then.
    func claim(limit: Int) async throws -> [WebhookDelivery] {
        let now = clock.now
        let until = now + .seconds(WebhooksLimits.claimSeconds)
        return try await database.write { connection in
            let rows = try connection.query(
                """
                SELECT * FROM webhook_deliveries WHERE status = ? AND next_attempt_time <= ?
                ORDER BY next_attempt_time, delivery_number LIMIT ?
                """,
                [.text(WebhookDelivery.Status.pending.rawValue), .integer(now.milliseconds), .int(limit)]
            )
            for row in rows {
                try connection.execute(
                    "UPDATE webhook_deliveries SET attempts = attempts + 1, next_attempt_time = ? WHERE delivery_number = ?",
                    [.integer(until.milliseconds), .integer(try row.int("delivery_number"))]
                )
            }
            return try rows.map { try Self.delivery($0, attempts: Int(try $0.int("attempts")) + 1) }
        }
    }

    /// Records what came of a try.
    func settle(
        _ delivery: WebhookDelivery,
        _ action: DeliveryAttempts.Action,
        attempts: Int,
        responseStatus: Int?,
        error: String?
    ) async throws {
        let status: WebhookDelivery.Status
        var next = delivery.nextAttemptTime
        switch action {
        case .succeed: status = .delivered
        case .fail: status = .failed
        case .retry(let time): (status, next) = (.pending, time)
        }
        try await end(delivery, status, attempts: attempts, next: next, responseStatus: responseStatus, error: error)
    }

    /// Ends a delivery that nobody wants any more.
    func drop(_ delivery: WebhookDelivery, because reason: String) async throws {
        try await end(
            delivery,
            .dropped,
            attempts: max(0, delivery.attempts - 1),
            next: delivery.nextAttemptTime,
            responseStatus: nil,
            error: reason
        )
    }

    private func end(
        _ delivery: WebhookDelivery,
        _ status: WebhookDelivery.Status,
        attempts: Int,
        next: Timestamp,
        responseStatus: Int?,
        error: String?
    ) async throws {
        let now = clock.now
        try await database.write { connection in
            try connection.execute(
                """
                UPDATE webhook_deliveries SET status = ?, attempts = ?, next_attempt_time = ?, end_time = ?,
                    response_status = ?, error = ? WHERE delivery_id = ?
                """,
                [
                    .text(status.rawValue), .int(attempts), .integer(next.milliseconds),
                    SQLValue(status == .pending ? nil : now.milliseconds), SQLValue(responseStatus.map(Int64.init)),
                    SQLValue(error), .text(delivery.id),
                ]
            )
            if status != .pending { try self.prune(connection, delivery.webhook) }
        }
    }

    /// Forgets the oldest ended deliveries of a webhook.
    private func prune(_ connection: Connection, _ webhook: String) throws {
        let pending = SQLValue.text(WebhookDelivery.Status.pending.rawValue)
        let oldestKept = try connection.first(
            """
            SELECT delivery_number FROM webhook_deliveries WHERE webhook_id = ? AND status <> ?
            ORDER BY delivery_number DESC LIMIT 1 OFFSET ?
            """,
            [.text(webhook), pending, .int(WebhooksLimits.keptDeliveries - 1)]
        )
        guard let number = try oldestKept?.int("delivery_number") else { return }
        try connection.execute(
            "DELETE FROM webhook_deliveries WHERE webhook_id = ? AND status <> ? AND delivery_number < ?",
            [.text(webhook), pending, .integer(number)]
        )
    }

    /// A page of a webhook's deliveries, the newest first.
    ///
    /// - Throws: `notFound` for the webhook, `invalidArgument` for a token that is none.
    package func deliveries(
        of webhook: String,
        limit: Int,
        after token: String? = nil
    ) async throws -> (deliveries: [WebhookDelivery], nextToken: String?) {
        let page = KeysetPage(
            keys: [KeysetPage.Key("d.delivery_number", isAscending: false)],
            limit: min(max(limit, 1), WebhooksLimits.deliveriesPageSize),
            query: ["webhook deliveries", webhook]
        )
        return try await database.read { connection in
            _ = try Self.webhook(connection, webhook)
            let result = try page.rows(
                connection,
                columns: "d.*",
                source: SQLFragment("webhook_deliveries d"),
                condition: SQLFragment("d.webhook_id = ?", [.text(webhook)]),
                after: token
            )
            return (
                try result.rows.map { try Self.delivery($0, attempts: Int(try $0.int("attempts"))) }, result.nextToken
            )
        }
    }

    private static func delivery(_ row: Row, attempts: Int) throws -> WebhookDelivery {
        guard let status = WebhookDelivery.Status(rawValue: try row.text("status")) else {
            throw MartletError(.dataLoss, "A webhook's delivery has an unknown status.")
        }
        return WebhookDelivery(
            id: try row.text("delivery_id"),
            webhook: try row.text("webhook_id"),
            event: try row.text("event"),
            format: Webhook.Format(rawValue: try row.text("format")) ?? .mlflow,
            body: try row.text("body"),
            status: status,
            attempts: attempts,
            nextAttemptTime: try row.timestamp("next_attempt_time"),
            creationTime: try row.timestamp("creation_time"),
            endTime: row.optionalTimestamp("end_time"),
            responseStatus: row.optionalInt("response_status").map { Int($0) },
            error: row.optionalText("error")
        )
    }
}
