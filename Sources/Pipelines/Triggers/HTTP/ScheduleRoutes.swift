import Core
package import HTTPSupport
import HTTPTypes
import Hummingbird
import NIOCore
import Schedules

/// Triggers, their firings and backfills under `/api/martlet/v1`.
package struct ScheduleRoutes {
    private let service: TriggerService
    private static let prefix = "/api/martlet/v1"

    /// Routes over one service.
    package init(service: TriggerService) {
        self.service = service
    }

    /// Registers the routes.
    package func register(in routes: RouteTable) {
        registerReading(in: routes)
        registerPeople(in: routes)
        registerBackfills(in: routes)
        registerWebhook(in: routes)
    }

    private func registerReading(in routes: RouteTable) {
        let service = service
        routes.get("\(Self.prefix)/schedules", permission: .read, errors: .martlet) { request, _ in
            let triggers = try await service.triggers(of: request.query("pipeline"))
            return .json(["items": .array(triggers.map(TriggerJSON.trigger))])
        }
        routes.get("\(Self.prefix)/schedules/{pipeline}/{trigger}", permission: .read, errors: .martlet) { _, context in
            let (pipeline, name) = try Self.names(context)
            return .json(TriggerJSON.trigger(try await service.trigger(pipeline, name)))
        }
        routes.get("\(Self.prefix)/schedules/{pipeline}/{trigger}/next", permission: .read, errors: .martlet) {
            request,
            context in
            let (pipeline, name) = try Self.names(context)
            let count = try request.queryInt("count", in: 1...TriggerLimits.shownTimes, default: 5)
            let after = try Self.moment(request, "after")
            let (times, zone) = try await service.times(pipeline, name, after: after, count: count)
            return .json([
                "timezone": .string(zone.name),
                "items": .array(
                    times.map { ["at": .integer($0.milliseconds), "local": .string(zone.text(of: $0))] }
                ),
            ])
        }
        routes.get("\(Self.prefix)/schedules/{pipeline}/{trigger}/firings", permission: .read, errors: .martlet) {
            request,
            context in
            let (pipeline, name) = try Self.names(context)
            let page = try await service.firings(
                pipeline,
                name,
                limit: try request.queryInt("limit", in: 1...TriggerLimits.pageSize, default: 50),
                pageToken: request.query("page_token")
            )
            return .json(page.json(TriggerJSON.firing))
        }
    }

    private func registerPeople(in routes: RouteTable) {
        let service = service
        routes.post("\(Self.prefix)/schedules/{pipeline}/{trigger}/pause", permission: .operate, errors: .martlet) {
            _,
            context in
            let (pipeline, name) = try Self.names(context)
            try await service.pause(pipeline, name, by: context.principal.name)
            return .json(TriggerJSON.trigger(try await service.trigger(pipeline, name)))
        }
        routes.post("\(Self.prefix)/schedules/{pipeline}/{trigger}/resume", permission: .operate, errors: .martlet) {
            request,
            context in
            let (pipeline, name) = try Self.names(context)
            let fields = try await Self.body(request, ["catch_up"])
            let catchesUp = try fields.optionalBool("catch_up") ?? false
            try await service.resume(pipeline, name, catchesUp: catchesUp, by: context.principal.name)
            return .json(TriggerJSON.trigger(try await service.trigger(pipeline, name)))
        }
        routes.post("\(Self.prefix)/schedules/{pipeline}/{trigger}/fire", permission: .operate, errors: .martlet) {
            request,
            context in
            let (pipeline, name) = try Self.names(context)
            let fields = try await Self.body(request, ["parameters", "time"])
            let run = try await service.fire(
                pipeline,
                name,
                parameters: try fields.optionalObject("parameters") ?? [:],
                time: try Self.moment(fields, "time"),
                by: context.principal.name
            )
            return .json(run.json, status: .created)
        }
    }

    private func registerBackfills(in routes: RouteTable) {
        let service = service
        routes.post("\(Self.prefix)/schedules/{pipeline}/{trigger}/backfills", permission: .operate, errors: .martlet) {
            request,
            context in
            let (pipeline, name) = try Self.names(context)
            let order = try BackfillOrder(try await Self.body(request, BackfillOrder.keys))
            let backfill = try await service.backfill(
                order,
                pipeline: pipeline,
                trigger: name,
                by: context.principal.name
            )
            return .json(TriggerJSON.backfill(backfill), status: .created)
        }
        routes.get("\(Self.prefix)/backfills", permission: .read, errors: .martlet) { request, _ in
            let page = try await service.backfills(
                pipeline: request.query("pipeline"),
                limit: try request.queryInt("limit", in: 1...TriggerLimits.pageSize, default: 50),
                pageToken: request.query("page_token")
            )
            return .json(page.json { TriggerJSON.backfill($0) })
        }
        routes.get("\(Self.prefix)/backfills/{id}", permission: .read, errors: .martlet) { _, context in
            let (backfill, states) = try await service.backfill(try context.parameters.require("id"))
            return .json(TriggerJSON.backfill(backfill, states: states))
        }
        routes.post("\(Self.prefix)/backfills/{id}/cancel", permission: .operate, errors: .martlet) {
            request,
            context in
            let id = try context.parameters.require("id")
            let fields = try await Self.body(request, ["runs"])
            try await service.cancelBackfill(id, stopsRuns: try fields.optionalBool("runs") ?? false)
            let (backfill, states) = try await service.backfill(id)
            return .json(TriggerJSON.backfill(backfill, states: states), status: .accepted)
        }
    }

    /// Whoever calls shows that they may by the secret alone, so the route asks for no account.
    private func registerWebhook(in routes: RouteTable) {
        let service = service
        // The parameter is called as in the other routes of pipelines: the router knows one name for each place.
        routes.post("\(Self.prefix)/pipelines/{name}/triggers/{trigger}", permission: .open, errors: .martlet) {
            request,
            context in
            let pipeline = try context.parameters.require("name")
            let name = try context.parameters.require("trigger")
            let body = try await request.readBody(limit: TriggerLimits.webhookBytes)
            let receipt = try await service.receive(
                WebhookDelivery(request.headers, body: Array(buffer: body)),
                pipeline: pipeline,
                trigger: name
            )
            return .json(
                [
                    "pipeline": .string(pipeline), "trigger": .string(name),
                    "delivery": .string(String(receipt.firing.key.dropFirst(2))), "run": .optional(receipt.firing.run),
                    "duplicate": .bool(receipt.isDuplicate),
                ],
                status: receipt.isDuplicate ? .ok : .accepted
            )
        }
    }

    // MARK: - Reading requests

    private static func names(_ context: AppRequestContext) throws -> (pipeline: String, trigger: String) {
        (try context.parameters.require("pipeline"), try context.parameters.require("trigger"))
    }

    /// The members of a small JSON body, all of which may be left out; no body is none.
    private static func body(_ request: Request, _ known: [String]) async throws -> JSONFields {
        let body = try await request.readBody(limit: TriggerLimits.webhookBytes)
        guard body.readableBytes > 0 else { return JSONFields(JSONObject()) }
        let fields = try JSONFields(try JSONValue.parse(Array(buffer: body)))
        try fields.rejectUnknown(known)
        return fields
    }

    private static func moment(_ request: Request, _ key: String) throws(MartletError) -> Timestamp? {
        guard let text = request.query(key) else { return nil }
        return try moment(JSONFields(JSONObject([(key, .string(text))])), key)
    }

    /// A time as milliseconds since 1970, or written out.
    private static func moment(_ fields: JSONFields, _ key: String) throws(MartletError) -> Timestamp? {
        guard let value = fields.value(key) else { return nil }
        let text = value.stringValue ?? ""
        let limits = SchedulesLimits.firstSecond * 1000..<SchedulesLimits.endSecond * 1000
        if let number = value.integerValue ?? Int64(text), limits.contains(number) {
            return Timestamp(milliseconds: number)
        }
        guard let moment = MomentText.parse(text, in: .utc) else {
            throw fields.invalid(key, "must be a time such as 2026-05-01T03:00:00Z, or milliseconds since 1970")
        }
        return moment
    }
}

