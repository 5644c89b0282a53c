import Core
import HTTPSupport
import Hummingbird
import HummingbirdTesting
import Lineage
import TestSupport
import Testing

/// The route and each of its errors.
@Suite(.overEveryDatabase)
struct LineageRoutesTests {
    @Test func walksAndRefuses() async throws {
        let fixture = try await LineageFixture()
        try await fixture.story()
        let router = Router(context: AppRequestContext.self)
        LineageRoutes(service: fixture.service(LineageFixture.sources)).register(in: .forTests(router))
        try await Application(router: router).test(.router) { client in
            func get(_ query: String) async throws -> (status: Int, body: JSONValue) {
                try await client.execute(uri: "/api/martlet/v1/lineage\(query)", method: .get) { response in
                    (Int(response.status.code), try JSONValue.parse(response.body.readableBytesView))
                }
            }
            let up = try await get("?of=prediction:p1&direction=up")
            #expect(up.status == 200 && up.body["complete"] == true && up.body["directions"] == ["up"])
            #expect(up.body["nodes"]?.arrayValue?.last?["node"] == "artifact:f11e00")
            #expect(up.body["edges"]?.arrayValue?.first?["relation"] == "predicted")
            let both = try await get("?of=model:m/2")
            #expect(both.body["directions"] == ["up", "down"])
            #expect(try await get("?of=model:m/2&limit=1").body["complete"] == false)
            for (query, status, words) in [
                ("", 400, "'of'"), ("?of=x", 400, "model:name/3"), ("?of=model:m/9", 404, "model:m/9"),
                ("?of=model:m/2&direction=left", 400, "'direction'"), ("?of=model:m/2&limit=0", 400, "'limit'"),
                ("?of=model:m/2&limit=10001", 400, "'limit'"),
            ] {
                let answer = try await get(query)
                #expect(answer.status == status, "\(query): \(answer.body)")
                #expect(answer.body["error"]?["message"]?.stringValue?.contains(words) == true, "\(answer.body)")
            }
        }
    }
}
