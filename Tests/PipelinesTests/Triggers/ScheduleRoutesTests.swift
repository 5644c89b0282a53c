import Core
import HTTPSupport
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Pipelines
import TestSupport
import Testing

/// Every route of triggers and backfills, and their errors.
@Suite(.overEveryDatabase)
struct ScheduleRoutesTests {
    private static let base = "/api/martlet/v1"

    private func withClient(
        _ body: @Sendable (any TestClientProtocol, TriggerFixture, TriggerService) async throws -> Void
    ) async throws {
        let fixture = try await TriggerFixture()
        try await fixture.declare([
            "d": [
                "cron": ["expression": "0 3 * * *", "timezone": "Europe/Berlin"],
                "parameters": ["x": "${trigger.date}"],
            ],
            "push": ["webhook": ["secret": "hook", "scheme": "token"]],
        ])
        let service = fixture.service()
        await service.tick()
        let router = Router(context: AppRequestContext.self)
        // Beside the routes of pipelines, as in a server: one router has one name for each place of a path.
        PipelineRoutes(service: fixture.pipelines.service()).register(in: .forTests(router))
        ScheduleRoutes(service: service).register(in: .forTests(router))
        try await Application(router: router).test(.router) { client in try await body(client, fixture, service) }
    }

    private func send(
        _ client: any TestClientProtocol,
        _ method: HTTPRequest.Method,
        _ path: String,
        _ body: String? = nil,
        token: String? = nil
    ) async throws -> (status: Int, body: JSONValue) {
        var headers: HTTPFields = body == nil ? [:] : [.contentType: "application/json"]
        if let token { headers[.authorization] = "Bearer \(token)" }
        return try await client.execute(
            uri: Self.base + path,
            method: method,
            headers: headers,
            body: body.map { ByteBuffer(string: $0) }
        ) { response in
            (Int(response.status.code), try JSONValue.parse(response.body.readableBytesView))
        }
    }

