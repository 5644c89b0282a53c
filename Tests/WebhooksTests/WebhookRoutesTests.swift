import Core
import Egress
import HTTPSupport
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import TestSupport
import Testing
import Webhooks

/// What travels over HTTP: the shape of replies and of errors.
@Suite struct WebhookRoutesTests {
    private let fixture: WebhookFixture
    private let router = Router(context: AppRequestContext.self)

    init() async throws {
        fixture = try await WebhookFixture()
        let routes = RouteTable.forTests(router)
        let sender = WebhookSender(egress: EgressClient(policy: EgressPolicy(), resolver: fixture.hosts.resolver))
        let service = WebhookService(store: fixture.store, sender: sender, logger: Logger(label: "test"))
        WebhookRoutes(store: fixture.store, service: service).register(in: routes)
        try routes.validate()
    }

    private func send(
        _ method: HTTPRequest.Method,
        _ path: String,
        _ body: JSONValue? = nil
    ) async throws -> (status: Int, json: JSONValue?) {
        try await Application(router: router).test(.router) { client in
            let response = try await client.execute(
                uri: "/api/\(path)",
                method: method,
                headers: body == nil ? [:] : [.contentType: "application/json"],
                body: body.map { ByteBuffer(bytes: $0.serialized()) }
            )
            return (response.status.code, try? JSONValue.parse(String(buffer: response.body)))
        }
    }

    @Test func life() async throws {
        let body: JSONValue = [
            "name": "hook", "url": "https://example.com/", "secret": "s",
            "events": [["entity": "MODEL_VERSION", "action": "CREATED"], ["entity": 5, "action": 4]],
        ]
        let refused = try await send(.post, "2.0/mlflow/webhooks", body)
        #expect(refused.status == 400)
        let good: JSONValue = [
            "name": "hook", "url": "https://example.com/", "secret": "s",
            "events": [["entity": "MODEL_VERSION", "action": "CREATED"], ["entity": 7, "action": 4]],
        ]
        let made = try await send(.post, "2.0/mlflow/webhooks", good)
        let webhook = try #require(made.json?["webhook"])
        let id = try #require(webhook["webhook_id"]?.stringValue)
        #expect(webhook["secret"] == Optional.none)
        #expect(webhook["status"] == "ACTIVE")
        let events: JSONValue = [
            ["entity": "MODEL_VERSION", "action": "CREATED"], ["entity": "PROMPT_TAG", "action": "SET"],
        ]
        #expect(webhook["events"] == events)
        #expect(try await send(.get, "2.0/mlflow/webhooks/\(id)").json?["webhook"] == webhook)
        #expect(try await send(.get, "2.0/mlflow/webhooks").json?["webhooks"] == [webhook])
        let own = try await send(.get, "martlet/v1/webhooks").json?["items"]?.arrayValue?.first
        #expect(own?["signed"] == true)
        #expect(own?["events"] == ["model_version.created", "prompt_tag.set"])
        let changed = try await send(.patch, "2.0/mlflow/webhooks/\(id)", ["status": 2, "name": ""])
        #expect(changed.json?["webhook"]?["status"] == "DISABLED")
        #expect(changed.json?["webhook"]?["name"] == "hook")
        #expect(try await send(.get, "martlet/v1/webhooks/\(id)/deliveries").json == ["items": []])
        #expect(try await send(.delete, "2.0/mlflow/webhooks/\(id)").json == [:])
        let gone = try await send(.get, "2.0/mlflow/webhooks/\(id)")
        #expect(gone.status == 404)
        #expect(gone.json?["error_code"] == "RESOURCE_DOES_NOT_EXIST")
    }

