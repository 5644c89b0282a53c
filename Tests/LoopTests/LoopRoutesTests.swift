import Core
import Foundation
import HTTPSupport
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Loop
import NIOCore
import Synchronization
import TestSupport
import Testing

/// The wire: every answer and every error of the loop's routes.
@Suite(.overEveryDatabase)
struct LoopRoutesTests {
    struct Answer {
        let status: Int
        let json: JSONValue
        var code: String? { json["error"]?["code"]?.stringValue }
    }

    private func withClient(
        _ changes: JSONObject = [:],
        _ body: @Sendable @escaping (LoopFixture, LoopService, any TestClientProtocol) async throws -> Void
    ) async throws {
        let fixture = try await LoopFixture(with: changes)
        let service = fixture.service()
        let router = Router(context: AppRequestContext.self)
        let routes = RouteTable.forTests(router)
        LoopRoutes(service: service).register(in: routes)
        try routes.validate()
        try await Application(router: router).test(.router) { client in try await body(fixture, service, client) }
    }

    private static func get(_ client: any TestClientProtocol, _ path: String) async throws -> Answer {
        try await client.execute(uri: "/api/martlet/v1" + path, method: .get, body: nil) { response in
            Answer(status: response.status.code, json: try JSONValue.parse(response.body.readableBytesView))
        }
    }

    private static func fire(
        _ client: any TestClientProtocol,
        _ body: String = "{}",
        trigger: String = "cancer-retrain",
        type: String? = "application/json"
    ) async throws -> Answer {
        var headers = HTTPFields()
        if let type { headers[.contentType] = type }
        return try await client.execute(
            uri: "/api/martlet/v1/triggers/\(trigger)/fire",
            method: .post,
            headers: headers,
            body: ByteBuffer(string: body)
        ) { response in
            Answer(status: response.status.code, json: try JSONValue.parse(response.body.readableBytesView))
        }
    }

