import Artifacts
import Core
import Storage
import HTTPTypes
import TestSupport
import Testing
import Traces

/// What travels over HTTP: the shape of replies and of errors.
@Suite(.overEveryDatabase) struct TraceRoutesTests {
    private func description(_ number: Int, _ further: JSONObject = [:]) -> JSONValue {
        var info: JSONObject = [
            "trace_id": .string(traceID(number)),
            "trace_location": ["type": "MLFLOW_EXPERIMENT", "mlflow_experiment": ["experiment_id": "1"]],
            "request_time": "2026-11-21T08:32:19.590Z", "execution_duration": "1.250s", "state": "OK",
            "request_preview": "in", "trace_metadata": ["a": "b"], "tags": ["mlflow.traceName": "t"],
        ]
        for pair in further.pairs { info[pair.key] = pair.value }
        return ["trace": ["trace_info": .object(info)]]
    }

    @Test func aTraceIsMadeAndRead() async throws {
        let routes = try await RoutesFixture()
        let feedback: JSONValue = [
            "assessment_name": "good", "feedback": ["value": true],
            "source": ["source_type": "CODE", "source_id": "x"],
        ]
        let made = try await routes.call(.post, "3.0/mlflow/traces", description(1, ["assessments": [feedback]]))
        #expect(made.status == 200)
        let info = try #require(made.json?["trace"]?["trace_info"])
        #expect(info["trace_id"]?.stringValue == traceID(1) && info["state"] == "OK")
        #expect(info["trace_location"]?["mlflow_experiment"]?["experiment_id"] == "1")
        #expect(info["request_time"] == "2026-11-21T08:32:19.590Z" && info["execution_duration"] == "1.250s")
        #expect(info["trace_metadata"] == ["a": "b", "mlflow.trace.infoFinalized": "true"])
        #expect(info["tags"]?["mlflow.traceName"] == "t" && info["client_request_id"] == nil)
        #expect(info["assessments"]?.arrayValue?.first?["feedback"] == ["value": true])
        #expect(try await routes.call(.get, "3.0/mlflow/traces/\(traceID(1))").json?["trace"]?["trace_info"] == info)
        let ids: JSONValue = ["trace_ids": [.string(traceID(1)), "none"]]
        let infos = try await routes.call(.post, "3.0/mlflow/traces/batchGetInfos", ids)
        #expect(infos.json == ["trace_infos": [info]])
        let elsewhere: JSONValue = ["trace_ids": [.string(traceID(1))], "experiment_ids": ["2"]]
        #expect(try await routes.call(.post, "3.0/mlflow/traces/batchGetInfos", elsewhere).json == [:])
        let missing = try await routes.call(.get, "3.0/mlflow/traces/tr-none")
        #expect(missing.status == 404 && missing.error == "RESOURCE_DOES_NOT_EXIST Trace with ID 'tr-none' not found.")
    }

