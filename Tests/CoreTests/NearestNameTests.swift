import Core
import Testing

@Suite struct NearestNameTests {
    @Test(
        "A slip of the hand finds its name; another word finds none",
        arguments: [
            ("modle", "model"), ("tresholds", nil), ("minReplicas", "min_replicas"), ("detection", nil),
            ("step", "steps"), ("stpes", "steps"), ("x", nil), ("model", nil), ("Alias", "alias"), ("", nil),
            (String(repeating: "model", count: 100), nil),
        ]
    )
    func nearest(written: String, meant: String?) {
        #expect(NearestName.of(written, among: ["alias", "min_replicas", "model", "steps", "traffic"]) == meant)
    }

    @Test("An unknown key is answered with the one that was meant")
    func unknownKey() {
        let fields = JSONFields(JSONObject([("modle", "cancer")]), path: "deployments.cancer")
        let error = #expect(throws: MartletError.self) { try fields.rejectUnknown(["model", "alias"]) }
        #expect(
            error?.message
                == "'deployments.cancer.modle' is not a known key; did you mean 'model'? Allowed here: alias, model."
        )
    }
}
