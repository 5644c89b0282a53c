import Core
import Events
import HTTPSupport
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import TestSupport
import Testing

@Suite("Events: over HTTP", .overEveryDatabase)
struct EventRoutesTests {
    private func serving(
        _ fixture: EventFixture,
        _ body: @Sendable @escaping (any TestClientProtocol) async throws -> Void
    ) async throws {
        let router = Router(context: AppRequestContext.self)
        let table = RouteTable.forTests(router)
        EventRoutes(feed: fixture.feed).register(in: table)
        try table.validate()
        #expect(table.entries.allSatisfy { $0.permission == .read })
        try await Application(router: router).test(.router) { client in try await body(client) }
    }

    private func get(
        _ client: any TestClientProtocol,
        _ query: String,
        accept: String = "*/*",
        lastEventID: String? = nil
    ) async throws -> (status: Int, headers: HTTPFields, text: String) {
        var headers: HTTPFields = [.accept: accept]
        if let lastEventID, let name = HTTPField.Name("Last-Event-ID") { headers[name] = lastEventID }
        return try await client.execute(uri: "/api/martlet/v1/events\(query)", method: .get, headers: headers) {
            response in
            (response.status.code, response.headers, String(buffer: response.body))
        }
    }

    @Test("A page, one event, and both as CloudEvents")
    func pages() async throws {
        let fixture = try await EventFixture()
        try await serving(fixture) { client in
            try await fixture.happen()
            try await fixture.happen("martlet.loop.opened", "loops/1", ["loop": "1"])
            let text = try await get(client, "?types=martlet.loop.*&after=0&limit=5").text
            let page = try JSONValue.parse(text)
            #expect(page["items"]?.arrayValue?.count == 1)
            #expect(page["next"] == 2 && page["last"] == 2 && page["oldest"] == 1 && page["missing"] == false)
            let item = try #require(page["items"]?.arrayValue?.first)
            #expect(item["cursor"] == 2 && item["subject"] == "loops/1" && item["data"] == ["loop": "1"])
            let id = try #require(item["id"]?.stringValue)
            let single = try await get(client, "/\(id)").text
            #expect(try JSONValue.parse(single) == item)
            #expect(try await get(client, "/none").status == 404)

            let newestText = try await get(client, "?order=newest&limit=1").text
            let newest = try JSONValue.parse(newestText)
            #expect(newest["items"]?.arrayValue?.map { $0["cursor"] } == [2])
            let olderText = try await get(client, "?order=newest&before=2").text
            let older = try JSONValue.parse(olderText)
            #expect(older["items"]?.arrayValue?.map { $0["cursor"] } == [1])

            let batch = try await get(client, "", accept: CloudEvent.batchMediaType)
            #expect(batch.headers[.contentType] == "application/cloudevents-batch+json")
            let events = try #require(try JSONValue.parse(batch.text).arrayValue)
            #expect(events.count == 2)
            let one = try await get(client, "/\(id)", accept: CloudEvent.mediaType)
            #expect(one.headers[.contentType] == "application/cloudevents+json")
            let cloud = try JSONValue.parse(one.text)
            #expect(cloud == events[1])
            #expect(
                cloud["specversion"] == "1.0" && cloud["id"] == .string(id) && cloud["type"] == "martlet.loop.opened"
            )
            #expect(cloud["source"] == "/martlet/workspaces/default" && cloud["subject"] == "loops/1")
            #expect(cloud["time"] == "2026-01-01T00:00:00.000Z" && cloud["datacontenttype"] == "application/json")
            #expect(cloud["sequence"] == "00000000000000000002" && cloud["data"] == ["loop": "1"])
        }
    }

    @Test(
        "What cannot be read is refused and named",
        arguments: [
            "?after=-1", "?after=x", "?order=x", "?before=x", "?limit=0", "?limit=501", "?types=a.*.b", "?subject=*",
            "?form=xml",
        ]
    )
    func refused(_ query: String) async throws {
        let fixture = try await EventFixture()
        try await serving(fixture) { client in
            let answer = try await get(client, query)
            #expect(answer.status == 400)
            let field = query.dropFirst().prefix { $0 != "=" }
            #expect(answer.text.contains("'\(field)'"), "\(answer.text)")
        }
    }

    @Test("A place beyond the end is refused, as page and as stream; so is a Last-Event-ID that is none")
    func beyond() async throws {
        let fixture = try await EventFixture()
        try await serving(fixture) { client in
            let page = try await get(client, "?after=1").status
            let stream = try await get(client, "?after=1", accept: "text/event-stream").status
            let place = try await get(client, "", accept: "text/event-stream", lastEventID: "x").status
            #expect(page == 409 && stream == 409 && place == 400)
            #expect(fixture.feed.streamCount == 0)
        }
    }

    @Test("A stream: what was, what comes, signs of life, and its end when the server stops")
    func stream() async throws {
        let fixture = try await EventFixture()
        try await serving(fixture) { client in
            try await fixture.happen()
            let text = try await fixture.live {
                async let answer = get(client, "?after=0", accept: "text/event-stream")
                while fixture.feed.streamCount == 0 { try await Task.sleep(for: .milliseconds(2)) }
                try await fixture.happen("martlet.loop.opened", "loops/1")
                let mark = fixture.clock.now + .seconds(10 * EventsLimits.heartbeatSeconds)
                while fixture.clock.now < mark { try await Task.sleep(for: .milliseconds(2)) }
                try await fixture.happen("martlet.loop.outcome", "loops/1")
                let end = fixture.clock.now + .seconds(5)
                while fixture.clock.now < end { try await Task.sleep(for: .milliseconds(2)) }
                fixture.feed.stop()
                let (status, headers, text) = try await answer
                #expect(status == 200 && headers[.contentType]?.hasPrefix("text/event-stream") == true)
                return text
            }
            #expect(
                text.hasPrefix(
                    "retry: \(EventsLimits.retryMilliseconds)\nid: 0\n\nid: 1\nevent: martlet.alias.moved\ndata: {"
                )
            )
            let ids = text.split(separator: "\n").filter { $0.hasPrefix("id: ") }.compactMap { Int($0.dropFirst(4)) }
            #expect(ids == ids.sorted() && Set(ids) == [0, 1, 2, 3], "\(ids)")
            #expect(text.contains(": still here\nid: 2\n\n"))
            #expect(text.ranges(of: "event: martlet.loop.outcome\n").count == 1)
            #expect(text.contains("event: martlet.stream.end\ndata: {\"reason\":\"stopping\""))
            #expect(fixture.feed.streamCount == 0)
        }
    }

    @Test("A reader that comes back with the place it has seen gets what came after, once, and hears what is missing")
    func resume() async throws {
        let fixture = try await EventFixture()
        try await serving(fixture) { client in
            for _ in 0..<6 { try await fixture.happen() }
            try await fixture.log.forget(EventRetention(age: .seconds(1000), rows: 3))
            func read(_ place: String?, _ query: String = "") async throws -> String {
                let fixture = try await EventFixture.over(fixture)
                return try await serveOnce(fixture, query, place)
            }
            let resumed = try await read("4", "?after=0")
            #expect(resumed.contains("id: 5\n") && resumed.contains("id: 6\n") && !resumed.contains("id: 4\nevent"))
            #expect(!resumed.contains("martlet.stream.missing"))
            let late = try await read("1")
            #expect(late.contains("event: martlet.stream.missing\ndata: {\"after\":1,\"oldest\":4"))
            #expect(late.contains("id: 4\nevent: martlet.alias.moved\n"))
            let fresh = try await read(nil)
            #expect(!fresh.contains("martlet.alias.moved") && fresh.contains("id: 6\n\n"))
            let cloud = try await read("5", "?form=cloudevents")
            #expect(cloud.contains("data: {\"specversion\":\"1.0\""))
        }
    }

    /// What a stream says until the server stops, which it does once everything was read.
    private func serveOnce(_ fixture: EventFixture, _ query: String, _ place: String?) async throws -> String {
        let router = Router(context: AppRequestContext.self)
        EventRoutes(feed: fixture.feed).register(in: RouteTable.forTests(router))
        return try await Application(router: router).test(.router) { client in
            try await fixture.live {
                async let answer = get(client, query, accept: "text/event-stream", lastEventID: place)
                while fixture.feed.streamCount == 0 { try await Task.sleep(for: .milliseconds(2)) }
                let end = fixture.clock.now + .seconds(2)
                while fixture.clock.now < end { try await Task.sleep(for: .milliseconds(2)) }
                fixture.feed.stop()
                return try await answer.text
            }
        }
    }
}

extension EventFixture {
    /// A server that has just started on the same database.
    static func over(_ other: EventFixture) async throws -> EventFixture {
        try await EventFixture(database: other.database)
    }
}
