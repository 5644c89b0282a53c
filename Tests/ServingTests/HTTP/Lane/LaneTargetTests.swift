import Testing

import Serving

@Suite struct LaneTargetTests {
    private func target(_ text: String) -> LaneTarget? {
        Array(text.utf8).withUnsafeBufferPointer { LaneTarget($0) }
    }

    @Test func theRoutesOfPredictionsAreKnown() {
        #expect(target("/predict") == .predict)
        #expect(target("/invocations") == .invocations)
        #expect(target("/v1/models/a.b-c_1:predict") == .v1(name: "a.b-c_1"))
        #expect(target("/v2/models/bench/infer") == .v2(name: "bench", version: nil))
        #expect(target("/v2/models/bench/versions/12/infer") == .v2(name: "bench", version: 12))
    }

    @Test(
        arguments: [
            "/", "/predict/", "/predict?x", "/invocations?deployment=a", "/v1/models/:predict", "/v1/models/a",
            "/v1/models/a:explain", "/v1/models/a/b:predict", "/v1/models/a%20b:predict", "/v2/models/infer",
            "/v2/models//infer", "/v2/models/a/b/infer", "/v2/models/a/versions/infer",
            "/v2/models/a/versions/01/infer",
            "/v2/models/a/versions/+1/infer", "/v2/models/a/versions/9999999999/infer", "/v2/models/a/infer?x",
            "/v1/models/" + String(repeating: "a", count: ServingLimits.nameBytes + 1) + ":predict", "//predict",
        ]
    )
    func everythingElseIsTheRouters(text: String) {
        #expect(target(text) == nil)
    }
}
