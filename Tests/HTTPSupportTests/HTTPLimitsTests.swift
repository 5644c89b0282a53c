import Core
import HTTPSupport
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

/// The limits of the HTTP surface at their edge.
@Suite struct HTTPLimitsTests {
    private func application() -> some ApplicationProtocol {
        let router = Router(context: AppRequestContext.self)
        let routes = RouteTable.forTests(router)
        routes.post("/body", permission: .write, errors: .martlet) { request, _ in
            .text("\(try await request.readBody().readableBytes)")
        }
        routes.get("/page", permission: .read, errors: .martlet) { request, _ in
            let range = 1...HTTPLimits.pageSize
            return .text("\(try request.queryInt("limit", in: range, default: HTTPLimits.defaultPageSize))")
        }
        return Application(router: router)
    }

    private func send(_ method: HTTPRequest.Method, _ path: String, bytes: Int = 0) async throws -> (Int, String) {
        try await application().test(.router) { client in
            let body = ByteBuffer(repeating: UInt8(ascii: "a"), count: bytes)
            let response = try await client.execute(uri: path, method: method, body: body)
            return (response.status.code, String(buffer: response.body))
        }
    }

    @Test func aBodyMayHaveSoManyBytes() async throws {
        #expect(try await send(.post, "/body", bytes: HTTPLimits.bodyBytes) == (200, "\(HTTPLimits.bodyBytes)"))
        #expect(try await send(.post, "/body", bytes: HTTPLimits.bodyBytes + 1).0 == 413)
    }

    @Test func aPageMayHaveSoManyElements() async throws {
        #expect(try await send(.get, "/page") == (200, "\(HTTPLimits.defaultPageSize)"))
        #expect(try await send(.get, "/page?limit=\(HTTPLimits.pageSize)") == (200, "\(HTTPLimits.pageSize)"))
        for limit in ["\(HTTPLimits.pageSize + 1)", "0", "-1", "ten", "99999999999999999999"] {
            #expect(try await send(.get, "/page?limit=\(limit)").0 == 400)
        }
    }
}
