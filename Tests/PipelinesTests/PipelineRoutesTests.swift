import Core
import HTTPSupport
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Pipelines
import TestSupport
import Testing

/// Every route and each of its errors.
@Suite(.overEveryDatabase)
struct PipelineRoutesTests {
    private static let base = "/api/martlet/v1"

    private func withClient(
        _ body: @Sendable (any TestClientProtocol, PipelineService) async throws -> Void
    ) async throws {
        let fixture = try await PipelineFixture()
        try await fixture.apply([
            "p": [
                "parameters": ["n": 1],
                "tasks": [
                    "a": ["step": "test.echo", "with": ["value": "${parameters.n}"]],
                    "b": ["run": ["echo", "b"], "needs": ["a"]], "c": ["script": "echo c", "needs": ["a", "b"]],
                ],
            ]
        ])
        let service = fixture.service()
        let router = Router(context: AppRequestContext.self)
        PipelineRoutes(service: service).register(in: .forTests(router))
        try await Application(router: router).test(.router) { client in try await body(client, service) }
    }

    private func send(
        _ client: any TestClientProtocol,
        _ method: HTTPRequest.Method,
        _ path: String,
        _ body: String? = nil
    ) async throws -> (status: Int, body: JSONValue) {
        try await client.execute(
            uri: Self.base + path,
            method: method,
            headers: body == nil ? [:] : [.contentType: "application/json"],
            body: body.map { ByteBuffer(string: $0) }
        ) { response in
            (Int(response.status.code), try JSONValue.parse(response.body.readableBytesView))
        }
    }

    @Test func listsAndShowsTheGraph() async throws {
        try await withClient { client, _ in
            let list = try await send(client, .get, "/pipelines")
            #expect(list.body["items"]?.arrayValue?.first?["name"] == "p")
            #expect(list.body["items"]?.arrayValue?.first?["tasks"] == 3)
            #expect(list.body["items"]?.arrayValue?.first?["last_run"] == .null)
            let shown = try await send(client, .get, "/pipelines/p").body
            #expect(shown["nodes"]?.arrayValue?.map { $0["level"] } == [0, 1, 2])
            #expect(shown["nodes"]?.arrayValue?.map { $0["kind"] } == ["step", "run", "script"])
            #expect(
                shown["edges"] == [
                    ["from": "a", "to": "b"], ["from": "a", "to": "c"], ["from": "b", "to": "c"],
                ]
            )
        }
    }

    @Test func startsShowsLogsAndLists() async throws {
        try await withClient { client, service in
            let started = try await send(client, .post, "/pipelines/p/runs", "{\"parameters\":{\"n\":5}}")
            #expect(started.status == 201)
            #expect(started.body["state"] == "queued")
            let id = try #require(started.body["id"]?.stringValue)
            _ = try await serving(service) { try await service.waitForRun(id) }
            let run = try await send(client, .get, "/pipeline-runs/\(id)").body
            #expect(run["state"] == "succeeded")
            #expect(run["tasks"]?.arrayValue?.first?["outputs"] == ["value": 5])
            let log = try await send(client, .get, "/pipeline-runs/\(id)/logs?task=b").body
            #expect(log["items"]?.arrayValue?.map { $0["line"] } == ["b"])
            #expect(log["complete"] == true && log["next_after"] == 1)
            let rest = try await send(client, .get, "/pipeline-runs/\(id)/logs?task=b&after=1").body
            #expect(rest["items"] == [] && rest["next_after"] == 1)
            let runs = try await send(client, .get, "/pipeline-runs?pipeline=p&limit=1").body
            #expect(runs["items"]?.arrayValue?.first?["id"] == .string(id))
            #expect(runs["next_page_token"] == nil)
            let cancelled = try await send(client, .post, "/pipeline-runs/\(id)/cancel")
            #expect(cancelled.status == 409)
        }
    }

    @Test func cancelIsAccepted() async throws {
        try await withClient { client, _ in
            let started = try await send(client, .post, "/pipelines/p/runs", "{}")
            let id = started.body["id"]?.stringValue ?? ""
            let cancelled = try await send(client, .post, "/pipeline-runs/\(id)/cancel")
            #expect(cancelled.status == 202)
            #expect(cancelled.body["state"] == "cancelled")
        }
    }

    private static let failures:
        [(method: HTTPRequest.Method, path: String, body: String?, status: Int, words: String)] = [
            (.get, "/pipelines/q", nil, 404, "'q'"), (.post, "/pipelines/q/runs", "{}", 404, "'q'"),
            (.post, "/pipelines/p/runs", "{", 400, "JSON"), (.post, "/pipelines/p/runs", "[]", 400, "object"),
            (.post, "/pipelines/p/runs", nil, 415, "application/json"),
            (.post, "/pipelines/p/runs", "{\"params\":{}}", 400, "'params'"),
            (.post, "/pipelines/p/runs", "{\"parameters\":{\"m\":1}}", 400, "'parameters.m'"),
            (.post, "/pipelines/p/runs", "{\"parameters\":{\"n\":\"x\"}}", 400, "'parameters.n'"),
            (.post, "/pipelines/p/runs", "{\"parameters\":3}", 400, "'parameters'"),
            (.post, "/pipelines/p/runs", "{\"idempotency_key\":\"\"}", 400, "'idempotency_key'"),
            (.get, "/pipeline-runs?limit=0", nil, 400, "'limit'"),
            (.get, "/pipeline-runs?limit=1001", nil, 400, "'limit'"),
            (.get, "/pipeline-runs?page_token=x", nil, 400, "'page_token'"),
            (.get, "/pipeline-runs/none", nil, 404, "'none'"),
            (.get, "/pipeline-runs/none/logs", nil, 400, "'task'"),
            (.get, "/pipeline-runs/none/logs?task=a", nil, 404, "'none'"),
            (.get, "/pipeline-runs/none/logs?task=a&after=-1", nil, 400, "'after'"),
            (.get, "/pipeline-runs/none/logs?task=a&limit=2001", nil, 400, "'limit'"),
            (.post, "/pipeline-runs/none/cancel", nil, 404, "'none'"),
        ]

    @Test func everyErrorHasItsStatusAndMessage() async throws {
        try await withClient { client, service in
            for failure in Self.failures {
                let answer = try await send(client, failure.method, failure.path, failure.body)
                let message = answer.body["error"]?["message"]?.stringValue ?? ""
                #expect(answer.status == failure.status, "\(failure.method) \(failure.path): \(answer.body)")
                #expect(message.contains(failure.words), "\(failure.method) \(failure.path): \(message)")
            }
            let id = try await service.startRun(pipeline: "p")
            let unknown = try await send(client, .get, "/pipeline-runs/\(id)/logs?task=nobody")
            #expect(unknown.status == 404)
        }
    }
}
