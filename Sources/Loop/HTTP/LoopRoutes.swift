import Core
package import HTTPSupport
import HTTPTypes
import Hummingbird
import NIOCore

/// Martlet's own API of triggers and loops, under `/api/martlet/v1`.
package struct LoopRoutes {
    private let service: LoopService

    /// Routes over a service.
    package init(service: LoopService) {
        self.service = service
    }

    /// Registers the routes.
    package func register(in routes: RouteTable) {
        registerReading(in: routes)
        registerPeople(in: routes)
        registerWebhook(in: routes)
    }

    private func registerReading(in routes: RouteTable) {
        let service = service
        routes.get("/api/martlet/v1/loops", permission: .read, errors: .martlet) { request, _ in
            let limit = try request.queryInt(
                "limit",
                in: 1...LoopLimits.maximumPageSize,
                default: LoopLimits.defaultPageSize
            )
            let page = try await service.loops(
                try Self.filter(request),
                limit: limit,
                pageToken: request.query("page_token")
            )
            let now = service.clock.now
            return .json(
                Page(items: page.loops, nextPageToken: page.nextPageToken).json { LoopJSON.loop($0, now: now) }
            )
        }
        routes.get("/api/martlet/v1/loops/{id}", permission: .read, errors: .martlet) { _, context in
            let detail = try await service.loop(try context.parameters.require("id"))
            return .json(LoopJSON.detail(detail, now: service.clock.now))
        }
        routes.get("/api/martlet/v1/triggers", permission: .read, errors: .martlet) { _, _ in
            let triggers = try await service.triggers()
            return .json(Page(items: triggers, nextPageToken: nil).json(LoopJSON.trigger))
        }
        routes.get("/api/martlet/v1/triggers/{name}", permission: .read, errors: .martlet) { _, context in
            let name = try context.parameters.require("name")
            guard let status = try await service.triggers().first(where: { $0.trigger.name == name }) else {
                throw MartletError(.notFound, "There is no trigger '\(name.prefix(100))'.")
            }
            return .json(LoopJSON.trigger(status))
        }
    }

    private func registerPeople(in routes: RouteTable) {
        let service = service
        routes.post("/api/martlet/v1/triggers/{name}/fire", permission: .operate, errors: .martlet) {
            request,
            context in
            let name = try context.parameters.require("name")
            let fields = try await Self.body(request, ["reason", "force"])
            let force = try fields.optionalBool("force") ?? false
            let signal = LoopSignal(
                kind: .hand,
                message: try Self.text(fields, "reason") ?? "Fired by \(context.principal.name).",
                evidence: ["by": .string(context.principal.name), "force": .bool(force)]
            )
            let loop = try await service.fire(trigger: name, signal: signal, force: force)
            return .json(LoopJSON.loop(loop, now: service.clock.now), status: .accepted)
        }
        routes.post("/api/martlet/v1/loops/{id}/approve", permission: .operate, errors: .martlet) { request, context in
            let comment = try Self.text(try await Self.body(request, ["comment"]), "comment") ?? ""
            let id = try context.parameters.require("id")
            let loop = try await service.approve(id, by: context.principal.name, comment: comment)
            return .json(LoopJSON.loop(loop, now: service.clock.now))
        }
        routes.post("/api/martlet/v1/loops/{id}/reject", permission: .operate, errors: .martlet) { request, context in
            let comment = try Self.text(try await Self.body(request, ["comment"]), "comment") ?? ""
            let id = try context.parameters.require("id")
            let loop = try await service.reject(id, by: context.principal.name, comment: comment)
            return .json(LoopJSON.loop(loop, now: service.clock.now))
        }
        routes.post("/api/martlet/v1/loops/{id}/cancel", permission: .operate, errors: .martlet) { request, context in
            let reason = try Self.text(try await Self.body(request, ["reason"]), "reason") ?? ""
            let id = try context.parameters.require("id")
            let loop = try await service.cancel(id, by: context.principal.name, reason: reason)
            return .json(LoopJSON.loop(loop, now: service.clock.now), status: .accepted)
        }
    }

    /// Whoever calls shows who they are by the signature alone, so the route asks for no account.
    private func registerWebhook(in routes: RouteTable) {
        let service = service
        routes.post("/api/martlet/v1/triggers/{name}/webhook", permission: .open, errors: .martlet) {
            request,
            context in
            let name = try context.parameters.require("name")
            let body = try await request.readBody(limit: LoopLimits.maximumWebhookBodyBytes)
            func header(_ name: String, _ other: String) -> String? {
                let fields = request.headers
                guard let first = HTTPField.Name(name), let second = HTTPField.Name(other) else { return nil }
                return fields[first] ?? fields[second]
            }
            let call = try WebhookCall(
                id: header("webhook-id", "x-mlflow-delivery-id"),
                timestamp: header("webhook-timestamp", "x-mlflow-timestamp"),
                signature: header("webhook-signature", "x-mlflow-signature"),
                body: Array(buffer: body)
            )
            let isNew = try await service.receive(call, for: name)
            return .json(
                ["trigger": .string(name), "delivery": .string(call.id), "duplicate": .bool(!isNew)],
                status: isNew ? .accepted : .ok
            )
        }
    }

    /// Reads the filter of the list.
    private static func filter(_ request: Request) throws(MartletError) -> LoopFilter {
        var filter = LoopFilter(
            trigger: request.query("trigger"),
            model: request.query("model"),
            alias: request.query("alias")
        )
        if let text = request.query("state") {
            for word in text.split(separator: ",") {
                if word == "open" || word == "ended" {
                    filter.states += LoopState.allCases.filter { $0.isFinal == (word == "ended") }
                    continue
                }
                guard let state = LoopState(rawValue: String(word)) else {
                    let known = LoopState.allCases.map(\.rawValue).joined(separator: ", ")
                    throw MartletError(
                        .invalidArgument,
                        "'state' must be open, ended or some of \(known), separated by commas."
                    )
                }
                filter.states.append(state)
            }
        }
        if let text = request.query("signal") {
            guard let kind = LoopSignal.Kind(rawValue: text) else {
                let known = LoopSignal.Kind.allCases.map(\.rawValue).joined(separator: ", ")
                throw MartletError(.invalidArgument, "'signal' must be one of \(known).")
            }
            filter.signal = kind
        }
        filter.since = try time(request, "since")
        filter.until = try time(request, "until")
        return filter
    }

    private static func time(_ request: Request, _ key: String) throws(MartletError) -> Timestamp? {
        guard let text = request.query(key) else { return nil }
        guard let milliseconds = Int64(text) else {
            throw MartletError(.invalidArgument, "'\(key)' must be milliseconds since 1970.")
        }
        return Timestamp(milliseconds: milliseconds)
    }

    /// The members of a small JSON body, all of which may be left out.
    private static func body(_ request: Request, _ known: [String]) async throws -> JSONFields {
        let fields = try JSONFields(try await request.readJSON(limit: LoopLimits.maximumFireBodyBytes))
        try fields.rejectUnknown(known)
        return fields
    }

    /// A sentence that stands in the timeline.
    private static func text(_ fields: JSONFields, _ key: String) throws(MartletError) -> String? {
        guard let text = try fields.optionalString(key) else { return nil }
        guard !text.isEmpty, text.count <= LoopLimits.maximumReasonCharacters else {
            throw MartletError(
                .invalidArgument,
                "'\(key)' must have 1 to \(LoopLimits.maximumReasonCharacters) characters, but has \(text.count)."
            )
        }
        return text
    }
}
