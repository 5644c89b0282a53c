import Core
import HTTPTypes
import Ledger
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
        let stored = try await harness.send(.post, "/feedback", body).json
        #expect(stored == ["request_id": "a", "stored": true, "outcome": "stored", "label": "benign"])
        let again = try await harness.send(.post, "/api/martlet/v1/feedback", body)
        #expect(again.status == 200)
        #expect(try again.json["stored"] == false && again.json["outcome"] == "duplicate")
        let other = try await harness.send(.post, "/feedback", #"{"request_id":"a","label":"malignant"}"#)
        #expect(try other.json["outcome"] == "corrected" && other.json["previous"] == "benign")
        let unknown = try await harness.send(.post, "/feedback", #"{"request_id":"zzz","label":"benign"}"#)
        #expect(try unknown.status == 202 && unknown.json["outcome"] == "pending")
    }

    @Test(
        "What does not fit is refused by name",
        arguments: [
            (#"{"request_id":"a","label":1,"observed_at":"2100-01-01"}"#, 400, "still to come"),
            (#"{"entity":"p","label":1,"at":5}"#, 400, "'deployment' is missing"),
            (#"{"entity":"p","label":1,"deployment":"cancer"}"#, 400, "'at' is missing"),
            (#"{"entity":"p","label":1,"deployment":"cancer","at":5,"window":"900d"}"#, 400, "'window' must be"),
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
        #expect(try answer.json["items"]?.arrayValue?.map { $0["outcome"] } == ["pending", "stored"])
        #expect(try answer.json["counts"] == ["stored": 1, "pending": 1])
        let wrong = #"{"items":[{"request_id":"a","label":"purple"},{"request_id":"a"},{"request_id":"a","label":1}]}"#
        let answered = try await harness.send(.post, "/feedback", wrong).json["items"]?.arrayValue
        #expect(answered?.map { $0["outcome"] } == ["rejected", "rejected", "duplicate"])
        #expect(answered?.first?["error"]?["code"] == "invalidArgument")
        let item = #"{"request_id":"a","label":1}"#
        func items(_ count: Int) -> String {
            "{\"items\":[" + [String](repeating: item, count: count).joined(separator: ",") + "]}"
        }
        #expect(try await harness.send(.post, "/feedback", items(LedgerLimits.feedbackItems)).status == 200)
        #expect(try await harness.send(.post, "/feedback", items(LedgerLimits.feedbackItems + 1)).status == 400)
    }

    @Test("Only JSON, and only so much of it")
    func bounds() async throws {
        let harness = try await ServingHarness.serving()
        #expect(try await harness.send(.post, "/feedback", "a=1", headers: [:]).status == 415)
        let large = String(repeating: " ", count: LedgerLimits.feedbackBytes)
        #expect(try await harness.send(.post, "/feedback", large).status == 400)
        #expect(try await harness.send(.post, "/feedback", large + " ").status == 413)
    }
}
