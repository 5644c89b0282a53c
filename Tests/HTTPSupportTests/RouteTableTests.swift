import Core
import HTTPSupport
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

@Suite struct RouteTableTests {
    private func application() -> some ApplicationProtocol {
        let router = Router(context: AppRequestContext.self)
        let gate = RouteGate { entry, _, _ in
            guard entry.permission != .admin else { throw MartletError(.permissionDenied, "no") }
            return .localUser
        }
        let routes = RouteTable(router: router, gate: gate)
        for (name, shape) in [
            ("martlet", ErrorShape.martlet), ("mlflow", .mlflow), ("inference", .inference), ("page", .page),
        ] {
            routes.get("/\(name)/{code}", permission: .read, errors: shape) { _, context in
                let code = try #require(MartletError.Code(rawValue: try context.parameters.require("code")))
                throw MartletError(code, "It is <wrong>.", cause: CancellationError())
            }
        }
        routes.get("/admin", permission: .admin, errors: .martlet) { _, _ in .text("secret") }
        routes.get("/who", permission: .read, errors: .martlet) { _, context in .text(context.principal.name) }
        routes.post("/echo", permission: .write, errors: .martlet) { request, _ in
            .json(try await request.readJSON(limit: 64))
        }
        return Application(router: router)
    }

    private func send(
        _ path: String,
        _ method: HTTPRequest.Method = .get,
        type: String? = "application/json",
        body: String = ""
    ) async throws -> (status: Int, body: String) {
        try await application().test(.router) { client in
            var headers = HTTPFields()
            if let type { headers[.contentType] = type }
            let response = try await client.execute(
                uri: path,
                method: method,
                headers: headers,
                body: ByteBuffer(string: body)
            )
            return (response.status.code, String(buffer: response.body))
        }
    }

    @Test(arguments: MartletError.Code.allCases)
    func everyCodeHasItsStatusAndNoCauseLeaks(code: MartletError.Code) async throws {
        let own = try await send("/martlet/\(code.rawValue)")
        #expect(own.status == code.httpStatus)
        #expect(try JSONValue.parse(own.body)["error"]?["code"] == .string(code.rawValue))
        let inference = try await send("/inference/\(code.rawValue)")
        #expect(try JSONValue.parse(inference.body) == ["error": "It is <wrong>."])
        let mlflow = try await send("/mlflow/\(code.rawValue)")
        #expect(try JSONValue.parse(mlflow.body)["error_code"]?.stringValue != nil)
        let page = try await send("/page/\(code.rawValue)")
        #expect(page.body.contains("It is &lt;wrong&gt;."))
        for body in [own.body, inference.body, mlflow.body, page.body] { #expect(!body.contains("Cancellation")) }
    }

    @Test func permissionsAreAskedFirst() async throws {
        #expect(try await send("/admin").status == 403)
        #expect(try await send("/who").body == "local")
    }

    @Test func bodiesAreCheckedBeforeTheyAreRead() async throws {
        #expect(try await send("/echo", .post, body: "[1]").body == "[1]")
        #expect(try await send("/echo", .post, type: "application/json; charset=utf-8", body: "[1]").status == 200)
        #expect(try await send("/echo", .post, type: "text/plain", body: "[1]").status == 415)
        #expect(try await send("/echo", .post, type: nil, body: "[1]").status == 415)
        #expect(try await send("/echo", .post, body: "[1").status == 400)
        let limit = "[" + String(repeating: " ", count: 62) + "]"
        #expect(try await send("/echo", .post, body: limit).status == 200)
        #expect(try await send("/echo", .post, body: limit + " ").status == 413)
    }

    @Test func aRouteRegisteredTwiceIsRefused() throws {
        let routes = RouteTable.forTests(Router(context: AppRequestContext.self))
        routes.get("/a", permission: .read, errors: .martlet) { _, _ in .text("1") }
        routes.post("/a", permission: .read, errors: .martlet) { _, _ in .text("1") }
        try routes.validate()
        routes.get("/a", permission: .read, errors: .martlet) { _, _ in .text("2") }
        #expect(throws: MartletError.self) { try routes.validate() }
    }
}
