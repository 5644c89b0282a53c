import Core
import HTTPSupport
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import TestSupport
import Testing
import Tracking

/// Bodies that are read without a tree mean what they mean to the general reader, and replies are its JSON.
@Suite(.overEveryDatabase) struct HotPathTests {
    private let fixture: TrackingFixture
    private let router = Router(context: AppRequestContext.self)

    init() async throws {
        fixture = try await TrackingFixture()
        RunRoutes(store: fixture.store).register(in: RouteTable.forTests(router))
    }

    private func send(_ method: HTTPRequest.Method, _ path: String, _ body: String?) async throws -> (Int, String) {
        try await Application(router: router).test(.router) { client in
            let response = try await client.execute(
                uri: "/api/2.0/mlflow/runs/\(path)",
                method: method,
                headers: [.contentType: "application/json"],
                body: body.map { ByteBuffer(string: $0) }
            )
            return (response.status.code, String(buffer: response.body))
        }
    }

    /// Each body with what the run has after it: usual ones, and ones that only the general reader takes.
    private static let batches: [(body: String, metrics: String, params: String)] = [
        (#"{"run_id":"ID","metrics":[{"key":"a","value":1.5,"timestamp":2,"step":3}]}"#, "a 1.5 2 3", ""),
        (
            #" { "metrics" : [ { "step" : -3, "timestamp":2, "value": 7, "key":"a" } ] , "run_id" : "ID" } "#,
            "a 7.0 2 -3", ""
        ),
        (#"{"run_id":"ID","metrics":[{"key":"a","value":1,"timestamp":2}],"params":[],"tags":[]}"#, "a 1.0 2 0", ""),
        (#"{"runId":"ID","metrics":[{"key":"a","value":1,"timestamp":2}]}"#, "a 1.0 2 0", ""),
        (#"{"run_id":"ID","metrics":[{"key":"a","value":"NaN","timestamp":"2","step":"4"}]}"#, "a nan 2 4", ""),
        (#"{"run_id":"ID","metrics":[{"key":"a","value":NaN,"timestamp":2.0,"step":1e1}]}"#, "a nan 2 10", ""),
        (
            #"{"run_id":"ID","metrics":[{"key":"a","value":1,"timestamp":2,"step":null,"more":[1]}],"x":{}}"#,
            "a 1.0 2 0", ""
        ),
        (#"{"run_id":"ID","params":[{"key":"p","value":"\u00e4\n"},{"value":"","key":"q"}]}"#, "", "p=ä\n q="),
        (#"{"run_id":"ID","params":[{"key":"p"}],"metrics":null}"#, "", "p="),
        (#"{"run_id":"ID"}"#, "", ""),
    ]

    @Test(arguments: batches.indices)
    func batchesMeanTheSame(index: Int) async throws {
        let (body, metrics, params) = Self.batches[index]
        let run = try await fixture.run()
        let reply = try await send(.post, "log-batch", body.replacing("ID", with: run))
        #expect(reply == (200, "{}"))
        let found = try await fixture.store.run(run)
        let points = found.metrics.map { "\($0.key) \($0.value) \($0.timestamp.milliseconds) \($0.step)" }
        #expect(points.joined(separator: " ") == metrics)
        #expect(found.params.map { "\($0.key)=\($0.value)" }.joined(separator: " ") == params)
    }

    @Test(arguments: [
        #"{"run_id":"ID","run_id":"ID"}"#,
        #"{"run_id":"ID","metrics":[{"key":"a","key":"b","value":1,"timestamp":2}]}"#,
        #"{"run_id":"ID","metrics":[{"key":"","value":1,"timestamp":2}]}"#, #"{"run_id":""}"#, #"{"run_id":"ID"} 1"#,
        #"{"run_id":"ID","metrics":[{"key":"a","value":1}]}"#, #"{"run_id":"ID","metrics":{"key":"a"}}"#,
        #"{"run_id":"ID","metrics":[{"key":"a","value":true,"timestamp":2}]}"#, #"{"run_id":"ID","metrics":[{"#, "[]",
        #"{"run_id":"ID","params":[{"key":"p","value":"a\u0000b"}]}"#,
        #"{"run_id":"ID","tags":[{"key":"t","value":5}]}"#,
        #"{"run_id":"ID","metrics":[{"key":"a","value":1,"timestamp":99999999999999999999}]}"#,
    ])
    func whatIsWrongIsSaid(body: String) async throws {
        let run = try await fixture.run()
        for path in ["log-batch", "log-metric"] {
            let reply = try await send(.post, path, body.replacing("ID", with: run))
            #expect(reply.0 == 400)
            #expect(reply.1.contains("INVALID_PARAMETER_VALUE"))
        }
        #expect(try await fixture.store.run(run).metrics.isEmpty)
    }

    @Test func repliesAreTheTreesJSON() async throws {
        let run = try await fixture.run()
        try await fixture.store.logBatch(
            runID: run,
            metrics: [
                Metric("nan", .nan), Metric("largest", .infinity), Metric("tenth", 0.1, time: 7, step: -2),
                Metric("é", 1e21),
            ],
            params: [Param(key: "quotes", value: "\"\\\u{1}\n\t/ä😀"), Param(key: "empty", value: "")],
            tags: [Tag(key: "t", value: "\u{7f}\u{2028}")]
        )
        try await fixture.store.logOutputs(runID: run, models: [ModelOutput(modelID: "m-1", step: 2)])
        try await fixture.store.logInputs(
            runID: run,
            datasets: [
                DatasetInput(
                    name: "d",
                    digest: "1",
                    sourceType: "local",
                    source: "{}",
                    tags: [Tag(key: "k", value: "v")]
                )
            ]
        )
        try await fixture.store.updateRun(run, status: .finished, endTime: Timestamp(milliseconds: 9))
        let got = try await send(.get, "get?run_id=\(run)", nil)
        #expect(got.0 == 200)
        let tree = try JSONValue.parse(got.1)
        #expect(tree.description == got.1)
        #expect(tree["run"]?["info"]?.objectValue?.keys.last == "end_time")
        #expect(tree["run"]?["data"]?["metrics"]?.arrayValue?.count == 4)
        let found = try await send(.post, "search", #"{"experiment_ids":["0"],"max_results":1}"#)
        #expect(found.1 == "{\"runs\":[\(tree["run"]?.description ?? "")]}")
        _ = try await fixture.run()
        let page = try JSONValue.parse(try await send(.post, "search", #"{"experiment_ids":["0"],"max_results":1}"#).1)
        #expect(page.objectValue?.keys == ["runs", "next_page_token"])
        #expect(try await send(.post, "search", #"{"experiment_ids":["7"]}"#) == (200, "{}"))
    }
}