extension BackfillOrder {
    static let keys = ["from", "to", "chunk", "max_active", "rerun", "parameters", "priority"]

    /// Reads what is asked for.
    init(_ fields: JSONFields) throws(MartletError) {
        self.init(from: try fields.string("from"), through: try fields.string("to"))
        if let chunk = try fields.optionalInt("chunk", in: 1...Int64(SchedulesLimits.backfillTimes)) {
            self.chunk = Int(chunk)
        }
        if let active = try fields.optionalInt("max_active", in: TriggerLimits.backfillActive) {
            self.active = Int(active)
        }
        if let text = try fields.optionalString("rerun") {
            guard let selection = Backfill.Selection(rawValue: text) else {
                let known = Backfill.Selection.allCases.map(\.rawValue).joined(separator: ", ")
                throw fields.invalid("rerun", "must be one of \(known)")
            }
            self.selection = selection
        }
        parameters = try fields.optionalObject("parameters") ?? [:]
        priority = try fields.optionalInt("priority", in: PipelinesLimits.priorities).map { Int($0) }
    }
}

extension WebhookDelivery {
    /// A call as a request brings it.
    init(_ headers: HTTPFields, body: [UInt8]) {
        self.init(body: body)
        func first(_ names: String...) -> String? {
            for name in names { if let field = HTTPField.Name(name), let value = headers[field] { return value } }
            return nil
        }
        id = first("webhook-id", "x-mlflow-delivery-id", "x-github-delivery", "x-gitlab-event-uuid", "x-gitea-delivery")
        timestamp = first("webhook-timestamp", "x-mlflow-timestamp")
        signature = first("webhook-signature", "x-mlflow-signature")
        hubSignature = first("x-hub-signature-256")
        token = first("x-martlet-token", "x-gitlab-token")
        if token == nil, let authorization = first("authorization"), authorization.lowercased().hasPrefix("bearer ") {
            token = String(authorization.dropFirst(7))
        }
    }
}
