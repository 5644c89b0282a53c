import Core
import Loop
import Testing

/// What the gate decides on given figures.
struct GateRuleTests {
    static func rule(_ definition: JSONValue) throws -> GateRule {
        try TriggerConditionTests.spec("gate", definition).gate
    }

    static func figures(_ candidate: Double, _ champion: Double?, metric: String = "accuracy") -> GateFigures {
        GateFigures(candidate: [metric: candidate], champion: champion.map { [metric: $0] })
    }

    static let cases: [(Double, Double?, Bool)] = [
        (0.96, 0.94, true), (0.96, 0.96, false), (0.89, 0.5, false), (0.91, nil, true), (0.89, nil, false),
        (.nan, 0.9, false), (0.95, .nan, true),
    ]

    @Test(arguments: cases)
    func oneMetricOfWhichMoreIsBetter(_ candidate: Double, _ champion: Double?, _ accepted: Bool) throws {
        let rule = try Self.rule(["metric": "accuracy", "min_delta": 0.01, "minimum": 0.9])
        #expect(rule == GateRule(metric: "accuracy", minimumDelta: 0.01, minimum: 0.9))
        let verdict = rule.judge(Self.figures(candidate, champion))
        #expect(verdict.accepted == accepted)
        #expect(verdict.reason.contains("accuracy"))
        #expect(verdict.evidence["min_delta"] == 0.01 && verdict.evidence["metric"] == "accuracy")
    }

    static let lossCases: [(Double, Double?, Bool)] = [
        (0.30, 0.35, true), (0.35, 0.30, false), (0.34, 0.35, false), (0.45, 0.60, false), (0.39, nil, true),
    ]

    @Test(arguments: lossCases)
    func oneMetricOfWhichLessIsBetter(_ candidate: Double, _ champion: Double?, _ accepted: Bool) throws {
        let rule = try Self.rule(["metric": "log_loss", "min_delta": 0.02, "maximum": 0.4])
        #expect(rule.metrics.first?.better == .lower)
        #expect(rule.judge(Self.figures(candidate, champion, metric: "log_loss")).accepted == accepted)
    }

