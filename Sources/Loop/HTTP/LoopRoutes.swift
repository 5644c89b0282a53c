import Core
package import HTTPSupport
import Hummingbird

/// Martlet's own API of triggers and loops, under `/api/martlet/v1`.
package struct LoopRoutes {
    private let service: LoopService

    /// Routes over a service.
    package init(service: LoopService) {
        self.service = service
    }

    /// Registers the routes.
    package func register(in routes: RouteTable) {
        let service = service
        routes.get("/api/martlet/v1/loops", permission: .read, errors: .martlet) { request, _ in
            let limit = try request.queryInt(
                "limit",
                in: 1...LoopLimits.maximumPageSize,
                default: LoopLimits.defaultPageSize
            )
            let page = try await service.loops(
                trigger: request.query("trigger"),
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
        routes.post("/api/martlet/v1/triggers/{name}/fire", permission: .operate, errors: .martlet) {
            request,
            context in
            let name = try context.parameters.require("name")
            let body = try await request.readJSON(limit: LoopLimits.maximumFireBodyBytes)
            let (reason, force) = try Self.order(body)
            let signal = LoopSignal(
                kind: .hand,
                message: reason ?? "Fired by \(context.principal.name).",
                evidence: ["by": .string(context.principal.name), "force": .bool(force)]
            )
            let loop = try await service.fire(trigger: name, signal: signal, force: force)
            return .json(LoopJSON.loop(loop, now: service.clock.now), status: .accepted)
        }
    }

    /// Reads `{"reason": "…", "force": false}`; both may be left out.
    private static func order(_ body: JSONValue) throws(MartletError) -> (reason: String?, force: Bool) {
        let fields = try JSONFields(body)
        try fields.rejectUnknown(["reason", "force"])
        let reason = try fields.optionalString("reason")
        if let reason, reason.isEmpty || reason.count > LoopLimits.maximumReasonCharacters {
            throw MartletError(
                .invalidArgument,
                "'reason' must have 1 to \(LoopLimits.maximumReasonCharacters) characters, but has \(reason.count)."
            )
        }
        return (reason, try fields.optionalBool("force") ?? false)
    }
}
