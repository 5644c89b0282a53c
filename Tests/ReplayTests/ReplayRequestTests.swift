import Core
import Replay
import Testing

/// What clients write.
@Suite("Replay: requests")
struct ReplayRequestTests {
    private static let now = ReplayFixture.start

    private func wish(_ extra: JSONObject) throws -> ReplayWish {
        var body: JSONObject = ["deployment": "cancer", "candidate": "models:/cancer/7"]
        for (key, value) in extra.pairs { body[key] = value }
        return try ReplayWish(body: .object(body), now: Self.now)
    }

    @Test("Without a window it is the last day, with every row up to now")
    func defaults() throws {
        let wish = try wish([:])
        #expect(wish.window.upperBound == Self.now + .milliseconds(1))
        #expect(wish.window.upperBound - wish.window.lowerBound == .seconds(86_400))
        #expect(wish.limit == ReplayLimits.defaultRows)
        #expect(wish.segments == ["prediction", "version"])
        #expect(wish.gate == nil)
    }

    @Test("Times are durations before now or milliseconds")
    func times() throws {
        let wish = try wish(["since": "2h", "until": .integer(Self.now.milliseconds - 1000)])
        #expect(wish.window == Self.now - .seconds(7200)..<Self.now - .seconds(1))
    }

    @Test("The gate has the keys of a rollout's replay gate")
    func gate() throws {
        let gate = try #require(
            try wish(["gate": ["minimum_rows": 500, "minimum_agreement": 0.9, "max_drop": 0.02]]).gate
        )
        #expect(gate.minimumRows == 500)
        #expect(gate.minimumLabels == 500)
        #expect(gate.minimumAgreement == 0.9)
        #expect(gate.maximumDrop == 0.02)
        #expect(gate.maximumLatencyRatio == nil)
        #expect(try ReplayBounds(fields: JSONFields(gate.json)) == gate)
    }

    @Test(
        "What cannot be meant is refused by the field's name",
        arguments: [
            (["deployment": ""], "deployment"), (["candidate": 7], "candidate"), (["since": "yesterday"], "since"),
            (["since": "1h", "until": "2h"], "since"), (["since": "400d"], "since"), (["until": -1], "until"),
            (["limit": 0], "limit"), (["limit": .int(ReplayLimits.rows + 1)], "limit"),
            (["segments": ["a", "a"]], "segments"), (["tolerance": -1], "tolerance"),
            (["gate": ["min_agreement": 0.9]], "min_agreement"),
            (["gate": ["minimum_agreement": 2]], "minimum_agreement"),
            (["gate": ["max_latency_ratio": 1001]], "max_latency_ratio"), (["colour": "red"], "colour"),
            (["key": ""], "key"),
            (["deployment": .string(String(repeating: "x", count: ReplayLimits.nameBytes + 1))], "deployment"),
        ] as [(JSONObject, String)]
    )
    func refusals(extra: JSONObject, field: String) {
        let error = #expect(throws: MartletError.self) { try wish(extra) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains(field) == true, "\(error?.message ?? "")")
    }

    @Test("The limits hold at their value and not past it")
    func limits() throws {
        #expect(try wish(["limit": .int(ReplayLimits.rows)]).limit == ReplayLimits.rows)
        let names = (0..<ReplayLimits.splits).map { JSONValue.string("c\($0)") }
        #expect(try wish(["segments": .array(names)]).segments.count == ReplayLimits.splits)
        #expect(throws: MartletError.self) { try wish(["segments": .array(names + ["one more"])]) }
        let days = "\(ReplayLimits.windowDays)d"
        #expect(throws: Never.self) { try wish(["since": .string(days), "until": "1ms"]) }
        let long = String(repeating: "x", count: ReplayLimits.nameBytes)
        #expect(try wish(["key": .string(long)]).key == long)
    }
}