    @Test func triggersAreShown() async throws {
        try await withClient { client, _, _ in
            let list = try await send(client, .get, "/schedules?pipeline=p").body["items"]?.arrayValue ?? []
            #expect(list.map { $0["trigger"] } == ["d", "push"] && list.map { $0["kind"] } == ["cron", "webhook"])
            let one = try await send(client, .get, "/schedules/p/d").body
            #expect(one["when"] == "0 3 * * * Europe/Berlin" && one["next"] == "2026-05-01T03:00:00+02:00")
            #expect(one["paused"] == false && one["last"] == .null && one["next_at"] == 1_777_597_200_000)
            let next = try await send(client, .get, "/schedules/p/d/next?count=2&after=2026-10-24").body
            #expect(
                next["items"]?.arrayValue?.map { $0["local"] } == [
                    "2026-10-24T03:00:00+02:00", "2026-10-25T03:00:00+01:00",
                ]
            )
            #expect(
                try await send(client, .get, "/schedules/p/d/next?count=1000").body["items"]?.arrayValue?.count == 1000
            )
            #expect(
                try await send(client, .get, "/schedules/p/d/next?count=\(TriggerLimits.shownTimes + 1)").status == 400
            )
            #expect(try await send(client, .get, "/schedules/p/d/next?after=then").status == 400)
            #expect(try await send(client, .get, "/schedules/p/push/next").status == 409)
            for path in ["/schedules/p/none", "/schedules/q/d", "/schedules/p/none/next", "/schedules/p/none/firings"] {
                #expect(try await send(client, .get, path).status == 404, "\(path)")
            }
        }
    }

    @Test func peopleFirePauseAndResume() async throws {
        try await withClient { client, fixture, _ in
            let fired = try await send(client, .post, "/schedules/p/d/fire", #"{"time":"2026-04-30T01:00:00Z"}"#)
            #expect(fired.status == 201 && fired.body["parameters"]?["x"] == "2026-04-30")
            let given = try await send(client, .post, "/schedules/p/d/fire", #"{"parameters":{"x":"y"}}"#)
            #expect(given.body["parameters"]?["x"] == "y")
            fixture.advance(.milliseconds(1))
            #expect(try await send(client, .post, "/schedules/p/d/fire", #"{"parameters":{"z":1}}"#).status == 400)
            #expect(try await send(client, .post, "/schedules/p/d/fire", #"{"when":1}"#).status == 400)
            let paused = try await send(client, .post, "/schedules/p/d/pause")
            #expect(paused.status == 200 && paused.body["paused"] == true && paused.body["next"] == .null)
            let resumed = try await send(client, .post, "/schedules/p/d/resume", #"{"catch_up":false}"#)
            #expect(resumed.body["paused"] == false && resumed.body["next"] != .null)
            let page = try await send(client, .get, "/schedules/p/d/firings?limit=1").body
            let token = try #require(page["next_page_token"]?.stringValue)
            #expect(page["items"]?.arrayValue?.first?["error"] != .null, "the refused one is the newest")
            let rest = try await send(client, .get, "/schedules/p/d/firings?page_token=\(token)").body
            #expect(rest["items"]?.arrayValue?.count == 2)
            #expect(try await fixture.runs().count == 2)
            #expect(try await send(client, .post, "/schedules/p/none/pause").status == 404)
            #expect(
                try await send(client, .get, "/schedules/p/d/firings?limit=\(TriggerLimits.pageSize + 1)").status == 400
            )
        }
    }

    @Test func backfillsAreAskedForAndStopped() async throws {
        try await withClient { client, _, service in
            let asked = #"{"from":"2026-03-01","to":"2026-03-04","chunk":2,"max_active":1,"priority":3,"rerun":"all"}"#
            let begun = try await send(client, .post, "/schedules/p/d/backfills", asked)
            #expect(begun.status == 201 && begun.body["runs"] == 2 && begun.body["times"] == 4)
            await service.tick()
            let id = begun.body["id"]?.stringValue ?? ""
            let shown = try await send(client, .get, "/backfills/\(id)").body
            #expect(shown["started"] == 1 && shown["run_states"]?["queued"] == 1 && shown["progress"]?.doubleValue == 0)
            #expect(try await send(client, .get, "/backfills?pipeline=p").body["items"]?.arrayValue?.count == 1)
            let cancelled = try await send(client, .post, "/backfills/\(id)/cancel", #"{"runs":true}"#)
            #expect(cancelled.status == 202 && cancelled.body["state"] == "cancelled")
            #expect(cancelled.body["run_states"]?["cancelled"] == 1 && cancelled.body["progress"] == 0.5)
            #expect(try await send(client, .post, "/backfills/\(id)/cancel").status == 409)
            for wrong in [
                #"{"from":"2026-02-30","to":"2026-03-04"}"#, #"{"from":"1900-01-01","to":"2026-03-04"}"#, #"{}"#,
                #"{"from":"2026-03-01","to":"2026-03-04","chunk":0}"#,
                #"{"from":"2026-03-01","to":"2026-03-04","rerun":"x"}"#,
                #"{"from":"2026-03-01","to":"2026-03-04","max_active":65}"#,
                #"{"from":"2026-03-01","to":"2026-03-04","y":1}"#,
            ] { #expect(try await send(client, .post, "/schedules/p/d/backfills", wrong).status == 400, "\(wrong)") }
            #expect(try await send(client, .get, "/backfills/none").status == 404)
        }
    }

    @Test func webhooksAreCalled() async throws {
        try await withClient { client, fixture, _ in
            let path = "/pipelines/p/triggers/push"
            #expect(try await send(client, .post, path, "{}").status == 401)
            #expect(try await send(client, .post, path, "{}", token: "wrong").status == 401)
            let called = try await send(client, .post, path, "{}", token: "a secret of some length")
            #expect(called.status == 202 && called.body["duplicate"] == false)
            #expect(try await fixture.runs().map(\.id) == [called.body["run"]?.stringValue])
            let large = String(repeating: "x", count: TriggerLimits.webhookBytes + 1)
            #expect(try await send(client, .post, path, large, token: "a secret of some length").status == 413)
            #expect(try await send(client, .post, "/pipelines/p/triggers/d", "{}").status == 404)
        }
    }
}
