import Core
import Loop
import Testing

/// The manifest's `when:`, `gate:`, `approval:` and `gitops:` are read strictly.
struct TriggerConditionTests {
    static func spec(_ key: String, _ value: JSONValue) throws -> TriggerSpec {
        var definition: JSONObject = ["pipeline": "p", "gate": ["metric": "a"], "model": "m", "alias": "a"]
        definition[key] = value
        return try TriggerSpec(name: "t", definition: .object(definition))
    }

    @Test func everyConditionInOneTrigger() throws {
        let spec = try Self.spec(
            "when",
            [
                ["monitor": "drift", "quality": "worth", "every": "6h"],
                ["schedule": ["cron": "0 3 * * 1-5", "timezone": "Europe/Berlin"]],
                ["quality": ["data": "clean"], "data": ["dataset": "live", "rows": 500]],
                ["alias": ["model": "base", "alias": "production"], "webhook": ["secret": "hook", "window": "2m"]],
            ]
        )
        #expect(
            spec.conditions.map(\.source) == [
                "monitor:drift", "quality:worth", "schedule:every 6h", "schedule:0 3 * * 1-5 Europe/Berlin",
                "checks:clean", "data:live", "alias:base@production", "webhook",
            ]
        )
        #expect(spec.monitor == "drift")
        #expect(spec.references.map(\.section) == ["pipelines", "monitors", "monitors", "data"])
        #expect(spec.conditions.contains(.webhook(secret: "hook", window: .seconds(120))))
    }

    static let refusals: [(String, JSONValue, String)] = [
        ("when", [], "'triggers.t.when'"),
        ("when", [["monitor": "m"], ["monitor": "m"]], "monitor:m"),
        ("when", ["schedule": "soon"], "triggers.t.when.schedule"),
        ("when", ["schedule": "61 * * * *"], "triggers.t.when.schedule"),
        ("when", ["schedule": ["cron": "0 3 * * *", "timezone": "Berlin"]], "triggers.t.when.schedule.timezone"),
        ("when", ["schedule": ["cron": "0 3 * * *", "every": "1h"]], "triggers.t.when.schedule.every"),
        ("when", ["schedule": ["timezone": "UTC"]], "timezone"),
        ("when", ["schedule": [:]], "'cron' or 'every'"),
        ("when", ["every": "10ms"], "every"),
        ("when", ["every": "400d"], "every"),
        ("when", ["data": ["rows": 5]], "triggers.t.when.data.dataset"),
        ("when", ["data": ["dataset": "d", "rows": -1]], "triggers.t.when.data.rows"),
        ("when", ["quality": ["monitor": "m", "data": "d"]], "triggers.t.when.quality"),
        ("when", ["alias": "production"], "triggers.t.when.alias"),
        ("when", ["alias": ["model": "m", "alias": "a"]], "fire itself"),
        ("when", ["webhook": "hook"], "triggers.t.when.webhook"),
        ("when", ["webhook": ["secret": ""]], "triggers.t.when.webhook.secret"),
        ("when", ["webhook": ["secret": "s", "window": "2h"]], "triggers.t.when.webhook.window"),
        ("when", ["monitor": .string(String(repeating: "m", count: LoopLimits.maximumNameBytes + 1))], "monitor"),
        (
            "when", .array((0...LoopLimits.maximumConditions).map { ["monitor": .string("m\($0)")] }),
            "\(LoopLimits.maximumConditions)"
        ),
        ("gate", ["metrics": []], "metrics"),
        ("gate", ["metrics": [["metric": "a", "worse": 1]]], "triggers.t.gate.metrics[0].worse"),
        ("gate", ["metric": "a", "better": "up"], "triggers.t.gate.better"),
        ("gate", ["metric": "a", "minimum": 1, "maximum": 0], "triggers.t.gate.maximum"),
        ("gate", ["metric": "a", "fairness": ["metric": "a", "max_gap": 0.1]], "triggers.t.gate.fairness.column"),
        ("gate", ["metric": "a", "fairness": ["column": "c", "metric": "a"]], "asks for nothing"),
        (
            "gate", ["metric": "a", "fairness": ["column": "c", "metric": "a", "max_gap": -1]],
            "triggers.t.gate.fairness.max_gap"
        ),
        (
            "gate", ["metric": "a", "fairness": ["column": "c", "metric": "a", "max_gap": 1, "too_few": "hope"]],
            "triggers.t.gate.fairness.too_few"
        ),
        ("gate", ["metric": "a", "latency": ["quantile": 0.9]], "asks for nothing"),
        ("gate", ["metric": "a", "latency": ["max": "5ms", "quantile": 2]], "triggers.t.gate.latency.quantile"),
        (
            "gate", ["metric": "a", "latency": ["max": "5ms", "calls": .integer(LoopLimits.maximumTimedCalls + 1)]],
            "triggers.t.gate.latency.calls"
        ),
        ("gate", ["metric": "a", "size": ["max": "much"]], "triggers.t.gate.size.max"),
        ("gate", ["metric": "a", "size": ["max": 0]], "triggers.t.gate.size.max"),
        (
            "gate", ["metrics": .array((0...LoopLimits.maximumGateMetrics).map { ["metric": .string("m\($0)")] })],
            "\(LoopLimits.maximumGateMetrics)"
        ),
        (
            "gate",
            [
                "metric": "a",
                "fairness": .array(
                    (0...LoopLimits.maximumFairnessRules).map {
                        ["column": .string("c\($0)"), "metric": "a", "max_gap": 1]
                    }
                ),
            ], "\(LoopLimits.maximumFairnessRules)"
        ),
        ("approval", "please", "triggers.t.approval"),
        ("approval", ["before": "lunch"], "triggers.t.approval.before"),
        ("approval", ["before": ["rollout", "rollout"]], "triggers.t.approval.before"),
        ("approval", ["expires": 0], "triggers.t.approval.expires"),
        (
            "approval", ["by": .array((0...LoopLimits.maximumApprovers).map { .string("a\($0)") })],
            "triggers.t.approval.by"
        ),
        ("gitops", "main", "triggers.t.gitops"),
    ]

    @Test(arguments: refusals)
    func refusesAndNamesTheField(_ key: String, _ value: JSONValue, _ part: String) {
        let error = #expect(throws: MartletError.self) { try Self.spec(key, value) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
    }

    @Test func limitsAreReached() throws {
        let names: JSONValue = .array((0..<LoopLimits.maximumConditions).map { ["monitor": .string("m\($0)")] })
        #expect(try Self.spec("when", names).conditions.count == LoopLimits.maximumConditions)
        let approvers: JSONValue = .array((0..<LoopLimits.maximumApprovers).map { .string("a\($0)") })
        #expect(try Self.spec("approval", ["by": approvers]).approval?.approvers.count == LoopLimits.maximumApprovers)
        let long = String(repeating: "m", count: LoopLimits.maximumNameBytes)
        #expect(try Self.spec("when", ["monitor": .string(long)]).monitor == long)
        let shortest = try Self.spec("when", ["every": .number(LoopLimits.shortestInterval.inSeconds)])
        #expect(shortest.conditions == [.schedule(TriggerSchedule(.every(LoopLimits.shortestInterval)))])
        let window = try Self.spec("when", ["webhook": ["secret": "s", "window": "1h"]]).conditions
        #expect(window == [.webhook(secret: "s", window: LoopLimits.longestWebhookWindow)])
        #expect(
            try Self.spec("when", ["webhook": ["secret": "s"]]).conditions
                == [.webhook(secret: "s", window: LoopLimits.webhookWindow)]
        )
    }

    @Test func approvalHasDefaults() throws {
        let rule = try #require(try Self.spec("approval", "required").approval)
        #expect(rule == ApprovalRule(stages: [.rollout], expires: LoopLimits.approvalExpires))
        let both = try #require(
            try Self.spec("approval", ["before": ["rollout", "register"], "by": "ada", "own": false]).approval
        )
        #expect(both.stages == [.register, .rollout] && both.approvers == ["ada"] && !both.allowsOwn)
        #expect(try Self.spec("model", "x").approval == nil)
    }
}