    @Test func theWayThatIsBetterIsKnownOrSaid() throws {
        for metric in ["rmse", "mae", "log_loss", "RMSE", "error_rate"] {
            #expect(MetricRule.direction(of: metric) == .lower)
        }
        for metric in ["accuracy", "auroc", "r2", "cost"] { #expect(MetricRule.direction(of: metric) == .higher) }
        let rule = try Self.rule(["metric": "cost", "better": "lower"])
        #expect(rule.judge(Self.figures(5, 6, metric: "cost")).accepted)
        #expect(!rule.judge(Self.figures(6, 5, metric: "cost")).accepted)
    }

    @Test func aChangeMayBeAShareOfTheChampion() throws {
        let rule = try Self.rule(["metric": "rmse", "min_relative": 0.1])
        #expect(rule.judge(Self.figures(89, 100, metric: "rmse")).accepted)
        #expect(!rule.judge(Self.figures(91, 100, metric: "rmse")).accepted)
        #expect(rule.judge(Self.figures(91, nil, metric: "rmse")).accepted)
    }

    @Test func everyMetricMustBeContent() throws {
        let rule = try Self.rule(["metrics": [["metric": "accuracy"], ["metric": "log_loss", "maximum": 0.4]]])
        var figures = GateFigures(
            candidate: ["accuracy": 0.9, "log_loss": 0.3],
            champion: ["accuracy": 0.8, "log_loss": 0.35]
        )
        #expect(rule.judge(figures).accepted)
        figures.candidate["log_loss"] = 0.5
        let verdict = rule.judge(figures)
        #expect(!verdict.accepted && verdict.reason.contains("log_loss") && !verdict.reason.contains("accuracy"))
        #expect(verdict.evidence["metrics"]?.arrayValue?.map { $0["passed"] } == [true, false])
        figures.candidate["log_loss"] = nil
        #expect(!rule.judge(figures).accepted)
    }

    static func segment(_ name: String, _ rows: Int, _ candidate: Double?, _ champion: Double?) -> GateFigures.Segment {
        GateFigures.Segment(
            column: "sex",
            name: name,
            rows: rows,
            candidate: candidate.map { ["recall": $0] } ?? [:],
            champion: champion.map { ["recall": $0] }
        )
    }

    static func fair(_ rule: JSONValue, _ segments: [GateFigures.Segment]) throws -> GateVerdict {
        var figures = figures(0.9, 0.8)
        figures.segments = segments
        return try Self.rule(["metric": "accuracy", "fairness": rule]).judge(figures)
    }

    @Test func segmentsMayNotLieTooFarApart() throws {
        let rule: JSONValue = ["column": "sex", "metric": "recall", "max_gap": 0.1, "minimum_rows": 50]
        let alike = [Self.segment("f", 60, 0.90, nil), Self.segment("m", 50, 0.81, nil)]
        #expect(try Self.fair(rule, alike).accepted)
        let apart = [Self.segment("f", 60, 0.90, nil), Self.segment("m", 50, 0.79, nil)]
        let verdict = try Self.fair(rule, apart)
        #expect(!verdict.accepted && verdict.reason.contains("'m'") && verdict.reason.contains("gap"))
        #expect(verdict.evidence["fairness"]?.arrayValue?.first?["segments"]?.arrayValue?.count == 2)
        let small = apart.dropLast() + [Self.segment("m", 49, 0.1, nil), Self.segment("x", 99, 0.85, nil)]
        #expect(try Self.fair(rule, Array(small)).accepted, "a small segment is not judged")
    }

    @Test func tooFewSegmentsSayNothing() throws {
        let one = [Self.segment("f", 60, 0.9, nil), Self.segment("m", 5, 0.2, nil)]
        let rule: JSONObject = ["column": "sex", "metric": "recall", "max_gap": 0.1]
        #expect(try !Self.fair(.object(rule), one).accepted)
        var lenient = rule
        lenient["too_few"] = "accept"
        #expect(try Self.fair(.object(lenient), one).accepted)
        let undefined = [Self.segment("f", 60, 0.9, nil), Self.segment("m", 60, nil, nil)]
        #expect(try !Self.fair(.object(rule), undefined).accepted, "a metric that the rows do not determine")
    }

    @Test func noSegmentMayBeWorseOffThanWithTheChampion() throws {
        let rule: JSONValue = ["column": "sex", "metric": "recall", "max_drop": 0.02]
        #expect(try Self.fair(rule, [Self.segment("f", 60, 0.90, 0.91), Self.segment("m", 60, 0.7, 0.6)]).accepted)
        let verdict = try Self.fair(rule, [Self.segment("f", 60, 0.90, 0.95), Self.segment("m", 60, 0.7, 0.6)])
        #expect(!verdict.accepted && verdict.reason.contains("'f'"))
        #expect(try Self.fair(rule, [Self.segment("f", 60, 0.90, nil)]).accepted, "without champion")
        let loss: JSONValue = ["column": "sex", "metric": "recall", "better": "lower", "max_drop": 0.02]
        #expect(try Self.fair(loss, [Self.segment("f", 60, 0.90, 0.95)]).accepted)
        #expect(try !Self.fair(loss, [Self.segment("f", 60, 0.95, 0.90)]).accepted)
    }

    @Test func latencyAndSizeHaveBudgets() throws {
        let rule = try Self.rule([
            "metric": "accuracy", "latency": ["max": "5ms", "max_ratio": 2], "size": ["max": "1MB", "max_ratio": 3],
        ])
        var figures = Self.figures(0.9, 0.8)
        #expect(!rule.judge(figures).accepted, "what was not measured is not within a budget")
        (figures.candidateSeconds, figures.championSeconds) = (0.004, 0.0021)
        (figures.candidateBytes, figures.championBytes) = (1_000_000, 400_000)
        #expect(rule.judge(figures).accepted)
        figures.candidateSeconds = 0.0051
        #expect(rule.judge(figures).reason.contains("5.1 ms"))
        (figures.candidateSeconds, figures.championSeconds) = (0.004, 0.0019)
        #expect(rule.judge(figures).reason.contains("2.0 times"))
        (figures.candidateSeconds, figures.candidateBytes) = (0.001, 1_000_001)
        #expect(rule.judge(figures).reason.contains("1.0 MB"))
        (figures.candidateBytes, figures.championBytes) = (1_000_000, 300_000)
        #expect(rule.judge(figures).reason.contains("3.0 times"))
        #expect(rule.judge(figures).evidence["size"]?["passed"] == false)
    }
}
