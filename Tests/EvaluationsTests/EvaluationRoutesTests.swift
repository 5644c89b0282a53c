import Core
import Evaluations
import HTTPSupport
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import TestSupport
import Testing

/// What travels over HTTP: the shape of replies and of errors.
@Suite struct EvaluationRoutesTests {
    private let fixture: EvaluationFixture
    private let router = Router(context: AppRequestContext.self)

    init() async throws {
        fixture = try await EvaluationFixture()
        let routes = RouteTable.forTests(router)
        ScorerRoutes(store: fixture.store).register(in: routes)
        EvaluationDatasetRoutes(store: fixture.store).register(in: routes)
        try routes.validate()
    }

    private func send(
        _ method: HTTPRequest.Method,
        _ path: String,
        _ body: JSONValue? = nil
    ) async throws -> (status: Int, json: JSONValue?) {
        try await Application(router: router).test(.router) { client in
            let response = try await client.execute(
                uri: "/api/3.0/mlflow/\(path)",
                method: method,
                headers: body == nil ? [:] : [.contentType: "application/json"],
                body: body.map { ByteBuffer(bytes: $0.serialized()) }
            )
            return (response.status.code, try? JSONValue.parse(String(buffer: response.body)))
        }
    }

    @Test func datasets() async throws {
        let made = try await send(
            .post,
            "datasets/create",
            ["name": "d", "experiment_ids": ["1"], "tags": #"{"a":"b"}"#]
        )
        let dataset = try #require(made.json?["dataset"])
        #expect(dataset["tags"] == #"{"a": "b"}"#)
        #expect(dataset["experiment_ids"] == ["1"])
        let id = try #require(dataset["dataset_id"]?.stringValue)
        let records: JSONValue = ["records": #"[{"inputs":{"q":1}}]"#]
        let counts = try await send(.post, "datasets/\(id)/records", records)
        #expect(counts.json == ["inserted_count": 1, "updated_count": 0])
        let page = try await send(.get, "datasets/\(id)/records?max_results=1000")
        let record = try JSONValue.parse(try #require(page.json?["records"]?.stringValue)).arrayValue?.first
        #expect(record?["inputs"] == ["q": 1])
        #expect(record?["tags"] == [:])
        #expect(try await send(.get, "datasets/\(id)").json?["dataset"]?["profile"] == #"{"num_records": 1}"#)
        #expect(try await send(.get, "datasets/search").json?["datasets"]?.arrayValue?.count == 1)
        #expect(try await send(.post, "datasets/search", ["experiment_ids": ["2"]]).json == [:])
        #expect(try await send(.patch, "datasets/\(id)/tags", ["tags": #"{"c":"d"}"#]).status == 200)
        #expect(try await send(.delete, "datasets/\(id)/tags/a").status == 200)
        #expect(try await send(.get, "datasets/\(id)/experiment-ids").json == ["experiment_ids": ["1"]])
        #expect(try await send(.post, "datasets/\(id)/add-experiments", ["experiment_ids": ["2"]]).status == 200)
        #expect(try await send(.post, "datasets/\(id)/remove-experiments", ["experiment_ids": ["1"]]).status == 200)
        #expect(
            try await send(.delete, "datasets/\(id)/records", ["dataset_record_ids": ["x"]]).json == [
                "deleted_count": 0
            ]
        )
        #expect(try await send(.delete, "datasets/\(id)").json == [:])
        #expect(try await send(.get, "datasets/\(id)").status == 404)
        #expect(try await send(.post, "datasets/create", [:]).status == 400)
        #expect(try await send(.post, "datasets/create", ["name": "d", "tags": "no"]).status == 400)
    }

    @Test func scorers() async throws {
        let body: JSONValue = ["experiment_id": "1", "name": "s", "serialized_scorer": "{}"]
        let made = try await send(.post, "scorers/register", body)
        #expect(made.json?["version"] == 1)
        let list = try await send(.get, "scorers/list?experiment_id=1").json?["scorers"]?.arrayValue
        #expect(list?.first?["experiment_id"] == 1)
        #expect(list?.first?["scorer_id"] == made.json?["scorer_id"])
        #expect(try await send(.get, "scorers/versions?experiment_id=1&name=s").json?["scorers"] != nil)
        #expect(try await send(.get, "scorers/get?experiment_id=1&name=s&version=1").json?["scorer"] != nil)
        #expect(try await send(.get, "scorers/list?experiment_id=1&experiment_ids=1").status == 400)
        #expect(try await send(.get, "scorers/get?experiment_id=1&name=none").status == 404)
        #expect(try await send(.get, "scorers/online-configs").status == 400)
        let config: JSONValue = ["experiment_id": "1", "name": "s", "sample_rate": 0]
        #expect(try await send(.put, "scorers/online-config", config).json?["config"]?["sample_rate"] != nil)
        #expect(try await send(.delete, "scorers/delete", ["experiment_id": "1", "name": "s"]).json == [:])
    }
}
