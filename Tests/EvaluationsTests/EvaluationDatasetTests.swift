import Core
import Evaluations
import TestSupport
import Testing

@Suite struct EvaluationDatasetTests {
    private let fixture: EvaluationFixture
    private var store: EvaluationStore { fixture.store }

    init() async throws {
        fixture = try await EvaluationFixture()
    }

    @Test func life() async throws {
        let made = try await fixture.dataset("d", tags: #"{"b":"2","a":"1","mlflow.user":"me","n":5,"gone":null}"#)
        #expect(made.id.hasPrefix("d-"))
        #expect(made.tags.map { "\($0.key)=\($0.value)" } == ["a=1", "b=2", "mlflow.user=me", "n=5"])
        #expect(made.createdBy == "me")
        #expect(made.schema == nil)
        #expect(made.digest.count == 8)
        #expect(try await store.dataset(made.id) == made)
        #expect(try await store.setDatasetTags(made.id, #"{"a":"new"}"#).tags.first?.value == "new")
        try await store.deleteDatasetTag(made.id, key: "a")
        try await store.deleteDatasetTag(made.id, key: "a")
        try await store.deleteDatasetTag("none", key: "a")
        #expect(try await store.dataset(made.id).tags.map(\.key) == ["b", "mlflow.user", "n"])
        try await store.deleteDataset(made.id)
        try await store.deleteDataset(made.id)
        let gone = await failure { _ = try await store.dataset(made.id) }
        #expect(gone?.message == "Evaluation dataset with id '\(made.id)' not found")
        #expect(await code { _ = try await store.setDatasetTags(made.id, "{}") } == .notFound)
    }

    @Test func experiments() async throws {
        let dataset = try await fixture.dataset()
        #expect(try await store.experiments(ofDataset: dataset.id) == ["1"])
        fixture.clock.advance(by: .seconds(1))
        #expect(try await store.addDataset(dataset.id, to: ["2", "1"]).lastUpdateTime == fixture.clock.now)
        #expect(try await store.experiments(ofDataset: dataset.id) == ["1", "2"])
        _ = try await store.removeDataset(dataset.id, from: ["1", "9"])
        #expect(try await store.experiments(ofDataset: dataset.id) == ["2"])
        let unknown = await failure { _ = try await store.addDataset(dataset.id, to: ["9"]) }
        #expect(unknown?.message == "No Experiment with id=9")
        #expect(await code { _ = try await store.addDataset("none", to: ["1"]) } == .notFound)
        #expect(await code { _ = try await store.removeDataset("none", from: ["1"]) } == .notFound)
        #expect(try await store.experiments(ofDataset: "none").isEmpty)
    }

    @Test func recordsAreMergedByTheirInputs() async throws {
        let dataset = try await fixture.dataset()
        let first = try await store.upsertRecords(
            dataset.id,
            #"[{"inputs":{"q":"a","n":1},"expectations":{"x":1},"tags":{"k":"v"}},{"inputs":{"q":"b"},"outputs":null}]"#
        )
        #expect(first.inserted == 2 && first.updated == 0)
        fixture.clock.advance(by: .seconds(1))
        let second = try await store.upsertRecords(
            dataset.id,
            #"[{"inputs":{"n":1,"q":"a"},"expectations":{"y":NaN},"outputs":"text","tags":{"mlflow.user":"me"}}]"#
        )
        #expect(second.inserted == 0 && second.updated == 1)
        let records = try await fixture.records(dataset)
        #expect(records.count == 2)
        #expect(records[0]["inputs"] == ["q": "a", "n": 1])
        #expect(records[0]["outputs"] == "text")
        #expect(records[0]["expectations"]?["x"] == 1)
        #expect(records[0]["expectations"]?["y"]?.doubleValue?.isNaN == true)
        #expect(records[0]["tags"] == ["k": "v", "mlflow.user": "me"])
        #expect(records[0]["last_updated_by"] == "me")
        #expect(records[1]["outputs"] == Optional.none)
        let changed = try await store.dataset(dataset.id)
        #expect(changed.digest != dataset.digest)
        #expect(changed.profile == #"{"num_records": 2}"#)
        #expect(changed.lastUpdatedBy == "me")
        let schema = try JSONValue.parse(try #require(changed.schema))
        #expect(schema["inputs"] == ["q": "string", "n": "integer"])
        #expect(schema["outputs"] == "string")
        #expect(schema["expectations"] == ["x": "integer", "y": "float"])
        let id = try #require(records[0]["dataset_record_id"]?.stringValue)
        #expect(try await store.deleteRecords(of: dataset.id, [id, "none"]) == 1)
        #expect(try await store.dataset(dataset.id).profile == #"{"num_records": 1}"#)
        #expect(try await fixture.records(dataset).count == 1)
        #expect(await code { _ = try await store.deleteRecords(of: "none", []) } == .notFound)
        #expect(await code { _ = try await store.upsertRecords("none", "[]") } == .notFound)
    }

    @Test func whereRecordsComeFrom() async throws {
        let dataset = try await fixture.dataset()
        _ = try await store.upsertRecords(
            dataset.id,
            """
            [{"inputs":{"a":1},"source":{"source_type":"trace","source_data":{"trace_id":"tr-1"}}},
             {"inputs":{"a":2},"source":{"source_type":"HUMAN","source_data":{"source_id":"me"}}}]
            """
        )
        let records = try await fixture.records(dataset)
        #expect(records.map { $0["source_type"] } == ["TRACE", "HUMAN"])
        #expect(records.map { $0["source_id"] } == ["tr-1", "me"])
        #expect(records[0]["source"] == ["source_type": "TRACE", "source_data": ["trace_id": "tr-1"]])
    }

    @Test(arguments: [
        "", "{", "{}", "[1]", #"[{"inputs":[]}]"#, #"[{"expectations":5}]"#, #"[{"tags":"x"}]"#,
        #"[{"source":{"source_type":"STARS"}}]"#,
    ])
    func recordsThatAreRefused(_ text: String) async throws {
        let dataset = try await fixture.dataset()
        #expect(await code { _ = try await store.upsertRecords(dataset.id, text) } == .invalidArgument)
        #expect(try await fixture.records(dataset).isEmpty)
    }

    @Test func search() async throws {
        for (name, tags) in [("b", #"{"k":"1"}"#), ("a", #"{"k":"2"}"#), ("C", #"{"mlflow.user":"me"}"#)] {
            fixture.clock.advance(by: .seconds(1))
            _ = try await fixture.dataset(name, tags: tags)
        }
        func names(_ filter: String? = nil, _ order: [String] = []) async throws -> [String] {
            try await store.searchDatasets(experiments: ["1"], filter: filter, order: order).datasets.map(\.name)
        }
        #expect(try await names() == ["C", "a", "b"])
        #expect(try await names(nil, ["name"]) == ["C", "a", "b"])
        #expect(try await names(nil, ["created_time ASC"]) == ["b", "a", "C"])
        #expect(try await names("name IN ('a', 'b')", ["name DESC"]) == ["b", "a"])
        #expect(try await names("tags.k != '1'") == ["a"])
        #expect(try await names("created_by = 'me'") == ["C"])
        #expect(try await names("name ILIKE 'c' AND last_update_time > 0") == ["C"])
        #expect(try await store.searchDatasets(experiments: ["2"]).datasets.isEmpty)
        for bad in [
            "stage = 'x'", "attribute.name = 'a'", "name > 'a'", "created_by IN ('x')", "created_time = 'x'",
            "created_time > 1.5", "tags.k IS NULL",
        ] {
            #expect(await code { _ = try await names(bad) } == .invalidArgument, "\(bad)")
        }
        #expect(await code { _ = try await names(nil, ["digest"]) } == .invalidArgument)
        var found: [String] = []
        var token: String?
        repeat {
            let page = try await store.searchDatasets(limit: 1, after: token)
            found += page.datasets.map(\.name)
            token = page.nextToken
        } while token != nil
        #expect(found == ["C", "a", "b"])
    }
}
