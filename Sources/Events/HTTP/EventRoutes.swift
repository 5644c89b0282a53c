import Core
package import HTTPSupport
import HTTPTypes
import Hummingbird
import NIOCore

/// The stream of events over HTTP: pages, single events and server-sent events.
package struct EventRoutes {
    private let log: EventLog
    private let feed: EventFeed

    /// Routes over the stream of a workspace.
    package init(feed: EventFeed) {
        self.feed = feed
        log = feed.log
    }

    /// Registers the routes.
    package func register(in routes: RouteTable) {
        let (log, feed) = (log, feed)
        let path = "/api/martlet/v1/events"
        routes.get(path, permission: .read, errors: .martlet) { request, _ in
            let question = try EventQuestion(request)
            switch question.form {
            case .stream, .cloudStream: return try await Self.stream(question, feed)
            case .page, .cloudPage: return try await Self.page(question, log)
            }
        }
        routes.get("\(path)/{event_id}", permission: .read, errors: .martlet) { request, context in
            let event = try await log.event(context.parameters.require("event_id"))
            guard EventQuestion.wantsCloudEvents(request) else { return .json(event.json) }
            return .bytes(
                JSONValue.object(CloudEvent.json(event, source: log.source)).serialized(),
                contentType: CloudEvent.mediaType
            )
        }
    }

    private static func page(_ question: EventQuestion, _ log: EventLog) async throws -> Response {
        if question.isNewestFirst, question.form == .page {
            let events = try await log.newest(
                before: question.before,
                filter: question.filter,
                limit: question.limit
            )
            return .json(["items": .array(events.map(\.json))])
        }
        let page = try await log.page(
            after: question.after ?? 0,
            filter: question.filter,
            limit: question.limit
        )
        guard question.form == .cloudPage else {
            return .json(
                [
                    "items": .array(page.events.map(\.json)), "next": .integer(page.next), "last": .integer(page.last),
                    "oldest": .integer(page.forgotten + 1), "missing": .bool(page.isMissing),
                ]
            )
        }
        let events = page.events.map { JSONValue.object(CloudEvent.json($0, source: log.source)) }
        var response = Response.bytes(
            JSONValue.array(events).serialized(),
            contentType: CloudEvent.batchMediaType
        )
        if let name = HTTPField.Name("X-Martlet-Next") { response.headers[name] = String(page.next) }
        return response
    }

    private static func stream(_ question: EventQuestion, _ feed: EventFeed) async throws -> Response {
        let source = feed.log.source
        let isCloud = question.form == .cloudStream
        let stream = try EventStream(feed: feed, filter: question.filter) { event in
            isCloud ? .object(CloudEvent.json(event, source: source)) : event.json
        }
        let cursor = question.after
        let first = try await stream.start(after: cursor)
        var headers = HTTPFields()
        headers[.contentType] = "text/event-stream; charset=utf-8"
        headers[.cacheControl] = "no-store"
        headers[.xContentTypeOptions] = "nosniff"
        // A proxy that collects answers before it passes them on would hold events back.
        if let name = HTTPField.Name("X-Accel-Buffering") { headers[name] = "no" }
        return Response(
            status: .ok,
            headers: headers,
            body: ResponseBody { writer in
                var parts = stream.parts(first: first, after: cursor)
                while let part = try await parts.next() {
                    stream.mark(isWriting: true)
                    try await writer.write(ByteBuffer(string: part))
                    stream.mark(isWriting: false)
                }
                try await writer.finish(nil)
            }
        )
    }
}
