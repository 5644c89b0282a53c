import Core
import HTTPSupport
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Replay
import TestSupport
import Testing

/// The wire of replays.
@Suite("Replay: routes")
struct ReplayRoutesTests {
    @Test("A replay is asked for, shown, listed and stopped")
    func life() async throws {
        let fixture = try await ReplayFixture()
        fixture.world.change { state in
            state.models[7] = state.models[1]
            state.rows = ReplayFixture.rows(50)
        }
        let service = fixture.service()
        let router = Router(context: AppRequestContext.self)
        let routes = RouteTable.forTests(router)
        ReplayRoutes(service: service).register(in: routes)
        try routes.validate()
        try await Application(router: router).test(.router) { client in
            let body = #"{"deployment": "cancer", "candidate": "models:/cancer/7", "gate": {"minimum_rows": 50}}"#
            let accepted = try await Self.send(client, "", .post, body)
            #expect(accepted.status == 202)
            #expect(accepted.json["state"] == "queued")
            let id = try #require(accepted.json["id"]?.stringValue)
            await service.runAll()
            let shown = try await Self.send(client, "/\(id)", .get)
            #expect(shown.json["verdict"] == "pass")
            #expect(shown.json["progress"]?.doubleValue == 1)
            #expect(shown.json["report"]?["rows"] == 50)
            let list = try await Self.send(client, "?deployment=cancer", .get)
            #expect(list.json["items"]?.arrayValue?.count == 1)
            #expect(list.json["items"]?.arrayValue?.first?["report"] == nil)
            #expect(try await Self.send(client, "/\(id)/cancel", .post).json["state"] == "succeeded")
            #expect(try await Self.send(client, "/nonesuch", .get).status == 404)
            #expect(try await Self.send(client, "", .post, #"{"deployment": "cancer"}"#).status == 400)
            let unknown = try await Self.send(client, "", .post, body.replacing("/7", with: "/x"))
            #expect(unknown.status == 404)
            let long = #"{"deployment": "\#(String(repeating: "x", count: ReplayLimits.bodyBytes))"}"#
            #expect(try await Self.send(client, "", .post, long).status == 413)
        }
    }

    private static func send(
        _ client: any TestClientProtocol,
        _ path: String,
        _ method: HTTPRequest.Method,
        _ body: String? = nil
    ) async throws -> (status: Int, json: JSONValue) {
        try await client.execute(
            uri: "/api/martlet/v1/replays\(path)",
            method: method,
            headers: [.contentType: "application/json"],
            body: body.map { ByteBuffer(string: $0) }
        ) { response in
            (response.status.code, try JSONValue.parse(response.body.readableBytesView))
        }
    }
}
