import Core
import HTTPSupport
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Traces

/// The routes of a fixture's store, asked without a socket.
struct RoutesFixture {
    let fixture: TracesFixture
    let router = Router(context: AppRequestContext.self)

    init() async throws {
        fixture = try await TracesFixture()
        let routes = RouteTable.forTests(router)
        TraceRoutes(store: fixture.store).register(in: routes)
        AssessmentRoutes(store: fixture.store).register(in: routes)
        OTLPRoutes(store: fixture.store).register(in: routes)
        try routes.validate()
    }

    struct Reply {
        let status: Int
        let json: JSONValue?
        let headers: HTTPFields
        let text: String

        /// MLflow's error code and message.
        var error: String { "\(json?["error_code"]?.stringValue ?? "") \(json?["message"]?.stringValue ?? "")" }
    }

    func send(
        _ method: HTTPRequest.Method,
        _ path: String,
        _ body: [UInt8]? = nil,
        headers: [String: String] = [:]
    ) async throws -> Reply {
        var fields = HTTPFields()
        for (name, value) in headers {
            guard let name = HTTPField.Name(name) else { continue }
            fields[name] = value
        }
        let sent = fields
        return try await Application(router: router).test(.router) { client in
            let response = try await client.execute(
                uri: path,
                method: method,
                headers: sent,
                body: body.map { ByteBuffer(bytes: $0) }
            )
            let text = String(buffer: response.body)
            return Reply(
                status: response.status.code,
                json: try? JSONValue.parse(text),
                headers: response.headers,
                text: text
            )
        }
    }

    /// Calls a method of MLflow's API under `/api`.
    func call(_ method: HTTPRequest.Method, _ path: String, _ body: JSONValue? = nil) async throws -> Reply {
        try await send(
            method,
            "/api/" + path,
            body.map { $0.serialized() },
            headers: body == nil ? [:] : ["Content-Type": "application/json"]
        )
    }
}
