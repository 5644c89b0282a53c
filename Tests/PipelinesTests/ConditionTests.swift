import Core
import Pipelines
import Testing

/// What conditions mean, and which are refused.
struct ConditionTests {
    private let facts = Condition.Facts(
        values: ValueTemplate.Values(
            parameters: ["n": 5, "mode": "full", "on": true, "list": ["a", "b"]],
            outputs: ["t": ["rows": 12, "name": "x y"]],
            directory: "/d",
            runID: "r"
        ),
        states: ["ok": .succeeded, "bad": .failed]
    )

    @Test(arguments: [
        ("true", true), ("false or true and false", false), ("not false", true), ("!true", false), ("!!true", true),
        ("${parameters.n} == 5", true), ("${parameters.n} != 5.0", false), ("${parameters.n} >= 5 && 1 < 2", true),
        ("${parameters.mode} in [\"fast\", 'full']", true), ("'ul' in ${parameters.mode}", true),
        ("${parameters.on}", true), ("${tasks.t.outputs.rows} > 10 and (${parameters.n} < 3 or true)", true),
        ("${tasks.t.outputs.none} == null", true), ("${tasks.t.outputs.name} == 'x y'", true),
        ("'a' in ${parameters.list}", true), ("'abc' < 'abd'", true), ("-1.5 < 0", true),
        ("succeeded(ok)", true), ("failed(bad) and not skipped(ok)", true), ("always()", true),
        ("failed(ok) or failed(other)", false),
    ])
    func means(text: String, expected: Bool) throws {
        #expect(try Condition(text, path: "when").holds(facts, path: "when") == expected)
    }

    @Test(arguments: [
        "", "1 <", "(true", "true)", "a", "always", "when(x)", "failed()", "failed(a", "'open", "${parameters.n",
        "1 ; 2",
        "${nothing.x}", "1.2.3 > 1", "[1, 2", "true true", "`id`", "$(id)",
    ])
    func isRefused(text: String) {
        #expect(throws: MartletError.self) { try Condition(text, path: "when") }
    }

    @Test(arguments: ["1", "'x'", "1 < 'x'", "1 and true", "not 3", "true in 3"])
    func hasNoAnswer(text: String) throws {
        let condition = try Condition(text, path: "when")
        #expect(throws: MartletError.self) { try condition.holds(facts, path: "when") }
    }

    @Test func lengthAndDepthAreBounded() {
        let nested = { (depth: Int) in
            String(repeating: "(", count: depth) + "true" + String(repeating: ")", count: depth)
        }
        #expect(throws: Never.self) { try Condition(nested(PipelinesLimits.conditionDepth - 1), path: "w") }
        #expect(throws: MartletError.self) { try Condition(nested(PipelinesLimits.conditionDepth), path: "w") }
        #expect(throws: MartletError.self) { try Condition(nested(100_000), path: "w") }
        let long = { (bytes: Int) in "true" + String(repeating: " ", count: bytes - 4) }
        #expect(throws: Never.self) { try Condition(long(PipelinesLimits.conditionBytes), path: "w") }
        #expect(throws: MartletError.self) { try Condition(long(PipelinesLimits.conditionBytes + 1), path: "w") }
    }
}
