import Core
import HTTPTypes
import Ledger
import Serving
import Testing

@Suite("Explanations")
struct ExplainRoutesTests {
    private static func reference(_ rows: Int) throws -> Table {
        try Table(columns: [
            Column(name: "x0", values: .numbers((0..<rows).map { Double($0) / Double(rows) - 0.5 })),
            Column(name: "x1", values: .numbers((0..<rows).map { Double($0 % 3) })),
        ])
    }

    private static let signature = ModelSignature(
        inputs: [.init(name: "x0", type: .double), .init(name: "x1", type: .double)],
        outputs: []
    )

    private func harness(_ reference: Table?) async throws -> ServingHarness {
        try await ServingHarness.serving(
            LinearRuntime(featureCount: 2),
            signature: Self.signature,
            classes: ["malignant", "benign"],
            reference: reference
        )
    }

    @Test("Sampled values add up to the output, and say how they came about")
    func sampled() async throws {
        let harness = try await harness(try Self.reference(ServingLimits.backgroundRows * 2))
        let answer = try await harness.send(.post, "/v1/models/cancer:explain?seed=7", #"{"instances":[[1,2],[0,0]]}"#)
        #expect(answer.status == 200, "\(answer.text)")
        let json = try answer.json
        #expect(json["method"] == "kernel_shap")
        #expect(json["space"] == "output")
        #expect(json["seed"] == 7)
        #expect(json["background_rows"] == .int(ServingLimits.backgroundRows))
        #expect(json["features"] == ["x0", "x1"])
        #expect(json["error_bound"]?.doubleValue != nil)
        let first = try #require(json["explanations"]?.arrayValue?.first)
        let list = try #require(first["values"]?.arrayValue)
        let values = list.compactMap { $0.doubleValue }
        let base = try #require(first["base_value"]?.doubleValue)
        let prediction = try #require(first["prediction"]?.doubleValue)
        #expect(abs(base + values[0] + values[1] - prediction) < 1e-6)
        // The curve does not look at the second feature.
        #expect(abs(values[1]) < 1e-6)
        #expect(try await harness.ledger.recentRows("cancer", limit: 5).isEmpty)
    }

    @Test("By V2 the values are tensors, as JSON or bytes")
    func tensors() async throws {
        let harness = try await harness(try Self.reference(20))
        let inputs = #""inputs":[{"name":"i","shape":[2,2],"datatype":"FP32","data":[1,2,0,0]}]"#
        let path = "/v2/models/cancer/explain"
        let answer = try await harness.send(.post, path, #"{\#(inputs),"id":"e","parameters":{"seed":3,"samples":64}}"#)
        #expect(answer.status == 200, "\(answer.text)")
        let json = try answer.json
        let outputs = try #require(json["outputs"]?.arrayValue)
        #expect(outputs.map { $0["name"] } == ["shap_values", "base_values", "sum", "predict"])
        #expect(outputs[0]["shape"] == [2, 2])
        #expect(json["parameters"]?["seed"] == 3)
        #expect(json["id"] == "e")
        let binary = try await harness.send(
            .post,
            path,
            #"{\#(inputs),"outputs":[{"name":"sum","parameters":{"binary_data":true}}]}"#
        )
        let length = try #require(binary.headers[.headerLength].flatMap { Int($0) })
        #expect(binary.bytes.count - length == 16)
        #expect(try await harness.send(.post, path, #"{\#(inputs),"outputs":[{"name":"label"}]}"#).status == 400)
    }

    @Test("What cannot be explained says why")
    func refused() async throws {
        let bare = try await harness(nil)
        let path = "/v1/models/cancer:explain"
        let answer = try await bare.send(.post, path, #"{"instances":[[1,2]]}"#)
        #expect(answer.status == 501)
        #expect(answer.text.contains("no sample of its training rows"))
        let tables = try await ServingHarness.serving(TableRuntime(), signature: .person)
        #expect(try await tables.send(.post, path, #"{"instances":[]}"#).status == 501)
        let harness = try await harness(try Self.reference(20))
        for query in ["seed=-1", "seed=x", "samples=0", "samples=1", "samples=99999999"] {
            #expect(try await harness.send(.post, "\(path)?\(query)", #"{"instances":[[1,2]]}"#).status == 400)
        }
        #expect(try await harness.send(.post, path, #"{"instances":[[1]]}"#).status == 400)
        #expect(try await harness.send(.post, "/v1/models/none:explain", #"{"instances":[[1]]}"#).status == 404)
        let most = Array(repeating: "[0,0]", count: ServingLimits.sampledRows).joined(separator: ",")
        #expect(try await harness.send(.post, path, "{\"instances\":[\(most)]}").status == 200)
        #expect(try await harness.send(.post, path, "{\"instances\":[[0,0],\(most)]}").status == 413)
        #expect(ServingLimits.explainedRows >= ServingLimits.sampledRows)
    }
}