    @Test func spansAreReadAsOpenTelemetryWritesThem() async throws {
        let routes = try await RoutesFixture()
        let child = span(1, 2, parent: 1, status: .error, attributes: ["n": 1, "list": ["a"], "nothing": nil])
        try await routes.fixture.store.log([span(1, 1, name: "root"), child], experimentID: "1")
        let reply = try await routes.call(.get, "3.0/mlflow/traces/get?trace_id=\(traceID(1))&allow_partial=true")
        let spans = reply.json?["trace"]?["spans"]?.arrayValue ?? []
        #expect(spans.count == 2 && spans.first?["parent_span_id"] == nil)
        #expect(spans.last?["parent_span_id"] == "AAAAAAAAAAE=" && spans.last?["span_id"] == "AAAAAAAAAAI=")
        #expect(spans.last?["trace_id"] == "AAAAAAAAAAAAAAAAAAAAAQ==")
        #expect(
            spans.last?["start_time_unix_nano"] == 1_000_000_000
                && spans.last?["status"] == ["code": "STATUS_CODE_ERROR"]
        )
        #expect(
            spans.last?["attributes"] == [
                ["key": "list", "value": ["array_value": ["values": [["string_value": "a"]]]]],
                ["key": "n", "value": ["int_value": 1]], ["key": "nothing", "value": [:]],
            ]
        )
        let batch = try await routes.call(.get, "3.0/mlflow/traces/batchGet?trace_ids=\(traceID(1))&trace_ids=none")
        #expect(batch.json?["traces"]?.arrayValue?.count == 1)
        let file = try await routes.send(.get, "/ajax-api/3.0/mlflow/get-trace-artifact?request_id=\(traceID(1))")
        #expect(file.headers[.contentDisposition] == "attachment; filename=traces.json")
        #expect(file.json?["spans"]?.arrayValue?.last?["attributes"]?["list"] == #"["a"]"#)
        #expect(file.text.contains(#""name": "root""#))
    }

    @Test func attachmentsAreServedFromTheTracesFolderOnly() async throws {
        let routes = try await RoutesFixture()
        let id = try await routes.fixture.start(1)
        let path = "/ajax-api/2.0/mlflow/get-trace-artifact?request_id=\(id)"
        #expect(try await routes.send(.get, path).status == 404)
        let file = try routes.fixture.store.artifactPath(of: await routes.fixture.store.info(id), "attachments/a.bin")
        try await routes.fixture.artifacts.write(#require(file), bytes: [1, 2, 3])
        let reply = try await routes.send(.get, path + "&path=a.bin")
        #expect(reply.status == 200 && reply.headers[.xContentTypeOptions] == "nosniff" && reply.text.utf8.count == 3)
        for wrong in ["../traces.json", "..", "a%2Fb", "%2Fetc%2Fpasswd", "a%5Cb"] {
            #expect(try await routes.send(.get, path + "&path=\(wrong)").status == 400, "\(wrong)")
        }
        #expect(try await routes.send(.get, "/ajax-api/2.0/mlflow/get-trace-artifact").status == 400)
    }

    @Test func wrongDescriptionsAreRefusedByField() async throws {
        let routes = try await RoutesFixture()
        let wrong: [(JSONValue, String)] = [
            ([:], "'trace'"), (["trace": [:]], "trace_info"), (description(1, ["trace_id": ""]), "trace_id"),
            (description(1, ["trace_location": nil]), "trace_location"), (description(1, ["state": "BAD"]), "state"),
            (description(1, ["request_time": "yesterday"]), "request_time"),
            (description(1, ["execution_duration": "1h"]), "execution_duration"),
            (description(1, ["tags": ["a": 1]]), "tags.a"), (description(1, ["trace_id": "a b"]), "trace_id"),
            (description(1, ["assessments": [["assessment_name": "x"]]]), "assessment"),
        ]
        for (body, field) in wrong {
            let reply = try await routes.call(.post, "3.0/mlflow/traces", body)
            #expect(reply.status == 400 && reply.error.hasPrefix("INVALID_PARAMETER_VALUE"), "\(body)")
            #expect(reply.error.contains(field), "\(reply.error)")
        }
        let deleted: JSONValue = ["type": 1, "mlflow_experiment": ["experiment_id": "3"]]
        let refused = try await routes.call(.post, "3.0/mlflow/traces", description(1, ["trace_location": deleted]))
        #expect(refused.status == 400)
    }

    @Test func searchesAnswerInPages() async throws {
        let routes = try await RoutesFixture()
        for number in 1...3 { try await routes.fixture.start(number) }
        let location: JSONValue = ["type": "MLFLOW_EXPERIMENT", "mlflow_experiment": ["experiment_id": "1"]]
        let first = try await routes.call(
            .post,
            "3.0/mlflow/traces/search",
            ["locations": [location], "max_results": 2]
        )
        #expect(first.json?["traces"]?.arrayValue?.count == 2)
        let token = try #require(first.json?["next_page_token"])
        let next = try await routes.call(
            .post,
            "3.0/mlflow/traces/search",
            ["locations": [location], "max_results": 2, "page_token": token]
        )
        #expect(next.json?["traces"]?.arrayValue?.count == 1 && next.json?["next_page_token"] == nil)
        #expect(try await routes.call(.post, "3.0/mlflow/traces/search", ["locations": []]).json == [:])
        for body: JSONValue in [
            [:], ["locations": [location], "max_results": 501], ["locations": [location], "max_results": 0],
            ["locations": [location], "filter": "wrong = 'x'"], ["locations": [location], "page_token": "x"],
        ] {
            #expect(try await routes.call(.post, "3.0/mlflow/traces/search", body).status == 400, "\(body)")
        }
        let old = try await routes.call(.get, "2.0/mlflow/traces?experiment_ids=1&max_results=1")
        #expect(old.json?["traces"]?.arrayValue?.first?["request_id"]?.stringValue == traceID(3))
        #expect(old.json?["traces"]?.arrayValue?.first?["status"] == "OK")
    }

    @Test func tagsLinksAndDeletionAnswerInBothVersions() async throws {
        let routes = try await RoutesFixture()
        let id = try await routes.fixture.start(1)
        for version in ["2.0", "3.0"] {
            let path = "\(version)/mlflow/traces/\(id)/tags"
            #expect(try await routes.call(.patch, path, ["key": "k", "value": "v"]).json == [:])
            #expect(try await routes.call(.delete, path, ["key": "k"]).json == [:])
            #expect(try await routes.call(.delete, path, ["key": "k"]).status == 404)
            #expect(try await routes.call(.patch, path, ["value": "v"]).status == 400)
            #expect(try await routes.call(.patch, path, ["key": "mlflow.trace.spansLocation"]).status == 400)
        }
        let link: JSONValue = ["trace_ids": [.string(id)], "run_id": "r"]
        #expect(try await routes.call(.post, "2.0/mlflow/traces/link-to-run", link).json == [:])
        let prompts: JSONValue = ["trace_id": .string(id), "prompt_versions": [["name": "p", "version": "2"]]]
        #expect(try await routes.call(.post, "2.0/mlflow/traces/link-prompts", prompts).json == [:])
        #expect(try await routes.fixture.search("run_id = 'r' AND prompt = 'p/2'") == [1])
        let path = "2.0/mlflow/traces/delete-traces"
        for body: JSONValue in [
            ["experiment_id": "1"], ["request_ids": ["a"]],
            ["experiment_id": "1", "max_timestamp_millis": 1, "request_ids": ["a"]],
            ["experiment_id": "1", "request_ids": ["a"], "max_traces": 1],
            ["experiment_id": "1", "max_timestamp_millis": 1, "max_traces": 0],
        ] {
            #expect(try await routes.call(.post, path, body).status == 400, "\(body)")
        }
        let all: JSONValue = ["experiment_id": "1", "max_timestamp_millis": "99999"]
        #expect(try await routes.call(.post, "3.0/mlflow/traces/delete-traces", all).json == ["traces_deleted": 1])
    }

    @Test func assessmentsAnswerAsMLflowDoes() async throws {
        let routes = try await RoutesFixture()
        let id = try await routes.fixture.start(1)
        let list = "3.0/mlflow/traces/\(id)/assessments"
        let expectation: JSONValue = [
            "assessment_name": "answer",
            "expectation": ["serialized_value": ["serialization_format": "JSON_FORMAT", "value": "[1, 2]"]],
            "source": ["source_type": "HUMAN", "source_id": "ann"], "create_time": "2026-01-01T00:00:00Z",
        ]
        let made = try await routes.call(.post, list, ["assessment": expectation])
        let answer = try #require(made.json?["assessment"])
        #expect(answer["expectation"]?["serialized_value"]?["value"] == "[1, 2]" && answer["valid"] == true)
        #expect(answer["create_time"] == "2026-01-01T00:00:00.000Z" && answer["trace_id"]?.stringValue == id)
        let one = "\(list)/\(answer["assessment_id"]?.stringValue ?? "")"
        #expect(try await routes.call(.get, one).json?["assessment"] == answer)
        let change: JSONValue = [
            "assessment": ["assessment_name": "reply", "expectation": ["value": 5.0], "metadata": ["a": "b"]],
            "update_mask": "assessmentName,expectation,metadata",
        ]
        let changed = try await routes.call(.patch, one, change).json?["assessment"]
        #expect(changed?["assessment_name"] == "reply" && changed?["expectation"] == ["value": 5])
        #expect(changed?["metadata"] == ["a": "b"] && changed?["source"]?["source_id"] == "ann")
        let wrong: [JSONValue] = [
            [:], ["assessment": ["assessment_name": "x"]], ["assessment": ["feedback": ["value": 1]]],
            ["assessment": ["assessment_name": "x", "feedback": ["value": 1], "expectation": ["value": 1]]],
            ["assessment": ["assessment_name": "x", "expectation": ["value": nil]]],
            ["assessment": ["assessment_name": "x", "feedback": ["value": 1], "source": ["source_type": "BAD"]]],
        ]
        for body in wrong { #expect(try await routes.call(.post, list, body).status == 400, "\(body)") }
        for mask: JSONValue in [nil, "", "source", "feedback"] {
            let body: JSONValue = ["assessment": ["feedback": ["value": 1]], "update_mask": mask]
            #expect(try await routes.call(.patch, one, body).status == 400, "\(mask)")
        }
        #expect(try await routes.call(.delete, one).json == [:])
        #expect(try await routes.call(.get, one).status == 404)
    }

    @Test func oldClientsAreAnswered() async throws {
        let routes = try await RoutesFixture()
        let begun = try await routes.call(
            .post,
            "2.0/mlflow/traces",
            [
                "experiment_id": "1", "timestamp_ms": 100, "request_metadata": [["key": "a", "value": "b"]],
                "tags": [["key": "t", "value": "u"]],
            ]
        )
        let id = try #require(begun.json?["trace_info"]?["request_id"]?.stringValue)
        #expect(begun.json?["trace_info"]?["execution_time_ms"] == 0)
        let path = "2.0/mlflow/traces/\(id)"
        let ended = try await routes.call(.patch, path, ["timestamp_ms": 130, "status": "OK"])
        #expect(ended.json?["trace_info"]?["execution_time_ms"] == 30)
        let info = try await routes.call(.get, path + "/info").json?["trace_info"]
        #expect(info == ended.json?["trace_info"] && info?["request_metadata"] == [["key": "a", "value": "b"]])
    }
}
