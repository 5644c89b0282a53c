import Core
import HTTPTypes
import Serving
import Testing

@Suite("MLflow's /invocations")
struct InvocationRoutesTests {
    @Test(
        "All four forms answer, columns in any order, unknown ones dropped",
        arguments: [
            #"{"dataframe_split":{"columns":["x1","x0","y"],"index":[0,1],"data":[[1,0,"a"],[2,0,"b"]]}}"#,
            #"{"dataframe_split":{"columns":["x1","x0"],"data":[[1,0],[NaN,0]]}}"#,
            #"{"dataframe_split":{"data":[[0,1],[0,2]]}}"#,
            #"{"dataframe_records":[{"x0":0,"x1":1,"y":"z"},{"x1":2,"x0":0}],"params":{}}"#,
            #"{"instances":[[0,1],[0,2]]}"#, #"{"inputs":[[0,1],[0,2]]}"#,
            #"{"inputs":{"x0":[0,0],"x1":[1,2],"y":["a"]}}"#,
        ]
    )
    func forms(body: String) async throws {
        let harness = try await ServingHarness.serving()
        let answer = try await harness.send(.post, "/invocations", body)
        #expect(answer.status == 200, "\(answer.text)")
        #expect(try answer.json == ["predictions": [0.5, 0.5]])
    }

    @Test("CSV with a header line answers too")
    func csv() async throws {
        let harness = try await ServingHarness.serving()
        let headers = ["Content-Type": "text/csv; charset=utf-8"]
        let answer = try await harness.send(.post, "/invocations", "x1,x0\n1,0\n2,0\n", headers: headers)
        #expect(try answer.json == ["predictions": [0.5, 0.5]])
        #expect(try await harness.send(.post, "/invocations", "x1\n1\n", headers: headers).status == 400)
    }

    @Test(
        "Bad bodies are 400 in MLflow's shape",
        arguments: [
            ("{}", "exactly one of"), ("[]", "exactly one of"),
            (#"{"instances":[[0,1]],"inputs":[[0,1]]}"#, "exactly one"),
            (#"{"dataframe_split":[[0,1]]}"#, "wrong form"), (#"{"dataframe_split":{"columns":["x0"]}}"#, "is missing"),
            (#"{"dataframe_split":{"rows":[]}}"#, "'dataframe_split.rows'"),
            (#"{"dataframe_split":{"columns":["x0","x1"],"data":[[1]]}}"#, "has 1 values"),
            (#"{"dataframe_split":{"columns":["x0","z"],"data":[[1,2]]}}"#, "'x1' is missing"),
            (#"{"dataframe_records":{"x0":1}}"#, "wrong form"), (#"{"inputs":{"x0":[1]}}"#, "'x1' is missing"),
            (#"{"inputs":{"x0":[1],"x1":[1,2]}}"#, "has 2 values"), (#"{"instances":[[1]]}"#, "but 1 were sent"),
        ]
    )
    func badBodies(body: String, reason: String) async throws {
        let harness = try await ServingHarness.serving()
        let answer = try await harness.send(.post, "/invocations", body)
        #expect(answer.status == 400)
        #expect(try answer.json["error_code"] == "INVALID_PARAMETER_VALUE")
        #expect(try answer.json["message"]?.stringValue?.contains(reason) == true, "\(answer.text)")
    }

    @Test("The deployment may be named; another media type is refused")
    func choice() async throws {
        let harness = try await ServingHarness.serving()
        let body = #"{"instances":[[0,1]]}"#
        #expect(try await harness.send(.post, "/invocations?deployment=cancer", body).status == 200)
        #expect(try await harness.send(.post, "/invocations?deployment=none", body).status == 404)
        let pickle = try await harness.send(
            .post,
            "/invocations",
            body,
            headers: ["Content-Type": "application/x-pickle"]
        )
        #expect(pickle.text.contains("application/json or text/csv"))
    }
}
