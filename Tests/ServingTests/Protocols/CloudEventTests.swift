import Core
import HTTPTypes
import Serving
import Testing

@Suite("CloudEvents around V1")
struct CloudEventTests {
    private let path = "/v1/models/cancer:predict"
    private let binary = [
        "Content-Type": "application/json", "ce-specversion": "1.0", "ce-id": "e-1", "ce-source": "/test",
        "ce-type": "request",
    ]
    private let event =
        #"{"specversion":"1.0","id":"e-1","source":"/test","type":"t","time":"2026-01-01T00:00:00Z","data":{"instances":[[0,1]]}}"#

    @Test("Binary mode: attributes as headers, both ways")
    func binaryMode() async throws {
        let harness = try await ServingHarness.serving()
        let answer = try await harness.send(.post, path, #"{"instances":[[0,1]]}"#, headers: binary)
        #expect(answer.status == 200, "\(answer.text)")
        #expect(try answer.json == ["predictions": [0.5]])
        func header(_ name: String) -> String? { answer.headers.first { $0.name.rawName.lowercased() == name }?.value }
        #expect(header("ce-specversion") == "1.0")
        #expect(header("ce-type") == "io.kserve.inference.response")
        #expect(header("ce-source") == "io.kserve.inference.cancer")
        #expect(header("ce-id") != "e-1" && header("ce-id")?.isEmpty == false)
        #expect(header("ce-time") != nil)
        #expect(header("content-type") == "application/json")
    }

    @Test(
        "Structured mode: one object, by its media type or by its attributes",
        arguments: ["application/cloudevents+json", "application/cloudevents+json; charset=utf-8", "application/json"]
    )
    func structuredMode(type: String) async throws {
        let harness = try await ServingHarness.serving()
        let answer = try await harness.send(.post, path, event, headers: ["Content-Type": type])
        #expect(answer.status == 200, "\(answer.text)")
        #expect(answer.headers[.contentType] == "application/cloudevents+json")
        let json = try answer.json
        #expect(json["data"] == ["predictions": [0.5]])
        #expect(json["specversion"] == "1.0")
        #expect(json["type"] == "io.kserve.inference.response")
        #expect(json["datacontenttype"] == "application/json")
        #expect(json["time"]?.stringValue?.hasSuffix("Z") == true)
    }

    @Test("Events that lack something are refused")
    func refused() async throws {
        let harness = try await ServingHarness.serving()
        let type = ["Content-Type": "application/cloudevents+json"]
        let bodies = [
            (#"{"specversion":"1.0","id":"e","source":"s","data":{}}"#, "no 'type'"),
            (#"{"specversion":"1.0","id":"e","source":"s","type":"t"}"#, "no 'data'"),
            (#"{"specversion":"2.0","id":"e","source":"s","type":"t","data":{}}"#, "version"),
            (#"{"specversion":"1.0","id":"e","source":"s","type":"t","data_base64":"e30="}"#, "data_base64"),
            (#"{"specversion":"1.0","id":"e","source":"s","type":"t","data":{}}"#, "'instances' is missing"),
            ("[]", "must be a CloudEvent"),
        ]
        for (body, reason) in bodies {
            let answer = try await harness.send(.post, path, body, headers: type)
            #expect(answer.status == 400)
            #expect(try answer.json["error"]?.stringValue?.contains(reason) == true, "\(answer.text)")
        }
        var headers = binary
        headers["ce-source"] = nil
        #expect(try await harness.send(.post, path, #"{"instances":[]}"#, headers: headers).status == 400)
    }
}
