import Core
package import HTTPSupport
import HTTPTypes
import Hummingbird

/// MLflow's methods for webhooks, and Martlet's own for what was sent to them.
package struct WebhookRoutes {
    private let store: WebhookStore
    private let service: WebhookService

    /// Routes over a store and the service that sends.
    package init(store: WebhookStore, service: WebhookService) {
        self.store = store
        self.service = service
    }

    /// Registers the routes.
    package func register(in routes: RouteTable) {
        registerReads(in: routes)
        registerWrites(in: routes)
        registerOwn(in: routes)
        registerDeliveries(in: routes)
    }

    /// Martlet's own: also for events that MLflow's clients do not know, such as `monitor.drift`.
    private func registerOwn(in routes: RouteTable) {
        let store = store
        let path = "/api/martlet/v1/webhooks"
        routes.post(path, permission: .admin, errors: .martlet) { request, _ in
            let fields = try JSONFields(await request.readJSON(limit: WebhooksLimits.requestBytes))
            try fields.rejectUnknown(["name", "url", "events", "description", "secret", "format"])
            let webhook = try await store.create(
                name: fields.string("name"),
                url: fields.string("url"),
                events: WebhookWire.named(fields),
                description: fields.optionalString("description"),
                secret: fields.optionalString("secret"),
                format: WebhookWire.format(fields)
            )
            return .json(WebhookWire.own(webhook))
        }
        routes.get("\(path)/{webhook_id}", permission: .admin, errors: .martlet) { _, context in
            .json(WebhookWire.own(try await store.webhook(context.parameters.require("webhook_id"))))
        }
        routes.delete("\(path)/{webhook_id}", permission: .admin, errors: .martlet) { _, context in
            try await store.delete(context.parameters.require("webhook_id"))
            return .json([:])
        }
    }

    private func registerReads(in routes: RouteTable) {
        let store = store
        routes.mlflow(.get, "/mlflow/webhooks", permission: .admin) { call in
            let limit = try call.fields.optionalInt64("max_results").flatMap { $0 == 0 ? nil : $0 }
            let token = try call.fields.optionalString("page_token").flatMap { $0.isEmpty ? nil : $0 }
            let page = try await store.webhooks(
                limit: limit.map { Int(clamping: $0) } ?? WebhooksLimits.defaultPageSize,
                after: token
            )
            var reply = JSONObject()
            let known = page.webhooks.filter { $0.events.contains(where: \.entity.isMLflows) }
            if !known.isEmpty { reply["webhooks"] = .array(known.map { .object(WebhookWire.webhook($0)) }) }
            if let token = page.nextToken { reply["next_page_token"] = .string(token) }
            return reply
        }
        routes.mlflow(.get, "/mlflow/webhooks/{webhook_id}", permission: .admin) { call in
            let webhook = try await store.webhook(call.fields.string("webhook_id"))
            return ["webhook": .object(WebhookWire.webhook(webhook))]
        }
    }

    /// A webhook sends what the registry holds to a place of its creator's choice, so it takes an administrator.
    private func registerWrites(in routes: RouteTable) {
        let (store, service) = (store, service)
        routes.mlflow(.post, "/mlflow/webhooks", permission: .admin) { call in
            let fields = call.fields
            let (name, url) = (try fields.string("name"), try fields.string("url"))
            guard let events = try WebhookWire.events(fields) else { throw fields.missing("events") }
            let webhook = try await store.create(
                name: name,
                url: url,
                events: events,
                description: fields.optionalString("description").flatMap { $0.isEmpty ? nil : $0 },
                secret: fields.optionalString("secret"),
                status: WebhookWire.status(fields) ?? .active
            )
            return ["webhook": .object(WebhookWire.webhook(webhook))]
        }
        routes.mlflow(.patch, "/mlflow/webhooks/{webhook_id}", permission: .admin) { call in
            let fields = call.fields
            var change = WebhookChange()
            change.name = try fields.optionalString("name").flatMap { $0.isEmpty ? nil : $0 }
            change.description = try fields.optionalString("description")
            change.url = try fields.optionalString("url").flatMap { $0.isEmpty ? nil : $0 }
            change.events = try WebhookWire.events(fields)
            change.secret = try fields.optionalString("secret")
            change.status = try WebhookWire.status(fields)
            let webhook = try await store.update(fields.string("webhook_id"), change)
            return ["webhook": .object(WebhookWire.webhook(webhook))]
        }
        routes.mlflow(.delete, "/mlflow/webhooks/{webhook_id}", permission: .admin) { call in
            try await store.delete(call.fields.string("webhook_id"))
            return [:]
        }
        routes.mlflow(.post, "/mlflow/webhooks/{webhook_id}/test", permission: .admin) { call in
            let event = try call.fields.optionalMessage("event").map { try WebhookWire.event($0) }
            let result = try await service.test(call.fields.string("webhook_id"), event: event)
            return ["result": .object(WebhookWire.result(result))]
        }
    }

    private func registerDeliveries(in routes: RouteTable) {
        let store = store
        routes.get("/api/martlet/v1/webhooks", permission: .admin, errors: .martlet) { request, _ in
            let limit = try request.queryInt(
                "limit",
                in: 1...WebhooksLimits.pageSize,
                default: WebhooksLimits.defaultPageSize
            )
            let page = try await store.webhooks(limit: limit, after: request.query("page_token"))
            return .json(Page(items: page.webhooks, nextPageToken: page.nextToken).json(WebhookWire.own))
        }
        let path = "/api/martlet/v1/webhooks/{webhook_id}/deliveries"
        routes.get(path, permission: .admin, errors: .martlet) { request, context in
            let limit = try request.queryInt(
                "limit",
                in: 1...WebhooksLimits.deliveriesPageSize,
                default: WebhooksLimits.defaultPageSize
            )
            let page = try await store.deliveries(
                of: context.parameters.require("webhook_id"),
                limit: limit,
                after: request.query("page_token")
            )
            return .json(
                Page(items: page.deliveries, nextPageToken: page.nextToken).json(WebhookWire.delivery)
            )
        }
    }
}