    @Test func fireListAndShow() async throws {
        try await withClient { fixture, service, client in
            let fired = try await Self.fire(client, #"{"reason": "New instrument"}"#)
            #expect(fired.status == 202)
            #expect(fired.json["state"] == "signalled")
            #expect(fired.json["signal"]?["message"] == "New instrument")
            let id = try #require(fired.json["id"]?.stringValue)
            try await fixture.settle(service)
            let list = try await Self.get(client, "/loops?limit=1")
            #expect(list.json["items"]?.arrayValue?.first?["id"] == .string(id))
            #expect(list.json["next_page_token"] == nil)
            let shown = try await Self.get(client, "/loops/\(id)")
            #expect(shown.json["state"] == "promoted")
            #expect(shown.json["version"] == 2)
            #expect(shown.json["phases"]?.arrayValue?.count == 6)
            #expect(shown.json["events"]?.arrayValue?.first?["message"] == "New instrument")
            let triggers = try await Self.get(client, "/triggers")
            #expect(triggers.json["items"]?.arrayValue?.first?["name"] == "cancer-retrain")
        }
    }

    private static func post(
        _ client: any TestClientProtocol,
        _ path: String,
        _ body: String = "{}",
        headers: [String: String] = ["content-type": "application/json"]
    ) async throws -> Answer {
        var fields = HTTPFields()
        for (name, value) in headers { fields[try #require(HTTPField.Name(name))] = value }
        return try await client.execute(
            uri: "/api/martlet/v1" + path,
            method: .post,
            headers: fields,
            body: ByteBuffer(string: body)
        ) { response in
            Answer(status: response.status.code, json: try JSONValue.parse(response.body.readableBytesView))
        }
    }

    @Test func approveRejectAndCancel() async throws {
        try await withClient(["approval": ["before": "register", "by": "nobody"]]) { fixture, service, client in
            let id = try #require(try await Self.fire(client).json["id"]?.stringValue)
            #expect(try await Self.post(client, "/loops/\(id)/approve").status == 409)
            try await fixture.advance(service, to: .awaitingApproval)
            let shown = try await Self.get(client, "/loops/\(id)")
            #expect(shown.json["awaiting"]?["stage"] == "register")
            #expect(shown.json["gate"]?["metrics"]?.arrayValue?.count == 1)
            #expect(try await Self.post(client, "/loops/\(id)/approve").status == 403)
            #expect(try await Self.post(client, "/loops/\(id)/reject", #"{"comment": ""}"#).status == 400)
            #expect(try await Self.post(client, "/loops/\(id)/cancel", #"{"why": "x"}"#).status == 400)
            let cancelled = try await Self.post(client, "/loops/\(id)/cancel", #"{"reason": "Too late."}"#)
            #expect(cancelled.status == 202 && cancelled.json["state"] == "cancelling")
            try await fixture.settle(service)
            let after = try await Self.get(client, "/loops/\(id)")
            #expect(after.json["state"] == "cancelled" && after.json["cancellation"]?["reason"] == "Too late.")
            #expect(try await Self.post(client, "/loops/\(id)/cancel").status == 409)
            #expect(try await Self.post(client, "/loops/0123/cancel").status == 404)
        }
    }

    @Test func theListHasFilters() async throws {
        try await withClient { fixture, service, client in
            _ = try await Self.fire(client)
            try await fixture.settle(service)
            fixture.clock.advance(by: .seconds(100))
            let began = fixture.clock.clock.now.milliseconds
            _ = try await Self.fire(client)
            func count(_ query: String) async throws -> Int? {
                try await Self.get(client, "/loops?\(query)").json["items"]?.arrayValue?.count
            }
            #expect(try await count("state=open") == 1)
            #expect(try await count("state=ended") == 1)
            #expect(try await count("state=promoted,signalled") == 2)
            #expect(try await count("state=rejected") == 0)
            #expect(try await count("model=cancer&alias=production&signal=hand") == 2)
            #expect(try await count("signal=drift") == 0)
            #expect(try await count("since=\(began)") == 1)
            #expect(try await count("until=\(began)") == 1)
            for query in ["state=happy", "signal=smoke", "since=yesterday"] {
                #expect(try await Self.get(client, "/loops?\(query)").status == 400)
            }
            #expect(try await Self.get(client, "/triggers/cancer-retrain").json["open_loop"] != .null)
            #expect(try await Self.get(client, "/triggers/nobody").status == 404)
        }
    }

    @Test func webhooksComeInUnderBothNames() async throws {
        try await withClient(["when": ["webhook": ["secret": "hook"], "every": "1h"]]) { fixture, _, client in
            let seconds = fixture.clock.clock.now.milliseconds / 1000
            for (number, prefix) in ["webhook-", "x-mlflow-"].enumerated() {
                let id = "d\(number)"
                let code = Data(FakeWorld.code(Array("\(id).\(seconds).{}".utf8))).base64EncodedString()
                let headers = [
                    prefix + (number == 0 ? "id" : "delivery-id"): id, prefix + "timestamp": String(seconds),
                    prefix + "signature": "v1,\(code)",
                ]
                let taken = try await Self.post(client, "/triggers/cancer-retrain/webhook", headers: headers)
                #expect(taken.status == 202 && taken.json["duplicate"] == false)
                let again = try await Self.post(client, "/triggers/cancer-retrain/webhook", headers: headers)
                #expect(again.status == 200 && again.json["duplicate"] == true)
            }
            #expect(try await Self.post(client, "/triggers/cancer-retrain/webhook").status == 400)
            #expect(
                try await Self.post(
                    client,
                    "/triggers/cancer-retrain/webhook",
                    String(repeating: " ", count: LoopLimits.maximumWebhookBodyBytes + 1)
                ).status == 413
            )
            let trigger = try await Self.get(client, "/triggers/cancer-retrain").json
            #expect(trigger["signals"]?.arrayValue?.first?["kind"] == "webhook")
            #expect(trigger["next_fire_at"] == .integer(seconds * 1000 + 3_600_000))
        }
    }

    @Test func refusalsKeepTheirCodes() async throws {
        try await withClient { fixture, service, client in
            #expect(try await Self.fire(client, trigger: "nobody").status == 404)
            fixture.world.state.withLock { $0.labelled = 0 }
            let noData = try await Self.fire(client)
            #expect(noData.status == 409 && noData.code == "failedPrecondition")
            fixture.world.state.withLock { $0.labelled = 10 }
            #expect(try await Self.fire(client).status == 202)
            #expect(try await Self.fire(client, #"{"force": true}"#).status == 409)
            try await fixture.settle(service)
            let cooling = try await Self.fire(client)
            #expect(cooling.status == 429 && cooling.code == "resourceExhausted")
            #expect(try await Self.fire(client, #"{"force": true}"#).status == 202)
        }
    }

    @Test(arguments: [
        "", "[]", "null", "42", "{", "{} {}", #"{"force": 1}"#, #"{"reason": 5}"#, #"{"reason": ""}"#,
        #"{"farce": true}"#, #"{"force": true, "force": true}"#,
        #"{"reason": ""# + String(repeating: "r", count: LoopLimits.maximumReasonCharacters + 1) + #""}"#,
    ])
    func badBodiesOpenNothing(_ body: String) async throws {
        try await withClient { fixture, _, client in
            let answer = try await Self.fire(client, body)
            #expect(answer.status == 400 && answer.code == "invalidArgument")
            #expect(try await fixture.store.loops(limit: 1).isEmpty)
        }
    }

    @Test func bodiesOfAnotherKindOrSizeOpenNothing() async throws {
        try await withClient { fixture, _, client in
            #expect(try await Self.fire(client, type: "text/plain").status == 415)
            #expect(try await Self.fire(client, type: nil).status == 415)
            let large = String(repeating: " ", count: LoopLimits.maximumFireBodyBytes + 1)
            let refused = try await Self.fire(client, large)
            #expect(refused.status == 413)
            let opened = try await fixture.store.loops(limit: 1)
            #expect(opened.isEmpty)
        }
    }

    @Test(arguments: ["limit=0", "limit=201", "limit=x", "page_token=forged", "page_token=AAAA"])
    func badQueries(_ query: String) async throws {
        try await withClient { _, _, client in
            let answer = try await Self.get(client, "/loops?\(query)")
            #expect(answer.status == 400 && answer.code == "invalidArgument")
        }
    }

    @Test func unknownLoop() async throws {
        try await withClient { _, _, client in
            let answer = try await Self.get(client, "/loops/0123")
            #expect(answer.status == 404 && answer.code == "notFound")
        }
    }
}
