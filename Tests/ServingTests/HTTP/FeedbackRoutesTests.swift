import Core
import HTTPTypes
import Ledger
import Serving
import TestSupport
import Testing

@Suite("POST /feedback", .overEveryDatabase)
struct FeedbackRoutesTests {
    @Test("A label is stored once, by both paths; the same again is no error")
    func stores() async throws {
        let harness = try await ServingHarness.serving()
        try await harness.predict("a")
        let body = #"{"request_id":"a","label":"benign"}"#
        #expect(try await harness.send(.post, "/feedback", body).json == ["request_id": "a", "stored": true])
        let again = try await harness.send(.post, "/api/martlet/v1/feedback", body)
        #expect(again.status == 200)
        #expect(try again.json["stored"] == false)
    }

    @Test(
        "What does not fit is refused by name",
        arguments: [
            (#"{"request_id":"a","label":"malignant"}"#, 409, "has the label 'benign' already"),
            (#"{"request_id":"zzz","label":"benign"}"#, 404, "no prediction"),
            (#"{"request_id":"a"}"#, 400, "'label' is missing"), (#"{"label":1}"#, 400, "'request_id' is missing"),
            (#"{"request_id":7,"label":1}"#, 400, "must be a string"),
            (#"{"request_id":"a","label":"purple"}"#, 400, "must be one of malignant, benign"),
            (#"{"request_id":"a","label":1,"note":"x"}"#, 400, "'note' is not a known key"),
            ("[]", 400, "must be an object"), ("{", 400, "Malformed JSON"),
        ]
    )
    func refusals(body: String, status: Int, reason: String) async throws {
        let harness = try await ServingHarness.serving()
        try await harness.predict("a")
        _ = try await harness.ledger.feedback("a", label: "benign")
        let answer = try await harness.send(.post, "/feedback", body)
        #expect(answer.status == status)
        #expect(try answer.json["error"]?["message"]?.stringValue?.contains(reason) == true, "\(answer.text)")
    }

    @Test("Many labels in one request are each stored or refused for themselves, up to the limit")
    func many() async throws {
        let harness = try await ServingHarness.serving()
        try await harness.predict("a")
        let body = #"{"items":[{"request_id":"x","label":1},{"request_id":"a","label":1}]}"#
        let answer = try await harness.send(.post, "/feedback", body)
        #expect(answer.status == 200)
        #expect(try answer.json["items"]?.arrayValue?.map { $0["stored"] } == [false, true])
        #expect(try answer.json["items"]?.arrayValue?.first?["error"]?["code"] == "notFound")
        let item = #"{"request_id":"a","label":1}"#
        func items(_ count: Int) -> String {
            "{\"items\":[" + [String](repeating: item, count: count).joined(separator: ",") + "]}"
        }
        #expect(try await harness.send(.post, "/feedback", items(ServingLimits.feedbackItems)).status == 200)
        #expect(try await harness.send(.post, "/feedback", items(ServingLimits.feedbackItems + 1)).status == 400)
    }

    @Test("Only JSON, and only so much of it")
    func bounds() async throws {
        let harness = try await ServingHarness.serving()
        #expect(try await harness.send(.post, "/feedback", "a=1", headers: [:]).status == 415)
        let large = String(repeating: " ", count: ServingLimits.feedbackBytes)
        #expect(try await harness.send(.post, "/feedback", large).status == 400)
        #expect(try await harness.send(.post, "/feedback", large + " ").status == 413)
    }
}
