import Core
import Testing
import martlet

@Suite("martlet predict")
struct PredictTests {
    private static let rows = PredictionRows(
        columns: ["a", "b"],
        rows: [[.number(1.5), .null], [.integer(2), .string("x, y")], [.integer(3), .integer(4)]]
    )

    private func predict(
        _ wire: PredictionProtocol,
        batch: Int = 2,
        answer: @escaping (WireRequest) throws -> WireAnswer
    ) async throws -> (predictions: [JSONValue?], failures: [PredictionRun.Failure]) {
        let run = PredictionRun(model: "m", wire: wire, batch: batch, send: { try answer($0) }, progress: { _, _ in })
        return try await run.predict(Self.rows)
    }

    @Test("Rows come as an object, a list, lists of either, or CSV")
    func reading() throws {
        #expect(try PredictionRows(json: #"{"a": 1, "b": null}"#).columns == ["a", "b"])
        #expect(try PredictionRows(json: "[1, 2]").rows == [[.integer(1), .integer(2)]])
        #expect(try PredictionRows(json: "[[1], [2]]").rows.count == 2)
        #expect(
            try PredictionRows(json: #"[{"b": 1, "a": 2}, {"a": 3, "b": 4}]"#).rows[1] == [.integer(4), .integer(3)]
        )
        #expect(throws: MartletError.self) { try PredictionRows(json: #"[{"a": 1}, {"b": 1}]"#) }
        #expect(throws: MartletError.self) { try PredictionRows(json: "[]") }
        let csv = try PredictionRows(csv: Array("a,b\n1.5,\n2,\"x, y\"\n".utf8))
        #expect(csv == PredictionRows(columns: ["a", "b"], rows: Array(Self.rows.rows.prefix(2))))
        #expect(throws: MartletError.self) { try PredictionRows(csv: Array("a,b\n1\n".utf8)) }
    }

    @Test("A bad row costs itself: the batch is asked again row by row, and the row is named")
    func badRow() async throws {
        let result = try await predict(.v1) { request in
            let rows = try JSONValue.parse(request.body)["instances"]?.arrayValue ?? []
            guard !rows.contains(where: { $0["b"]?.stringValue != nil }) else {
                return WireAnswer(status: 400, failure: "HTTP 400", body: Array(#"{"error":"b is no number"}"#.utf8))
            }
            return WireAnswer(
                status: 200,
                body: Array(#"{"predictions":[\#(rows.map { _ in "0.5" }.joined(separator: ","))]}"#.utf8)
            )
        }
        #expect(result.failures.map(\.row) == [2])
        #expect(result.failures.first?.message == "b is no number")
        #expect(result.predictions == [.number(0.5), nil, .number(0.5)])
        try expectGolden(PredictionRun.csv(Self.rows, result.predictions), "predict.csv")
    }

    @Test("A server that is away is an error, not three bad rows")
    func away() async throws {
        await #expect(throws: MartletError.self) {
            try await predict(.v2) { _ in throw MartletError(.unavailable, "away") }
        }
    }

    @Test(
        "Each protocol asks in its own form",
        arguments: [
            (PredictionProtocol.predict, "/predict"), (.v1, "/v1/models/m:predict"), (.v2, "/v2/models/m/infer"),
            (.v2Binary, "/v2/models/m/infer"), (.invocations, "/deployments/m/invocations"),
            (.grpc, "/inference.GRPCInferenceService/ModelInfer"),
        ]
    )
    func requests(wire: PredictionProtocol, path: String) throws {
        let request = try wire.request("m", PredictionRows(columns: ["a"], rows: [[.number(1.5)]]))
        #expect(request.path == path)
        #expect(!request.body.isEmpty)
    }

    @Test("Binary answers are read back, several values to a row as a list")
    func binaryAnswer() throws {
        let head = Array(
            #"{"outputs":[{"name":"p","datatype":"FP32","shape":[2,2],"parameters":{"binary_data_size":16}}]}"#.utf8
        )
        let blob = [Float(0.1), 0.9, 0.25, 0.75].flatMap { value in
            withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) }
        }
        let answer = WireAnswer(
            status: 200,
            headers: ["inference-header-content-length": "\(head.count)"],
            body: head + blob
        )
        #expect(
            try PredictionProtocol.v2Binary.predictions(answer, count: 2) == [
                .array([.number(0.1), .number(0.9)]), .array([.number(0.25), .number(0.75)]),
            ]
        )
    }
}
