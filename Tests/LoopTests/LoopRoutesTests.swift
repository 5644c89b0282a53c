import Core
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
        _ body: @Sendable @escaping (LoopFixture, LoopService, any TestClientProtocol) async throws -> Void
    ) async throws {
        let fixture = try await LoopFixture()
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
