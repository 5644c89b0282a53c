import Core
import Foundation
import HTTPSupport
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Secrets
import Testing

/// The API: values go in, none come out.
struct SecretRoutesTests {
    private static let json: HTTPFields = [.contentType: "application/json"]

    @Test func putListGetDeleteAndRotate() async throws {
        let fixture = try await SecretFixture()
        let router = Router(context: AppRequestContext.self)
        SecretRoutes(store: fixture.store()).register(in: RouteTable.forTests(router))
        try await Application(router: router).test(.router) { client in try await Self.exercise(client) }
    }

    private static func exercise(_ client: any TestClientProtocol) async throws {
        let path = "/api/martlet/v1/secrets"
        let value = "very-secret-value"
        let body = "{\"value\": \"\(value)\"}"
        let huge = "{\"value\": \"\(String(repeating: "v", count: SecretsLimits.bodyBytes))\"}"
        let asked: [(HTTPRequest.Method, String, String, Int, String)] = [
            (.put, "\(path)/api-key", body, 200, "\"version\":1"), (.get, path, "", 200, "\"name\":\"api-key\""),
            (.get, "\(path)/api-key", "", 200, "\"created_by\":\"local\""),
            (.post, "/api/martlet/v1/secret-key/rotate", "{}", 200, "\"rotated\":1"),
            (.put, "\(path)/bad%20name", body, 400, "name"),
            (.put, "\(path)/x", "{\"value\": \"abc\"}", 400, "4 bytes"),
            (.put, "\(path)/x", "{\"value\": 12345}", 400, "value"),
            (.put, "\(path)/x", "{\"valu\": \"abcd\"}", 400, "valu"),
            (.put, "\(path)/x", huge, 413, ""), (.delete, "\(path)/api-key", "", 200, "{}"),
            (.get, "\(path)/api-key", "", 404, "api-key"),
        ]
        for (method, uri, sent, status, words) in asked {
            let response = try await client.execute(
                uri: uri,
                method: method,
                headers: json,
                body: sent.isEmpty ? nil : ByteBuffer(string: sent)
            )
            let text = String(buffer: response.body)
            #expect(response.status.code == status, "\(method) \(uri): \(text)")
            #expect(words.isEmpty || text.contains(words), "\(method) \(uri): \(text)")
            #expect(!text.contains(value) && !text.contains("envelope"))
        }
    }
}
