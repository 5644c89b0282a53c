import Core
import HTTPSupport
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Testing

/// How a request becomes the fields of an MLflow method, on both kinds of routes.
@Suite struct MLflowCallTests {
    private let router = Router(context: AppRequestContext.self)

    init() throws {
        let routes = RouteTable.forTests(router)
        for method in [HTTPRequest.Method.get, .post, .patch, .delete] {
            routes.mlflow(method, "/echo/{id}", permission: .read) { call in
                ["a": .string(try call.fields.string("a")), "id": .string(try call.fields.string("id"))]
            }
        }
        routes.mlflowBytes(.post, "/bytes", permission: .read) { body in
            let fields = try body.call().fields
            return JSONValue.object(["a": .string(try fields.string("a"))]).serialized()
        }
        try routes.validate()
    }

    private func send(
        _ method: HTTPRequest.Method,
        _ path: String,
        _ body: String? = nil,
        type: String? = "application/json"
    ) async throws -> (status: Int, json: JSONValue?) {
        var headers = HTTPFields()
        headers[.contentType] = type
        let sent = headers
        return try await Application(router: router).test(.router) { client in
            let body = body.map { ByteBuffer(string: $0) }
            let response = try await client.execute(uri: path, method: method, headers: sent, body: body)
            return (response.status.code, try? JSONValue.parse(String(buffer: response.body)))
        }
    }

    @Test(arguments: ["/api/2.0/echo/x%2Fy", "/ajax-api/2.0/echo/x%2Fy"])
    func fieldsComeFromBodyQueryAndPath(_ path: String) async throws {
        let expected: JSONValue = ["a": "b c", "id": "x/y"]
        for method in [HTTPRequest.Method.post, .patch, .delete] {
            #expect(try await send(method, path, #"{"a":"b c","id":"other","unknown":{}}"#).json == expected)
        }
        #expect(try await send(.get, path + "?a=b+c&id=other&unknown=1").json == expected)
        #expect(try await send(.delete, path + "?a=b").json?["error_code"] == "INVALID_PARAMETER_VALUE")
    }

    @Test(arguments: ["/api/2.0/echo/x", "/api/2.0/bytes"])
    func theMediaTypeOfAPostIsJSON(_ path: String) async throws {
        let body = #"{"a":"b"}"#
        for type in ["application/json", "application/json; charset=utf-8", "application/json;x", "Application/JSON"] {
            #expect(try await send(.post, path, body, type: type).status == 200, "\(type)")
        }
        for type in ["text/plain", "", "application/x-json", "application/problem+json", "application/json , x"] {
            let reply = try await send(.post, path, body, type: type)
            #expect(reply.status == 400, "\(type)")
            #expect(reply.json?["error_code"] == "INVALID_PARAMETER_VALUE")
            #expect(reply.json?["message"]?.stringValue?.hasPrefix("Bad Request. Content-Type ") == true)
        }
        let absent = try await send(.post, path, body, type: nil)
        #expect(absent.json?["message"] == "Bad Request. Content-Type header is missing.")
        #expect(try await send(.patch, "/api/2.0/echo/x", body, type: nil).status == 200)
    }

    @Test(arguments: ["/api/2.0/echo/x", "/api/2.0/bytes"])
    func bodies(_ path: String) async throws {
        // Old clients encode the body twice.
        #expect(try await send(.post, path, #""{\"a\":\"b\"}""#).status == 200)
        for bad in ["[]", "null", "4", "true", "\"x\"", "{", "{} {}", #"{"a":"b","a":"b"}"#] {
            let reply = try await send(.post, path, bad)
            #expect(reply.status == 400, "\(bad)")
            #expect(reply.json?["error_code"] == "INVALID_PARAMETER_VALUE")
        }
        for empty in ["", "{}", #"{"a":null}"#, #"{"a":""}"#] {
            let message = try await send(.post, path, empty).json?["message"]?.stringValue
            #expect(message?.hasPrefix("Missing value for required parameter 'a'.") == true, "\(empty)")
        }
    }
}