    @Test func monitorsEventsAreMartletsOwn() async throws {
        let body: JSONValue = [
            "name": "drift", "url": "https://example.com/", "events": ["monitor.drift", "monitor.recovered"],
        ]
        let made = try #require(try await send(.post, "martlet/v1/webhooks", body).json)
        #expect(made["events"] == ["monitor.drift", "monitor.recovered"])
        let id = try #require(made["webhook_id"]?.stringValue)
        #expect(try await send(.get, "martlet/v1/webhooks/\(id)").json == made)
        // MLflow's client fails on an event that it does not know.
        #expect(try await send(.get, "2.0/mlflow/webhooks").json?["webhooks"] == Optional.none)
        #expect(try await send(.get, "2.0/mlflow/webhooks/\(id)").json?["webhook"]?["events"] == [])
        let mixed: JSONValue = [
            "name": "both", "url": "https://example.com/", "events": ["monitor.drift", "model_version.created"],
        ]
        #expect(try await send(.post, "martlet/v1/webhooks", mixed).status == 200)
        let known = try await send(.get, "2.0/mlflow/webhooks").json?["webhooks"]
        #expect(known?.arrayValue?.first?["events"] == [["entity": "MODEL_VERSION", "action": "CREATED"]])
        #expect(known?.arrayValue?.count == 1)
        #expect(try await send(.delete, "martlet/v1/webhooks/\(id)").json == [:])
        #expect(try await send(.get, "martlet/v1/webhooks/\(id)").status == 404)
        let unknown = try await send(
            .post,
            "martlet/v1/webhooks",
            ["name": "x", "url": "https://example.com/", "events": ["monitor.created"]]
        )
        #expect(unknown.status == 400)
        let message = unknown.json?["error"]?["message"]?.stringValue ?? unknown.json?["message"]?.stringValue
        #expect(message?.contains("monitor.recovered") == true)
        let long = String(repeating: "x", count: WebhooksLimits.requestBytes)
        let tooLong: JSONValue = ["name": .string(long), "url": "https://example.com/", "events": ["monitor.drift"]]
        #expect(try await send(.post, "martlet/v1/webhooks", tooLong).status == 413)
    }

    @Test(arguments: WebhookEvent.all)
    func everyEventHasAnExample(event: WebhookEvent) async throws {
        #expect(WebhookEvent(name: event.name) == event)
        let body = WebhookMessage.body(event, data: ["a": 1], now: Timestamp(milliseconds: 0))
        #expect(try JSONValue.parse(body)["entity"] == .string(event.entity.rawValue))
    }

    @Test func whatIsMissingOrWrong() async throws {
        let event: JSONValue = ["entity": "PROMPT", "action": "CREATED"]
        let bodies: [JSONValue] = [
            [:], ["name": "a", "url": "https://example.com"], ["name": "a", "events": [event]],
            ["url": "https://example.com", "events": [event]],
            ["name": "a", "url": "https://example.com", "events": []],
            ["name": "a", "url": "https://example.com", "events": [["entity": "PROMPT"]]],
            ["name": "a", "url": "https://example.com", "events": [["entity": "PROMPT", "action": "DELETED"]]],
            ["name": "a", "url": "https://example.com", "events": [["entity": "NOTHING", "action": "CREATED"]]],
            ["name": "a", "url": "https://example.com", "events": [event], "status": "SLEEPING"],
            ["name": "a", "url": "http://example.com", "events": [event]],
        ]
        for body in bodies {
            let answer = try await send(.post, "2.0/mlflow/webhooks", body)
            #expect(answer.status == 400, "\(body)")
            #expect(answer.json?["error_code"] == "INVALID_PARAMETER_VALUE")
        }
        for limit in ["-1", "1001", "x"] {
            #expect(try await send(.get, "2.0/mlflow/webhooks?max_results=\(limit)").status == 400)
        }
        #expect(try await send(.get, "2.0/mlflow/webhooks?max_results=0").json == [:])
        #expect(try await send(.get, "2.0/mlflow/webhooks?page_token=x").status == 400)
        #expect(try await send(.post, "2.0/mlflow/webhooks/none/test", [:]).status == 404)
    }
}
